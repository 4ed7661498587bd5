"""What an answer holds: the key, its time, its type, its tokens, its payloads.

Each test stands for a change of a clause that nothing else noticed; see docs/mutation.md.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from conformance.exchange.model import REDACTED_KEY
from conformance.findings import Verdict
from tests.findings import GPT, counted, finding, with_members
from tests.miniatures import REQUEST_ID, SENT_AT, answer, body, changed, exchange, red, verdicts


def test_key_is_seen_as_base64_without_its_padding() -> None:
    text = base64.b64encode(REDACTED_KEY.encode()).rstrip(b"=")
    told = json.dumps(answer(GPT)).encode()[:-1] + b', "x": "' + text + b'"}'
    assert red(exchange(GPT, raw=told)) == {"authentication.key-not-echoed"}


@pytest.mark.parametrize(
    ("offset", "elapsed", "near"),
    [(-1800, 1.0, True), (-1801, 1.0, False), (1801, 1.0, True), (1802, 1.0, False)],
)
def test_created_is_near_within_half_an_hour_of_the_exchange(
    offset: int, elapsed: float, near: bool
) -> None:
    told = {**answer(GPT), "created": int(SENT_AT) + offset}
    made = replace(exchange(GPT, answer=told), elapsed=elapsed)
    assert ("envelope.created-near-request" not in red(made)) is near


def test_created_is_compared_with_when_a_slow_answer_was_complete() -> None:
    told = {**answer(GPT), "created": int(SENT_AT) + 1800 + 200}
    for elapsed, near in ((240.0, True), (None, False)):
        made = replace(exchange(GPT, answer=told), elapsed=elapsed)
        assert ("envelope.created-near-request" not in red(made)) is near
    late = replace(exchange(GPT, answer={**told, "created": int(SENT_AT) + 1801}), elapsed=None)
    assert "envelope.created-near-request" in red(late)


def test_year_3000_counts_no_seconds() -> None:
    assert red(with_members(created=32_503_680_000)) == {"envelope.created-seconds"}
    assert red(with_members(created=32_503_679_999)) == {"envelope.created-near-request"}


def test_text_json_is_said_to_be_json_when_it_cannot_be_read() -> None:
    made = exchange(raw=b"{", headers=(("content-type", "text/json"), REQUEST_ID))
    assert verdicts(made)["envelope.json-syntax"] is Verdict.FAIL


def test_whole_numbers_of_tokens_may_be_written_with_a_point() -> None:
    usage = json.dumps(answer(GPT)).replace("209", "209.0").encode()
    assert verdicts(exchange(GPT, raw=usage))["extras.usage-total"] is Verdict.PASS
    off = json.dumps(answer(GPT)).replace("209", "210.0").encode()
    assert "extras.usage-total" in red(exchange(GPT, raw=off))


def test_details_that_are_no_object_are_judged_apart() -> None:
    found = finding("extras.usage-input-details", counted(input_tokens_details=7))
    assert found.message == "input_tokens_details is no object"


def test_negative_tokens_are_told_with_their_path() -> None:
    details = {"text_tokens": -1, "image_tokens": 14}
    found = finding("extras.usage-not-negative", counted(input_tokens_details=details))
    assert found.message == "usage.input_tokens_details.text_tokens is negative"
    for name in ("other", "cost_details"):
        made = counted(**{name: {"x": 1}, "more_details": -1})
        assert verdicts(made)["extras.usage-not-negative"] is Verdict.PASS


def test_payload_members_of_other_types_are_not_counted_as_missing() -> None:
    made = exchange(answer=changed(body("dall-e-2"), url=7, b64_json=[]))
    found = finding("format.url-by-default", made)
    assert found.message == "url and b64_json are not strings"


def test_absent_revised_prompt_is_neither_null_nor_empty() -> None:
    found = verdicts(exchange(body("dall-e-2")))
    assert found["format.revised-prompt-not-null"] is Verdict.PASS
    assert found["format.revised-prompt-not-empty"] is Verdict.PASS


@pytest.mark.parametrize(("before", "page"), [(1019, True), (1020, False)])
def test_html_is_looked_for_in_the_first_kibibyte(before: int, page: bool) -> None:
    made = exchange(raw=b" " * before + b"<html></html>")
    assert ("envelope.not-html" in red(made)) is page
