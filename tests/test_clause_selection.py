"""Which clauses an edition has, and which of them a glob selects."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.registry import REGISTRY
from conformance.contract import Edition, Level, LevelOverride, load_edition
from conformance.contract.records import Citation
from conformance.errors import ConformanceError, UnknownNameError

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


def test_every_constraint_of_a_parameter_has_a_clause() -> None:
    for model in EDITION.models.values():
        constrained = set(model.parameters) - {"n", "model"}
        typed = {name for name in constrained if "type" in model.parameters[name]}
        assert {f"parameters.{name}-type" for name in typed} <= set(ids(EDITION))


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


def test_clause_cites_those_of_its_sources_that_the_edition_has_and_needs_one() -> None:
    sources = {name: each for name, each in EDITION.sources.items() if name != "whatwg-sse"}
    with pytest.raises(ConformanceError) as caught:
        clauses_of(replace(EDITION, sources=sources))
    assert all(word in str(caught.value) for word in (EDITION.id, "stream.framing", "whatwg-sse"))
    edition = replace(EDITION, sources=sources, withdrawn={"stream.framing": "no source"})
    known = {clause.id: clause for clause in clauses_of(edition)}
    assert "stream.framing" not in known, "what is withdrawn is not judged"
    cited = {each.source for each in known["stream.content-type"].citations}
    assert cited
    assert "whatwg-sse" not in cited


def test_glob_selects_by_id_and_one_that_matches_nothing_names_the_nearest() -> None:
    for glob, count in (("errors.json", 1), ("count.*", 7), ("*", len(ids(EDITION)))):
        assert len(select(clauses_of(EDITION), glob)) == count
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
    before = ids(EDITION)
    monkeypatch.setitem(REGISTRY, "zoo.x", replace(REGISTRY["count.as-asked"], id="zoo.x"))
    assert ids(EDITION) == [*before, "zoo.x"]
