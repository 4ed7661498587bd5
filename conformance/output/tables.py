"""Text and tables for a terminal: foreign text is made harmless, and nothing is cut.

Where a terminal is narrow, names are folded, and numbers never.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.output.printing import printable


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
            wider = (index for index, (least, _) in enumerate(spans) if widths[index] > least)
            shrinkable = [index for index in wider if columns[index].is_number is numbers]
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


LONGEST = 4000  # characters of one text: all that a run file of ours has is shorter


Part = str | tuple[str, str]
"""A text of a paragraph or a cell, or one with its style."""


class Paper:
    """What every report for the terminal is written on."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._encoding = getattr(console.file, "encoding", None) or "utf-8"

    def text(self, part: Part) -> Text:
        """Make foreign text harmless, and keep it within what the output can encode."""
        text, style = (part, "") if isinstance(part, str) else part
        safe = printable(text, LONGEST)
        try:
            safe.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):  # a terminal of some other language, or of none
            safe = safe.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")
        return Text(safe, style=style)

    def line(self, *parts: Part, indent: int = 0, lines: int = 0) -> None:
        """Print one paragraph, indented; a provider's words are cut to some `lines` (0: whole).

        What the suite says is printed whole, and in a pipe everything is: a remedy stands at the
        end. Wrapped here and not by Rich, which fills every line up with blanks.
        """
        width = max(self.console.width - indent, 10)
        paragraph = Text("").join(map(self.text, parts))
        wrapped = list(paragraph.wrap(self.console, width, overflow="fold"))
        if 0 < lines < len(wrapped) and self.console.is_terminal:
            wrapped = wrapped[:lines]
            ellipsis = self.text(" …")
            wrapped[-1].rstrip()
            wrapped[-1].truncate(width - ellipsis.cell_len)
            wrapped[-1].append_text(ellipsis)
        for line in wrapped:
            line.rstrip()
            self.console.print(Text(" " * indent).append_text(line), soft_wrap=True)

    def more(self, count: int, where: str) -> None:
        """Print how many more there are, where there are any, and where to see them."""
        if count > 0:
            self.line((f"and {count} more{where}", "dim"), indent=2)

    def title(self, title: str) -> None:
        """Print the title of a section, below an empty line."""
        self.console.print()
        self.console.print(self.text((title, "bold")))

    def grid(self, headings: Iterable[str], rows: Iterable[Iterable[Part]], names: int = 1) -> None:
        """Print a table whose cells can be copied whole.

        On a terminal that is too narrow for it the columns come in parts below each other, each
        beside the first columns, which are `names`. In a pipe the table is whole.
        """
        grid = [[*map(self.text, row)] for row in (headings, *rows)]
        columns = list(zip(*grid, strict=True))
        widths = [max(cell.cell_len for cell in column) + 2 for column in columns]
        fixed_width = sum(widths[:names])
        parts: list[list[int]] = [[]]
        for index in range(names, len(columns)):
            width = fixed_width + sum(widths[column] for column in (*parts[-1], index))
            if width > self.console.width and parts[-1] and self.console.is_terminal:
                parts.append([])
            parts[-1].append(index)
        for part in parts:
            table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
            for index in (*range(names), *part):
                table.add_column(columns[index][0], no_wrap=True, min_width=widths[index] - 2)
            for row in grid[1:]:
                table.add_row(*(row[index] for index in (*range(names), *part)))
            self.console.print(table, crop=False, soft_wrap=True)
