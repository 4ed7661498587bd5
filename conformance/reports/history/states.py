"""What a promise came to on one night, in the order in which the worst of a night counts."""

from __future__ import annotations

from enum import IntEnum

from conformance import findings
from conformance.findings import Verdict


class State(IntEnum):
    """The verdict over all cases of a promise on one night; *known* is broken and excused."""

    NOT_CLAIMED = 0
    PASS = 1
    NOT_RUN = 2
    NOT_TESTABLE = 3
    UNAVAILABLE = 4
    FLAKY = 5
    KNOWN = 6
    DEVIATES = 7
    FAIL = 8
    HARNESS_ERROR = 9

    @property
    def shown(self) -> findings.State:
        """The row of the verdict table."""
        return _SHOWN[self]

    @property
    def word(self) -> str:
        """The verdict as reports name it."""
        return _SHOWN[self].label


TELLING = (State.NOT_CLAIMED, State.PASS, State.KNOWN, State.DEVIATES, State.FAIL)
"""States that say how a promise stands; the others neither begin nor end a spell."""

STATE_OF = {verdict: State[verdict.name] for verdict in Verdict}
"""The state of a finding without a deviation."""
_SHOWN = {State[verdict.name]: findings.state_of(verdict) for verdict in Verdict}
_SHOWN[State.KNOWN] = findings.KNOWN
_UNJUDGED = (State.UNAVAILABLE, State.NOT_TESTABLE, State.NOT_RUN)

MARKS = {state: _SHOWN[state].letter for state in State} | dict.fromkeys(
    _UNJUDGED, findings.NOT_JUDGED
)
"""A letter a state, so that a row of nights can be read without colour."""

LEGEND = "  ".join(
    [
        *(f"{MARKS[state]} {state.word}" for state in reversed(State) if state not in _UNJUDGED),
        f"{findings.NOT_JUDGED} not judged",
    ]
)
