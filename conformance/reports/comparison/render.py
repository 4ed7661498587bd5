"""A comparison in words: for the terminal, documents, machines and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import to_builtins
from rich.console import Console

from conformance.output.counting import join_names, write_count
from conformance.output.printing import printable
from conformance.output.tables import Paper, Part
from conformance.reports import side_by_side
from conformance.reports.capabilities import rendering as capability
from conformance.reports.comparison.columns import ComparedProvider, ComparisonError
from conformance.reports.comparison.compare import Comparison, PromiseRow
from conformance.reports.contracts import NOT_IN_EDITION, differences
from conformance.reports.csv_report import csv_cell
from conformance.reports.formatting import json_document
from conformance.reports.markdown import fill
from conformance.reports.page.rendering import page
from conformance.reports.summary import summarize
from conformance.results.reach import Kept
from conformance.results.run_file import Run

SCHEMA = 1
"""Version of the JSON form, which is published in ``schemas/comparison.schema.json``."""

_MEMBERS = (
    "label", "provider", "edition", "digest", "tool", "mode", "base_url", "run", "started",
    "complete",
)  # of a column  # fmt: skip


def words_of(row: PromiseRow) -> list[str]:
    """Name the verdicts of a row, a column each."""
    words = []
    for cell, lacking in zip(row.cells, row.lacking, strict=True):
        absent = NOT_IN_EDITION if lacking else "not judged"
        words.append(cell.state.label if cell else absent)
    return words


def totals(kept: Mapping[str, Kept]) -> str:
    """Write how many promises are kept, and how many were decided, by level."""
    levels = (
        f"{level} {count.kept}/{count.total} ({count.decided} decided)"
        for level, count in kept.items()
    )
    return ", ".join(levels) or "none"


def closing(comparison: Comparison) -> str:
    """Say in one sentence how much differs."""
    promises = len({row.clause for row in comparison.rows if row.differs})
    if not promises:
        return "They do not differ in anything that more than one judged."
    return f"They differ in {write_count(promises, 'promise')}."


def comparison_markdown(comparison: Comparison) -> str:
    """Write a comparison as GitHub-flavoured Markdown, all rows."""
    values = {
        "report": comparison,
        "closing": closing(comparison),
        "tables": comparison.capabilities,
        "offers": comparison.offers,
        "edition_of": {}.get,  # a label says the edition where there are several
        "differences": differences([column.contract for column in comparison.columns]),
        "words_of": words_of,
        "totals": totals,
    }
    return fill("comparison.md.jinja", values)


def comparison_csv(comparison: Comparison) -> str:
    """Write a comparison as CSV, a row each; what a spreadsheet would run is quoted."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    labels = [column.label for column in comparison.columns]
    writer.writerow(map(csv_cell, ["clause", "level", "models", "differs", *labels]))
    for row in comparison.rows:
        start = [row.clause, row.level, " ".join(row.models), "yes" if row.differs else "no"]
        writer.writerow(map(csv_cell, [*start, *words_of(row)]))
    return file.getvalue()


def comparison_json(comparison: Comparison) -> str:
    """Write a comparison as JSON."""
    value = {
        "schema": SCHEMA,
        "columns": [
            {**{name: getattr(column, name) for name in _MEMBERS}, "kept": to_builtins(kept)}
            for column, kept in zip(comparison.columns, comparison.totals, strict=True)
        ],
        "notes": list(comparison.notes),
        "capabilities": capability.as_json(comparison.capabilities),
        "offers": side_by_side.as_json(comparison.offers),
        "rows": [_row(row, comparison.columns) for row in comparison.rows],
    }
    return json_document(value)


def _row(row: PromiseRow, columns: Iterable[ComparedProvider]) -> dict[str, Any]:
    return {
        "clause": row.clause,
        "level": row.level,
        "statement": row.statement,
        "models": row.models,
        "differs": row.differs,
        "cells": [
            {
                "column": column.label,
                "verdict": cell.verdict.value if cell else None,
                "known": bool(cell and cell.known),
                "message": message,
                "word": word,
            }
            for column, cell, message, word in zip(
                columns, row.cells, row.messages, words_of(row), strict=True
            )
        ],
    }


def comparison_page(comparison: Comparison, runs: Sequence[Run]) -> str:
    """Write the page of some runs, in which their providers stand side by side, with evidence.

    Raises `ComparisonError` where two columns are of one provider and edition: a page has a
    column for each provider and model.
    """
    names = [(column.provider, column.edition) for column in comparison.columns]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ComparisonError(
            f"a page cannot show {printable(repeated[0], 60)} twice; write .md, .json or .csv"
        )
    return page(summarize(runs))


def print_comparison(comparison: Comparison, console: Console, show_all: bool = False) -> None:
    """Print the rows that differ; with `show_all`, all rows."""
    paper = Paper(console)
    for column in comparison.columns:
        about = f": {column.edition}, {column.tool}, {column.mode}, {column.started[:10]}"
        paper.line((column.label, "bold"), about, indent=2)
    for note in comparison.notes:
        paper.line((note, "yellow"))
    capability.print_tables(paper, comparison.capabilities, show_all)
    side_by_side.print_offers(paper, comparison.offers)
    labels = [column.label for column in comparison.columns]
    sections = comparison.sections
    for title, rows in sections.items():
        if rows and (show_all or rows[0].differs):
            paper.title(f"{title} ({len(rows)})")
            paper.grid(("", "clause", "models", *labels), map(_cells, rows), names=3)
    paper.title("Kept, of the promises that all judged")
    for column, kept in zip(comparison.columns, comparison.totals, strict=True):
        paper.line((column.label, "bold"), f": {totals(kept)}", indent=2)
    console.print()
    same = write_count(len(sections["The same"]), "row is", "rows are")
    remark = "" if show_all else f" {same} the same (--all shows them)."
    paper.line((closing(comparison), "bold"), remark)


def _cells(row: PromiseRow) -> list[Part]:
    styles = [cell.state.style if cell else "dim" for cell in row.cells]
    verdicts = zip(words_of(row), styles, strict=True)
    return [row.level, (row.clause, "bold"), join_names(row.models, 2), *verdicts]
