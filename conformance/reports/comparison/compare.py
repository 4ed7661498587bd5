"""Promises side by side: which columns keep them, those first in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.findings import BROKEN, DECIDED, Finding, Verdict
from conformance.output.printing import labelled
from conformance.reports.capabilities import ModelTable, model_tables
from conformance.reports.comparison.columns import ComparedProvider, columns
from conformance.reports.contracts import contracts_of, lacking_in
from conformance.reports.formatting import counted, listed
from conformance.reports.grouping import group_by
from conformance.reports.measures import measures_of
from conformance.reports.side_by_side import ModelOffers, Offer, offers_by_model
from conformance.reports.wording import changed_under_its_name, reworded
from conformance.results.editions import by_edition
from conformance.results.reach import (
    LEVELS,
    NOTHING,
    Cell,
    Kept,
    by_level,
    count,
    promise_of,
    promises_of,
)
from conformance.results.run_file import Run
from conformance.results.selection import selects

Cells = tuple[Cell | None, ...]
"""A cell a column; None where the column did not judge the promise."""


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise on the models on which all columns agree about it, each by itself."""

    clause: str
    level: str
    statement: str
    models: tuple[str, ...]
    cells: Cells
    messages: tuple[str, ...]  # why it is broken, a column each
    lacking: tuple[bool, ...]  # whether the edition of a column does not have it

    @property
    def differs(self) -> bool:
        """Return whether the columns that judged it have different verdicts."""
        return len({cell for cell in self.cells if cell is not None}) > 1

    @property
    def compared(self) -> bool:
        """Return whether more than one column judged it."""
        return sum(cell is not None for cell in self.cells) > 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Columns side by side."""

    columns: tuple[ComparedProvider, ...]
    rows: tuple[PromiseRow, ...]
    totals: tuple[Mapping[str, Kept], ...]  # by level, a column each, over rows that all judged
    notes: tuple[str, ...]
    capabilities: tuple[ModelTable, ...]
    offers: tuple[ModelOffers, ...]

    @property
    def differing(self) -> Sequence[PromiseRow]:
        """The rows in which columns differ."""
        return [row for row in self.rows if row.differs]

    @property
    def same(self) -> Sequence[PromiseRow]:
        """The rows in which all columns that judged them agree."""
        return [row for row in self.rows if row.compared and not row.differs]

    @property
    def alone(self) -> Sequence[PromiseRow]:
        """The rows that only one column judged."""
        return [row for row in self.rows if not row.compared]


def compare(runs: Sequence[Run], incomplete_too: bool = False) -> Comparison:
    """Set providers, editions or versions of the suite side by side.

    Compared are promises by the id of their clause, model by model, over the cases that all
    columns judged. Raises `ComparisonError` where that would say nothing.
    """
    runs = by_edition(runs)
    shown = columns(runs, incomplete_too)
    judged = (clause for column in shown for clause in column.clauses)
    rows = sorted(
        _rows(shown, lacking_in(contracts_of(runs), judged)),
        key=lambda row: (not row.differs, not row.compared, LEVELS.index(row.level), row.clause),
    )
    return Comparison(
        columns=tuple(shown),
        rows=tuple(rows),
        totals=tuple(_totals(rows, place) for place in range(len(shown))),
        notes=tuple(_notes(shown)),
        capabilities=_capabilities(shown),
        offers=offers_by_model(offer for column in shown for offer in _offers(column)),
    )


def _capabilities(shown: Sequence[ComparedProvider]) -> tuple[ModelTable, ...]:
    """Return the capability tables of all models that were judged, a side a column."""
    models = dict.fromkeys(model for column in shown for model in column.models)
    return model_tables(
        {
            (column.label, model): replace(column.sides[model], label=column.label)
            for model in models
            for column in shown
            if model in column.models and model in column.sides
        }
    )


def _offers(column: ComparedProvider) -> Iterator[Offer]:
    promises = promises_of(column.findings, column.explanations)
    for model in column.models:
        exchanges = (exchange for exchange in column.exchanges if exchange.model == model)
        sent = [exchange for exchange in exchanges if exchange.was_sent]
        kept = count(promises.get((column.provider, model), {}).values())
        yield Offer(column.label, model, kept.get("MUST", NOTHING), measures_of(sent))


def _rows(
    shown: Sequence[ComparedProvider], lacking: Mapping[str, Sequence[str]]
) -> Iterator[PromiseRow]:
    """Yield a row for every promise; models with the same cells share it."""
    tables = [
        group_by(column.findings, lambda finding: (finding.clause, finding.model))
        for column in shown
    ]
    groups: dict[tuple[str, Cells], list[str]] = {}
    why: dict[tuple[str, Cells], tuple[str, ...]] = {}
    for clause, model in dict.fromkeys(key for table in tables for key in table):
        sides = _common([table.get((clause, model), []) for table in tables])
        cells = tuple(
            promise_of(side, column.explanations).cell if side else None
            for side, column in zip(sides, shown, strict=True)
        )
        groups.setdefault((clause, cells), []).append(model)
        messages = (
            next((finding.message for finding in side if finding.verdict in BROKEN), "")
            for side in sides
        )
        why.setdefault((clause, cells), tuple(messages))
    for (clause, cells), models in groups.items():
        records = (column.contract.clauses.get(clause) for column in shown)
        first = next(filter(None, records), None)
        level, statement = (first.level, first.statement) if first else ("MAY", "")
        lacks = tuple(clause in lacking[column.edition] for column in shown)
        yield PromiseRow(clause, level, statement, tuple(models), cells, why[clause, cells], lacks)


def _common(sides: Sequence[list[Finding]]) -> list[list[Finding]]:
    """Leave the findings of those cases that every side judged, if there are any."""
    cases = [{finding.case for finding in side} for side in sides if side]
    shared = set.intersection(*cases)
    if not shared:  # recordings number their own cases: all that each judged
        return list(sides)
    return [[finding for finding in side if finding.case in shared] for side in sides]


def _totals(rows: Iterable[PromiseRow], place: int) -> dict[str, Kept]:
    """Count by level what a column keeps, over the rows that all columns judged and claim."""
    counts: dict[str, Kept] = {}
    for row in rows:
        cell, models = row.cells[place], len(row.models)
        if cell and all(other and other.verdict is not Verdict.NOT_CLAIMED for other in row.cells):
            good = cell.verdict is Verdict.PASS and not cell.known
            here = Kept(good * models, models, (cell.verdict in DECIDED) * models)
            counts[row.level] = counts.get(row.level, NOTHING) + here
    return by_level(counts)


def _notes(shown: Sequence[ComparedProvider]) -> Iterator[str]:
    for column in shown:
        others = [other for other in shown if other is not column]
        clauses = column.clauses - frozenset().union(*(other.contract.clauses for other in others))
        if clauses:
            yield f"Only {column.label} knows {listed(sorted(clauses), 5)}."
        models = set(column.models) - {model for other in others for model in other.models}
        if models:
            yield f"Only {column.label} was judged on {listed(sorted(models), 5)}."
        read_as = column.contract.edition.read_as
        read = [labelled(name, read_as[name]) for name in sorted(read_as)]
        if read:
            yield f"{column.label} judged {listed(read, 5)}."
        if not column.complete:
            yield f"The run of {column.label} {column.lack}."
    yield from _selections(shown)
    yield from _contracts(shown)


def _selections(shown: Sequence[ComparedProvider]) -> Iterator[str]:
    """Say which columns judged only a part, and what is broken elsewhere in what they left out."""
    narrow = [column.selection for column in shown if column.selection]
    for rank, chosen in enumerate(narrow):
        if chosen in narrow[:rank]:
            continue
        parts = " and ".join(f"the {name} {glob}" for name, glob in chosen.items())
        names = listed([column.label for column in shown if column.selection == chosen], 5)
        lost = sum(
            finding.verdict in BROKEN and not selects(chosen, finding)
            for column in shown
            if column.selection != chosen
            for finding in column.findings
        )
        verb = "is" if lost == 1 else "are"
        more = f": {counted(lost, 'broken finding')} of the others {verb} not compared"
        yield f"Only {parts} were judged by {names}{more if lost else ''}."


def _contracts(shown: Sequence[ComparedProvider]) -> Iterator[str]:
    """Name clauses that two contracts word, or rank, differently."""
    digests: dict[str, set[str]] = {}
    for column in shown:
        digests.setdefault(column.edition, set()).add(column.digest)
    for edition, known in digests.items():
        if len(known - {""}) > 1:
            yield changed_under_its_name(edition, sorted(known - {""}))
    if len({(column.edition, column.digest) for column in shown}) > 1:
        yield from reworded([column.contract for column in shown])
