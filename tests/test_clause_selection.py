"""Which clauses an edition has, and which of them a glob selects."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.registry import REGISTRY
from conformance.contract import CitedSource, Edition, Level, LevelOverride, load_edition
from conformance.contract.records import Citation
from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.sent_request import read_request
from tests.miniatures import body, exchange

EDITION = load_edition()
CHAPTERS = [
    "authentication",
    "envelope",
    "format",
    "url",
    "base64",
    "image",
    "count",
    "parameters",
    "defaults",
    "errors",
    "extras",
    "models",
    "stream",
]


def test_clauses_of_a_chapter_stand_together_in_the_order_of_reading() -> None:
    together = groupby(clauses_of(EDITION), lambda clause: clause.chapter)
    assert [chapter for chapter, _ in together] == CHAPTERS


@pytest.mark.parametrize(
    ("clause", "wrong"),
    [
        ("format.gpt-image-b64", "response_format"),
        ("extras.background-documented", "quality"),
        ("image.transparent-pixels", "output_format"),
    ],
)
def test_mistake_that_was_painted_promises_what_does_not_hang_on_its_value(
    clause: str, wrong: str
) -> None:
    (chosen,) = select(clauses_of(EDITION), clause)
    asked = body("gpt-image-1", background="transparent")
    for name, binds in ((wrong, False), ("user", True)):
        sent = read_request(exchange({**asked, name: 7}, answer={}), EDITION)
        assert not chosen.binds(sent)
        assert chosen.binds(replace(sent, painted=True)) is binds


def test_clauses_are_built_once_for_an_edition() -> None:
    assert clauses_of(EDITION) is clauses_of(load_edition())


def test_derived_clauses_carry_level_and_sources_of_the_schema() -> None:
    known = {each.id: each for each in clauses_of(EDITION)}
    clause = known["parameters.prompt-maxlength"]
    assert clause.level is Level.MUST
    assert [(each.source, each.section) for each in clause.citations] == [
        ("openai", "CreateImageRequest.prompt")
    ]
    assert "dall-e-2: 1000" in clause.how
    assert "gpt-image-1: 32000" in clause.how


def test_every_constraint_of_a_parameter_has_a_clause() -> None:
    known = {each.id for each in clauses_of(EDITION)}
    for model in EDITION.models.values():
        constrained = set(model.parameters) - {"n", "model"}
        typed = {name for name in constrained if "type" in model.parameters[name]}
        assert {f"parameters.{name}-type" for name in typed} <= known


def test_withdrawn_clause_is_not_judged() -> None:
    edition = replace(EDITION, withdrawn={"parameters.size-enum": "a mistake"})
    assert "parameters.size-enum" not in {each.id for each in clauses_of(edition)}


@pytest.mark.parametrize(
    "edition",
    [
        replace(EDITION, withdrawn={"errors.jsom": "a mistake"}),
        replace(EDITION, levels={"errors.jsom": LevelOverride(Level.MAY, ())}),
    ],
    ids=["withdrawn", "levels"],
)
def test_edition_that_grades_no_clause_at_all_is_told_the_nearest(edition: Edition) -> None:
    said = rf"unknown clause 'errors\.jsom' in edition {EDITION.id}; did you mean 'errors\.json'"
    with pytest.raises(UnknownNameError, match=said):
        clauses_of(edition)


def test_clause_of_which_the_edition_has_no_source_is_named_with_edition_and_source() -> None:
    sources: dict[str, CitedSource] = dict(EDITION.sources)
    del sources["whatwg-sse"]
    edition = replace(EDITION, sources=sources)
    with pytest.raises(ConformanceError) as caught:
        clauses_of(edition)
    for word in (EDITION.id, "stream.framing", "whatwg-sse"):
        assert word in str(caught.value)


def test_clause_cites_those_of_its_sources_that_the_edition_has() -> None:
    sources = {name: each for name, each in EDITION.sources.items() if name != "whatwg-sse"}
    withdrawn = {"stream.framing": "no source"}
    known = {e.id: e for e in clauses_of(replace(EDITION, sources=sources, withdrawn=withdrawn))}
    cited = known["stream.content-type"].citations
    assert cited
    assert all(each.source != "whatwg-sse" for each in cited)


@pytest.mark.parametrize(
    ("glob", "count"), [("errors.json", 1), ("count.*", 7), ("*", len(clauses_of(EDITION)))]
)
def test_glob_selects_by_id(glob: str, count: int) -> None:
    assert len(select(clauses_of(EDITION), glob)) == count


def test_glob_that_matches_nothing_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown clause 'count\.as-ask'; did you mean 'c"):
        select(clauses_of(EDITION), "count.as-ask")


def test_edition_sets_the_level_and_the_sources_of_a_clause() -> None:
    cited = Citation("rfc9110", "15.5.1", Level.SHOULD)
    edition = replace(EDITION, levels={"errors.json": LevelOverride(Level.SHOULD, (cited,))})
    (clause,) = select(clauses_of(edition), "errors.json")
    assert clause.level is Level.SHOULD
    assert [(each.source, each.section) for each in clause.citations] == [("rfc9110", "15.5.1")]


def test_clause_that_is_registered_later_is_the_last_of_the_edition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = clauses_of(EDITION)
    monkeypatch.setitem(REGISTRY, "zoo.x", replace(REGISTRY["count.as-asked"], id="zoo.x"))
    after = clauses_of(EDITION)
    assert [clause.id for clause in after] == [*(clause.id for clause in before), "zoo.x"]
