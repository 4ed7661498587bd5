"""How far a run reached: of the promises that bind, how many were decided, and how many are kept.

A promise is a clause on one model of one provider. It binds where it has a finding; what the
provider does not claim is left out. This is the only place that counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import astuple

from conformance.findings import (
    BROKEN,
    DECIDED,
    UNDECIDED,
    Finding,
    Level,
    State,
    Verdict,
    state_of,
    worst,
)
from conformance.results.field_types import Count

ColumnKey = tuple[str, str]
"""A provider and a model: what a column of a report is about."""

ENOUGH = 90
"""Percent of the MUSTs that bind which must be decided before a model is said to conform.

The largest chapters hold about a tenth of a model's MUSTs: with less decided, a whole subject
(authentication, streams, images) may have gone unseen.
"""
LEVELS = ("MUST", "SHOULD", "MAY")

NO_FINDING = " "
"""Stands in a row of letters where a run has nothing of a promise."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The verdict over several findings, and whether all that is broken there was known."""

    verdict: Verdict
    known: bool = False

    @property
    def state(self) -> State:
        """How reports show it."""
        return state_of(self.verdict, self.known)

    @property
    def newly_broken(self) -> bool:
        """Return whether something is broken that no deviation excuses."""
        return self.verdict in BROKEN and not self.known

    @property
    def open(self) -> bool:
        """Return whether it could not be judged, and no deviation says why."""
        return self.verdict in {*UNDECIDED, Verdict.HARNESS_ERROR} and not self.known

    @property
    def kept(self) -> bool:
        """Return whether the promise is kept, and not just excused."""
        return self.verdict is Verdict.PASS and not self.known


class Kept(Struct, frozen=True):
    """How many promises of a level are kept and how many were decided, of those that bind."""

    kept: Count
    total: Count
    decided: Count
    accepted: Count = 0
    """Not decided, for a reason that is a known deviation."""

    @property
    def reaches(self) -> bool:
        """Return whether enough was decided to say that a model conforms."""
        return self.total > 0 and 100 * self.decided >= ENOUGH * self.total

    @property
    def accounted(self) -> bool:
        """Return whether enough was decided, or is known beside the provider as a reason."""
        return self.total > 0 and 100 * (self.decided + self.accepted) >= ENOUGH * self.total

    def __add__(self, other: Kept) -> Kept:
        return Kept(*map(int.__add__, astuple(self), astuple(other)))


NOTHING = Kept(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Explanations:
    """Ids of undecided findings that something broken explains.

    They do not count where their promise was judged elsewhere. `known` are those of them that a
    known deviation explains.
    """

    explained: Set[str] = frozenset()
    known: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Promise:
    """One clause on one model, judged from all its findings."""

    level: str
    cell: Cell
    decided: bool
    accepted: bool  # not decided, and a known deviation says why
    explained: bool  # not decided, and something broken says why
    judged: int  # findings that were decided
    findings: int


def worst_cell(cells: Iterable[Cell]) -> Cell:
    """Return the worst of some cells; what is newly broken outranks what was known."""
    all_cells = list(cells)
    newly_broken = worst(cell.verdict for cell in all_cells if not cell.known)
    known_verdicts = [cell.verdict for cell in all_cells if cell.known]
    # a fault of the suite must not hide behind a deviation of the provider
    if not known_verdicts or newly_broken in BROKEN or newly_broken is Verdict.HARNESS_ERROR:
        return Cell(newly_broken)
    return Cell(worst(known_verdicts), known=True)


def promise_of(findings: Sequence[Finding], explanations: Explanations) -> Promise:
    """Judge one clause on one model from all its findings."""
    # one refused request is one broken promise, reported once: what it explains does not unsay
    # what the other requests of the model have shown
    decisive = [
        finding for finding in findings if finding.id not in explanations.explained
    ] or findings
    cell = worst_cell(Cell(finding.verdict, known=finding.excused) for finding in decisive)
    is_shown = any(finding.verdict in DECIDED for finding in decisive)
    is_decided = cell.verdict in DECIDED or (cell.known and is_shown)

    def is_open_for(ids: Set[str]) -> bool:
        return not is_decided and all(finding.excused or finding.id in ids for finding in decisive)

    return Promise(
        level=findings[0].level,
        cell=cell,
        decided=is_decided,
        accepted=is_open_for(explanations.known),
        explained=is_open_for(explanations.explained),
        judged=sum(finding.verdict in DECIDED for finding in findings),
        findings=len(findings),
    )


def promises_of(
    findings: Iterable[Finding], explanations: Explanations
) -> dict[ColumnKey, dict[str, Promise]]:
    """Return every promise that binds, by provider and model and then by clause."""
    columns: dict[ColumnKey, dict[str, list[Finding]]] = {}
    for finding in findings:
        columns.setdefault(finding.column, {}).setdefault(finding.clause, []).append(finding)
    return {
        column: {clause: promise_of(group, explanations) for clause, group in clauses.items()}
        for column, clauses in columns.items()
    }


def count(promises: Iterable[Promise]) -> dict[str, Kept]:
    """Count promises by level, MUST first; only what is not claimed leaves the denominator."""
    return sum_by_level(
        (
            promise.level,
            Kept(int(promise.cell.kept), 1, int(promise.decided), int(promise.accepted)),
        )
        for promise in promises
        if promise.cell.verdict is not Verdict.NOT_CLAIMED
    )


def sum_by_level(counts: Iterable[tuple[str, Kept]]) -> dict[str, Kept]:
    """Add up counts that are of a level each, MUST first."""
    sums: dict[str, Kept] = {}
    for level, kept in counts:
        sums[level] = sums.get(level, NOTHING) + kept
    return {level: sums[level] for level in LEVELS if level in sums}


def musts_of(columns: Mapping[ColumnKey, Mapping[str, Promise]]) -> dict[ColumnKey, Kept]:
    """Return the reach of every model over its MUSTs."""
    return {
        column: count(promises.values()).get("MUST", NOTHING)
        for column, promises in columns.items()
    }


class ModelReach(Struct, frozen=True, kw_only=True):
    """What a run began with and judged of one model, and how many of its promises are decided."""

    provider: str
    model: str
    chosen: Count | None = None
    """Pairs of a case and a clause that the run began with."""
    judged: Count | None = None
    """How many of these were judged."""
    levels: dict[Level, Kept]
    """Of the promises that bind, by level."""
    states: str = ""
    """The state of every promise, with what is broken taken as the reason of what could not be
    judged: a letter for each clause of the header, in its order; blank where nothing was found."""

    @property
    def column(self) -> ColumnKey:
        """Its provider and model."""
        return self.provider, self.model


def reach_counts(
    columns: Mapping[ColumnKey, Mapping[str, Promise]],
    clauses: Sequence[str],
    chosen: Mapping[ColumnKey, tuple[int, int]] | None = None,
) -> tuple[ModelReach, ...]:
    """Return the reach of every model for a footer, beside what was `chosen` of it and judged."""
    reaches = []
    for column, promises in columns.items():
        begun, judged = (chosen or {}).get(column, (None, None))
        reaches.append(
            ModelReach(
                provider=column[0],
                model=column[1],
                chosen=begun,
                judged=judged,
                levels=count(promises.values()),
                states=states_of(promises, clauses),
            )
        )
    return tuple(reaches)


def states_of(promises: Mapping[str, Promise], clauses: Iterable[str]) -> str:
    """Return the states of a model's promises as letters, in the order of `clauses`."""
    states = {clause: promise.cell.state.letter for clause, promise in promises.items()}
    return "".join(states.get(clause, NO_FINDING) for clause in clauses)
