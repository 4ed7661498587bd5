"""What is not judged is not green: only a reason of the same weight explains it.

A part of a run is judged as the whole is: what a known deviation blocks is no error.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from conformance.findings import ACCEPTED_INSTEAD, Finding, Verdict
from conformance.results.conclusion import Conclusion, conclude, conclude_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.runs import finding, known

CASSETTES = Path(__file__).parents[1] / "cassettes"
PASS = finding("envelope.json")
OTHERS = [finding(f"envelope.{name}") for name in "abcdefghij"]
UNSEEN = finding(verdict=Verdict.NOT_TESTABLE, message="the image could not be fetched")
NO_ERROR = finding(verdict=Verdict.NOT_TESTABLE, message=ACCEPTED_INSTEAD)
GONE = finding(verdict=Verdict.UNAVAILABLE, message="HTTP 503")
SHOULD = finding("errors.status-400", Verdict.DEVIATES)
KNOWN_MUST = known(clause="count.n-images")
KNOWN_5XX = known(clause="errors.not-5xx")
KNOWN_OUTAGE = finding("envelope.json", Verdict.UNAVAILABLE, deviation="it is planted")


@pytest.mark.parametrize(
    ("reason", "unjudged"),
    [
        (SHOULD, NO_ERROR),
        (SHOULD, finding("errors.status-400", Verdict.NOT_TESTABLE, case="baseline")),
        (KNOWN_MUST, UNSEEN),
        (KNOWN_5XX, GONE),
        (KNOWN_OUTAGE, GONE),
        (KNOWN_OUTAGE, finding(verdict=Verdict.NOT_TESTABLE, case="n-0", control="baseline")),
    ],
    ids=["no-error", "should", "must", "5xx", "outage", "control"],
)
def test_reason_explains_what_could_not_be_judged(reason: Finding, unjudged: Finding) -> None:
    assert conclude([*OTHERS, reason, unjudged]) is Conclusion.CONFORMS


@pytest.mark.parametrize(
    ("reason", "unjudged"),
    [
        (SHOULD, UNSEEN),
        (finding("errors.status-400", Verdict.DEVIATES, deviation="it is planted"), UNSEEN),
        (KNOWN_MUST, GONE),
        (KNOWN_MUST, finding(verdict=Verdict.NOT_RUN)),
        (KNOWN_MUST, finding(verdict=Verdict.FLAKY)),
        (known(clause="count.n-images", case="n-2"), UNSEEN),
        (KNOWN_OUTAGE, finding(verdict=Verdict.HARNESS_ERROR)),
    ],
    ids=["should", "known-should", "outage", "not-run", "flaky", "elsewhere", "our-fault"],
)
def test_other_reasons_leave_it_open(reason: Finding, unjudged: Finding) -> None:
    assert conclude([PASS, reason, unjudged]) is Conclusion.NOT_JUDGED


# --- parts of a run ---


@cache
def findings_of(clauses: str = "*", cases: str = "*", model: str = "gpt-image-1") -> list[Finding]:
    """The findings of a replay of a counterpart that deviates, judged in this process."""
    selected = Options(
        ("litellm",), clauses=clauses, cases=cases, models=model, cassettes=CASSETTES
    )
    session = Session(selected)
    try:
        return list(_judged(session))
    finally:
        session.close()


def _judged(session: Session) -> Iterator[Finding]:
    for engine in session.engines:
        planned = list(session.selected(engine))
        engine.expect(case for case, _ in planned)
        for case, clauses in planned:
            judged = engine.judged(case).findings
            yield from (judged[each.id] for each in clauses if each.id in judged)


@pytest.mark.parametrize(
    ("clauses", "cases", "model", "code"),
    [
        ("*", "*", "gpt-image-1", 0),
        ("format.*", "*", "gpt-image-1", 0),
        ("stream.*", "*", "gpt-image-1", 2),
        ("*", "stream*", "gpt-image-1", 0),
        ("stream.*", "stream*", "gpt-image-1", 2),
        ("errors.*", "n-*", "dall-e-3", 0),
    ],
)
def test_part_fails_only_where_it_decides_nothing(
    clauses: str, cases: str, model: str, code: int
) -> None:
    assert conclude_run(findings_of(clauses, cases, model), (), False) == code


@pytest.mark.parametrize("pick", ["*::format.*", "*::errors.*", "*/stream*", "*/n-*"])
def test_part_that_pytest_picks_is_judged_as_one_of_globs(pick: str) -> None:
    picked = [each for each in findings_of() if fnmatchcase(each.id, pick)]
    assert conclude_run(picked, (), False) is Conclusion.CONFORMS
    assert conclude_run(picked, (), True) is Conclusion.NOT_JUDGED


@pytest.mark.parametrize(("clauses", "cases"), [("format.*", "*"), ("*", "n-*"), ("stream.*", "*")])
def test_finding_is_the_same_in_a_part_and_in_the_whole(clauses: str, cases: str) -> None:
    whole = {each.id: each for each in findings_of()}
    part = findings_of(clauses, cases)
    assert [whole[each.id] for each in part] == part
