"""Verdicts and findings: the words in which a clause speaks of an exchange."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class Verdict(StrEnum):
    """The result of judging one clause on one exchange, from best to worst."""

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


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """How reports show a verdict; broken promises that a deviation excuses are *known*."""

    label: str
    letter: str  # in rows of ASCII
    symbol: str  # in cells of a matrix
    style: str  # of Rich
    colour: str  # of a badge
    meaning: str


GREEN, RED, AMBER = "#1a7f3c", "#b81d24", "#8a5a00"
BLUE, VIOLET, GREY = "#0b5c8a", "#6b3fa0", "#59636e"

# fmt: off
KNOWN = State("known", "k", "◆", "cyan", BLUE,
              "broken, as a dated deviation beside the provider explains")
_STATES = {
    Verdict.FAIL: State("FAIL", "F", "✗", "bold red", RED, "a MUST is broken"),
    Verdict.HARNESS_ERROR: State("harness error", "!", "!", "bold magenta", VIOLET,
                                 "a fault of the suite or of its recordings"),
    Verdict.DEVIATES: State("deviates", "d", "△", "yellow", AMBER, "a SHOULD is broken"),
    None: KNOWN,
    Verdict.FLAKY: State("flaky", "~", "≈", "magenta", VIOLET,
                         "the same request was judged differently when it was repeated"),
    Verdict.PASS: State("pass", ".", "✓", "green", GREEN, "kept wherever it was judged"),
    Verdict.UNAVAILABLE: State("unavailable", "u", "∅", "magenta", VIOLET,
                               "the provider did not decide (429, 5xx, timeout, not served)"),
    Verdict.NOT_TESTABLE: State("not testable", "n", "⋯", "magenta", VIOLET,
                                "its control or what it builds on failed, "
                                "or a recording does not show it"),
    Verdict.NOT_RUN: State("not run", "r", "◌", "magenta", VIOLET,
                           "never sent, or not all of it: the run was cut off"),
    Verdict.NOT_CLAIMED: State("not claimed", "-", "○", "dim", GREY,
                               "the provider does not claim it"),
}
# fmt: on
STATES = tuple(_STATES.values())
"""Every state in the order of legends, gravest first; what says nothing hides no verdict."""

NOT_JUDGED = "?"
"""Stands for `u`, `n` and `r` in rows of letters that leave out why nothing was judged."""

TELLING = frozenset({KNOWN, *(_STATES[verdict] for verdict in (*DECIDED, Verdict.NOT_CLAIMED))})
"""States that say how a promise stands."""


def state_of(verdict: Verdict, known: bool = False) -> State:
    """Return how reports show a verdict."""
    return KNOWN if known else _STATES[verdict]


ACCEPTED_INSTEAD = "the request was accepted, so there is no error to judge"
"""Why a promise about an error could not be judged: another finding says whether it should."""

NOT_ACCEPTED = "the request was not accepted"
"""The beginning of the message where a promise about an answer was not judged: none came."""

ANOTHER_REASON = "refused for another reason"
"""The beginning of the message where a refusal says nothing of the mistake in its request."""

OF_WHO_ASKS = "the status is about who asks, and refuses no mistake"
"""The beginning of that message for a 403, whatever its words say of the request."""

PAGE_AS_SUCCESS = "a web page comes as a success"
"""How a mistake is answered by what refuses nothing."""

NO_DOWNLOADS = "the recorder kept no image of the URLs"
"""Why nothing can be said of images whose URLs alone were recorded."""

NO_TEXT = "the recorder kept what the answer says, not its text"
"""Why nothing can be said of how an answer was written where a recording has what it says."""

ANOTHER_FAMILY = "another-family"
"""The observation that a model answers in the documented shape of another family."""

ANOTHER_PAINTER = "another-painter"
"""The observation that an image's content credentials name another model than was asked for."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts, and *not run* of none at all.

    What is proven broken outranks what could not be judged, and what could not be
    judged outranks a pass: a cell is green only when everything in it is.
    """
    return max(verdicts, key=SEVERITY.__getitem__, default=Verdict.NOT_RUN)


Level = Annotated[
    str,
    Meta(pattern=r"\A(MUST|SHOULD|MAY)\Z", extra_json_schema={"enum": ["MUST", "SHOULD", "MAY"]}),
]


class Finding(Struct, frozen=True, tag="finding", omit_defaults=True):
    """One clause judged on one exchange; a record of a run file."""

    clause: str
    level: Level
    verdict: Verdict
    provider: str
    model: str
    case: str
    message: str = ""
    expected: str = ""
    observed: str = ""
    control: str | None = None
    deviation: str | None = None  # why the provider is known to disagree
    blocked_by: str | None = None
    """The known deviation for which it could not be judged, wherever the run selected it."""
    rate: Annotated[float, Meta(ge=0, le=1)] | None = None
    """Of a flaky one: the share of exchanges that broke the promise."""
    repeats: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """Exchanges made again to confirm the verdict."""

    @property
    def id(self) -> str:
        """The finding's name in reports and in pytest."""
        return f"{self.provider}::{self.model}/{self.case}::{self.clause}"

    @property
    def column(self) -> tuple[str, str]:
        """Its provider and model."""
        return self.provider, self.model

    @property
    def path(self) -> str:
        """The name of its exchange in a run, as `ExchangeRecord.path`."""
        return f"{self.provider}/{self.model}/{self.case}"

    @property
    def control_path(self) -> str:
        """The name of its control's exchange; without a control, one that no exchange has."""
        return f"{self.provider}/{self.model}/{self.control or ''}"

    @property
    def excused(self) -> bool:
        """Return whether the provider's file knows of it, with a reason and a date."""
        return self.deviation is not None

    @property
    def state(self) -> State:
        """How reports show it."""
        return state_of(self.verdict, self.excused)


class Observation(Struct, frozen=True, tag="observation"):
    """Something worth knowing that no source promises; a record of a run file."""

    id: str
    provider: str
    model: str
    case: str
    message: str
