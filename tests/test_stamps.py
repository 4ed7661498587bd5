"""Stamps: where each clause was proven, and that no clause loses one."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.clauses import clauses_of
from conformance.clauses.stamps import Stamps, load_stamps
from conformance.contract import load_edition
from conformance.documentation.listing import Selection, explain_clause, print_list
from tests import stamps

EDITION = load_edition()
PROVEN = Stamps(("a",), ("d",), ("s",))


def test_stamps_name_every_clause_and_a_defect_that_it_fails() -> None:
    stored = load_stamps(EDITION.id)
    assert list(stored) == [clause.id for clause in clauses_of(EDITION)]
    assert [clause for clause, proven in stored.items() if not proven.failed_by] == []
    assert load_stamps("no-such-edition") == {}


@pytest.mark.long  # the replay sees what changes there
def test_stamps_of_counterparts_are_up_to_date() -> None:
    servers = stamps.counterparts()
    stored = load_stamps(EDITION.id)
    assert {clause: set(proven.broken_by) for clause, proven in stored.items()} == {
        clause: set(servers.get(clause, ())) for clause in stored
    }


def test_lost_stamps_are_named() -> None:
    assert PROVEN.lost(PROVEN) == ()
    assert PROVEN.lost(Stamps(("other",), ("d",))) == ("broken_by",)
    assert PROVEN.lost(Stamps()) == ("passed_by", "failed_by", "broken_by")


def test_stamps_are_shown_as_words() -> None:
    assert (Stamps().words, PROVEN.words) == ("-", "answer, defect, server")


def test_list_and_explain_show_stamps() -> None:
    out = io.StringIO()
    selection = Selection(None, "envelope.json-syntax", "*")
    print_list(Console(file=out, width=200), "clauses", selection)
    assert load_stamps(EDITION.id)["envelope.json-syntax"].words in out.getvalue()
    explain_clause(Console(file=out, width=200), "count.as-asked", None, "cometapi")
    assert "Where it was proven" in out.getvalue()
    assert "count.n-ignored" in out.getvalue()
