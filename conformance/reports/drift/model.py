"""What drift is made of: a change, its class, all changes, and who is to be alarmed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.errors import ConformanceError
from conformance.findings import Finding, Verdict
from conformance.output.counting import join_names
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

ABSENT = "absent"
"""Stands for what one side does not have."""

NOT_ANSWERED = frozenset({"unavailable", "not served", "not run"})
"""Outcomes of an exchange that say nothing about how a provider answers."""


class DriftError(ConformanceError):
    """Runs that cannot be compared over time, and why."""


class ChangeKind(StrEnum):
    """The class of a change, gravest first."""

    REGRESSION = "regression"
    UNRELIABLE = "became unreliable"
    FIXED = "fixed"
    INFORMATION = "new information"
    NOISE = "provider noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftChange:
    """One thing that is not as it was, wherever it was seen."""

    kind: ChangeKind
    what: str  # "verdict", or which part of an answer changed
    provider: str
    subject: str  # a clause, a path, a header, a model
    level: str = ""
    before: str
    after: str
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    count: int = 1
    message: str = ""
    confirmed: bool = False  # whether any of it is
    sure: int = 0  # how many of it are
    repeats: int | None = None


@dataclass(slots=True)
class Baseline:
    """The nights before, by finding and by exchange."""

    findings: dict[str, Finding]  # by id: the last that was decided
    newest: set[str]  # ids of what the last night had at all
    answers: dict[str, list[ExchangeRecord]] = field(default_factory=dict)  # by path, in order


@dataclass(frozen=True, slots=True)
class Alarm:
    """The regressions of one provider that decide; none, if all is well."""

    provider: str
    clauses: tuple[str, ...]
    regressions: tuple[DriftChange, ...]
    waiting: tuple[str, ...]  # clauses with a regression that does not decide yet
    kept: tuple[str, ...]  # clauses that held wherever they were judged, or are excused
    judged: bool

    @property
    def fingerprint(self) -> str:
        """The same for the same provider and clauses, whatever night, model or case it is."""
        text = "\n".join([self.provider, *self.clauses])
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    @property
    def title(self) -> str:
        """The title of an issue."""
        unreliable = all(change.kind is ChangeKind.UNRELIABLE for change in self.regressions)
        verb = "became unreliable:" if unreliable else "no longer keeps"
        return f"{self.provider} {verb} {join_names(self.clauses, 1)}"


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed between the nights before and a new run."""

    bases: tuple[Run, ...]
    new: Run
    changes: tuple[DriftChange, ...]
    compared: int  # findings that both sides decided
    explained: int  # findings not judged because of what is broken
    notes: tuple[str, ...]
    unjudged: tuple[str, ...]  # why the new run says too little
    unconfirmed_too: bool = False  # whether a regression decides that was seen only once, live

    def of(self, kind: ChangeKind) -> Sequence[DriftChange]:
        """Return the changes of a class."""
        return [change for change in self.changes if change.kind is kind]

    @property
    def regressions(self) -> Sequence[DriftChange]:
        """The regressions that decide."""
        changes = self.of(ChangeKind.REGRESSION)
        return [change for change in changes if change.confirmed or self.unconfirmed_too]

    @property
    def worse(self) -> Sequence[DriftChange]:
        """The regressions that decide, and what became unreliable."""
        return [*self.regressions, *self.of(ChangeKind.UNRELIABLE)]

    @property
    def exit_code(self) -> int:
        """1 for what decides that it got worse, 2 for a run that says too little, else 0."""
        if self.worse:
            return 1
        return 2 if self.unjudged else 0

    @property
    def alarms(self) -> Sequence[Alarm]:
        """An alarm for each provider of the new run, in its order."""
        alarms = []
        for provider in self.new.header.providers:
            changes = tuple(change for change in self.worse if change.provider == provider.id)
            clauses = {change.subject for change in changes}
            regressed = self.of(ChangeKind.REGRESSION)
            regressions = {change.subject for change in regressed if change.provider == provider.id}
            findings = [finding for finding in self.new.findings if finding.provider == provider.id]
            # a clause is kept if nothing of it is open, and nothing broken but what is excused
            kept = (Verdict.PASS, Verdict.NOT_CLAIMED)
            unexcused = (finding for finding in findings if not finding.excused)
            doubtful = {finding.clause for finding in unexcused if finding.verdict not in kept}
            kept_clauses = {finding.clause for finding in findings} - doubtful
            alarm = Alarm(
                provider=provider.id,
                clauses=tuple(sorted(clauses)),
                regressions=changes,
                waiting=tuple(sorted(regressions - clauses)),
                kept=tuple(sorted(kept_clauses)),
                judged=not self.unjudged,
            )
            alarms.append(alarm)
        return alarms
