"""What changed since last night, on one screen."""

from __future__ import annotations

from rich.console import Console

from conformance.reports.console_text import Paper
from conformance.reports.drift import render as phrases
from conformance.reports.drift.model import Change, Drift, Kind

SCREEN = {Kind.REGRESSION: 5, Kind.FIXED: 3, Kind.INFORMATION: 6, Kind.NOISE: 3}
"""How many changes of a class are shown; together with their titles they fill one screen."""

_STYLES = {Kind.REGRESSION: "bold red", Kind.FIXED: "green", Kind.NOISE: "magenta"}
_MOST_NOTES = 3


def print_drift(found: Drift, console: Console, unconfirmed_too: bool = False) -> None:
    """Print what changed, the gravest first."""
    _DriftPage(console, found, unconfirmed_too).print()


class _DriftPage(Paper):
    """One drift on one console."""

    def __init__(self, console: Console, found: Drift, unconfirmed_too: bool) -> None:
        super().__init__(console)
        self._found = found
        self._unconfirmed_too = unconfirmed_too

    def print(self) -> None:
        self._head()
        for kind in Kind:
            self._section(kind)
        self._closing()

    def _head(self) -> None:
        found = self._found
        new = self._text(phrases.side([found.new]), "bold")
        self._line(new, self._text(f" against {phrases.side(found.bases)}"), lines=2)
        for note in found.notes[:_MOST_NOTES]:
            self._line(self._text(note, "yellow"), lines=1)
        self._line(self._text(phrases.tally(found), "bold"))

    def _section(self, kind: Kind) -> None:
        changes = self._found.of(kind)
        if not changes:
            return
        self._title(f"{phrases.TITLES[kind]} ({len(changes)})")
        for each in changes[: SCREEN[kind]]:
            self._change(each)
        left = len(changes) - SCREEN[kind]
        if left > 0:
            self._line(self._text(f"and {left} more: --format md shows them", "dim"), indent=2)

    def _change(self, change: Change) -> None:
        style = _STYLES.get(change.kind, "cyan")
        name = change.subject if change.what == "verdict" else phrases.subject(change)
        level = self._text(f"{change.level} " if change.level else "", style)
        who = self._text(phrases.who(change, self._found))
        said = f": {phrases.what_changed(change)}" if name else phrases.what_changed(change)
        said += phrases.place(change)
        lines = 2 if change.kind is Kind.REGRESSION else 1
        self._line(who, level, self._text(name, "bold"), self._text(said), indent=2, lines=lines)
        self._why(change)

    def _why(self, change: Change) -> None:
        """Say by what a promise was broken, and what range was left; of the rest, nothing."""
        sure = phrases.certainty(change)
        parts = [each for each in (sure, change.message) if each]
        outage = change.kind is Kind.NOISE and change.what == "verdict"
        if change.kind is Kind.REGRESSION or change.what in ("latency", "price") or outage:
            self._line(self._text("; ".join(parts) or "no reason given"), indent=6, lines=1)

    def _closing(self) -> None:
        styles = {0: "bold green", 1: "bold red", 2: "bold magenta"}
        style = styles[self._found.exit_code(self._unconfirmed_too)]
        self._console.print()
        self._line(self._text(phrases.closing(self._found, self._unconfirmed_too), style), lines=2)
