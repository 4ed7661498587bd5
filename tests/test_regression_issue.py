"""The issue of a provider's regressions, night after night."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.drift import drift, drift_json
from tests import runs
from tests.nights import BROKEN, night
from tests.workflows import SCRIPTS, Nights, Runner

pytest_plugins = ["tests.workflows"]

ALSO = runs.broken(clause="count.n-images", repeats=3)
COUNT = runs.finding("count.n-images")


def test_same_regression_on_a_second_night_refreshes_its_issue(nights: Nights) -> None:
    assert nights.next(runs.finding())["good"] == "true"
    assert nights.next(BROKEN)["code"] == "1"
    assert nights.next(BROKEN) == {"code": "1", "good": "false"}
    (issue,) = nights.runner.state["issues"]
    assert issue["title"] == "acme no longer keeps format.url-only"
    assert (issue["state"], issue["comments"]) == ("OPEN", [])
    calls = [each[:2] for each in nights.runner.state["calls"]]
    assert calls.count(["issue", "create"]) == 1
    assert ["issue", "edit"] in calls
    assert len(list((nights.runner.work / "good").iterdir())) == 1


def test_issue_is_closed_once_it_is_kept_again_and_opened_again_if_not(nights: Nights) -> None:
    for findings in ([runs.finding()], [BROKEN], [runs.finding()]):
        nights.next(*findings)
    (issue,) = nights.runner.state["issues"]
    assert issue["state"] == "CLOSED"
    assert "kept again" in issue["comments"][0]
    nights.next(BROKEN)
    (issue,) = nights.runner.state["issues"]
    assert issue["state"] == "OPEN"
    assert "broken again" in issue["comments"][1]


@pytest.mark.parametrize(
    "unsure",
    [runs.finding(verdict=Verdict.UNAVAILABLE), runs.broken()],
    ids=["unavailable", "unconfirmed"],
)
def test_night_that_cannot_tell_closes_nothing(nights: Nights, unsure: Finding) -> None:
    nights.next(runs.finding())
    nights.next(BROKEN)
    before = nights.runner.state["issues"]
    nights.next(unsure)
    assert nights.runner.state["issues"] == before


def test_deviation_that_was_written_down_closes_the_issue(nights: Nights) -> None:
    nights.next(runs.finding())
    nights.next(BROKEN)
    nights.next(runs.known())
    assert nights.runner.state["issues"][0]["state"] == "CLOSED"


def test_other_clauses_change_the_issue_with_a_comment(nights: Nights) -> None:
    nights.next(runs.finding(), COUNT)
    nights.next(BROKEN, COUNT)
    nights.next(BROKEN, ALSO)
    (issue,) = nights.runner.state["issues"]
    assert issue["title"] == "acme no longer keeps count.n-images and 1 more"
    assert "Newly broken: count.n-images. No longer: nothing." in issue["comments"][0]


def test_clause_that_could_not_be_judged_does_not_leave_the_issue(nights: Nights) -> None:
    nights.next(runs.finding(), COUNT)
    nights.next(BROKEN, ALSO)
    before = nights.runner.state["issues"]
    nights.next(BROKEN, runs.finding("count.n-images", Verdict.UNAVAILABLE))
    assert nights.runner.state["issues"] == before


def test_marker_of_the_issue_is_what_the_script_looks_for(runner: Runner, tmp_path: Path) -> None:
    names = ["format.url-only", "errors.status-400"]
    old = night(1, *(runs.finding(each) for each in names))
    new = night(2, *(runs.broken(clause=each, repeats=2) for each in names))
    (tmp_path / "drift.json").write_text(drift_json(drift([old], new)))
    script = f"python {SCRIPTS / 'regression_issue.py'} {tmp_path / 'drift.json'}"
    assert "opened" in runner.run(script).stdout
    assert "refreshed #1" in runner.run(script).stdout
