"""Stream: events that are odd, and counts of partial images."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.clauses.envelope import YEAR_3000
from conformance.exchange.model import Exchange, Provenance
from tests.miniatures import SENT_AT, Case, body, exchange, picture, to_base64
from tests.streams import (
    COMPLETED,
    EVENT_STREAM,
    REQUEST,
    USAGE,
    Event,
    completed_event,
    event,
    image,
    partial,
    stream,
)

SSE = (("content-type", EVENT_STREAM),)
SCRUBBED = {"text_tokens": "[scrubbed]", "image_tokens": 0}
OFF = {"text_tokens": 1, "image_tokens": 0}
TWO = {**REQUEST, "n": 2}
NO_OUTPUT_DETAILS = {key: USAGE[key] for key in USAGE if key != "output_tokens_details"}
PAIRS = (*(partial(index) for index in (0, 0, 1, 1)), completed_event(), completed_event())
LONG = "x" * 90
WHOLE = picture("png", (1024, 1536))


def usage(**members: object) -> Exchange:
    """A stream whose usage has other members."""
    return stream(completed_event(usage={**USAGE, **members}))


def twice(second_usage: object) -> Exchange:
    """Two images, the usage of the first of which holds no counts that could be added up."""
    uncounted = {"input_tokens_details": "none"}
    return stream(
        completed_event(usage=uncounted), completed_event(usage=second_usage), request=TWO
    )


def without_names(*events: Event) -> Exchange:
    """A stream whose events have no line with their name."""
    text = "".join(f"data: {data}\n\n" for _, data in events)
    return exchange(REQUEST, raw=text.encode(), headers=SSE)


def with_equal_numbers(n: int | None) -> Exchange:
    """A stream that numbers two partial images alike, asked for with this ``n``."""
    streamed = stream(partial(0), partial(0), completed_event())
    request_body = json.dumps({**REQUEST, "n": n}).encode()
    return replace(streamed, request=replace(streamed.request, body=request_body))


TRUTH = stream()
CASES: dict[str, Exchange | Case] = {
    "plain": exchange(body("gpt-image-1")),
    **{f"refused-{status}": exchange(REQUEST, status, {"error": {}}) for status in (400, 429, 500)},
    "undocumented-members": stream(completed_event(sequence_number=1)),
    "keep-alive": stream(("keep-alive", "{}"), completed_event()),
    "done": stream(tail=b"data: [DONE]\n\n"),
    "done-alone": stream(("message", "[DONE]")),
    "empty": exchange(REQUEST, raw=b"", headers=SSE),
    "broken-off": stream(partial(0), tail=b'event: image_generation.completed\ndata: {"type"'),
    "broken-off-at-the-end": stream(tail=b"event: x\n"),
    "lone-surrogate": stream(("x", '{"type": "x", "a": "\\ud800"}')),
    "event-array": stream(("ping", "[]"), completed_event()),
    "event-of-a-member-twice": stream(
        ("ping", '{"type": "ping", "a": {"b": 1, "b": 2}}'), completed_event()
    ),
    "event-null": stream(("ping", "null"), completed_event()),
    "event-without-line": without_names(partial(0), completed_event()),
    "event-without-line-and-type": without_names((None, '{"x": 1}')),
    "event-without-line-and-type-last": without_names(completed_event(), (None, '{"x": 1}')),
    "event-without-line-cut-off": without_names(completed_event(), (None, "{")),
    "event-of-a-long-type": stream(event("x" * 200, name="image_generation.completed")),
    "event-of-a-long-type-without-line": without_names(event(LONG)),
    "event-of-a-long-name": stream(event("other", name=LONG)),
    "event-of-a-long-name-without-type": stream((LONG, '{"x": 1}')),
    "event-of-two-names-last": stream(partial(0), event("other", name=COMPLETED)),
    "fields-after-an-unknown-event": stream(
        event("ping"), partial(0), completed_event(without="created_at")
    ),
    "nine-other-events": stream(*[event("other", name=f"e{at}") for at in range(9)]),
    "error-in-place": stream(("error", '{"error": {"message": "It cannot be painted."}}')),
    **{
        f"error-of-{name}": stream(("error", json.dumps({"error": said})))
        for name, said in {
            "moderation": {"message": "no", "code": "moderation_blocked"},
            "a-key": {"message": "no", "code": "invalid_api_key"},
            "a-limit": {"message": "no", "code": "rate_limit_exceeded"},
            "a-quota": {"message": "no", "code": "insufficient_quota"},
            "the-server": {"message": "no", "type": "server_error"},
            "a-gateway": {"message": "no", "code": 502},
            "a-value": {"message": "500 characters are too few", "code": "invalid_value"},
        }.items()
    },
    "completed-first": stream(completed_event(), partial(0)),
    "completed-first-without-lines": without_names(completed_event(), partial(0)),
    "error-in-completed": stream(completed_event(error={"message": "late"})),
    "null-error-in-completed": stream(completed_event(error=None)),
    "error-after-completed": stream(completed_event(), ("error", '{"error": {"message": "late"}}')),
    "event-without-type": stream((COMPLETED, '{"x": 1}'), completed_event()),
    "event-of-null-type": stream(("ping", '{"type": null}'), completed_event()),
    "null-b64": stream(completed_event(b64_json=None)),
    "damaged-b64": stream(completed_event(b64_json=image()[:-1] + "!")),
    "cut-off-image": stream(completed_event(b64_json=to_base64(WHOLE[:-40]))),
    "empty-image": stream(completed_event(b64_json="")),
    "not-an-image": stream(completed_event(b64_json=to_base64(b"not an image"))),
    "quality-and-usage-scrubbed": replace(
        stream(completed_event(quality="high", usage={**USAGE, "input_tokens_details": SCRUBBED})),
        altered=frozenset({"quality", "usage"}),
    ),
    "size-auto": stream(completed_event(), request={**REQUEST, "size": "auto"}),
    "echo-auto": stream(
        partial(0, size="auto", quality="auto", background="auto"), completed_event(quality="auto")
    ),
    "echo-long": stream(completed_event(quality="x" * 200)),
    "one-partial-of-two": stream(partial(0), completed_event()),
    "first-partial-lost": stream(partial(1), completed_event()),
    "three-partials": stream(partial(0), partial(1), partial(2), completed_event()),
    "partials-for-two-images": stream(*PAIRS, request=TWO),
    "partials-from-1": stream(partial(1), partial(2), completed_event()),
    **{f"partials-numbered-alike-for-n-{n}": with_equal_numbers(n) for n in (None, 1, 2)},
    "partial-index-text": stream(partial("0"), completed_event()),
    "partial-index-true": stream(partial(True), completed_event()),
    "partial-index-long": stream(partial(10**60), partial(10**61), completed_event()),
    "partial-without-image": stream(partial(without="b64_json"), completed_event()),
    "usage-null": stream(completed_event(usage=None)),
    "usage-negative": usage(
        input_tokens=-14,
        input_tokens_details={"text_tokens": -14, "image_tokens": 0},
        total_tokens=358,
    ),
    "usage-without-output-details": stream(completed_event(usage=NO_OUTPUT_DETAILS)),
    "usage-without-details": stream(
        completed_event(usage={**NO_OUTPUT_DETAILS, "input_tokens_details": None})
    ),
    "usage-wrong-input-details": usage(input_tokens_details=OFF, output_tokens_details=None),
    "usage-wrong-output-details": stream(
        completed_event(
            usage={
                **{key: USAGE[key] for key in USAGE if key != "input_tokens_details"},
                "output_tokens_details": OFF,
            }
        )
    ),
    **{
        f"created-at-{when}": stream(partial(0, created_at=when), completed_event())
        for when in (0, YEAR_3000, 10**60)
    },
    "created-at-of-an-hour-long-stream": replace(
        stream(partial(0), completed_event(created_at=int(SENT_AT) + 3600)), elapsed=3600.0
    ),
    "created-at-masked-in-a-recording": replace(
        stream(partial(0, created_at="[masked]"), completed_event()),
        altered=frozenset({"created_at"}),
    ),
    "created-at-milliseconds-last-in-a-recording": replace(
        stream(partial(0), completed_event(created_at=2 * 10**12)), provenance=Provenance.FOREIGN
    ),
    "usage-second-true": twice(USAGE),
    "usage-second-wrong": twice({**USAGE, "total_tokens": 387, "input_tokens_details": OFF}),
}
