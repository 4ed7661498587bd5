"""What the clauses say, word for word, as it was reviewed; see tests/sentences.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.clauses import clauses_of
from conformance.clauses.derivation import derive_clauses
from conformance.contract import load_edition
from conformance.findings import BROKEN, Verdict
from conformance.reference.defects import defects
from tests import planted, sentences
from tests.asked import all_sent, count_bound
from tests.clauses.observations import CASES as OBSERVED
from tests.extent import sample
from tests.miniatures import judged_case
from tests.sentences import CHAPTERS, EDITION, OTHER_EDITIONS, Said, reviewed_sentences

LIES = reviewed_sentences("defects")
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
each_other_edition = pytest.mark.parametrize("name", OTHER_EDITIONS)


def red_clauses(record: dict[str, str]) -> frozenset[str]:
    """Return the clauses of which a reviewed record says that they are broken."""
    red = (names for sentence, names in record.items() if sentence.startswith(("fail", "deviates")))
    return frozenset(name for names in red for name in names.split(", "))


@each_chapter
def test_sentences_about_cases_are_those_reviewed(chapter: str) -> None:
    reviewed = reviewed_sentences(chapter)["cases"]
    cases = sentences.cases_of(chapter)
    assert list(cases) == list(reviewed)
    for name, case in cases.items():
        assert sentences.said_of_case(chapter, case) == reviewed[name], name


@pytest.mark.parametrize("chapter", sorted({name.partition(".")[0] for name in LIES}))
def test_sentences_about_planted_defects_are_those_reviewed(chapter: str) -> None:
    for defect in (name for name in LIES if name.startswith(f"{chapter}.")):
        for path, reviewed in LIES[defect].items():
            assert sentences.said_of_defect(defect, path) == reviewed, (defect, path)


def test_outage_leaves_a_valid_request_unavailable_and_breaks_no_promise() -> None:
    for name in (name for name, defect in defects(EDITION).items() if defect.silent):
        findings = judged_case(planted.lie(name, "dall-e-2/baseline"), EDITION)
        verdicts = {finding.verdict for finding in findings}
        assert Verdict.UNAVAILABLE in verdicts, name
        assert not verdicts & (BROKEN | {Verdict.HARNESS_ERROR}), name


def test_clause_alone_turns_red_for_a_lie() -> None:
    records = [
        record for chapter in CHAPTERS for record in reviewed_sentences(chapter)["cases"].values()
    ]
    records += [record for paths in LIES.values() for record in paths.values()]
    alone = {red_clauses(record) for record in records}
    assert [clause.id for clause in clauses_of(EDITION) if {clause.id} not in alone] == []


@each_chapter
def test_clause_passes_on_its_truth_and_nothing_else_is_red(chapter: str) -> None:
    truths = sentences.truths_of(chapter)
    verdicts = {
        truth: {finding.clause: finding.verdict for finding in judged_case(truth, EDITION)}
        for truth in set(truths.values())
    }
    for clause, truth in truths.items():
        assert verdicts[truth][clause] is Verdict.PASS, clause
        assert not set(verdicts[truth].values()) & (BROKEN | {Verdict.HARNESS_ERROR}), clause


@each_chapter
def test_sentences_about_a_truth_gone_wrong_elsewhere(chapter: str) -> None:
    reviewed = reviewed_sentences(chapter)["truths"]
    assert list(sentences.truths_of(chapter)) == list(reviewed)
    for clause in sample(reviewed, 3):
        assert sentences.said_of_truth(chapter, clause) == reviewed[clause], clause


@each_chapter
def test_clause_binds_the_requests_reviewed(chapter: str) -> None:
    assert sentences.said_of_requests(chapter) == reviewed_sentences(chapter)["requests"]


def test_observations_are_those_reviewed() -> None:
    records = {name: sentences.said_beside(case) for name, case in OBSERVED.items()}
    assert records == reviewed_sentences("observations")


def test_clauses_derived_anew_are_those_that_are_kept() -> None:
    anew = derive_clauses(EDITION)
    for clause in anew:
        assert (
            count_bound(clause.binds, all_sent())
            == reviewed_sentences("parameters")["requests"][clause.id]
        )
    for defect in (name for name in LIES if name.startswith("parameters.")):
        for path, reviewed in LIES[defect].items():
            record = among(reviewed, {clause.id for clause in anew})
            assert sentences.said_of_defect(defect, path, anew) == record


def among(record: dict[str, str], clauses: set[str]) -> dict[str, str]:
    """Return the part of a reviewed record that speaks of these clauses."""
    parts = {
        sentence: ", ".join(name for name in names.split(", ") if name in clauses)
        for sentence, names in record.items()
    }
    return {sentence: names for sentence, names in parts.items() if names}


def test_derived_clauses_say_what_was_reviewed() -> None:
    assert sentences.said_of_derived() == reviewed_sentences("derived")


RECORD_OF: dict[str, Callable[[str, str, str], Said]] = {
    "defects": lambda name, defect, path: sentences.said_of_defect(defect, path, name=name),
    "truths": lambda name, clause, path: sentences.said_of_answer(path, clause, name),
}


@pytest.mark.parametrize("part", RECORD_OF)
@each_other_edition
def test_sentences_of_another_edition_are_those_reviewed(name: str, part: str) -> None:
    for subject, paths in reviewed_sentences(name)[part].items():
        for path, reviewed in paths.items():
            assert RECORD_OF[part](name, subject, path) == reviewed, (subject, path)


@each_other_edition
def test_sentences_about_true_answers_of_another_edition_are_those_reviewed(name: str) -> None:
    reviewed = reviewed_sentences(name)["answers"]
    assert {path: sentences.said_of_true_answer(path, name) for path in reviewed} == reviewed


@each_other_edition
def test_clauses_of_another_edition_bind_the_requests_reviewed(name: str) -> None:
    own = sentences.own_clauses(name)
    assert {clause: sentences.said_of_sent(clause, name) for clause in own} == (
        reviewed_sentences(name)["requests"]
    )


@each_other_edition
def test_every_clause_that_only_one_edition_has_turns_red_for_a_lie(name: str) -> None:
    by_name = defects(load_edition(name))
    red: set[str] = set()
    for defect, paths in reviewed_sentences(name)["defects"].items():
        clauses = set().union(*(red_clauses(record) for record in paths.values()))
        assert clauses <= set(by_name[defect].claims), f"{defect} breaks what it does not claim"
        red |= clauses
    assert set(sentences.own_clauses(name)) <= red
    truths = reviewed_sentences(name)["truths"]
    assert all("pass" in record for paths in truths.values() for record in paths.values())
    assert set(truths) == set(sentences.own_clauses(name))
