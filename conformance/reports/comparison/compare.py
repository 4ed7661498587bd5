"""Promises side by side: which columns keep them, those first in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.findings import BROKEN, DECIDED, Finding, Verdict
from conformance.reports.comparison.columns import Column, columns
from conformance.reports.grouping import level_rank
from conformance.reports.wording import counted, listed
from conformance.results.reach import NOTHING, Cell, Kept, by_level, promise_of
from conformance.results.run_file import Run
from conformance.results.selection import selects

Cells = tuple[Cell | None, ...]
"""A cell a column; None where the column did not judge the promise."""


@dataclass(frozen=True, slots=True)
class Row:
    """One promise on the models on which all columns agree about it, each by itself."""

    clause: str
    level: str
    statement: str
    models: tuple[str, ...]
    cells: Cells
    messages: tuple[str, ...]  # why it is broken, a column each

    @property
    def differs(self) -> bool:
        """Whether the columns that judged it have different verdicts."""
        return len({each for each in self.cells if each is not None}) > 1

    @property
    def compared(self) -> bool:
        """Whether more than one column judged it."""
        return sum(each is not None for each in self.cells) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Columns side by side."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[Mapping[str, Kept], ...]  # by level, a column each, over rows that all judged
    notes: tuple[str, ...]

    @property
    def differing(self) -> Sequence[Row]:
        """The rows in which columns differ."""
        return [each for each in self.rows if each.differs]

    @property
    def same(self) -> Sequence[Row]:
        """The rows in which all columns that judged them agree."""
        return [each for each in self.rows if each.compared and not each.differs]

    @property
    def alone(self) -> Sequence[Row]:
        """The rows that only one column judged."""
        return [each for each in self.rows if not each.compared]


def compare(runs: Sequence[Run], incomplete_too: bool = False) -> Comparison:
    """Set providers, editions or versions of the suite side by side.

    Compared are promises by the id of their clause, model by model, over the cases that all
    columns judged. Raises `ComparisonError` where that would say nothing.
    """
    found = columns(runs, incomplete_too)
    rows = sorted(_rows(found), key=_rank)
    return Comparison(
        columns=tuple(found),
        rows=tuple(rows),
        totals=tuple(_totals(rows, place) for place in range(len(found))),
        notes=tuple(_notes(found)),
    )


def _rank(row: Row) -> tuple[bool, bool, int, str]:
    return not row.differs, not row.compared, level_rank(row.level), row.clause


def _rows(found: Sequence[Column]) -> Iterator[Row]:
    """Yield a row for every promise; models with the same cells share it."""
    tables = [_by_promise(each) for each in found]
    groups: dict[tuple[str, Cells], list[str]] = {}
    why: dict[tuple[str, Cells], tuple[str, ...]] = {}
    for clause, model in dict.fromkeys(key for table in tables for key in table):
        sides = _common([table.get((clause, model), []) for table in tables])
        cells = tuple(_cell(side, each) for side, each in zip(sides, found, strict=True))
        groups.setdefault((clause, cells), []).append(model)
        why.setdefault((clause, cells), tuple(_why(side) for side in sides))
    for (clause, cells), models in groups.items():
        levels = [each.levels[clause] for each in found if clause in each.levels]
        statements = [each.statements[clause] for each in found if clause in each.statements]
        level, statement = [*levels, "MAY"][0], [*statements, ""][0]
        yield Row(clause, level, statement, tuple(models), cells, why[clause, cells])


def _by_promise(column: Column) -> dict[tuple[str, str], list[Finding]]:
    table: dict[tuple[str, str], list[Finding]] = {}
    for each in column.findings:
        table.setdefault((each.clause, each.model), []).append(each)
    return table


def _common(sides: Sequence[list[Finding]]) -> list[list[Finding]]:
    """Leave the findings of those cases that every side judged, if there are any."""
    cases = [{each.case for each in side} for side in sides if side]
    shared = set.intersection(*cases)
    if not shared:
        return list(sides)
    return [[each for each in side if each.case in shared] for side in sides]


def _cell(findings: Sequence[Finding], column: Column) -> Cell | None:
    return promise_of(findings, column.explanations).cell if findings else None


def _why(findings: Iterable[Finding]) -> str:
    broken = [each for each in findings if each.verdict in BROKEN]
    return broken[0].message if broken else ""


def _totals(rows: Iterable[Row], place: int) -> dict[str, Kept]:
    """Count by level what a column keeps, over the rows that all columns judged and claim."""
    counts: dict[str, Kept] = {}
    for row in rows:
        cell, models = row.cells[place], len(row.models)
        if cell and all(e and e.verdict is not Verdict.NOT_CLAIMED for e in row.cells):
            good = cell.verdict is Verdict.PASS and not cell.known
            here = Kept(good * models, models, (cell.verdict in DECIDED) * models)
            counts[row.level] = counts.get(row.level, NOTHING) + here
    return by_level(counts)


def _notes(found: Sequence[Column]) -> Iterator[str]:
    for each in found:
        others = [other for other in found if other is not each]
        clauses = each.clauses - frozenset().union(*(other.levels for other in others))
        if clauses:
            yield f"Only {each.label} knows {listed(sorted(clauses), 5)}."
        models = set(each.models) - {model for other in others for model in other.models}
        if models:
            yield f"Only {each.label} was judged on {listed(sorted(models), 5)}."
        if not each.complete:
            yield f"The run of {each.label} {each.lack}."
    yield from _selections(found)
    yield from _contracts(found)


def _selections(found: Sequence[Column]) -> Iterator[str]:
    """Say which columns judged only a part, and what is broken elsewhere in what they left out."""
    narrow = [each.selection for each in found if each.selection]
    for rank, chosen in enumerate(narrow):
        if chosen in narrow[:rank]:
            continue
        parts = " and ".join(f"the {name} {glob}" for name, glob in chosen.items())
        names = listed([each.label for each in found if each.selection == chosen], 5)
        lost = sum(
            finding.verdict in BROKEN and not selects(chosen, finding)
            for each in found
            if each.selection != chosen
            for finding in each.findings
        )
        verb = "is" if lost == 1 else "are"
        more = f": {counted(lost, 'broken finding')} of the others {verb} not compared"
        yield f"Only {parts} were judged by {names}{more if lost else ''}."


def _contracts(found: Sequence[Column]) -> Iterator[str]:
    """Name clauses that two editions word, or rank, differently."""
    if len({each.edition for each in found}) < 2:
        return
    shared = set.intersection(*(set(each.levels) for each in found))
    ranked = sorted(name for name in shared if len({each.levels[name] for each in found}) > 1)
    worded = sorted(name for name in shared if len({each.statements[name] for each in found}) > 1)
    if ranked:
        several = counted(len(ranked), "clause has", "clauses have")
        yield f"{several} another level: {listed(ranked, 5)}."
    if worded:
        several = counted(len(worded), "clause is", "clauses are")
        yield f"{several} worded differently: {listed(worded, 5)}."
