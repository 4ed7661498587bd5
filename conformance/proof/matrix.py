"""What the proof found: every clause against every defect, and what is wrong with that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.findings import BROKEN, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.proof.open_requests import Answered

RED = BROKEN | {Verdict.HARNESS_ERROR}
"""The verdicts by which a clause says that it saw a lie, or that it broke on one."""


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One clause as the matrix names it."""

    id: str
    level: str
    statement: str


@dataclass(frozen=True, slots=True)
class DefectColumn:
    """One defect, the models it was asked of, and what every clause said of it."""

    id: str
    lie: str
    claims: tuple[str, ...]
    modes: tuple[str, ...]
    silent: bool
    models: tuple[str, ...]
    exchanges: int
    verdicts: Mapping[str, Verdict]
    witnesses: Mapping[str, str]
    """For every clause that is red, the case and the message by which it is."""
    open_claims: tuple[str, ...] = ()
    """The claimed clauses that judge answers, whatever was asked for."""
    open_witnesses: Mapping[str, str] = field(default_factory=dict)
    """The same of the lie told to open requests alone, which it was until its claims were red."""
    blind_to_recordings: tuple[str, ...] = ()
    """Those of the claimed clauses that do not see it where somebody else recorded the answer."""

    @property
    def red(self) -> tuple[str, ...]:
        """The clauses that the defect turned red."""
        return tuple(name for name, each in self.verdicts.items() if each in RED)

    @property
    def caught(self) -> bool:
        """Whether some clause is red; for an outage, whether nothing could be judged."""
        if self.silent:
            return any(self.verdicts.get(each) is Verdict.UNAVAILABLE for each in self.claims)
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
    """The truth told to open requests, and how much of it was judged."""

    def killers(self, clause: str) -> tuple[str, ...]:
        """Name the defects that a clause sees."""
        return tuple(each.id for each in self.defects if clause in each.red)


@dataclass(frozen=True, slots=True)
class Hole:
    """One violation of what the proof demands."""

    kind: str
    clause: str
    defect: str
    message: str


def holes(matrix: Matrix, *, whole: bool = True) -> tuple[Hole, ...]:
    """List what the proof demands and does not find; none at all is the proof.

    Where only some defects were tried, not ``whole``, nothing is said of clauses that saw none.
    """
    blind = _never_seen(matrix) if whole else ()
    return (*_untrue(matrix), *_hardly_judged(matrix), *blind, *_uncaught(matrix))


def _untrue(matrix: Matrix) -> Iterator[Hole]:
    for clause in matrix.clauses:
        verdict = matrix.truth.get(clause.id)
        if verdict is None:
            yield Hole("not asked", clause.id, "", "no case of the proof binds the clause")
        elif verdict is not Verdict.PASS:
            message = f"the truthful provider is judged: {verdict.value}"
            yield Hole("false alarm", clause.id, "", message)


def _hardly_judged(matrix: Matrix) -> Iterator[Hole]:
    for each in matrix.answered:
        if each.hardly_judged:
            message = f"{each.case}: {each.judged} of {each.promised} promises judged"
            yield Hole("hardly judged", "", "", message)


def _never_seen(matrix: Matrix) -> Iterator[Hole]:
    seen = {name for each in matrix.defects for name in each.red}
    for clause in matrix.clauses:
        if clause.id not in seen:
            yield Hole("blind clause", clause.id, "", "no defect turns the clause red")


def _uncaught(matrix: Matrix) -> Iterator[Hole]:
    for each in matrix.defects:
        if not each.caught:
            yield Hole("survivor", "", each.id, "no clause sees the defect")
        yield from _of_defect(each)


def _of_defect(defect: DefectColumn) -> Iterator[Hole]:
    claims = () if defect.silent else defect.claims
    for name in sorted(set(claims) - set(defect.red)):
        verdict = defect.verdicts.get(name)
        said = verdict.value if verdict else "nothing"
        yield Hole("missed claim", name, defect.id, f"the clause says: {said}")
    for name in sorted(set(defect.red) - set(claims)):
        yield Hole("cascade", name, defect.id, defect.witnesses.get(name, ""))
    yield from _holes_in_open_requests(defect)


def _holes_in_open_requests(defect: DefectColumn) -> Iterator[Hole]:
    for name in sorted(set(defect.open_claims) - set(defect.open_witnesses)):
        message = "the lie is told to open requests alone, and not seen"
        yield Hole("open survivor", name, defect.id, message)
    for name in defect.blind_to_recordings:
        message = "the lie is told to open requests, recorded by others, and not seen"
        yield Hole("open survivor", name, defect.id, message)
    for name in sorted(set(defect.open_witnesses) - set(defect.claims)):
        yield Hole("cascade", name, defect.id, defect.open_witnesses[name])
