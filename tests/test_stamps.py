"""Stamps: where each clause was proven, and that no clause loses one."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.clauses import clauses_of
from conformance.clauses.stamps import Stamps, load_stamps, stamps_of
from conformance.contract import load_edition
from conformance.documentation.listing import Selection, explain_clause, print_list
from tests import stamps

EDITION = load_edition()
STORED = load_stamps(EDITION.id)


def kinds(by: stamps.By) -> dict[str, tuple[str, ...]]:
    return {clause.id: tuple(sorted(by.get(clause.id, ()))) for clause in clauses_of(EDITION)}


def test_stamps_name_every_clause() -> None:
    assert list(STORED) == [clause.id for clause in clauses_of(EDITION)]


def test_every_clause_is_failed_by_a_planted_defect() -> None:
    assert [clause for clause, proven in STORED.items() if not proven.failed_by] == []


@pytest.mark.long  # the replay sees what changes there
def test_stamps_of_counterparts_are_up_to_date() -> None:
    assert {clause: proven.broken_by for clause, proven in STORED.items()} == kinds(
        stamps.counterparts()
    )


@pytest.mark.skipif(
    not stamps.RECORDINGS.is_dir(), reason="the shared recordings are not beside the checkout"
)
def test_stamps_of_genuine_answers_are_up_to_date() -> None:
    assert {clause: proven.passed_by for clause, proven in STORED.items()} == kinds(
        stamps.genuine(EDITION)
    )


@pytest.mark.parametrize(
    ("newer", "lost"),
    [
        (Stamps(("a",), ("d",), ("s",)), ()),
        (Stamps(("other",), ("d",)), ("broken_by",)),
        (Stamps(), ("passed_by", "failed_by", "broken_by")),
    ],
    ids=["none", "server", "all"],
)
def test_lost_stamps_are_named(newer: Stamps, lost: tuple[str, ...]) -> None:
    assert Stamps(("a",), ("d",), ("s",)).lost(newer) == lost


def test_clause_that_nobody_proved_has_no_stamp() -> None:
    assert stamps_of("no-such-edition", "format.url-only").words == "-"
    assert Stamps(("a",), (), ("s",)).words == "answer, server"


def test_list_shows_stamps() -> None:
    out = io.StringIO()
    chosen = Selection(None, "envelope.json-syntax", "*")
    print_list(Console(file=out, width=200), "clauses", chosen)
    assert STORED["envelope.json-syntax"].words in out.getvalue()


def test_explain_names_what_proved_a_clause() -> None:
    out = io.StringIO()
    explain_clause(Console(file=out, width=200), "count.as-asked", None, "cometapi")
    assert "Where it was proven" in out.getvalue()
    assert "count.n-ignored" in out.getvalue()
