"""What the clauses say, word for word, as it was reviewed; see tests/sentences.py."""

from __future__ import annotations

import pytest

from conformance.clauses import clauses_of
from conformance.clauses.derivation import derive_clauses
from conformance.contract import load_edition
from conformance.findings import BROKEN, Verdict
from conformance.reference.defects import defects
from tests.asked import all_sent, bound
from tests.clauses.observations import CASES as OBSERVED
from tests.miniatures import judged
from tests.sentences import (
    CHAPTERS,
    OTHER_EDITIONS,
    cases_of,
    own_clauses,
    said_beside,
    said_of_answer,
    said_of_case,
    said_of_defect,
    said_of_derived,
    said_of_requests,
    said_of_sent,
    said_of_true_answer,
    said_of_truth,
    stored,
    truths_of,
)

EDITION = load_edition()
CLAUSES = [clause.id for clause in clauses_of(EDITION)]
LIES = stored("defects")


def reviewed_elsewhere(part: str) -> list[tuple[str, str]]:
    """Return edition and subject of what was reviewed of the other editions."""
    return [(name, subject) for name in OTHER_EDITIONS for subject in stored(name)[part]]


def broken(said: dict[str, str]) -> set[str]:
    """Return the clauses of which a reviewed record says that they are broken."""
    red = (names for sentence, names in said.items() if sentence.startswith(("fail", "deviates")))
    return {name for names in red for name in names.split(", ")}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_sentences_about_cases_are_those_reviewed(chapter: str) -> None:
    said = {name: said_of_case(chapter, case) for name, case in cases_of(chapter).items()}
    assert said == stored(chapter)["cases"]


@pytest.mark.parametrize("defect", LIES)
def test_sentences_about_a_planted_defect_are_those_reviewed(defect: str) -> None:
    assert {path: said_of_defect(defect, path) for path in LIES[defect]} == LIES[defect]


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause_alone_turns_red_for_a_lie(clause: str) -> None:
    chapter = stored(clause.partition(".")[0])["cases"]
    told = (*chapter.values(), *(said for paths in LIES.values() for said in paths.values()))
    assert any(broken(said) == {clause} for said in told), f"no lie turns exactly {clause} red"


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause_passes_on_its_truth_and_nothing_else_is_red(clause: str) -> None:
    truth = truths_of(clause.partition(".")[0])[clause]
    found = {
        each.clause: each.verdict
        for each in judged(truth.exchange, truth.control, None, truth.standing)
    }
    assert found[clause] is Verdict.PASS
    assert not set(found.values()) & (BROKEN | {Verdict.HARNESS_ERROR})


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_sentences_about_a_truth_gone_wrong_elsewhere(chapter: str) -> None:
    said = {clause: said_of_truth(chapter, clause) for clause in truths_of(chapter)}
    assert said == stored(chapter)["truths"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_clause_binds_the_requests_reviewed(chapter: str) -> None:
    assert said_of_requests(chapter) == stored(chapter)["requests"]


def test_observations_are_those_reviewed() -> None:
    said = {name: said_beside(case) for name, case in OBSERVED.items()}
    assert said == stored("observations")


def test_clauses_derived_anew_judge_as_those_that_are_kept() -> None:
    anew = derive_clauses(EDITION)
    known = {clause.id for clause in anew}
    for defect in (name for name in LIES if name.startswith("parameters.")):
        for path, reviewed in LIES[defect].items():
            assert said_of_defect(defect, path, anew) == among(reviewed, known)


def among(said: dict[str, str], known: set[str]) -> dict[str, str]:
    """Return the part of a reviewed record that speaks of these clauses."""
    left = {
        sentence: ", ".join(name for name in names.split(", ") if name in known)
        for sentence, names in said.items()
    }
    return {sentence: names for sentence, names in left.items() if names}


def test_clauses_derived_anew_bind_the_requests_reviewed() -> None:
    for each in derive_clauses(EDITION):
        assert bound(each.binds, all_sent()) == stored("parameters")["requests"][each.id]


def test_derived_clauses_say_what_was_reviewed() -> None:
    assert said_of_derived() == stored("derived")


@pytest.mark.parametrize(("name", "defect"), reviewed_elsewhere("defects"))
def test_sentences_about_a_defect_of_another_edition_are_those_reviewed(
    name: str, defect: str
) -> None:
    reviewed = stored(name)["defects"][defect]
    assert {path: said_of_defect(defect, path, name=name) for path in reviewed} == reviewed


@pytest.mark.parametrize(("name", "clause"), reviewed_elsewhere("truths"))
def test_sentences_about_a_truth_of_another_edition_gone_wrong(name: str, clause: str) -> None:
    reviewed = stored(name)["truths"][clause]
    assert {path: said_of_answer(path, clause, name) for path in reviewed} == reviewed


@pytest.mark.parametrize("name", OTHER_EDITIONS)
def test_sentences_about_true_answers_of_another_edition_are_those_reviewed(name: str) -> None:
    reviewed = stored(name)["answers"]
    assert {path: said_of_true_answer(path, name) for path in reviewed} == reviewed


@pytest.mark.parametrize("name", OTHER_EDITIONS)
def test_clauses_of_another_edition_bind_the_requests_reviewed(name: str) -> None:
    bound_by = {clause: said_of_sent(clause, name) for clause in own_clauses(name)}
    assert bound_by == stored(name)["requests"]


@pytest.mark.parametrize("name", OTHER_EDITIONS)
def test_every_clause_that_only_one_edition_has_turns_red_for_a_lie(name: str) -> None:
    known = defects(load_edition(name))
    red: set[str] = set()
    for defect, paths in stored(name)["defects"].items():
        seen = set().union(*(broken(said) for said in paths.values()))
        assert seen <= set(known[defect].claims), f"{defect} breaks what it does not claim"
        red |= seen
    assert set(own_clauses(name)) <= red
    truths = stored(name)["truths"]
    assert all("pass" in said for paths in truths.values() for said in paths.values())
    assert set(truths) == set(own_clauses(name))
