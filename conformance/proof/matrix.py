"""The result of the proof: every clause against every defect, and the holes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.findings import BROKEN, Finding, Verdict, worst
from conformance.proof.extra_cases import LEAST_JUDGED, Answered
from conformance.reports.grouping import group_by

RED = BROKEN | {Verdict.HARNESS_ERROR}
"""The verdicts that detect a defect; a clause that raises detects one as well."""


def worst_by_clause(findings: Iterable[Finding]) -> dict[str, Verdict]:
    """Return the worst verdict of every clause."""
    groups = group_by(findings, lambda finding: finding.clause)
    return {clause: worst(finding.verdict for finding in group) for clause, group in groups.items()}


def red_clauses(findings: Iterable[Finding]) -> list[str]:
    """Return the ids of the clauses that are broken, in alphabetical order."""
    return sorted({finding.clause for finding in findings if finding.verdict in RED})


def first_witness(findings: Iterable[Finding], clause: str) -> str:
    """Return the first finding that breaks a clause, as case and message; empty for none."""
    red = (finding for finding in findings if finding.clause == clause and finding.verdict in RED)
    return next((f"{finding.model}/{finding.case}: {finding.message}" for finding in red), "")


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One row of the matrix."""

    id: str
    level: str
    statement: str


@dataclass(frozen=True, slots=True)
class DefectColumn:
    """One column of the matrix: a defect and the verdict of every clause."""

    id: str
    lie: str
    claims: tuple[str, ...]
    modes: tuple[str, ...]
    silent: bool
    models: tuple[str, ...]
    exchanges: int
    verdicts: Mapping[str, Verdict]
    witnesses: Mapping[str, str]
    """For every red clause, the case and the message of its first finding."""
    open_claims: tuple[str, ...] = ()  # the claimed clauses that judge answers to any request
    open_witnesses: Mapping[str, str] = field(default_factory=dict)
    """The same where the defect was planted in answers to open requests only."""
    blind_to_recordings: tuple[str, ...] = ()
    """The claimed clauses that do not detect it in a foreign recording."""

    @property
    def red(self) -> tuple[str, ...]:
        """The clauses that the defect turned red."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict in RED)

    @property
    def caught(self) -> bool:
        """Return whether a clause is red; for an outage, whether a claimed one is *unavailable*."""
        if self.silent:
            return any(self.verdicts.get(claim) is Verdict.UNAVAILABLE for claim in self.claims)
        return bool(self.red)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every clause of an edition against every defect, and against the truth."""

    edition: str
    clauses: tuple[ClauseRow, ...]
    truth: Mapping[str, Verdict]
    defects: tuple[DefectColumn, ...]
    exchanges: int
    seconds: float
    answered: tuple[Answered, ...] = ()
    """How much of the truthful answers to open requests was judged."""
    whole: bool = True
    """Whether every defect was tried; else a clause that none turned red may not be blind."""

    def killers(self, clause: str) -> tuple[str, ...]:
        """Return the defects that a clause detects."""
        return tuple(defect.id for defect in self.defects if defect.verdicts.get(clause) in RED)


@dataclass(frozen=True, slots=True)
class Hole:
    """One violation of what the proof demands."""

    kind: str
    clause: str
    defect: str
    message: str


def holes(matrix: Matrix) -> tuple[Hole, ...]:
    """List the violations of what the proof demands; the proof holds if there are none."""
    of_defects = (hole for defect in matrix.defects for hole in _holes_of(defect))
    return (*_holes_of_truth(matrix), *of_defects)


def _holes_of_truth(matrix: Matrix) -> Iterator[Hole]:
    for clause in matrix.clauses:
        verdict = matrix.truth.get(clause.id)
        if verdict is None:
            yield Hole("not asked", clause.id, "", "no case of the proof binds the clause")
        elif verdict is not Verdict.PASS:
            message = f"the truthful provider is judged: {verdict.value}"
            yield Hole("false alarm", clause.id, "", message)
    for answer in matrix.answered:
        if answer.judged < LEAST_JUDGED * answer.promised:
            message = f"{answer.case}: {answer.judged} of {answer.promised} promises judged"
            yield Hole("hardly judged", "", "", message)
    red = {name for defect in matrix.defects for name in defect.red}
    for clause in matrix.clauses if matrix.whole else ():
        if clause.id not in red:
            yield Hole("blind clause", clause.id, "", "no defect turns the clause red")


def _holes_of(defect: DefectColumn) -> Iterator[Hole]:
    if not defect.caught:
        yield Hole("survivor", "", defect.id, "no clause sees the defect")
    claims = () if defect.silent else defect.claims
    for name in sorted(set(claims) - set(defect.red)):
        verdict = defect.verdicts.get(name, "nothing")
        yield Hole("missed claim", name, defect.id, f"the clause says: {verdict}")
    for name in sorted(set(defect.red) - set(claims)):
        yield Hole("cascade", name, defect.id, defect.witnesses.get(name, ""))
    unseen = "the clause does not see the lie in"
    for name in sorted(set(defect.open_claims) - set(defect.open_witnesses)):
        message = f"{unseen} the answer to an open request"
        yield Hole("open survivor", name, defect.id, message)
    for name in defect.blind_to_recordings:
        message = f"{unseen} a foreign recording of an open request"
        yield Hole("open survivor", name, defect.id, message)
    for name in sorted(set(defect.open_witnesses) - set(defect.claims)):
        yield Hole("cascade", name, defect.id, defect.open_witnesses[name])
