"""The issue of a provider's regressions, night after night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.findings import Verdict
from conformance.reports.drift import drift, drift_json
from tests import runs
from tests.nights import BROKEN, night
from tests.workflows import SCRIPTS, Nights, Runner

pytest_plugins = ["tests.workflows"]

ALSO = runs.broken(clause="count.n-images", repeats=3)
COUNT = runs.finding("count.n-images")


def test_issue_of_a_regression_from_night_to_night(nights: Nights) -> None:
    assert nights.next(runs.finding())["good"] == "true"
    assert nights.next(BROKEN)["code"] == "1"
    # a second night with the same regression refreshes its issue
    assert nights.next(BROKEN) == {"code": "1", "good": "false"}
    issue = the_issue(nights)
    assert issue["title"] == "acme no longer keeps format.url-only"
    assert (issue["state"], issue["comments"]) == ("OPEN", [])
    calls = [call[:2] for call in nights.runner.state["calls"]]
    assert calls.count(["issue", "create"]) == 1
    assert ["issue", "edit"] in calls
    assert len(list((nights.runner.work / "good").iterdir())) == 1
    # a night that cannot tell closes nothing
    for unsure in (runs.finding(verdict=Verdict.UNAVAILABLE), runs.broken()):
        nights.next(unsure)
        assert the_issue(nights) == issue
    # the promise is kept again, broken again, and a known deviation
    nights.next(runs.finding())
    assert the_issue(nights)["state"] == "CLOSED"
    assert "kept again" in the_issue(nights)["comments"][0]
    nights.next(BROKEN)
    assert the_issue(nights)["state"] == "OPEN"
    assert "broken again" in the_issue(nights)["comments"][1]
    nights.next(runs.known())
    assert the_issue(nights)["state"] == "CLOSED"


def test_clauses_that_join_and_leave_an_issue(nights: Nights) -> None:
    nights.next(runs.finding(), COUNT)
    nights.next(BROKEN, COUNT)
    nights.next(BROKEN, ALSO)
    issue = the_issue(nights)
    assert issue["title"] == "acme no longer keeps count.n-images and 1 more"
    assert "Newly broken: count.n-images. No longer: nothing." in issue["comments"][0]
    # a clause that could not be judged does not leave
    nights.next(BROKEN, runs.finding("count.n-images", Verdict.UNAVAILABLE))
    assert the_issue(nights) == issue


def the_issue(nights: Nights) -> dict[str, Any]:
    (issue,) = nights.runner.state["issues"]
    return dict(issue)


def test_marker_of_the_issue_is_what_the_script_looks_for(runner: Runner, tmp_path: Path) -> None:
    names = ["format.url-only", "errors.status-400"]
    old = night(1, *(runs.finding(each) for each in names))
    new = night(2, *(runs.broken(clause=each, repeats=2) for each in names))
    (tmp_path / "drift.json").write_text(drift_json(drift([old], new)))
    script = f"python {SCRIPTS / 'regression_issue.py'} {tmp_path / 'drift.json'}"
    assert "opened" in runner.run(script).stdout
    assert "refreshed #1" in runner.run(script).stdout
