"""What a promise came to on one night, in the order in which the worst of a night counts."""

from __future__ import annotations

from enum import IntEnum

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
    def word(self) -> str:
        """The verdict as reports name it."""
        return "FAIL" if self is State.FAIL else self.name.lower().replace("_", " ")


TELLING = (State.NOT_CLAIMED, State.PASS, State.KNOWN, State.DEVIATES, State.FAIL)
"""States that say how a promise stands; the others neither begin nor end a spell."""

MARKS = {
    State.PASS: ".",
    State.FAIL: "F",
    State.DEVIATES: "d",
    State.KNOWN: "k",
    State.FLAKY: "~",
    State.UNAVAILABLE: "?",
    State.NOT_TESTABLE: "?",
    State.NOT_RUN: "?",
    State.HARNESS_ERROR: "!",
    State.NOT_CLAIMED: "-",
}
"""A letter a state, so that a row of nights can be read without colour."""

LEGEND = ". pass  F fail  d deviates  k known  ~ flaky  ? not judged  - not claimed  ! own fault"

STATE_OF = {verdict: State[verdict.name] for verdict in Verdict}
"""The state of a finding without a deviation."""
