"""The issue of a provider's regressions, night after night."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.drift.drift import drift
from conformance.reports.drift.render import drift_json
from tests import fake_gh, runs
from tests.nights import BROKEN, answer, night
from tests.workflows import SCRIPTS, Runner

pytest_plugins = ["tests.workflows"]

KEPT, COUNT = runs.finding(), runs.finding("count.n-images")
ALSO = runs.broken_must(clause="count.n-images", repeats=3)


Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def tell(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Let the script hear of a night after one that kept both promises, and return its issue."""
    spec = importlib.util.spec_from_file_location("issue", SCRIPTS / "regression_issue.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "issue", script)  # its dataclass looks there
    spec.loader.exec_module(script)
    home = runner.home / "gh"
    monkeypatch.setattr(
        script, "gh", lambda *words, text="": fake_gh.answer(home, list(words), text)
    )
    monkeypatch.setenv("RUN_URL", "https://ci.test/1")

    def issue_after(*findings: Finding) -> dict[str, Any]:
        path = runner.home / "drift.json"
        path.write_text(drift_json(drift([night(1, KEPT, COUNT)], night(2, answer(), *findings))))
        script.main([str(path)])
        (issue,) = runner.state["issues"]
        return dict(issue)

    return issue_after


def test_issue_of_a_regression_from_night_to_night(tell: Tell, runner: Runner) -> None:
    issue = tell(BROKEN, COUNT)
    assert issue["title"] == "acme no longer keeps format.url-only"
    assert (issue["state"], issue["comments"]) == ("OPEN", [])
    # a second night with the same regression refreshes its issue
    assert tell(BROKEN, COUNT) == issue
    calls = [call[:2] for call in runner.state["calls"]]
    assert calls.count(["issue", "create"]) == 1
    assert ["issue", "edit"] in calls
    # a night that cannot tell closes nothing
    for unsure in (runs.finding(verdict=Verdict.UNAVAILABLE), runs.broken_must()):
        assert tell(unsure, COUNT) == issue
    # the promise is kept again, broken again, and a known deviation
    issue = tell(KEPT, COUNT)
    assert issue["state"] == "CLOSED"
    assert "kept again" in issue["comments"][0]
    issue = tell(BROKEN, COUNT)
    assert issue["state"] == "OPEN"
    assert "broken again" in issue["comments"][1]
    assert tell(runs.known_deviation(), COUNT)["state"] == "CLOSED"


def test_clauses_that_join_and_leave_an_issue(tell: Tell) -> None:
    tell(BROKEN, COUNT)
    issue = tell(BROKEN, ALSO)
    assert issue["title"] == "acme no longer keeps count.n-images and 1 more"
    assert "Newly broken: count.n-images. No longer: nothing." in issue["comments"][0]
    # a clause that could not be judged does not leave
    assert tell(BROKEN, runs.finding("count.n-images", Verdict.UNAVAILABLE)) == issue
    assert "No longer: count.n-images." in tell(BROKEN, COUNT)["comments"][1]
