"""A comparison for the terminal: what differs, and how much is the same."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.reports.comparison.compare import Comparison, Row
from conformance.reports.comparison.render import closing, totals, word_of
from conformance.reports.console_text import Paper
from conformance.reports.wording import counted, listed
from conformance.results.reach import Cell


def print_comparison(found: Comparison, console: Console, every: bool = False) -> None:
    """Print the rows that differ; with ``every``, all rows."""
    _ComparisonPage(console, found).print(every)


class _ComparisonPage(Paper):
    """One comparison on one console."""

    def __init__(self, console: Console, found: Comparison) -> None:
        super().__init__(console)
        self._found = found

    def print(self, every: bool) -> None:
        for each in self._found.columns:
            said = f": {each.edition}, {each.tool}, {each.mode}, {each.started[:10]}"
            self._line(self._text(each.label, "bold"), self._text(said), indent=2)
        for note in self._found.notes:
            self._line(self._text(note, "yellow"), lines=2)
        self._table("Different", self._found.differing)
        if every:
            self._table("The same", self._found.same)
            self._table("Judged by one alone", self._found.alone)
        self._totals()
        self._rest(every)

    def _table(self, title: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self._title(f"{title} ({len(rows)})")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for name in ("", "clause"):
            table.add_column(Text(name), no_wrap=True)
        table.add_column(Text("models"), no_wrap=True)
        for each in self._found.columns:
            table.add_column(self._text(each.label), no_wrap=True)
        for row in rows:
            models = self._text(listed(row.models, 2))
            clause = self._text(row.clause, "bold")
            table.add_row(self._text(row.level), clause, models, *map(self._cell, row.cells))
        # an id is there to be copied whole: a terminal that is too narrow breaks the line
        for column in table.columns:
            column.min_width = max(map(cell_len, map(str, (column.header, *column.cells))))
        self._console.print(table, crop=False, soft_wrap=True)

    def _cell(self, cell: Cell | None) -> Text:
        return self._text(word_of(cell), cell.state.style if cell else "")

    def _totals(self) -> None:
        self._title("Kept, of the promises that all judged")
        for each, kept in zip(self._found.columns, self._found.totals, strict=True):
            self._line(self._text(each.label, "bold"), self._text(f": {totals(kept)}"), indent=2)

    def _rest(self, every: bool) -> None:
        self._console.print()
        left = counted(len(self._found.same), "row is", "rows are")
        shown = "" if every else f" {left} the same (--all shows them)."
        self._line(self._text(closing(self._found), "bold"), self._text(shown))
