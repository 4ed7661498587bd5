"""The chapter stream: one lie a clause, and the stream without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.findings import Verdict
from tests.miniatures import JSON_TYPE, answer, encoded, exchange, lie, picture, red, verdicts
from tests.streams import (
    EVENT_STREAM,
    REQUEST,
    USAGE,
    completed,
    image,
    partial,
    stream,
)

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

SSE = (("content-type", EVENT_STREAM),)
INDEX = "partial_image_index"
NEGATIVE = {"text_tokens": -14, "image_tokens": 0}
OFF = {"text_tokens": 1, "image_tokens": 0}
OUTPUT_OFF = {
    **{name: count for name, count in USAGE.items() if name != "input_tokens_details"},
    "output_tokens_details": OFF,
}
WHOLE = picture("png", (1024, 1536))

TRUTHS = {
    f"stream.{name}": stream
    for name in (
        "content-type",
        "framing",
        "event-json",
        "event-name",
        "event-fields",
        "completed",
        "completed-last",
        "completed-b64",
        "completed-image",
        "size-as-asked",
        "format-as-asked",
        "echo-as-asked",
        "partial-count",
        "partial-index",
        "partial-image",
        "usage-not-negative",
        "usage-total",
        "usage-details",
    )
}

LIES = {
    each.id: each
    for each in (
        lie("declared-json", lambda: stream(content_type=JSON_TYPE[1]), "stream.content-type"),
        lie(
            "stream-ignored",
            lambda: exchange(REQUEST, answer=answer(REQUEST)),
            "stream.content-type",
        ),
        lie("no-event", lambda: stream(tail=b"event: x\n"), "stream.framing"),
        lie(
            "broken-off",
            lambda: stream(partial(0), tail=b'event: image_generation.completed\ndata: {"type"'),
            "stream.framing",
        ),
        lie("empty", lambda: exchange(REQUEST, raw=b"", headers=SSE), "stream.framing"),
        lie(
            "not-json",
            lambda: stream(partial(0), ("ping", "{nothing"), completed()),
            "stream.event-json",
        ),
        lie("array", lambda: stream(("ping", "[]"), completed()), "stream.event-json"),
        lie("null", lambda: stream(("ping", "null"), completed()), "stream.event-json"),
        lie("two-names", lambda: stream(completed(type="image.done")), "stream.event-name"),
        lie("no-type", lambda: stream(completed(without="type")), "stream.event-name"),
        lie("no-created", lambda: stream(completed(without="created_at")), "stream.event-fields"),
        lie("no-index", lambda: stream(partial(without=INDEX), completed()), "stream.event-fields"),
        lie("no-usage", lambda: stream(completed(without="usage")), "stream.event-fields"),
        lie("created-text", lambda: stream(completed(created_at="now")), "stream.event-fields"),
        lie("never-completed", lambda: stream(partial(0), partial(1)), "stream.completed"),
        lie("own-names", lambda: stream(("done", '{"type": "done"}')), "stream.completed"),
        lie("done-alone", lambda: stream(("message", "[DONE]")), "stream.completed"),
        lie("completed-first", lambda: stream(completed(), partial(0)), "stream.completed-last"),
        lie(
            "url-for-b64",
            lambda: stream(completed(without="b64_json", url="https://images.example/1.png")),
            "stream.completed-b64",
        ),
        lie("null-b64", lambda: stream(completed(b64_json=None)), "stream.completed-b64"),
        lie(
            "data-prefix",
            lambda: stream(completed(b64_json="data:image/png;base64," + image())),
            "stream.completed-b64",
        ),
        lie(
            "truncated-image",
            lambda: stream(completed(b64_json=encoded(WHOLE[: len(WHOLE) // 2]))),
            "stream.completed-image",
        ),
        lie(
            "no-image",
            lambda: stream(completed(b64_json=encoded(b"not an image"))),
            "stream.completed-image",
        ),
        lie(
            "other-pixels",
            lambda: stream(completed(b64_json=image(size=(1024, 1024)))),
            "stream.size-as-asked",
        ),
        lie("webp", lambda: stream(completed(b64_json=image("webp"))), "stream.format-as-asked"),
        lie("other-quality", lambda: stream(completed(quality="high")), "stream.echo-as-asked"),
        lie("other-size", lambda: stream(completed(size="1024x1024")), "stream.echo-as-asked"),
        lie(
            "three-partials",
            lambda: stream(partial(0), partial(1), partial(2), completed()),
            "stream.partial-count",
        ),
        lie(
            "index-twice",
            lambda: stream(partial(0), partial(0), completed()),
            "stream.partial-index",
        ),
        lie(
            "index-from-1",
            lambda: stream(partial(1), partial(2), completed()),
            "stream.partial-index",
        ),
        lie(
            "partial-no-image",
            lambda: stream(partial(b64_json=encoded(b"nothing")), completed()),
            "stream.partial-image",
        ),
        lie(
            "partial-absent",
            lambda: stream(partial(without="b64_json"), completed()),
            "stream.partial-image",
        ),
        lie(
            "negative-tokens",
            lambda: usage(input_tokens=-14, input_tokens_details=NEGATIVE, total_tokens=358),
            "stream.usage-not-negative",
        ),
        lie("wrong-total", lambda: usage(total_tokens=387), "stream.usage-total"),
        lie(
            "wrong-details",
            lambda: usage(input_tokens_details={"text_tokens": 1, "image_tokens": 0}),
            "stream.usage-details",
        ),
        lie(
            "wrong-input-details-alone",
            lambda: usage(input_tokens_details=OFF, output_tokens_details=None),
            "stream.usage-details",
        ),
        lie(
            "wrong-output-details-alone",
            lambda: stream(completed(usage=OUTPUT_OFF)),
            "stream.usage-details",
            "stream.event-fields",
        ),
        lie(
            "second-usage-wrong",
            lambda: twice({**USAGE, "total_tokens": 387, "input_tokens_details": OFF}),
            "stream.usage-total",
            "stream.usage-details",
            "stream.event-fields",
        ),
    )
}


def usage(**members: object) -> Exchange:
    """A stream whose usage has other members."""
    return stream(completed(usage={**USAGE, **members}))


def twice(other: object) -> Exchange:
    """Two images, the usage of the first of which holds no counts that could be added up."""
    uncounted = {"input_tokens_details": "none"}
    return stream(completed(usage=uncounted), completed(usage=other), request={**REQUEST, "n": 2})


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    assert verdicts(TRUTHS[clause]())[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


@pytest.mark.parametrize(
    "events",
    [
        (completed(),),
        (partial(0), completed()),
        (partial(1), completed()),
        (partial(0, size="auto", quality="auto", background="auto"), completed(quality="auto")),
        (completed(sequence_number=1),),
        (("keep-alive", "{}"), completed()),
    ],
    ids=["no-partial", "one-of-two", "first-one-lost", "auto", "undocumented", "keep-alive"],
)
def test_stream_may_have_fewer_partials_and_more_members(events: tuple[tuple[str, str]]) -> None:
    assert red(stream(*events)) == frozenset()


def test_usage_details_that_are_given_are_judged_where_others_are_not() -> None:
    only_input = {name: count for name, count in USAGE.items() if name != "output_tokens_details"}
    assert verdicts(stream(completed(usage=only_input)))["stream.usage-details"] is Verdict.PASS
    neither = {**only_input, "input_tokens_details": None}
    assert "stream.usage-details" not in verdicts(stream(completed(usage=neither)))
    assert verdicts(stream(completed(usage=None)))["stream.usage-details"] is Verdict.PASS


def test_usage_that_cannot_be_added_up_leaves_the_sums_of_another_open() -> None:
    found = verdicts(twice(USAGE))
    assert found["stream.usage-total"] is found["stream.usage-details"] is Verdict.NOT_TESTABLE


def test_done_at_the_end_of_a_stream_breaks_nothing() -> None:
    assert red(stream(tail=b"data: [DONE]\n\n")) == frozenset()


def test_partial_images_of_two_images_are_counted_together() -> None:
    two = (*(partial(index) for index in (0, 0, 1, 1)), completed(), completed())
    assert red(stream(*two, request={**REQUEST, "n": 2})) == frozenset()


@pytest.mark.parametrize("status", [400, 429, 500], ids=str)
def test_no_stream_is_judged_without_a_success(status: int) -> None:
    found = verdicts(exchange(REQUEST, status, raw=json.dumps({"error": {}}).encode()))
    own = {found[clause] for clause in TRUTHS}
    assert own <= {Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE}


def test_plain_request_is_not_judged_as_a_stream() -> None:
    assert not set(TRUTHS) & set(verdicts(exchange()))
