"""Promises side by side: which columns keep them, those first in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.findings import BROKEN, DECIDED, Finding, Verdict
from conformance.output.counting import join_names, write_count
from conformance.output.printing import labelled
from conformance.reports.capabilities.table import ModelTable, model_tables
from conformance.reports.comparison.columns import ComparedProvider, compared_providers
from conformance.reports.contracts import contracts_of, lacking_in
from conformance.reports.grouping import group_by
from conformance.reports.side_by_side import ModelOffers, model_offers
from conformance.reports.wording import changed_under_its_name, reworded
from conformance.results.editions import by_edition
from conformance.results.reach import (
    LEVELS,
    Cell,
    Kept,
    count,
    promise_of,
    promises_of,
    sum_by_level,
)
from conformance.results.run_file import Run
from conformance.results.selection import selects

Cells = tuple[Cell | None, ...]
"""A cell a column; None where the column did not judge the promise."""

SECTIONS = ("Different", "The same", "Judged by one alone")


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
    def section(self) -> str:
        """The one of `SECTIONS` that it is in."""
        different, same, alone = SECTIONS
        is_compared = sum(cell is not None for cell in self.cells) > 1
        return different if self.differs else same if is_compared else alone


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
    def sections(self) -> dict[str, list[PromiseRow]]:
        """The rows by their section, each of which is there."""
        return {title: [row for row in self.rows if row.section == title] for title in SECTIONS}


def compare(runs: Sequence[Run], incomplete_too: bool = False) -> Comparison:
    """Set providers, editions or versions of the suite side by side.

    Compared are promises by the id of their clause, model by model, over the cases that all
    columns judged. Raises `ComparisonError` where that would say nothing.
    """
    runs = by_edition(runs)
    columns = compared_providers(runs, incomplete_too)
    clauses = (clause for column in columns for clause in column.clauses)
    rows = sorted(
        _rows(columns, lacking_in(contracts_of(runs), clauses)),
        key=lambda row: (SECTIONS.index(row.section), LEVELS.index(row.level), row.clause),
    )
    return Comparison(
        columns=tuple(columns),
        rows=tuple(rows),
        totals=tuple(_totals(rows, index) for index in range(len(columns))),
        notes=tuple(_notes(columns)),
        capabilities=_capabilities(columns),
        offers=_offers(columns),
    )


def _capabilities(columns: Sequence[ComparedProvider]) -> tuple[ModelTable, ...]:
    """Return the capability tables of all models that were judged, a side a column."""
    models = dict.fromkeys(model for column in columns for model in column.models)
    return model_tables(
        {
            (column.label, model): replace(column.sides[model], label=column.label)
            for model in models
            for column in columns
            if model in column.models and model in column.sides
        }
    )


def _offers(columns: Sequence[ComparedProvider]) -> tuple[ModelOffers, ...]:
    kept, sent = {}, {}
    for column in columns:
        promises = promises_of(column.findings, column.explanations)
        for model in column.models:
            kept[column.label, model] = count(promises[column.provider, model].values())
            exchanges = (exchange for exchange in column.exchanges if exchange.model == model)
            sent[column.label, model] = [exchange for exchange in exchanges if exchange.was_sent]
    return model_offers(kept, sent)


def _rows(
    columns: Sequence[ComparedProvider], lacking: Mapping[str, Sequence[str]]
) -> Iterator[PromiseRow]:
    """Yield a row for every promise; models with the same cells share it."""
    tables = [
        group_by(column.findings, lambda finding: (finding.clause, finding.model))
        for column in columns
    ]
    groups: dict[tuple[str, Cells], list[str]] = {}
    messages_by_group: dict[tuple[str, Cells], tuple[str, ...]] = {}
    for clause, model in dict.fromkeys(key for table in tables for key in table):
        sides = _common([table.get((clause, model), []) for table in tables])
        cells = tuple(
            promise_of(side, column.explanations).cell if side else None
            for side, column in zip(sides, columns, strict=True)
        )
        groups.setdefault((clause, cells), []).append(model)
        messages = (
            next((finding.message for finding in side if finding.verdict in BROKEN), "")
            for side in sides
        )
        messages_by_group.setdefault((clause, cells), tuple(messages))
    for (clause, cells), models in groups.items():
        records = (column.contract.clauses.get(clause) for column in columns)
        record = next(filter(None, records), None)
        level, statement = (record.level, record.statement) if record else ("MAY", "")
        lacks = tuple(clause in lacking[column.edition] for column in columns)
        yield PromiseRow(
            clause, level, statement, tuple(models), cells, messages_by_group[clause, cells], lacks
        )


def _common(sides: Sequence[list[Finding]]) -> list[list[Finding]]:
    """Keep the findings of the cases that every side judged; all, if there are no such cases."""
    cases = [{finding.case for finding in side} for side in sides if side]
    shared = set.intersection(*cases)
    if not shared:  # recordings number their own cases: all that each judged
        return list(sides)
    return [[finding for finding in side if finding.case in shared] for side in sides]


def _totals(rows: Iterable[PromiseRow], index: int) -> dict[str, Kept]:
    """Count by level what a column keeps, over the rows that all columns judged and claim."""
    counts = []
    for row in rows:
        cell, models = row.cells[index], len(row.models)
        if cell and all(other and other.verdict is not Verdict.NOT_CLAIMED for other in row.cells):
            kept = Kept(cell.kept * models, models, (cell.verdict in DECIDED) * models)
            counts.append((row.level, kept))
    return sum_by_level(counts)


def _notes(columns: Sequence[ComparedProvider]) -> Iterator[str]:
    for column in columns:
        others = [other for other in columns if other is not column]
        clauses = column.clauses - frozenset().union(*(other.contract.clauses for other in others))
        if clauses:
            yield f"Only {column.label} knows {join_names(sorted(clauses), 5)}."
        models = set(column.models) - {model for other in others for model in other.models}
        if models:
            yield f"Only {column.label} was judged on {join_names(sorted(models), 5)}."
        read_as = column.contract.edition.read_as
        read = [labelled(name, read_as[name]) for name in sorted(read_as)]
        if read:
            yield f"{column.label} judged {join_names(read, 5)}."
        if not column.complete:
            yield f"The run of {column.label} {column.lack}."
    yield from _selections(columns)
    yield from _contracts(columns)


def _selections(columns: Sequence[ComparedProvider]) -> Iterator[str]:
    """Say which columns judged only a part, and what is broken elsewhere in what they left out."""
    selections = [column.selection for column in columns if column.selection]
    for rank, selection in enumerate(selections):
        if selection in selections[:rank]:
            continue
        parts = " and ".join(f"the {name} {glob}" for name, glob in selection.items())
        names = join_names([column.label for column in columns if column.selection == selection], 5)
        broken_elsewhere = sum(
            finding.verdict in BROKEN and not selects(selection, finding)
            for column in columns
            if column.selection != selection
            for finding in column.findings
        )
        remark = ""
        if broken_elsewhere:
            verb = "is" if broken_elsewhere == 1 else "are"
            findings = write_count(broken_elsewhere, "broken finding")
            remark = f": {findings} of the others {verb} not compared"
        yield f"Only {parts} were judged by {names}{remark}."


def _contracts(columns: Sequence[ComparedProvider]) -> Iterator[str]:
    """Name clauses that two contracts word, or rank, differently."""
    digests: dict[str, set[str]] = {}
    for column in columns:
        digests.setdefault(column.edition, set()).add(column.digest)
    for edition, digests_of_edition in digests.items():
        if len(digests_of_edition - {""}) > 1:
            yield changed_under_its_name(edition, sorted(digests_of_edition - {""}))
    if len({(column.edition, column.digest) for column in columns}) > 1:
        yield from reworded([column.contract for column in columns])
