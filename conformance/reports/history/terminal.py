"""A history for the terminal: a row of nights a promise, those first that changed last."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from conformance.reports.console_text import Paper
from conformance.reports.history.render import changes_of, flakes_of, now_of, span
from conformance.reports.history.states import LEGEND, MARKS, State
from conformance.reports.history.timeline import History, Nights, Timeline, squeezed
from conformance.reports.wording import counted, listed

MOST = 12
"""Promises of a provider that are shown."""

_MOST_PROBLEMS = 3
_STYLES = {MARKS[state]: state.shown.style for state in State}


def print_history(found: History, console: Console, every: bool = False) -> None:
    """Print a history; with ``every``, all that it has."""
    _HistoryPage(console, found, every).print()


class _HistoryPage(Paper):
    """One history on one console."""

    def __init__(self, console: Console, found: History, every: bool) -> None:
        super().__init__(console)
        self._found = found
        self._every = every

    def print(self) -> None:
        for nights in self._found.nights:
            mine = [each for each in self._found.timelines if each.provider == nights.provider]
            self._provider(nights, mine)
        self._console.print()
        self._line(self._text(LEGEND, "dim"))
        still = counted(self._found.unchanged, "promise", "promises")
        self._line(self._text(f"{still} never changed (--all shows them).", "dim"))
        if self._found.silent:
            said = counted(self._found.silent, "promise was", "promises were")
            self._line(self._text(f"{said} judged before, not on the newest night.", "magenta"))
        for note in self._found.notes:
            self._line(self._text(note, "yellow"))
        for path, why in self._found.problems[:_MOST_PROBLEMS]:
            self._line(self._text(f"left out: {path}: {why}", "yellow"), lines=2)
        more = len(self._found.problems) - _MOST_PROBLEMS
        if more > 0:
            self._line(self._text(f"and {counted(more, 'file')} more left out", "yellow"))

    def _provider(self, nights: Nights, timelines: list[Timeline]) -> None:
        self._title(f"{nights.provider}: {span(nights)}")
        most = len(timelines) if self._every else MOST
        for each in timelines[:most]:
            self._timeline(each)
        if not timelines:
            self._line(self._text("nothing changed", "dim"), indent=2)
        elif len(timelines) > most:
            more = f"and {len(timelines) - most} more (--all shows them)"
            self._line(self._text(more, "dim"), indent=2)

    def _timeline(self, timeline: Timeline) -> None:
        now = timeline.now
        style = _STYLES[MARKS[State.UNAVAILABLE if timeline.silence else now.state]] if now else ""
        parts = [each for each in (changes_of(timeline), flakes_of(timeline.flakes)) if each]
        more = "".join(f", {each}" for each in parts)
        models = f" on {listed(timeline.models)}: " if timeline.models else " "
        self._line(
            self._text(f"{timeline.level} "),
            self._text(timeline.clause, "bold"),
            self._text(models),
            self._text(now_of(timeline), style),
            self._text(more),
            indent=2,
            lines=2,
        )
        self._row(timeline.marks)

    def _row(self, marks: str) -> None:
        """Print the nights as letters, coloured where there is colour."""
        row = Text("    ")
        for letter in squeezed(marks, max(self._console.width - 4, 10)):
            row.append(letter, _STYLES.get(letter, ""))
        row.rstrip()
        self._console.print(row, soft_wrap=True)
