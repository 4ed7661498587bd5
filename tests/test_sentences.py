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
CASES = [(chapter, name) for chapter in CHAPTERS for name in cases_of(chapter)]
LIES = [(defect, path) for defect, paths in stored("defects").items() for path in paths]


def listed(part: str) -> list[tuple[str, str, str]]:
    """Return edition, subject and request of what was reviewed of the other editions."""
    return [
        (name, subject, path)
        for name in OTHER_EDITIONS
        for subject, paths in stored(name)[part].items()
        for path in paths
    ]


def broken(said: dict[str, str]) -> set[str]:
    """Return the clauses of which a reviewed record says that they are broken."""
    red = (names for sentence, names in said.items() if sentence.startswith(("fail", "deviates")))
    return {name for names in red for name in names.split(", ")}


@pytest.mark.parametrize(("chapter", "name"), CASES)
def test_sentences_about_a_case_are_those_reviewed(chapter: str, name: str) -> None:
    assert said_of_case(chapter, cases_of(chapter)[name]) == stored(chapter)["cases"][name]


@pytest.mark.parametrize(("defect", "path"), LIES)
def test_sentences_about_a_planted_defect_are_those_reviewed(defect: str, path: str) -> None:
    assert said_of_defect(defect, path) == stored("defects")[defect][path]


@pytest.mark.parametrize("clause", CLAUSES)
def test_clause_alone_turns_red_for_a_lie(clause: str) -> None:
    chapter = stored(clause.partition(".")[0])["cases"]
    told = (*chapter.values(), *(stored("defects")[defect][path] for defect, path in LIES))
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


@pytest.mark.parametrize("clause", CLAUSES)
def test_sentences_about_a_truth_gone_wrong_elsewhere(clause: str) -> None:
    chapter = clause.partition(".")[0]
    assert said_of_truth(chapter, clause) == stored(chapter)["truths"][clause]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_reviewed_sentence_is_left_over(chapter: str) -> None:
    assert set(stored(chapter)["cases"]) == set(cases_of(chapter))
    assert set(stored(chapter)["truths"]) == set(truths_of(chapter))
    assert set(stored("observations")) == set(OBSERVED)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_clause_binds_the_requests_reviewed(chapter: str) -> None:
    assert said_of_requests(chapter) == stored(chapter)["requests"]


@pytest.mark.parametrize("name", OBSERVED)
def test_observations_are_those_reviewed(name: str) -> None:
    assert said_beside(OBSERVED[name]) == stored("observations")[name]


def test_clauses_derived_anew_judge_as_those_that_are_kept() -> None:
    anew = derive_clauses(EDITION)
    known = {clause.id for clause in anew}
    for defect, path in (each for each in LIES if each[0].startswith("parameters.")):
        reviewed = stored("defects")[defect][path]
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


@pytest.mark.parametrize(("name", "defect", "path"), listed("defects"))
def test_sentences_about_a_defect_of_another_edition_are_those_reviewed(
    name: str, defect: str, path: str
) -> None:
    assert said_of_defect(defect, path, name=name) == stored(name)["defects"][defect][path]


@pytest.mark.parametrize(("name", "clause", "path"), listed("truths"))
def test_sentences_about_a_truth_of_another_edition_gone_wrong(
    name: str, clause: str, path: str
) -> None:
    assert said_of_answer(path, clause, name) == stored(name)["truths"][clause][path]


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name in OTHER_EDITIONS for path in stored(name)["answers"]]
)
def test_sentences_about_a_true_answer_of_another_edition_are_those_reviewed(
    name: str, path: str
) -> None:
    assert said_of_true_answer(path, name) == stored(name)["answers"][path]


@pytest.mark.parametrize(
    ("name", "clause"), [(name, each) for name in OTHER_EDITIONS for each in own_clauses(name)]
)
def test_clause_of_another_edition_binds_the_requests_reviewed(name: str, clause: str) -> None:
    assert said_of_sent(clause, name) == stored(name)["requests"][clause]


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
