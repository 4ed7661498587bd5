"""Reliability: a rate of failures against that of the nights before, and what follows from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.drift import ChangeKind, Drift, drift, drift_json, drift_markdown
from conformance.results.run_file import Run
from tests import runs
from tests.nights import answer, night
from tests.test_drift_reports import VALIDATOR

CLAUSE = "format.url-only"
FOLLOWS = "format.one-payload"


def findings(flaky: int, of: int = 12, lucky: int = 0) -> list[Finding]:
    """One clause on some cases: some that broke every time, flaky ones, and passes."""
    found = []
    for number in range(of):
        case: dict[str, Any] = {"case": f"n-{number}"}
        if number < lucky:
            found.append(runs.broken(repeats=3, **case))
        elif number < lucky + flaky:
            found.append(runs.finding(verdict=Verdict.FLAKY, rate=0.5, repeats=3, **case))
        else:
            found.append(runs.finding(**case))
    return found


def change_of(before: list[Finding], after: list[Finding]) -> Drift:
    return drift([night(1, *before)], night(2, *after))


def sent(number: int, failed: int, of: int = 30) -> Run:
    """A night of requests, of which some were sent twice."""
    made = []
    for rank in range(of):
        again = [{"status": 503, "reason": "HTTP 503"}] * (rank < failed)
        made.append(answer(f"n-{rank}", attempts=1 + len(again), retried=again))
    return night(number, *made, runs.finding(), runs.finding("envelope.json"))


def test_third_of_answers_that_break_a_promise_is_unreliable() -> None:
    found = change_of(findings(0), findings(6))
    (change,) = found.of(ChangeKind.UNRELIABLE)
    assert (change.subject, change.count, found.exit_code) == (CLAUSE, 6, 1)
    assert change.before.startswith("0 of 12")
    assert change.after.startswith("12 of 30")


def test_luck_of_one_case_is_no_regression_beside_it() -> None:
    found = change_of(findings(0), findings(6, lucky=1))
    assert not found.of(ChangeKind.REGRESSION)
    assert found.of(ChangeKind.UNRELIABLE)[0].after.startswith("16 of 33")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(findings(0), findings(1), id="one-accident"),
        pytest.param(findings(6), findings(6), id="as-before"),
        pytest.param(findings(0), findings(0, lucky=6), id="broken-each-time"),
        pytest.param(findings(6), findings(0), id="better"),
    ],
)
def test_reliability_stays_what_it_was(before: list[Finding], after: list[Finding]) -> None:
    assert not change_of(before, after).of(ChangeKind.UNRELIABLE)


def test_consequences_of_a_flaky_prerequisite_are_counted() -> None:
    rest = [runs.finding(FOLLOWS, case=f"n-{number}") for number in range(6)]
    left = [runs.finding(FOLLOWS, Verdict.NOT_TESTABLE, case=f"n-{number}") for number in range(6)]
    found = change_of([*findings(0), *rest], [*findings(6), *left])
    assert [change.subject for change in found.changes] == [CLAUSE]
    assert found.explained == 12


def test_requests_that_are_sent_again_more_often_are_unreliable() -> None:
    found = drift([sent(1, 0)], sent(2, 10))
    (change,) = found.of(ChangeKind.UNRELIABLE)
    assert (change.subject, change.message) == ("requests", "HTTP 503 (10)")
    assert found.exit_code == 1


def test_outage_of_everything_is_not_called_unreliable() -> None:
    lost: dict[str, Any] = {"outcome": "unavailable", "attempts": 1, "response": None}
    out = night(2, *(answer(f"n-{n}", **lost) for n in range(30)), runs.finding())
    assert not drift([sent(1, 0)], out).of(ChangeKind.UNRELIABLE)


@pytest.mark.parametrize(("outcome", "changes"), [("unavailable", 0), ("accepted", 1)])
def test_run_that_ended_early_is_unreliable_unless_it_ended_in_an_outage(
    outcome: str, changes: int
) -> None:
    last = [
        answer(f"z-{n}", sent_at=f"2027-01-01T00:00:0{n}+00:00", outcome=outcome) for n in range(3)
    ]
    left = runs.finding(CLAUSE, Verdict.NOT_RUN, case="n-99", message="not run: out")
    late = night(2, *sent(2, 10).exchanges.values(), *last, runs.finding(), left)
    assert len(drift([sent(1, 0)], late).of(ChangeKind.UNRELIABLE)) == changes


def test_what_an_answer_lacks_that_became_unreliable_is_counted_too() -> None:
    gone = runs.finding("extras.size-true", case="n-0")
    found = change_of([*findings(0), gone], findings(6))
    assert [change.subject for change in found.changes] == [CLAUSE]


def test_unreliable_provider_gets_an_issue() -> None:
    found = change_of(findings(0), findings(6))
    document = json.loads(drift_json(found))
    VALIDATOR.validate(document)
    (provider,) = document["providers"]
    assert provider["title"] == f"acme became unreliable: {CLAUSE}"
    assert "12 of 30 failed" in provider["body"]
    assert "Became unreliable" in drift_markdown(found)
