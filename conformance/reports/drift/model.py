"""The words in which drift speaks: a change, its class, and what all changes come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.errors import ConformanceError
from conformance.results.run_file import Run


class DriftError(ConformanceError):
    """Runs between which no drift can be told, and why."""


class Kind(StrEnum):
    """The class of a change, gravest first."""

    REGRESSION = "regression"
    FIXED = "fixed"
    INFORMATION = "new information"
    NOISE = "provider noise"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was, wherever it was seen."""

    kind: Kind
    what: str  # "verdict", or which part of an answer changed
    provider: str
    subject: str  # a clause, a path, a header, a model
    before: str
    after: str
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    count: int = 1
    level: str = ""
    message: str = ""
    confirmed: bool = False  # whether any of it is
    sure: int = 0  # how many of it are
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed between the nights before and a new run."""

    bases: tuple[Run, ...]
    new: Run
    changes: tuple[Change, ...]
    compared: int  # findings that both sides decided
    explained: int  # findings not judged because of what is broken
    notes: tuple[str, ...]
    unjudged: tuple[str, ...]  # why the new run says too little

    def of(self, kind: Kind) -> Sequence[Change]:
        """The changes of a class."""
        return [each for each in self.changes if each.kind is kind]

    def regressions(self, unconfirmed_too: bool = False) -> Sequence[Change]:
        """The regressions that decide."""
        found = self.of(Kind.REGRESSION)
        return [each for each in found if each.confirmed or unconfirmed_too]

    def exit_code(self, unconfirmed_too: bool = False) -> int:
        """Give 1 for a regression that decides, 2 for a run that says too little, else 0."""
        if self.regressions(unconfirmed_too):
            return 1
        return 2 if self.unjudged else 0
