"""The shape of an answer: complete where it is small, bounded where it is not."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from conformance.cases.request import Request
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Response
from conformance.exchange.outcome import outcome_of
from conformance.parsing.shape import MOST_PATHS, bounded, shape_of
from conformance.results.evidence import evidence
from conformance.results.records import ErrorRecord, ExchangeRecord
from conformance.results.run_file import line_of
from tests.test_run_file import VALIDATOR

STREAM = (
    b'event: image_generation.completed\ndata: {"type":"image_generation.completed",'
    b'"b64_json":"aGk=","usage":{"total_tokens":3}}\n\n'
)
PAYLOAD, OTHER = (base64.b64encode(data * 900).decode() for data in (b"a", b"ab"))
CROOKED = PAYLOAD + "A"  # base64 of no bytes, which is found by its letters


def folded(text: str) -> str:
    return f"<{len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}>"


def record(body: bytes, media_type: str = "application/json", status: int = 200) -> ExchangeRecord:
    request = Request("POST", "https://acme.test/v1/images/generations", (), b"{}")
    response = Response(status, (("content-type", media_type),), body)
    exchange = Exchange("acme", "dall-e-3", "baseline", request, response)
    answer = Answer(exchange)
    return evidence(exchange, answer, outcome_of(exchange, answer))


NUMBERS = {"created": 1, "cost": 1.5, "flag": True}
NAMES = {"a.b": 1, "c:d": 2, "e\x1b": 3}


def test_shape_names_paths_and_types() -> None:
    shapes: list[tuple[object, str]] = [
        ({"data": [{"url": "x"}]}, "data:array data[].url:string data[]:object"),
        ([{"url": "x"}, {"url": None}], "[].url:null [].url:string []:object"),
        (NUMBERS, "cost:number created:integer flag:boolean"),
        (NAMES, '["a.b"]:integer ["c:d"]:integer ["e\\\\x1b"]:integer'),
        ("text", ""),
    ]
    for value, paths in shapes:
        assert bounded(shape_of(value)) == paths.split()


def test_shape_is_of_the_whole_body_where_the_body_kept_is_cut() -> None:
    cut_record = record(json.dumps({"data": [{"note": "word " * 2000, "seed": 7}]}).encode())
    assert "data[].seed:integer" in (cut_record.shape or ())
    assert cut_record.response is not None
    assert "seed" not in cut_record.response.body


def test_shape_is_of_the_events_of_a_stream_and_of_nothing_but_json() -> None:
    shape = record(STREAM, "text/event-stream").shape or ()
    assert "<image_generation.completed>.usage.total_tokens:integer" in shape
    assert [record(body).shape for body in (b"", b"<html>", b'{"a":')] == [None] * 3


def test_shape_is_bounded_in_width_and_depth() -> None:
    wide = bounded(shape_of({f"member_{number}": number for number in range(5000)}))
    assert (len(wide), wide[-1]) == (MOST_PATHS + 1, "…")
    deep: Any = 1
    for _ in range(500):
        deep = {"a": deep}
    assert max(path.count("a") for path in shape_of(deep)) <= 8 + 1


def test_error_keeps_what_it_is_told_by_and_not_its_message() -> None:
    body = b'{"error":{"message":"m","type":"invalid_request_error","code":null,"param":"size"}}'
    assert record(body, status=400).error == ErrorRecord("invalid_request_error", param="size")
    for other in (b'{"error":{"type":"x"},"data":[]}', b""):
        VALIDATOR.validate(json.loads(line_of(record(other, status=400))))


def test_body_that_is_kept_has_no_payload() -> None:
    replacements = {text: folded(text) for text in (PAYLOAD, OTHER)}
    replacements[CROOKED] = folded(CROOKED).replace(">", ", length>")
    for texts in ([PAYLOAD], [PAYLOAD, PAYLOAD], [PAYLOAD, OTHER], [CROOKED]):
        items = [{"b64_json": text, "revised_prompt": "a kite"} for text in texts]
        response = record(json.dumps({"data": items, "id": PAYLOAD}).encode()).response
        assert response is not None
        body = json.loads(response.body)
        assert [item["b64_json"] for item in body["data"]] == [replacements[text] for text in texts]
        assert body["id"] == folded(PAYLOAD)
