"""What is not judged is not green: only a reason of the same weight explains it."""

from __future__ import annotations

import pytest

from conformance.findings import ACCEPTED_INSTEAD, Finding, Verdict
from conformance.results.conclusion import Conclusion, conclude
from tests.runs import finding, known

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
