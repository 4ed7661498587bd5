"""The chapter envelope: one lie a clause, and the exchange without it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    HTML,
    JSON_TYPE,
    REQUEST_ID,
    SENT_AT,
    answer,
    body,
    changed,
    error,
    exchange,
    items,
    lie,
    picture,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

CREATED = int(SENT_AT) + 2
ITEM = answer(body())["data"][0]


def raw(text: str | bytes) -> Exchange:
    """An answer of these bytes, which says that it is JSON."""
    return exchange(raw=text.encode() if isinstance(text, str) else text)


def without(name: str) -> Exchange:
    """A truthful answer that lacks one member."""
    return exchange(answer={key: value for key, value in answer(body()).items() if key != name})


def typed(content_type: str | None, status: int = 200, data: bytes | None = None) -> Exchange:
    """A truthful answer under another content type or status, or of other bytes."""
    told = (("content-type", content_type),) if content_type else ()
    return exchange(status=status, raw=data, headers=(*told, REQUEST_ID))


def created(value: object) -> Exchange:
    """A truthful answer but for `created`."""
    return exchange(answer=answer(body(), created=value))


TEXT = json.dumps(answer(body()))
DEEP = TEXT[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}"

LIES = {
    each.id: each
    for each in (
        lie("status-201", lambda: exchange(status=201), "envelope.status-200"),
        lie("status-204", lambda: typed(None, 204, b""), "envelope.status-200"),
        lie("html-as-json", lambda: raw(HTML), "envelope.not-html"),
        lie("html", lambda: typed("text/html", data=HTML), "envelope.not-html"),
        lie("text-plain", lambda: typed("text/plain"), "envelope.content-type"),
        lie("image", lambda: typed("image/png", data=picture()), "envelope.content-type"),
        lie(
            "event-stream",
            lambda: typed("text/event-stream", data=b"data: {}\n\n"),
            "envelope.content-type",
        ),
        lie("no-content-type", lambda: typed(None), "envelope.content-type"),
        lie("empty", lambda: raw(""), "envelope.body-not-empty"),
        lie("truncated", lambda: raw(TEXT[:-9]), "envelope.json-syntax"),
        lie("trailing-comma", lambda: raw(TEXT[:-1] + ",}"), "envelope.json-syntax"),
        lie("two-texts", lambda: raw(TEXT + "{}"), "envelope.json-syntax"),
        lie("utf-16", lambda: raw(TEXT.encode("utf-16")), "envelope.json-utf8"),
        lie("byte-order-mark", lambda: raw(b"\xef\xbb\xbf" + TEXT.encode()), "envelope.json-utf8"),
        lie(
            "latin-1",
            lambda: raw(TEXT[:-1].encode() + b', "x": "\xe9"}'),
            "envelope.json-utf8",
        ),
        lie("lone-surrogate", lambda: raw(TEXT[:-1] + r', "x": "\ud800"}'), "envelope.json-utf8"),
        lie("nan", lambda: raw(TEXT[:-1] + ', "x": NaN}'), "envelope.json-no-nan"),
        lie("huge-number", lambda: raw(TEXT[:-1] + ', "x": 1e999}'), "envelope.json-number-range"),
        lie(
            "million-digits",
            lambda: raw(TEXT[:-1] + f', "x": {"9" * 1_000_000}}}'),
            "envelope.json-number-range",
        ),
        lie(
            "duplicate-member",
            lambda: raw(TEXT[:-1] + f', "created": {CREATED}}}'),
            "envelope.json-unique-names",
        ),
        lie("deep", lambda: raw(DEEP), "envelope.json-depth"),
        lie("array", lambda: exchange(answer=[answer(body())]), "envelope.object"),
        lie("null", lambda: raw("null"), "envelope.object"),
        lie("no-created", lambda: without("created"), "envelope.created-present"),
        lie("null-created", lambda: created(None), "envelope.created-present"),
        lie("float-created", lambda: created(CREATED + 0.25), "envelope.created-integer"),
        lie("whole-float-created", lambda: created(float(CREATED)), "envelope.created-integer"),
        lie("text-created", lambda: created(str(CREATED)), "envelope.created-integer"),
        lie("true-created", lambda: created(True), "envelope.created-integer"),
        lie("milliseconds", lambda: created(CREATED * 1000), "envelope.created-seconds"),
        lie("thousand-digits", lambda: created(10**1000), "envelope.created-seconds"),
        lie("zero-created", lambda: created(0), "envelope.created-near-request"),
        lie("local-time", lambda: created(CREATED + 3600), "envelope.created-near-request"),
        lie("no-data", lambda: without("data"), "envelope.data-present"),
        lie("flat-error", lambda: exchange(answer={"code": "x"}), "envelope.data-present"),
        lie("empty-object", lambda: exchange(answer={}), "envelope.data-present"),
        lie(
            "wrapped",
            lambda: exchange(answer={"code": 200, "data": answer(body())}),
            "envelope.data-array",
        ),
        lie("null-data", lambda: exchange(answer=answer(body(), data=None)), "envelope.data-array"),
        lie(
            "object-data", lambda: exchange(answer=answer(body(), data=ITEM)), "envelope.data-array"
        ),
        lie("text-data", lambda: exchange(answer=answer(body(), data="x")), "envelope.data-array"),
        lie("no-items", lambda: exchange(answer=items(body())), "envelope.data-not-empty"),
        lie(
            "text-item",
            lambda: exchange(answer=items(body(), "https://images.provider.example/0.png")),
            "envelope.items-objects",
        ),
        lie("null-item", lambda: exchange(answer=items(body(), None)), "envelope.items-objects"),
        lie("number-url", lambda: exchange(answer=changed(body(), url=7)), "envelope.schema"),
        lie("list-b64", lambda: exchange(answer=changed(body(), b64_json=[])), "envelope.schema"),
        lie(
            "object-revised-prompt",
            lambda: exchange(answer=changed(body(), revised_prompt={})),
            "envelope.schema",
        ),
        lie(
            "error-beside-data",
            lambda: exchange(answer={**answer(body()), **error()}),
            "envelope.no-error",
        ),
        lie("error-as-success", lambda: exchange(answer=error()), "envelope.no-error"),
        lie("error-text", lambda: exchange(answer={"error": "busy"}), "envelope.no-error"),
    )
}
CLAUSES = sorted({clause for each in LIES.values() for clause in each.red})


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "gpt-image-1", "qwen-image"])
@pytest.mark.parametrize("clause", CLAUSES)
def test_truth_passes(clause: str, model: str) -> None:
    assert verdicts(exchange(body(model)))[clause] is Verdict.PASS


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON"], ids=["charset", "case"]
)
def test_content_type_with_parameters_and_in_any_case(content_type: str) -> None:
    assert verdicts(typed(content_type))["envelope.content-type"] is Verdict.PASS


@pytest.mark.parametrize("offset", [-1700, 1700], ids=["early", "late"])
def test_created_of_a_wrong_clock_is_near_enough(offset: int) -> None:
    found = verdicts(created(int(SENT_AT) + offset))
    assert found["envelope.created-near-request"] is Verdict.PASS


def test_created_is_not_compared_with_a_time_that_is_not_known() -> None:
    found = verdicts(replace(created(0), sent_at=0.0))
    assert found["envelope.created-near-request"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize("status", [429, 500, 502, 524], ids=str)
def test_outage_says_nothing_about_the_envelope(status: int) -> None:
    outage = exchange(status=status, raw=HTML, headers=(("content-type", "text/html"),))
    found = verdicts(outage)
    assert {found[clause] for clause in CLAUSES} == {Verdict.UNAVAILABLE}


def test_null_error_beside_data_is_no_error() -> None:
    found = verdicts(exchange(answer=answer(body(), error=None), headers=(JSON_TYPE, REQUEST_ID)))
    assert found["envelope.no-error"] is Verdict.PASS
