"""All clauses: which an edition has, what they say of themselves, and that none breaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.observations import observe
from conformance.clauses.registry import REGISTRY
from conformance.contract import Edition, Level, load_edition
from conformance.contract.records import Citation, LevelOverride
from conformance.errors import ConformanceError, UnknownNameError
from conformance.findings import Verdict
from tests.miniatures import ACCEPTED, HTML, body, exchange, verdicts

EDITION = load_edition()
CHAPTERS = (
    "authentication envelope format url base64 image count parameters defaults errors extras models"
    " stream"
)


def ids(edition: Edition) -> list[str]:
    return [clause.id for clause in clauses_of(edition)]


def test_clauses_of_a_chapter_stand_together_in_the_order_of_reading() -> None:
    together = groupby(clauses_of(EDITION), lambda clause: clause.chapter)
    assert [chapter for chapter, _ in together] == CHAPTERS.split()
    assert clauses_of(EDITION) is clauses_of(load_edition()), "they are built once"


@pytest.mark.parametrize(
    "edition",
    [
        replace(EDITION, withdrawn={"errors.jsom": "a mistake"}),
        replace(EDITION, levels={"errors.jsom": LevelOverride(Level.MAY, ())}),
    ],
    ids=["withdrawn", "levels"],
)
def test_edition_that_grades_no_clause_at_all_is_told_the_nearest(edition: Edition) -> None:
    text = rf"unknown clause 'errors\.jsom' in edition {EDITION.id}; did you mean 'errors\.json'"
    with pytest.raises(UnknownNameError, match=text):
        clauses_of(edition)


def test_clause_cites_those_of_its_sources_that_the_edition_has_and_needs_one() -> None:
    sources = {name: source for name, source in EDITION.sources.items() if name != "whatwg-sse"}
    words = rf"^edition {EDITION.id}: clause authentication\.\S+ cites 'cometapi', 'openai', which"
    with pytest.raises(ConformanceError, match=words):
        clauses_of(replace(EDITION, sources={}))
    edition = replace(EDITION, sources=sources, withdrawn={"stream.framing": "no source"})
    known = {clause.id: clause for clause in clauses_of(edition)}
    assert [*known] == [name for name in ids(EDITION) if name != "stream.framing"]
    cited = {citation.source for citation in known["stream.content-type"].citations}
    assert cited
    assert "whatwg-sse" not in cited


def test_glob_selects_by_id_and_one_that_matches_nothing_names_the_nearest() -> None:
    for glob, count in (("errors.json", 1), ("count.*", 7), ("*", len(ids(EDITION)))):
        assert len(select(clauses_of(EDITION), glob)) == count
    with pytest.raises(UnknownNameError, match=r"unknown clause 'count\.as-ask'; did you mean 'c"):
        select(clauses_of(EDITION), "count.as-ask")


def test_edition_sets_the_level_and_the_sources_of_a_clause() -> None:
    source = Citation("rfc9110", "15.5.1", Level.SHOULD)
    edition = replace(EDITION, levels={"errors.json": LevelOverride(Level.SHOULD, (source,))})
    (clause,) = select(clauses_of(edition), "errors.json")
    assert clause.level is Level.SHOULD
    assert [(citation.source, citation.section) for citation in clause.citations] == [
        ("rfc9110", "15.5.1")
    ]


def test_clause_that_is_registered_later_is_the_last_of_the_edition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = replace(EDITION)
    before = ids(edition)
    monkeypatch.setitem(REGISTRY, "zoo.x", replace(REGISTRY["count.as-asked"], id="zoo.x"))
    assert ids(edition) == [*before, "zoo.x"]


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
            sample = exchange(request, status, raw=WEIRD[data])
            judgements = verdicts(sample, control).items()
            assert [name for name, verdict in judgements if verdict is Verdict.HARNESS_ERROR] == []
        assert isinstance(observe(sample, EDITION), list)
