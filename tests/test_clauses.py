"""All clauses: their metadata, and that none breaks on bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.clauses import clauses_of
from conformance.clauses.observations import observe
from conformance.contract import load_edition
from conformance.exchange.model import Failure
from conformance.findings import Verdict
from tests.miniatures import (
    ACCEPTED,
    HTML,
    body,
    changed,
    exchange,
    verdicts,
)

EDITION = load_edition()
CLAUSES = {each.id: each for each in clauses_of(EDITION)}


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause_says_what_it_promises_and_how_it_is_judged(clause: str) -> None:
    each = CLAUSES[clause]
    assert each.statement.endswith(".")
    assert len(each.how) > 10
    assert {cited.source for cited in each.citations} <= set(EDITION.sources)
    assert each.citations


@pytest.mark.parametrize(
    "clause", [name for name, each in CLAUSES.items() if each.level.value == "MUST"]
)
def test_must_is_promised_and_not_only_observed(clause: str) -> None:
    sources = {cited.source for cited in CLAUSES[clause].citations}
    assert not sources <= {"openai-observed", "gateways-observed"}


WEIRD: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)),
    "html": HTML,
    "text": b"busy",
    "list": b"[]",
    "number": b"7",
    "null-data": b'{"created": null, "data": null}',
    "nested-data": b'{"created": {}, "data": [[[[]]]]}',
    "mixed-items": b'{"created": 1, "data": [null, 1, "x", {}, [], {"url": {}}]}',
    "odd-members": b'{"created": true, "data": [{"url": 1, "b64_json": [], "revised_prompt": 2}]}',
    "odd-url": b'{"created": 1, "data": [{"url": "http://[::1"}, {"url": "\\u0000://x"}]}',
    "odd-base64": '{"created": 1, "data": [{"b64_json": "ü"}, {"b64_json": "===="}]}'.encode(),
    "odd-extras": b'{"created": -1, "data": [{}], "usage": [], "size": 1, "background": {}}',
    "odd-error": b'{"error": [1]}',
    "error-text": b'{"error": "no", "data": {}}',
    "deep": b"[" * 100_000,
    "lone-surrogate": b'{"created": 1, "data": [{"url": "\\ud800"}]}',
    "huge-number": b'{"created": 1e400, "data": []}',
    "long-number": b'{"created": ' + b"9" * 3999 + b', "data": []}',
    "event-stream": b"event: x\ndata: {}\n\n",
}
REQUESTS: dict[str, dict[str, Any]] = {
    "dall-e-2": body("dall-e-2"),
    "dall-e-3-b64": body("dall-e-3", response_format="b64_json"),
    "gpt-image": body("gpt-image-1", background="transparent", size="auto"),
    "gpt-image-stream": body("gpt-image-1", stream=True),
    "gpt-image-2": body("gpt-image-2", size="1280x720"),
    "qwen-image": body("qwen-image"),
    "response-format": body("gpt-image-1", response_format="url"),
    "too-many": body("dall-e-3", n=2),
    "no-model": body(None),
    "unknown-model": body("conformance-no-such-model"),
}


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("data", WEIRD)
def test_no_answer_breaks_a_clause_itself(data: str, request_name: str) -> None:
    for status, control in ((200, ACCEPTED), (400, ACCEPTED), (500, None)):
        made = exchange(REQUESTS[request_name], status, raw=WEIRD[data])
        found = verdicts(made, control)
        assert [name for name, each in found.items() if each is Verdict.HARNESS_ERROR] == []
    assert isinstance(observe(made, EDITION), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["created", "data", "error", "usage", "size", "background", "output_format", "quality"]
)
ITEM_MEMBERS = st.sampled_from(["url", "b64_json", "revised_prompt"])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    request=st.sampled_from(list(REQUESTS.values())),
    members=st.dictionaries(MEMBERS, JSON, max_size=3),
    item=st.dictionaries(ITEM_MEMBERS, JSON, max_size=3),
)
def test_no_json_breaks_a_clause_itself(
    request: dict[str, Any], members: dict[str, Any], item: dict[str, Any]
) -> None:
    told = {**changed(request, **item), **members}
    made = exchange(request, raw=json.dumps(told).encode(), downloads={})
    assert Verdict.HARNESS_ERROR not in verdicts(made).values()
    assert isinstance(observe(made, EDITION), list)


@pytest.mark.parametrize("kind", ["timeout", "connect", "too-large", "protocol"])
def test_no_answer_at_all_is_unavailable(kind: str) -> None:
    found = verdicts(exchange(failure=Failure(kind, "it failed")))
    assert set(found.values()) == {Verdict.UNAVAILABLE}
