"""Foreign text on a terminal: made harmless, and wrapped to its width."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.parsing import printable

LONGEST = 400  # characters of one foreign text, before it is cut to its lines


class Paper:
    """What every report for the terminal is written on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._encoding = getattr(console.file, "encoding", None) or "utf-8"

    def _text(self, text: str, style: str = "") -> Text:
        """Make foreign text harmless, and keep it within what the output can encode."""
        safe = printable(text, LONGEST)
        try:
            safe.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            safe = safe.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")
        return Text(safe, style=style)

    def _line(self, *parts: Text, indent: int = 0, lines: int = 0) -> None:
        """Print one paragraph, indented, cut to some lines (0: whole).

        Wrapped here and not by Rich, which fills every line up with blanks.
        """
        room = max(self._console.width - indent, 10)
        wrapped = list(Text("").join(parts).wrap(self._console, room, overflow="fold"))
        if lines and len(wrapped) > lines:
            wrapped = wrapped[:lines]
            mark = self._text(" …")
            wrapped[-1].rstrip()
            wrapped[-1].truncate(room - mark.cell_len)
            wrapped[-1].append_text(mark)
        for line in wrapped:
            line.rstrip()
            self._console.print(Text(" " * indent).append_text(line), soft_wrap=True)

    def _title(self, title: str) -> None:
        self._console.print()
        self._console.print(self._text(title, "bold"))

    def _whole_table(self, table: Table) -> None:
        """Print a table whose cells can be copied whole: a narrow terminal breaks lines."""
        for column in table.columns:
            column.min_width = max(map(cell_len, map(str, (column.header, *column.cells))))
        self._console.print(table, crop=False, soft_wrap=True)
