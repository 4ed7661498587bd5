"""What counts as a kept promise."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.badges import badges
from conformance.reports.junit import junit
from conformance.reports.summary import summarize
from conformance.reports.wording import notes, sentence
from conformance.results.conclusion import Conclusion, conclude
from conformance.results.reach import Kept
from conformance.results.run_file import Run
from tests import runs
from tests.runs import exchange, finding, known, run

REFUSED = known(clause="parameters.valid-accepted", case="user")


def kept(*findings: Finding) -> Kept:
    (row, *_) = summarize([run(*findings)]).rows
    return row.kept["MUST"]


def test_refused_request_does_not_unsay_what_others_have_shown() -> None:
    shown = finding("envelope.object")
    unseen = finding("envelope.object", Verdict.NOT_TESTABLE, case="user")
    assert kept(REFUSED, shown, unseen) == Kept(1, 2, decided=2)


def test_promise_that_was_judged_nowhere_is_not_kept() -> None:
    unseen = finding("envelope.object", Verdict.NOT_TESTABLE, case="user")
    assert kept(REFUSED, unseen) == Kept(0, 2, decided=1, accepted=1)


def test_unexplained_outage_is_not_green() -> None:
    shown = finding("envelope.object")
    unseen = finding("envelope.object", Verdict.UNAVAILABLE, case="n-2")
    assert kept(shown, unseen) == Kept(0, 1, decided=0)


@pytest.mark.parametrize("verdict", [Verdict.NOT_CLAIMED, Verdict.NOT_TESTABLE, Verdict.NOT_RUN])
def test_run_that_decided_nothing_could_not_be_judged(verdict: Verdict) -> None:
    assert conclude([finding(verdict=verdict)]) is Conclusion.NOT_JUDGED
    assert conclude([]) is Conclusion.NOT_JUDGED


def test_chapter_of_an_interrupted_run_is_not_called_pass() -> None:
    (cell,) = summarize([run(finding("envelope.json"))]).chapters["envelope"].values()
    assert cell.verdict is Verdict.PASS
    (cell,) = summarize([run(finding("envelope.json"), end=None)]).chapters["envelope"].values()
    assert cell.verdict is Verdict.NOT_RUN


def resumed(*findings: Any, end: Any = ...) -> Run:
    """The run that went on with the run `first`."""
    head = {**runs.header(), "id": "second", "resumes": ["first"]}
    return run(*findings, head=head, end=end)


def cut_off(*findings: Finding) -> Run:
    """A run that was interrupted, and said so at its end."""
    head = {**runs.header(), "id": "first"}
    halted = ["the budget of 1 USD is spent"]
    return run(*findings, head=head, end=runs.footer(False, conclusion=2, problems=halted))


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.UNAVAILABLE, Verdict.FAIL])
@pytest.mark.parametrize("reverse", [False, True], ids=["in-order", "reversed"])
def test_run_that_goes_on_says_anew_what_the_interrupted_one_said(
    verdict: Verdict, reverse: bool
) -> None:
    both = [cut_off(finding(verdict=verdict)), resumed(finding())]
    summary = summarize(both[::-1] if reverse else both)
    assert (summary.conclusion, summary.complete) == (Conclusion.CONFORMS, True)
    assert sentence(summary) == "acme (dall-e-3, live) conforms; 1 of 1 MUST kept, 1 decided"
    assert (notes(summary), summary.merged.repeated, summary.merged.problems) == ([], 0, ())
    assert [each.verdict for each in summary.merged.findings] == [Verdict.PASS]
    assert "conforms" in badges(summary)["acme.svg"]
    assert "<error" not in junit(summary)


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.FAIL])
def test_what_only_the_interrupted_run_found_stays(verdict: Verdict) -> None:
    left = finding(verdict=verdict, case="n-2")
    summary = summarize([cut_off(finding(verdict=Verdict.NOT_RUN), left), resumed(finding())])
    assert left in summary.merged.findings
    assert summary.conclusion is conclude([left])


@pytest.mark.parametrize("judged", [finding(), exchange()], ids=["finding", "exchange"])
def test_case_that_was_judged_leaves_nothing_of_it_open(judged: Any) -> None:
    open_one = finding("stream.events", Verdict.NOT_RUN)
    again = resumed(judged, finding(case="n-2"))
    assert summarize([cut_off(open_one), again]).conclusion is Conclusion.CONFORMS
    unsent = exchange() | {"outcome": "not run"}
    again = resumed(unsent, finding(case="n-2"))
    assert summarize([cut_off(open_one), again]).conclusion is Conclusion.NOT_JUDGED


def test_run_that_goes_on_and_is_cut_off_itself_unsays_nothing() -> None:
    again = resumed(finding(verdict=Verdict.NOT_RUN), end=runs.footer(complete=False))
    summary = summarize([cut_off(finding(verdict=Verdict.FAIL)), again])
    assert [each.verdict for each in summary.merged.findings] == [Verdict.FAIL]
    assert summary.conclusion is Conclusion.BREAKS
    assert "did not come to the end" in notes(summary)[0]


def test_runs_that_claim_to_go_on_with_each_other_are_merged_as_any() -> None:
    first = cut_off(finding(verdict=Verdict.FAIL))
    runs.change_header(first, resumes=["second"])
    summary = summarize([first, resumed(finding())])
    assert (summary.conclusion, summary.complete) == (Conclusion.BREAKS, False)


@pytest.mark.parametrize(
    ("judged", "shown"), [(2, Verdict.PASS), (1, Verdict.NOT_RUN)], ids=["whole", "a-part"]
)
def test_model_that_was_judged_whole_is_what_it_is_whatever_ended_the_run(
    judged: int, shown: Verdict
) -> None:
    counts = {"provider": "acme", "model": "dall-e-3", "chosen": 2, "judged": judged, "levels": {}}
    end = runs.footer(complete=False) | {"interrupted": True, "reach": [counts]}
    away = finding(verdict=Verdict.UNAVAILABLE, model="gpt-image-1")
    summary = summarize([run(exchange(), finding(), away, end=end)])
    verdicts = {row.model: row.cell.verdict for row in summary.rows}
    assert verdicts == {"dall-e-3": shown, "gpt-image-1": Verdict.UNAVAILABLE}
    assert summary.chapters["format"]["acme", "dall-e-3"].verdict is shown
    assert "did not come to the end" in notes(summary)[0]
