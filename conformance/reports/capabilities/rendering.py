"""Capability tables in words: for programs, for Markdown and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper, Part
from conformance.reports.capabilities.answers import MEANINGS, SILENT, Word
from conformance.reports.capabilities.table import Capability, ModelTable, ValueRow
from conformance.reports.grouping import group_by

TITLE = "What they do with each parameter"
NOTABLE = (Word.CRASHES, Word.REFUSED, Word.IGNORED, Word.ALTERED, Word.UNDECIDED)
"""The words that the terminal names the values of."""


def as_json(tables: Iterable[ModelTable]) -> list[dict[str, Any]]:
    """Return tables as JSON values."""
    return [
        {
            "model": table.model,
            "parameter": row.parameter,
            "value": row.value,
            "standing": row.standing,
            "cells": [
                {"column": side, "standing": standing or None, **to_builtins(cell)}
                for side, cell, standing in zip(table.sides, row.cells, row.standings, strict=True)
            ],
        }
        for table in tables
        for row in table.rows
    ]


def worded(cell: Capability) -> str:
    """Return a word, and in how many exchanges it is so where they do not agree."""
    count, total = cell.times
    return cell.word if cell.always else f"{cell.word} in {count} of {total}"


def with_case(cell: Capability) -> str:
    """Return a word with the exchange that shows it, or why there is none."""
    return f"{worded(cell)}: {cell.evidence[0].case if cell.evidence else cell.why}"


def value_of(row: ValueRow) -> str:
    """Return a value with its parameter."""
    return f"{row.parameter} = {row.value}"


def standing_of(row: ValueRow, sides: Sequence[str]) -> str:
    """Return what the contract says of a value; where editions disagree, side by side."""
    pairs = zip(sides, row.standings, strict=True)
    standings = {side: standing for side, standing in pairs if standing}
    if len(set(standings.values())) < 2:
        return row.standing
    return "; ".join(f"{standing} for {side}" for side, standing in standings.items())


def side_words(table: ModelTable, side: int) -> Iterator[tuple[Word, str]]:
    """Yield each word of a side with its values, or with their number if it is not notable."""
    for word, count in table.counts(side).items():
        rows_of_word = [row for row in table.rows if row.cells[side].word is word]
        parameters = group_by(rows_of_word, lambda row: row.parameter)
        texts = [
            f"{name} ({', '.join(row.value for row in rows)})" for name, rows in parameters.items()
        ]
        yield word, f"{word} {join_names(texts, 6) if word in NOTABLE else count}"


def print_short(paper: Paper, tables: Sequence[ModelTable]) -> None:
    """Print a paragraph for each provider and the models of which it says the same."""
    paragraphs: dict[tuple[str, tuple[tuple[Word, str], ...]], list[str]] = {}
    for table in tables:
        for side, label in enumerate(table.sides):
            words = tuple(side_words(table, side))
            if all(word in SILENT for word, _ in words):
                continue
            paragraphs.setdefault((label, words), []).append(table.model)
    if paragraphs:
        paper.title(TITLE)
    for (label, words), models in paragraphs.items():
        parts: list[Part] = [(f"{label}, {join_names(models, 6)}: ", "bold")]
        for rank, (word, text) in enumerate(words):
            parts += ["; " if rank else "", (text, MEANINGS[word].style)]
        paper.line(*parts, indent=2)


def print_tables(paper: Paper, tables: Sequence[ModelTable], show_all: bool) -> None:
    """Print the values that sides treat differently, model by model; or all that were asked."""
    for table in tables:
        rows: list[list[Part]] = [
            [
                (value_of(row), "bold"),
                *((worded(cell), MEANINGS[cell.word].style) for cell in row.cells),
            ]
            for row in table.rows
            if row.differs or (show_all and row.asked)
        ]
        if len(table.sides) == 1 and not rows:
            continue
        paper.title(f"{TITLE}: {table.model} ({differing(table)})")
        if rows:
            paper.grid(("asked for", *table.sides), rows)


def differing(table: ModelTable) -> str:
    """Say how many values were asked for, and in how many sides differ."""
    values = write_count(sum(row.asked for row in table.rows), "value")
    if len(table.sides) == 1:
        return values
    if not table.differing:
        return f"they do not differ in any of {values}"
    return f"they differ in {table.differing} of {values}"
