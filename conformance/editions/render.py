"""The differences of two editions: for the terminal, documents and machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import to_builtins
from rich.console import Console

from conformance.editions.records import AREAS, Changes, EditionChange
from conformance.output.counting import join_names, write_count
from conformance.reports.console_text import Paper
from conformance.reports.formatting import json_document
from conformance.reports.markdown import fill

TITLES = {
    "endpoint": "Endpoint",
    "models": "Models",
    "lifecycle": "When models begin and end",
    "requests": "Requests that are decided otherwise",
    "parameters": "Parameters",
    "answers": "Answers",
    "clauses": "Clauses",
    "promises": "Promises",
    "open": "Open questions",
}
_SAYS_CLAUSES = frozenset({"clauses", "promises"})  # areas whose differences name them already
_Show = Callable[[EditionChange], None]
_SHOWN = 12  # changes of an area on the terminal, without --all


def changes_json(changes: Changes) -> str:
    """Write the differences as JSON (`schemas/changes.schema.json`)."""
    return json_document(to_builtins(changes))


def changes_markdown(changes: Changes) -> str:
    """Write the differences as GitHub-flavoured Markdown."""
    values = {"changes": changes, "areas": AREAS, "titles": TITLES}
    return fill("editions.md.jinja", {**values, "closing": closing(changes)})


def closing(changes: Changes) -> str:
    """Say in one sentence what the new edition asks of a provider that keeps the old one."""
    names = f"{changes.new.id} after {changes.old.id}"
    if not changes.changes:
        return f"{names}: the same."
    count = write_count(len(changes.changes), "difference")
    if not changes.in_common:
        return (
            f"{names}: {count}, and no model that both read: neither asks anything of the other's."
        )
    breaking = sum(change.breaking for change in changes.changes)
    if not breaking:
        return f"{names}: {count}, and who keeps the old edition keeps the new one."
    return (
        f"{names}: {count}, {breaking:,} of which a provider that keeps the old edition may break."
    )


def print_changes(changes: Changes, console: Console, show_all: bool = False) -> None:
    """Print the differences, of long lists the first; with `show_all`, all of them."""
    _ChangesPage(console, changes).print(show_all)


class _ChangesPage(Paper):
    def __init__(self, console: Console, changes: Changes) -> None:
        super().__init__(console)
        self._changes = changes

    def print(self, show_all: bool) -> None:
        self._section("What a provider must change", self._changes.demands, show_all, self._demand)
        for area in AREAS:
            self._section(TITLES[area], self._changes.of(area), show_all, self._difference)
        self._console.print()
        self._line((closing(self._changes), "bold"))

    def _section(
        self, title: str, changes: Sequence[EditionChange], show_all: bool, show: _Show
    ) -> None:
        if not changes:
            return
        self._title(f"{title} ({len(changes)})")
        for change in changes if show_all else changes[:_SHOWN]:
            show(change)
        if len(changes) > _SHOWN and not show_all:
            self._line((f"and {len(changes) - _SHOWN} more (--all)", "dim"), indent=2)

    def _demand(self, change: EditionChange) -> None:
        style = "bold red" if change.breaking else "yellow"
        self._line((f"{change.level} ", style), change.must, (_where(change), "dim"), indent=2)

    def _difference(self, change: EditionChange) -> None:
        texts = " -> ".join(text for text in (change.before, change.after) if text)
        self._line(
            (f"{'breaking' if change.breaking else change.kind} ", "bold"),
            change.subject,
            f": {texts}" if texts else "",
            (_where(change, names_clauses=change.area not in _SAYS_CLAUSES), "dim"),
            indent=2,
        )


def _where(change: EditionChange, names_clauses: bool = True) -> str:
    """Say on which models a change is, which clauses judge it, and on how many cases."""
    parts = [f"on {join_names(change.models)}"] if change.models else []
    parts += [join_names(change.clauses)] if change.clauses and names_clauses else []
    parts += [write_count(len(change.cases), "case")] if change.cases else []
    return f" ({'; '.join(parts)})" if parts else ""
