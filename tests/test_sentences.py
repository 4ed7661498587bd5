"""What the clauses say, word for word, as it was reviewed; see tests/sentences.py."""

from __future__ import annotations

import pytest

from conformance.clauses.derivation import derived
from conformance.contract import load_edition
from tests.asked import all_sent, bound
from tests.sentences import (
    CHAPTERS,
    lies_of,
    said_of_derived,
    said_of_lie,
    said_of_requests,
    said_of_truth,
    stored,
    truths_of,
)

LIES = [(chapter, name) for chapter in CHAPTERS for name in lies_of(chapter)]
TRUTHS = [(chapter, clause) for chapter in CHAPTERS for clause in truths_of(chapter)]


@pytest.mark.parametrize(("chapter", "name"), LIES)
def test_sentences_about_a_lie_are_those_reviewed(chapter: str, name: str) -> None:
    assert said_of_lie(chapter, name) == stored(chapter)["lies"][name]


@pytest.mark.parametrize(("chapter", "clause"), TRUTHS)
def test_sentences_about_a_truth_gone_wrong_elsewhere(chapter: str, clause: str) -> None:
    assert said_of_truth(chapter, clause) == stored(chapter)["truths"][clause]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_reviewed_sentence_is_left_over(chapter: str) -> None:
    assert set(stored(chapter)["lies"]) == set(lies_of(chapter))
    assert set(stored(chapter)["truths"]) == set(truths_of(chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_clause_binds_the_requests_reviewed(chapter: str) -> None:
    assert said_of_requests(chapter) == stored(chapter)["requests"]


def test_clauses_derived_anew_judge_as_those_that_are_kept() -> None:
    anew = derived(load_edition())
    for name in lies_of("parameters"):
        assert said_of_lie("parameters", name, anew) == {
            sentence: names
            for sentence, names in (
                (each, _among(names, {clause.id for clause in anew}))
                for each, names in stored("parameters")["lies"][name].items()
            )
            if names
        }


def test_clauses_derived_anew_bind_the_requests_reviewed() -> None:
    sent = all_sent()
    for each in derived(load_edition()):
        assert bound(each.binds, sent) == stored("parameters")["requests"][each.id]


def _among(names: str, known: set[str]) -> str:
    return ", ".join(each for each in names.split(", ") if each in known)


def test_derived_clauses_say_what_was_reviewed() -> None:
    assert said_of_derived() == stored("derived")
