"""What counts as a kept promise."""

from __future__ import annotations

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.summary import Kept, summarize
from conformance.runs.conclusion import Conclusion, conclude
from tests.runs import finding, known, run

REFUSED = known(clause="parameters.valid-accepted", case="user")


def kept(*findings: Finding) -> Kept:
    (row, *_) = summarize([run(*findings)]).rows
    return row.kept["MUST"]


def test_refused_request_does_not_unsay_what_others_have_shown() -> None:
    shown = finding("envelope.object")
    unseen = finding("envelope.object", Verdict.NOT_TESTABLE, case="user")
    assert kept(REFUSED, shown, unseen) == Kept(1, 2)


def test_promise_that_was_judged_nowhere_is_not_kept() -> None:
    unseen = finding("envelope.object", Verdict.NOT_TESTABLE, case="user")
    assert kept(REFUSED, unseen) == Kept(0, 2)


def test_unexplained_outage_is_not_green() -> None:
    shown = finding("envelope.object")
    unseen = finding("envelope.object", Verdict.UNAVAILABLE, case="n-2")
    assert kept(shown, unseen) == Kept(0, 1)


@pytest.mark.parametrize("verdict", [Verdict.NOT_CLAIMED, Verdict.NOT_TESTABLE, Verdict.NOT_RUN])
def test_run_that_decided_nothing_could_not_be_judged(verdict: Verdict) -> None:
    assert conclude([finding(verdict=verdict)]) is Conclusion.NOT_JUDGED
    assert conclude([]) is Conclusion.NOT_JUDGED


def test_chapter_of_an_interrupted_run_is_not_called_pass() -> None:
    (cell,) = summarize([run(finding("envelope.json"))]).chapters["envelope"].values()
    assert cell.verdict is Verdict.PASS
    (cell,) = summarize([run(finding("envelope.json"), end=None)]).chapters["envelope"].values()
    assert cell.verdict is Verdict.NOT_RUN
