"""The differences of two editions: for the terminal, documents and machines."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import to_builtins
from rich.console import Console

from conformance.editions.records import AREAS, Changes, EditionChange
from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper, Part
from conformance.reports.formatting import json_document
from conformance.reports.markdown import fill

_SAYS_CLAUSES = frozenset({"clauses", "promises"})  # areas whose differences name them already
_SHOWN = 12  # changes of an area on the terminal, without --all


def changes_json(changes: Changes) -> str:
    """Write the differences as JSON (`schemas/changes.schema.json`)."""
    return json_document(to_builtins(changes))


def changes_markdown(changes: Changes) -> str:
    """Write the differences as GitHub-flavoured Markdown."""
    values = {"changes": changes, "areas": AREAS}
    return fill("editions.md.jinja", {**values, "closing": closing(changes)})


def closing(changes: Changes) -> str:
    """Say in one sentence what the new edition asks of a provider that keeps the old one."""
    names = f"{changes.new.id} after {changes.old.id}"
    if not changes.changes:
        return f"{names}: the same."
    head = f"{names}: {write_count(len(changes.changes), 'difference')}"
    if not changes.in_common:
        return f"{head}, and no model that both read: neither asks anything of the other's."
    breaking = sum(change.breaking for change in changes.changes)
    if not breaking:
        return f"{head}, and who keeps the old edition keeps the new one."
    return f"{head}, {breaking:,} of which a provider that keeps the old edition may break."


def print_changes(changes: Changes, console: Console, show_all: bool = False) -> None:
    """Print the differences, of long lists the first; with `show_all`, all of them."""
    paper = Paper(console)
    sections = [("What a provider must change", changes.demands, _demand)]
    sections += [(title, changes.of(area), _difference) for area, title in AREAS.items()]
    for title, changes_of_section, parts in sections:
        if changes_of_section:
            paper.title(f"{title} ({len(changes_of_section)})")
            limit = len(changes_of_section) if show_all else _SHOWN
            for change in changes_of_section[:limit]:
                paper.line(*parts(change), indent=2)
            paper.more(len(changes_of_section) - limit, " (--all)")
    console.print()
    paper.line((closing(changes), "bold"))


def _demand(change: EditionChange) -> Iterator[Part]:
    yield f"{change.level} ", "bold red" if change.breaking else "yellow"
    yield change.must
    yield _where(change), "dim"


def _difference(change: EditionChange) -> Iterator[Part]:
    texts = " -> ".join(text for text in (change.before, change.after) if text)
    yield f"{'breaking' if change.breaking else change.kind} ", "bold"
    yield change.subject
    yield f": {texts}" if texts else ""
    yield _where(change, names_clauses=change.area not in _SAYS_CLAUSES), "dim"


def _where(change: EditionChange, names_clauses: bool = True) -> str:
    """Say on which models a change is, which clauses judge it, and on how many cases."""
    parts = [f"on {join_names(change.models)}"] if change.models else []
    parts += [join_names(change.clauses)] if change.clauses and names_clauses else []
    parts += [write_count(len(change.cases), "case")] if change.cases else []
    return f" ({'; '.join(parts)})" if parts else ""
