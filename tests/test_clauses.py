"""All clauses: their metadata, and that none breaks on bad input."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.clauses import clauses_of
from conformance.clauses.observations import observe
from conformance.contract import load_edition
from conformance.findings import Verdict
from tests.miniatures import ACCEPTED, HTML, body, exchange, verdicts

EDITION = load_edition()


def test_clause_says_what_it_promises_and_how_it_is_judged() -> None:
    for clause in clauses_of(EDITION):
        assert clause.statement.endswith("."), clause.id
        assert len(clause.how) > 10, clause.id
        assert {cited.source for cited in clause.citations} <= set(EDITION.sources), clause.id
        assert clause.citations, clause.id


def test_must_is_promised_and_not_only_observed() -> None:
    for clause in clauses_of(EDITION):
        sources = {cited.source for cited in clause.citations}
        assert clause.level != "MUST" or sources - {"openai-observed", "gateways-observed"}


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
    "qwen-image": body("qwen-image"),
    "too-many": body("dall-e-3", n=2),
    "no-model": body(None),
    "unknown-model": body("conformance-no-such-model"),
}


@pytest.mark.parametrize("data", WEIRD)
def test_no_answer_breaks_a_clause_itself(data: str) -> None:
    for request in REQUESTS.values():
        for status, control in ((200, ACCEPTED), (400, ACCEPTED), (500, None)):
            made = exchange(request, status, raw=WEIRD[data])
            broken = verdicts(made, control).items()
            assert [name for name, verdict in broken if verdict is Verdict.HARNESS_ERROR] == []
        assert isinstance(observe(made, EDITION), list)
