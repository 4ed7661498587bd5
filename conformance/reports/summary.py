"""What some runs come to, counted and grouped: the one source of every report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from conformance.findings import BROKEN, UNDECIDED, Finding, Verdict, worst
from conformance.reports.causes import Cause, causes_of
from conformance.reports.grouping import (
    Broken,
    Group,
    Reason,
    Seen,
    broken_promises,
    grouped,
    level_rank,
    reasons,
    seen,
)
from conformance.reports.merging import Merged, merge
from conformance.reports.origin import Origin, origins
from conformance.reports.reach import Column, interrupted, open_ended, parts, planned
from conformance.runs.conclusion import Conclusion, conclude, conclude_recordings, undecided
from conformance.runs.file import Run

Spells = tuple[tuple[str, str], ...]
"""The nights on which a promise changed: when, and to which verdict."""

_GRAVITY = {Conclusion.CONFORMS: 0, Conclusion.NOT_JUDGED: 1, Conclusion.BREAKS: 2}


@dataclass(frozen=True, slots=True)
class Cell:
    """The verdict over several findings, and whether all that is broken there was known."""

    verdict: Verdict
    known: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """How many promises of a level are kept, of those that the provider claims to keep."""

    kept: int
    total: int


@dataclass(frozen=True, slots=True)
class Row:
    """One provider and model; what is counted are promises, and findings where it says so.

    `open_ended` is whether nobody knows what else was to be judged: the run broke off.
    """

    provider: str
    model: str
    cell: Cell
    worst: Verdict
    findings: Mapping[tuple[str, Verdict], int]
    kept: Mapping[str, Kept]
    promises: Mapping[str, Cell]
    broken: int
    known: int
    undecided: int
    not_claimed: int
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report says."""

    merged: Merged
    origins: tuple[Origin, ...]
    rows: tuple[Row, ...]
    chapters: Mapping[str, Mapping[Column, Cell]]
    broken: tuple[Broken, ...]
    causes: tuple[Cause, ...]
    reasons: tuple[Reason, ...]
    undecided: tuple[Group, ...]
    explained: tuple[Group, ...]
    not_claimed: tuple[Group, ...]
    observations: tuple[Seen, ...]
    complete: bool
    conclusion: Conclusion
    conclusions: Mapping[str, Conclusion]
    parts: frozenset[Column] = frozenset()
    spells: Mapping[tuple[str, str, str], Spells] = field(default_factory=dict)

    @property
    def new(self) -> tuple[Broken, ...]:
        """The broken promises that no known deviation excuses."""
        return tuple(each for each in self.broken if not each.known)

    @property
    def known(self) -> tuple[Broken, ...]:
        """The promises that a known deviation excuses."""
        return tuple(each for each in self.broken if each.known)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every provider and model, in the order of the rows."""
        return tuple((each.provider, each.model) for each in self.rows)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every verdict that is shown of a model as a whole, or of a chapter."""
        chapters = (cell for each in self.chapters.values() for cell in each.values())
        return (*(row.cell for row in self.rows), *chapters)


def summarize(runs: Sequence[Run]) -> Summary:
    """Count and group; raises `MergeError` for runs that do not go together."""
    merged = merge(runs)
    runs, found = merged.concluding, merged.findings
    open_ones = _undecided(runs, found)
    explained = _explained(found, open_ones)
    broken = tuple(broken_promises(found, merged.statements))
    return Summary(
        merged=merged,
        origins=tuple(origins(merged.runs)),
        rows=tuple(_rows(merged, {each.id for each in explained})),
        chapters=_chapters(merged),
        broken=broken,
        causes=tuple(causes_of([each for each in broken if not each.known], found)),
        reasons=tuple(reasons(each for each in broken if each.known)),
        undecided=tuple(grouped(open_ones)),
        explained=tuple(grouped(explained)),
        not_claimed=tuple(grouped(_with(found, Verdict.NOT_CLAIMED))),
        observations=tuple(seen(merged.observations)),
        complete=all(each.complete for each in runs),
        conclusion=_gravest(map(conclusion_of, runs)),
        conclusions=_conclusions(runs),
        parts=parts(runs),
    )


def cell_of(findings: Sequence[Finding]) -> Cell:
    """Give the verdict over some findings: what is newly broken outranks what was known."""
    new = worst(each.verdict for each in findings if not each.excused)
    if new in BROKEN or new is Verdict.HARNESS_ERROR:
        return Cell(new)
    known = [each.verdict for each in findings if each.excused]
    return Cell(worst(known), known=True) if known else Cell(new)


def conclusion_of(run: Run) -> Conclusion:
    """Give the exit code that a run had, or would have had if it was cut off."""
    if run.foreign:
        return _of_recordings(run, run.findings)
    found = _of_one(run.findings, complete=True)
    if found is Conclusion.CONFORMS and run.problems:
        return Conclusion.BREAKS
    return found if run.complete else _gravest((found, Conclusion.NOT_JUDGED))


def _of_recordings(run: Run, findings: Sequence[Finding]) -> Conclusion:
    whole = run.complete and not run.problems and _knows(run, findings)
    return conclude_recordings({each.verdict for each in findings}, whole)


def _knows(run: Run, findings: Sequence[Finding]) -> bool:
    """Whether any model that was judged is one of the edition."""
    unknown = run.header.get("unknown_models") or ()
    return not findings or any(each.model not in unknown for each in findings)


def _gravest(conclusions: Iterable[Conclusion]) -> Conclusion:
    return max(conclusions, key=_GRAVITY.__getitem__)


def _conclusions(runs: Sequence[Run]) -> dict[str, Conclusion]:
    """Conclude for each provider, from its own findings alone."""
    found: dict[str, Conclusion] = {}
    for run in runs:
        for provider, findings in _by_provider(run).items():
            before = found.get(provider, Conclusion.CONFORMS)
            mine = _of_recordings if run.foreign else _of_run
            found[provider] = _gravest((before, mine(run, findings)))
    return found


def _of_run(run: Run, findings: Sequence[Finding]) -> Conclusion:
    return _of_one(findings, run.complete)


def _of_one(findings: Sequence[Finding], complete: bool) -> Conclusion:
    if not findings:
        return Conclusion.NOT_JUDGED
    found = conclude(findings)
    cut = found is Conclusion.CONFORMS and not complete
    return Conclusion.NOT_JUDGED if cut else found


def _by_provider(run: Run) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {each["id"]: [] for each in run.header["providers"]}
    for finding in run.findings:
        found.setdefault(finding.provider, []).append(finding)
    return found


def _undecided(runs: Sequence[Run], merged: Sequence[Finding]) -> list[Finding]:
    """What a run could not decide, run by run, as its own conclusion sees it."""
    ids = {each.id: each for run in runs for each in undecided(run.findings)}
    return [each for each in merged if ids.get(each.id) == each]


def _explained(findings: Sequence[Finding], open_ones: Sequence[Finding]) -> list[Finding]:
    """What could not be judged only because something broken stood before it."""
    left = {each.id for each in open_ones}
    return [
        each
        for each in findings
        if each.verdict in UNDECIDED and not each.excused and each.id not in left
    ]


def _with(findings: Sequence[Finding], verdict: Verdict) -> list[Finding]:
    return [each for each in findings if each.verdict is verdict]


def _rows(merged: Merged, explained: Set[str]) -> Iterable[Row]:
    columns: dict[Column, list[Finding]] = {column: [] for column in planned(merged.runs)}
    for finding in merged.findings:
        columns.setdefault((finding.provider, finding.model), []).append(finding)
    order = {name: rank for rank, name in enumerate(dict.fromkeys(name for name, _ in columns))}
    for column in sorted(columns, key=lambda each: order[each[0]]):
        cut = interrupted(merged.concluding, column)
        if columns[column] or cut:
            row = _row(column, columns[column], explained, cut)
            yield replace(row, open_ended=open_ended(merged.concluding, column))


def _decisive(findings: Sequence[Finding], explained: Set[str]) -> Sequence[Finding]:
    """Leave out what another finding explains, where the promise was judged elsewhere.

    One refused request is one broken promise, told once; it does not unsay what the other
    requests of the model have shown.
    """
    return [each for each in findings if each.id not in explained] or findings


def _whole(cell: Cell, cut: bool) -> Cell:
    """Leave no model *pass* of which a part was never reached."""
    good = cell.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED)
    return Cell(Verdict.NOT_RUN) if cut and good else cell


def _row(
    column: Column, findings: Sequence[Finding], explained: Set[str], cut: bool = False
) -> Row:
    promises: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        promises.setdefault((each.level, each.clause), []).append(each)
    judged = {key: cell_of(_decisive(mine, explained)) for key, mine in promises.items()}
    cells = [(level, cell) for (level, _), cell in judged.items()]
    verdicts = Counter(each.verdict for _, each in cells if not each.known)
    return Row(
        provider=column[0],
        model=column[1],
        cell=_whole(cell_of(findings), cut),
        worst=worst(each.verdict for each in findings),
        findings=Counter((each.level, each.verdict) for each in findings),
        kept=_kept(cells),
        promises={clause: cell for (_, clause), cell in judged.items()},
        broken=sum(verdicts[each] for each in BROKEN),
        known=sum(each.known for _, each in cells),
        undecided=sum(verdicts[each] for each in (*UNDECIDED, Verdict.HARNESS_ERROR)),
        not_claimed=verdicts[Verdict.NOT_CLAIMED],
    )


def _kept(cells: Sequence[tuple[str, Cell]]) -> dict[str, Kept]:
    """Count by level; only what is not claimed leaves the denominator."""
    claimed = [(level, cell) for level, cell in cells if cell.verdict is not Verdict.NOT_CLAIMED]
    total = Counter(level for level, _ in claimed)
    kept = Counter(level for level, cell in claimed if cell.verdict is Verdict.PASS)
    return {level: Kept(kept[level], total[level]) for level in sorted(total, key=level_rank)}


def _chapters(merged: Merged) -> dict[str, dict[Column, Cell]]:
    cells: dict[str, dict[Column, list[Finding]]] = {}
    for each in merged.findings:
        chapter = cells.setdefault(each.clause.split(".", 1)[0], {})
        chapter.setdefault((each.provider, each.model), []).append(each)
    cut = {column for column in planned(merged.runs) if interrupted(merged.concluding, column)}
    return {
        chapter: {column: _whole(cell_of(mine), column in cut) for column, mine in columns.items()}
        for chapter, columns in cells.items()
    }
