"""Verdicts and findings: the words in which a clause speaks of an exchange."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What came of judging one clause on one exchange; from best to worst."""

    NOT_CLAIMED = "not claimed"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOT_RUN = "not run"
    NOT_TESTABLE = "not testable"
    UNAVAILABLE = "unavailable"
    FLAKY = "flaky"
    DEVIATES = "deviates"
    FAIL = "fail"
    HARNESS_ERROR = "harness error"


SEVERITY = {verdict: rank for rank, verdict in enumerate(Verdict)}
BROKEN = frozenset({Verdict.DEVIATES, Verdict.FAIL})
DECIDED = BROKEN | {Verdict.PASS}
UNDECIDED = frozenset({Verdict.NOT_RUN, Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE, Verdict.FLAKY})

ACCEPTED_INSTEAD = "the request was accepted, so there is no error to judge"
"""Why a promise about an error could not be judged: another finding says whether it should."""

NOT_ACCEPTED = "the request was not accepted"
"""With this begins why a promise about an answer could not be judged where none came."""

ANOTHER_FAMILY = "another-family"
"""The observation that a model answers in the documented shape of another family."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the worst of some verdicts; of none at all, *not run*.

    What is proven broken outranks what could not be judged, and what could not be
    judged outranks a pass: a cell is green only when everything in it is.
    """
    return max(verdicts, key=SEVERITY.__getitem__, default=Verdict.NOT_RUN)


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause judged on one exchange."""

    clause: str
    level: str
    verdict: Verdict
    provider: str
    model: str
    case: str
    message: str = ""
    expected: str = ""
    observed: str = ""
    control: str | None = None
    deviation: str | None = None  # why the provider is known to disagree
    rate: float | None = None  # of a flaky one: the share of exchanges that broke the promise
    repeats: int | None = None  # exchanges made again to confirm the verdict

    @property
    def id(self) -> str:
        """The finding's name in reports and in pytest."""
        return f"{self.provider}::{self.model}/{self.case}::{self.clause}"

    @property
    def excused(self) -> bool:
        """Whether the provider's file knows of it, with a reason and a date."""
        return self.deviation is not None


@dataclass(frozen=True, slots=True)
class Observation:
    """Something worth knowing that no source promises."""

    id: str
    provider: str
    model: str
    case: str
    message: str
