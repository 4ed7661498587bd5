"""All clauses: their metadata, that each can be broken, and that none breaks on bad input."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
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
    JSON_TYPE,
    REQUEST_ID,
    Lie,
    answer,
    body,
    changed,
    exchange,
    picture,
    verdicts,
)

EDITION = load_edition()
CLAUSES = {each.id: each for each in clauses_of(EDITION)}
MODULES = sorted(path.stem for path in Path(__file__).parent.glob("test_clauses_*.py"))


def told_lies() -> dict[str, list[Lie]]:
    """Every planted lie of every chapter, by the clauses that see it."""
    found: dict[str, list[Lie]] = {}
    for name in MODULES:
        for each in importlib.import_module(f"tests.{name}").LIES.values():
            for clause in each.red:
                found.setdefault(clause, []).append(each)
    return found


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_is_turned_red_by_a_planted_lie(clause: str) -> None:
    assert told_lies().get(clause), f"no lie in {', '.join(MODULES)} breaks {clause}"


@pytest.mark.parametrize("chapter", sorted({each.chapter for each in CLAUSES.values()}))
def test_every_clause_of_a_chapter_passes_on_a_truth(chapter: str) -> None:
    tables = importlib.import_module(f"tests.test_clauses_{chapter}")
    truths = set(getattr(tables, "TRUTHS", None) or tables.CLAUSES)
    assert {name for name, each in CLAUSES.items() if each.chapter == chapter} <= truths


def test_every_planted_lie_names_clauses_that_exist() -> None:
    assert set(told_lies()) <= set(CLAUSES)


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


@pytest.mark.parametrize("status", [200, 400, 500], ids=str)
@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("data", WEIRD)
def test_no_answer_breaks_a_clause_itself(data: str, request_name: str, status: int) -> None:
    made = exchange(REQUESTS[request_name], status, raw=WEIRD[data])
    for control in (ACCEPTED, None):
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


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
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


def seen(made: Any) -> dict[str, str]:
    return {each.id: each.message for each in observe(made, EDITION)}


def test_observation_of_a_flat_image() -> None:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), "red").save(buffer, "PNG")
    assert "flat-image" in seen(exchange(fetched=buffer.getvalue()))
    assert "flat-image" not in seen(exchange())


def test_observation_of_a_url_lifetime() -> None:
    assert "lives 60 minutes" in seen(exchange())["url-lifetime"]


def test_observation_of_content_credentials() -> None:
    marked = picture() + b"jumbc2pa"
    assert {"content-credentials", "bytes-after-image"} <= set(seen(exchange(fetched=marked)))


def test_observation_of_undocumented_members() -> None:
    request = body()
    told = {**changed(request, generation_id="gen_1"), "metadata": {}}
    found = seen(exchange(request, answer=told))
    assert "generation_id" in found["undocumented-item-members"]
    assert "metadata" in found["undocumented-members"]


def test_observation_of_a_401_without_a_challenge() -> None:
    assert "no-challenge" in seen(exchange(status=401, answer={"error": {"message": "no"}}))


def test_observation_of_an_answer_without_a_request_id() -> None:
    assert "no-request-id" in seen(exchange(headers=(JSON_TYPE,)))
    assert "no-request-id" not in seen(exchange(headers=(JSON_TYPE, REQUEST_ID)))


def test_observation_of_a_foreign_host() -> None:
    request = body("dall-e-3")
    told = changed(request, url="https://filesystem.site/cdn/1.webp")
    found = seen(exchange(request, answer=told))
    assert "filesystem.site" in found["third-party-host"]
    assert "third-party-host" not in seen(exchange(request, answer=answer(request)))
