"""A comparison in words, and in the forms for documents, machines and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from conformance.parsing import printable, without_commands
from conformance.reports.comparison.columns import Column
from conformance.reports.comparison.compare import Comparison, Row
from conformance.reports.markdown import filled
from conformance.reports.wording import counted
from conformance.results.reach import Cell, Kept

SCHEMA = 1
"""Version of the JSON form, which is published in ``schemas/comparison.schema.json``."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
NOT_JUDGED = "not judged"


def word_of(cell: Cell | None) -> str:
    """Name a cell's verdict."""
    return NOT_JUDGED if cell is None else cell.state.label


def totals(kept: Mapping[str, Kept]) -> str:
    """Write how many promises are kept, and how many were decided, by level."""
    said = [f"{level} {e.kept}/{e.total} ({e.decided} decided)" for level, e in kept.items()]
    return ", ".join(said) or "none"


def closing(found: Comparison) -> str:
    """Say in one sentence how much differs."""
    rows = found.differing
    if not rows:
        return "They do not differ in anything that more than one judged."
    promises = len({each.clause for each in rows})
    return f"They differ in {counted(promises, 'promise')}."


def comparison_markdown(found: Comparison) -> str:
    """Write a comparison as GitHub-flavoured Markdown, all rows."""
    sections = [
        ("Different", found.differing),
        ("The same", found.same),
        ("Judged by one alone", found.alone),
    ]
    words = {"word_of": word_of, "totals": totals, "closing": closing(found)}
    return filled("comparison.md.jinja", {"found": found, "sections": sections, **words})


def comparison_csv(found: Comparison) -> str:
    """Write a comparison as CSV, a row each; what a spreadsheet would run is quoted."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    labels = [each.label for each in found.columns]
    writer.writerow(map(_plain, ["clause", "level", "models", "differs", *labels]))
    for row in found.rows:
        start = [row.clause, row.level, " ".join(row.models), "yes" if row.differs else "no"]
        writer.writerow(map(_plain, [*start, *map(word_of, row.cells)]))
    return file.getvalue()


def _plain(value: str) -> str:
    safe = printable(value, 500)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def comparison_json(found: Comparison) -> str:
    """Write a comparison as JSON."""
    value = {
        "schema": SCHEMA,
        "columns": [_column(*both) for both in zip(found.columns, found.totals, strict=True)],
        "notes": list(found.notes),
        "rows": [_row(each, found.columns) for each in found.rows],
    }
    return without_commands(json.dumps(value, indent=1)) + "\n"


def _column(column: Column, kept: Mapping[str, Kept]) -> dict[str, Any]:
    names = ("label", "provider", "edition", "tool", "mode", "base_url", "run", "started")
    return {
        **{name: getattr(column, name) for name in names},
        "complete": column.complete,
        "kept": {level: asdict(each) for level, each in kept.items()},
    }


def _row(row: Row, columns: Iterable[Column]) -> dict[str, Any]:
    cells = zip(columns, row.cells, row.messages, strict=True)
    return {
        "clause": row.clause,
        "level": row.level,
        "statement": row.statement,
        "models": list(row.models),
        "differs": row.differs,
        "cells": [_cell(column, cell, message) for column, cell, message in cells],
    }


def _cell(column: Column, cell: Cell | None, message: str) -> dict[str, Any]:
    return {
        "column": column.label,
        "verdict": cell.verdict.value if cell else None,
        "known": bool(cell and cell.known),
        "message": message,
    }
