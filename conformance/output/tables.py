"""Tables that cut nothing: where a terminal is narrow, names are folded, and numbers never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of names, or of numbers, which keep the width of their longest word."""

    heading: str
    is_number: bool = False
    least: int = 12
    """Cells that names keep before a line grows longer than the terminal is wide."""


Rows = Sequence[Sequence[Text]]


def fits(width: int, columns: Sequence[TableColumn], rows: Rows, gap: int) -> bool:
    """Return whether a table is no wider than some cells, its names folded as far as they may."""
    return sum(least for least, _ in _spans(columns, rows)) + gap * (len(columns) - 1) <= width


def print_table(console: Console, columns: Sequence[TableColumn], rows: Rows, gap: int = 2) -> None:
    """Print rows under headings; only a table that can be made no narrower exceeds the console."""
    spans = _spans(columns, rows)
    widths = [longest for _, longest in spans]
    for numbers in (False, True):  # names give way first
        while sum(widths) + gap * (len(widths) - 1) > console.width:
            shrinkable = [
                index
                for index, (least, _) in enumerate(spans)
                if columns[index].is_number is numbers and widths[index] > least
            ]
            if not shrinkable:
                break
            # the widest of them gives way, a cell at a time
            widths[max(shrinkable, key=lambda index: widths[index])] -= 1
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            Text(column.heading),
            justify="right" if column.is_number else "left",
            overflow="fold",
            min_width=width,
            max_width=width,
        )
    for row in rows:
        table.add_row(*row)
    console.print(table, crop=False)


def _spans(columns: Sequence[TableColumn], rows: Rows) -> list[tuple[int, int]]:
    """Return the least width of each column, and that of its longest cell."""
    spans = []
    for index, column in enumerate(columns):
        texts = [column.heading, *(row[index].plain for row in rows)]
        longest = max(map(cell_len, texts))
        word = max(cell_len(word) for text in texts for word in (text.split() or [""]))
        spans.append((word if column.is_number else min(longest, column.least), longest))
    return spans
