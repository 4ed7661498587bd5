"""The conclusion of a run: which promises are kept, and that what is not judged is not green.

Only a reason of the same weight explains it. A part of a run is judged as the whole is: what a
known deviation blocks is no error. A run that goes on says anew what the interrupted one said.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.findings import ACCEPTED_INSTEAD, Finding, Verdict
from conformance.reports.badges import badges
from conformance.reports.junit import junit
from conformance.reports.summary import summarize
from conformance.reports.wording import notes, sentence
from conformance.results.conclusion import Conclusion, conclude, conclude_run
from conformance.results.reach import Kept
from conformance.results.run_file import Run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.runs import exchange, finding, known_deviation, run

CASSETTES = Path(__file__).parents[1] / "cassettes"
OTHERS = [finding(f"envelope.{name}") for name in "abcdefghij"]
UNSEEN = finding(verdict=Verdict.NOT_TESTABLE, message="the image could not be fetched")
NO_ERROR = finding(verdict=Verdict.NOT_TESTABLE, message=ACCEPTED_INSTEAD)
OUTAGE = finding(verdict=Verdict.UNAVAILABLE, message="HTTP 503")
SHOULD = finding("errors.status-400", Verdict.DEVIATES)
KNOWN_SHOULD = finding("errors.status-400", Verdict.DEVIATES, deviation="it is planted")
KNOWN_MUST = known_deviation(clause="count.n-images")
KNOWN_OUTAGE = finding("envelope.json", Verdict.UNAVAILABLE, deviation="it is planted")
OF_CONTROL = finding(verdict=Verdict.NOT_TESTABLE, case="n-0", control="baseline")
REASONS = {
    "no-error": (SHOULD, NO_ERROR),
    "should": (SHOULD, finding("errors.status-400", Verdict.NOT_TESTABLE, case="baseline")),
    "must": (KNOWN_MUST, UNSEEN),
    "5xx": (known_deviation(clause="errors.not-5xx"), OUTAGE),
    "outage": (KNOWN_OUTAGE, OUTAGE),
    "control": (KNOWN_OUTAGE, OF_CONTROL),
}
OPEN = {
    "should": (SHOULD, UNSEEN),
    "known-should": (KNOWN_SHOULD, UNSEEN),
    "outage": (KNOWN_MUST, OUTAGE),
    "not-run": (KNOWN_MUST, finding(verdict=Verdict.NOT_RUN)),
    "flaky": (KNOWN_MUST, finding(verdict=Verdict.FLAKY)),
    "elsewhere": (known_deviation(clause="count.n-images", case="n-2"), UNSEEN),
    "our-fault": (KNOWN_OUTAGE, finding(verdict=Verdict.HARNESS_ERROR)),
}


@pytest.mark.parametrize("pair", REASONS.values(), ids=REASONS)
def test_reason_explains_what_could_not_be_judged(pair: tuple[Finding, Finding]) -> None:
    assert conclude([*OTHERS, *pair]) is Conclusion.CONFORMS


@pytest.mark.parametrize("pair", OPEN.values(), ids=OPEN)
def test_other_reasons_leave_it_open(pair: tuple[Finding, Finding]) -> None:
    assert conclude([finding("envelope.json"), *pair]) is Conclusion.NOT_JUDGED


@pytest.mark.parametrize("verdict", [Verdict.NOT_CLAIMED, Verdict.NOT_TESTABLE, Verdict.NOT_RUN])
def test_run_that_decided_nothing_could_not_be_judged(verdict: Verdict) -> None:
    assert conclude([finding(verdict=verdict)]) is Conclusion.NOT_JUDGED
    assert conclude([]) is Conclusion.NOT_JUDGED


# --- parts of a run ---


@cache
def findings_of(clauses: str, cases: str) -> list[Finding]:
    """The findings of a replay of a counterpart that deviates, judged in this process."""
    parts = {"clauses": clauses, "cases": cases, "models": "gpt-image-1"}
    session = Session(Options(("litellm",), cassettes=CASSETTES, **parts))  # type: ignore[arg-type]
    try:
        return list(_judge(session))
    finally:
        session.close()


def _judge(session: Session) -> Iterator[Finding]:
    for engine in session.engines:
        cases = list(session.selected(engine))
        engine.expect(case for case, _ in cases)
        for case, clauses in cases:
            findings = engine.judged(case).findings
            yield from (findings[clause.id] for clause in clauses if clause.id in findings)


@pytest.mark.parametrize(
    ("clauses", "cases", "code"),
    [
        *(("*", "*", 0), ("format.*", "*", 0), ("stream.*", "*", 2), ("*", "stream*", 0)),
        *(("stream.*", "stream*", 2), ("*", "n-*", 0), ("errors.*", "n-*", 0)),
    ],
)
def test_part_is_as_the_whole_and_fails_only_where_it_decides_nothing(
    clauses: str, cases: str, code: int
) -> None:
    whole = {finding.id: finding for finding in findings_of("*", "*")}
    part = findings_of(clauses, cases)
    assert [whole[finding.id] for finding in part] == part
    assert conclude_run(part, (), False) == code


@pytest.mark.parametrize("pick", ["*::format.*", "*::errors.*", "*/stream*", "*/n-*"])
def test_part_that_pytest_picks_is_judged_as_one_of_globs(pick: str) -> None:
    part = [finding for finding in findings_of("*", "*") if fnmatchcase(finding.id, pick)]
    assert conclude_run(part, (), False) is Conclusion.CONFORMS
    assert conclude_run(part, (), True) is Conclusion.NOT_JUDGED


# --- what counts as a kept promise ---

REFUSAL = known_deviation(clause="parameters.valid-accepted", case="user")
PASS = finding("envelope.object")
UNTESTABLE = finding("envelope.object", Verdict.NOT_TESTABLE, case="user")
OUT = finding("envelope.object", Verdict.UNAVAILABLE, case="n-2")


@pytest.mark.parametrize(
    ("findings", "kept"),
    [
        ([REFUSAL, PASS, UNTESTABLE], Kept(1, 2, decided=2)),
        ([REFUSAL, UNTESTABLE], Kept(0, 2, decided=1, accepted=1)),
        ([PASS, OUT], Kept(0, 1, decided=0)),
    ],
    ids=["refused-and-shown-elsewhere", "judged-nowhere", "unexplained-outage"],
)
def test_promise_is_kept_where_it_was_shown(findings: list[Finding], kept: Kept) -> None:
    assert summarize([run(*findings)]).rows[0].kept["MUST"] == kept


def test_chapter_of_an_interrupted_run_is_not_called_pass() -> None:
    for end, verdict in ((..., Verdict.PASS), (None, Verdict.NOT_RUN)):
        sample = run(finding("envelope.json"), end=end)
        (cell,) = summarize([sample]).chapters["envelope"].values()
        assert cell.verdict is verdict


# --- runs that go on with each other ---


def resumption(*findings: Any, end: Any = ...) -> Run:
    """The run that went on with the run `first`."""
    return run(*findings, head=runs.header(id="second", resumes=["first"]), end=end)


def cut_off(*findings: Finding, **head: Any) -> Run:
    """A run that was interrupted, and said so at its end."""
    end = runs.footer(False, conclusion=2, problems=["the budget of 1 USD is spent"])
    return run(*findings, head=runs.header(id="first", **head), end=end)


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.UNAVAILABLE, Verdict.FAIL])
@pytest.mark.parametrize("order", [1, -1], ids=["in-order", "reversed"])
def test_run_that_goes_on_says_anew_what_the_interrupted_one_said(
    verdict: Verdict, order: int
) -> None:
    summary = summarize([cut_off(finding(verdict=verdict)), resumption(finding())][::order])
    assert (summary.conclusion, summary.complete) == (Conclusion.CONFORMS, True)
    assert sentence(summary) == "acme (dall-e-3, live) conforms; 1 of 1 MUST kept, 1 decided"
    assert (notes(summary), summary.merged.repeated, summary.merged.problems) == ([], 0, ())
    assert [entry.verdict for entry in summary.merged.findings] == [Verdict.PASS]
    assert "conforms" in badges(summary)["acme.svg"]
    assert "<error" not in junit(summary)


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.FAIL])
def test_what_only_the_interrupted_run_found_stays(verdict: Verdict) -> None:
    rest = finding(verdict=verdict, case="n-2")
    summary = summarize([cut_off(finding(verdict=Verdict.NOT_RUN), rest), resumption(finding())])
    assert rest in summary.merged.findings
    assert summary.conclusion is conclude([rest])


@pytest.mark.parametrize(
    ("record", "conclusion"),
    [
        (finding(), Conclusion.CONFORMS),
        (exchange(), Conclusion.CONFORMS),
        (exchange() | {"outcome": "not run"}, Conclusion.NOT_JUDGED),
    ],
    ids=["finding", "exchange", "not-sent"],
)
def test_case_that_was_judged_leaves_nothing_of_it_open(
    record: Any, conclusion: Conclusion
) -> None:
    open_one = finding("stream.events", Verdict.NOT_RUN)
    pair = [cut_off(open_one), resumption(record, finding(case="n-2"))]
    assert summarize(pair).conclusion is conclusion


def test_run_that_goes_on_and_is_cut_off_itself_unsays_nothing() -> None:
    second = resumption(finding(verdict=Verdict.NOT_RUN), end=runs.footer(complete=False))
    summary = summarize([cut_off(finding(verdict=Verdict.FAIL)), second])
    assert [entry.verdict for entry in summary.merged.findings] == [Verdict.FAIL]
    assert summary.conclusion is Conclusion.BREAKS
    assert "did not come to the end" in notes(summary)[0]


def test_runs_that_claim_to_go_on_with_each_other_are_merged_as_any() -> None:
    first = cut_off(finding(verdict=Verdict.FAIL), resumes=["second"])
    summary = summarize([first, resumption(finding())])
    assert (summary.conclusion, summary.complete) == (Conclusion.BREAKS, False)


@pytest.mark.parametrize(
    ("count", "verdict"), [(2, Verdict.PASS), (1, Verdict.NOT_RUN)], ids=["whole", "a-part"]
)
def test_model_that_was_judged_whole_is_what_it_is_whatever_ended_the_run(
    count: int, verdict: Verdict
) -> None:
    counts = {"provider": "acme", "model": "dall-e-3", "chosen": 2, "judged": count, "levels": {}}
    end = runs.footer(complete=False) | {"interrupted": True, "reach": [counts]}
    away = finding(verdict=Verdict.UNAVAILABLE, model="gpt-image-1")
    summary = summarize([run(exchange(), finding(), away, end=end)])
    verdicts = {row.model: row.cell.verdict for row in summary.rows}
    assert verdicts == {"dall-e-3": verdict, "gpt-image-1": Verdict.UNAVAILABLE}
    assert summary.chapters["format"]["acme", "dall-e-3"].verdict is verdict
    assert "did not come to the end" in notes(summary)[0]
