"""The ledger's file says, after a kill at any moment, what may be billed and has no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.live.ledger import Ledger, LostRequest, read_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "run.jsonl.ledger")


def unanswered(ledger: Ledger) -> dict[str, float]:
    assert ledger.path is not None
    return {name: request.usd for name, request in read_ledger(ledger.path).unanswered.items()}


def test_request_is_in_the_file_before_it_is_sent(ledger: Ledger) -> None:
    ledger.reserve("p", 0.02, 0.04, case="m/baseline")
    assert unanswered(ledger) == {"p::m/baseline": 0.04}


@pytest.mark.parametrize(
    ("usd", "status", "lost"),
    [(0.02, 200, 0.02), (0.04, None, 0.04), (0.0, 400, None), (0.02, 503, None)],
    ids=["accepted", "no-answer", "refused", "server-error"],
)
def test_answer_that_says_it_failed_is_not_lost(
    ledger: Ledger, usd: float, status: int | None, lost: float | None
) -> None:
    ledger.settle(ledger.reserve("p", 0.02, 0.04, case="m/n-2"), usd, None, status=status)
    assert unanswered(ledger) == ({} if lost is None else {"p::m/n-2": lost})


def test_what_costs_nothing_may_be_sent_again(ledger: Ledger) -> None:
    ledger.reserve("p", 0.0, 0.0, case="m/models-list")
    assert unanswered(ledger) == {}


def test_line_that_was_cut_off_is_left_out(ledger: Ledger) -> None:
    number = ledger.reserve("p", 0.02, 0.04, case="m/baseline")
    ledger.settle(number, 0.0, None, status=400)
    assert ledger.path is not None
    ledger.path.write_bytes(ledger.path.read_bytes()[:-3])
    assert unanswered(ledger) == {"p::m/baseline": 0.04}, "in doubt it is billed"


@pytest.mark.parametrize(("counts", "spent"), [(True, 0.04), (False, 0.0)], ids=["killed", "ended"])
def test_lost_request_of_an_earlier_run_counts_once(
    ledger: Ledger, counts: bool, spent: float
) -> None:
    ledger.carry_over(LostRequest("p::m/n-2", 0.04, known=True), counts)
    assert ledger.spent().counted == spent
    assert unanswered(ledger) == {"p::m/n-2": 0.04}, "a third run has to know of it"
