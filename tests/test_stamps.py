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


def test_stamps_name_every_clause_and_a_defect_that_it_fails() -> None:
    assert list(STORED) == [clause.id for clause in clauses_of(EDITION)]
    assert [clause for clause, proven in STORED.items() if not proven.failed_by] == []


@pytest.mark.long  # the replay sees what changes there
def test_stamps_of_counterparts_are_up_to_date() -> None:
    broken = stamps.counterparts()
    assert {clause: set(proven.broken_by) for clause, proven in STORED.items()} == {
        clause: set(broken.get(clause, ())) for clause in STORED
    }


def test_lost_stamps_are_named() -> None:
    before = Stamps(("a",), ("d",), ("s",))
    assert before.lost(before) == ()
    assert before.lost(Stamps(("other",), ("d",))) == ("broken_by",)
    assert before.lost(Stamps()) == ("passed_by", "failed_by", "broken_by")


def test_clause_that_nobody_proved_has_no_stamp() -> None:
    assert stamps_of("no-such-edition", "format.url-only").words == "-"
    assert Stamps(("a",), (), ("s",)).words == "answer, server"


def test_list_and_explain_show_stamps() -> None:
    out = io.StringIO()
    chosen = Selection(None, "envelope.json-syntax", "*")
    print_list(Console(file=out, width=200), "clauses", chosen)
    assert STORED["envelope.json-syntax"].words in out.getvalue()
    explain_clause(Console(file=out, width=200), "count.as-asked", None, "cometapi")
    assert "Where it was proven" in out.getvalue()
    assert "count.n-ignored" in out.getvalue()
