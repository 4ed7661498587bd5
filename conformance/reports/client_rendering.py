"""What breaks in which client, in words: for the terminal and for templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.clients.records import MEANINGS as MEANINGS
from conformance.clients.records import Breaks, ClientOutcome, Effect, Impact
from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper
from conformance.reports.grouping import group_by

TITLE = "What breaks in which client"
HOW = (
    "Recorded answers that break a promise were replayed from loopback to real clients, and what "
    "each gave is compared with what it gives for the documented answer. An answer may break "
    "several promises; of several models the gravest is shown."
)
LOOKS = {
    Effect.RAISED: ("bold red", "w-crashes"),
    Effect.WRONG: ("yellow", "w-altered"),
    Effect.LOST: ("yellow", "w-altered"),
    Effect.NO_MORE: ("dim", "w-accepted"),
    Effect.PARSED: ("green", "w-honoured"),
    Effect.UNABLE: ("dim", "w-not-asked"),
    Effect.NOT_TRIED: ("magenta", "w-undecided"),
}
"""Its style in the terminal, and its class on the page."""


@dataclass(frozen=True, slots=True)
class DefaultLine:
    """What a client sends by default to some models, in words."""

    client: str
    models: Sequence[str]
    text: str
    refused: bool


def promises_of(row: Breaks) -> str:
    """Return the promises of a row in a line."""
    return join_names(row.clauses, 4) if row.clauses else "answers that break no promise"


def in_words(outcome: ClientOutcome) -> str:
    """Return an outcome in a line."""
    words = f": {outcome.said}" if outcome.kind.breaks and outcome.said else ""
    return f"{outcome.kind.value}{words}"


def default_lines(impact: Impact) -> list[DefaultLine]:
    """Return what clients send by default and is not plainly allowed; last what nobody recorded."""
    models_by_line: dict[tuple[str, str, int], list[str]] = {}
    several = len({request.edition for request in impact.default_requests}) > 1
    for request in impact.default_requests:
        rank = 2 if not request.tried else 0 if request.not_allowed else 1
        left_open = [f"left open: {name}" for name in request.left_open]
        text = "; ".join([*request.not_allowed, *left_open]) or "not tried"
        text += f" ({request.edition})" if several else ""
        models_by_line.setdefault((request.client, text, rank), []).append(request.model)
    lines = sorted(models_by_line.items(), key=lambda item: item[0][2])
    return [DefaultLine(client, models, text, rank == 0) for (client, text, rank), models in lines]


def print_impact(paper: Paper, impact: Impact, limit: int) -> None:
    """Print broken promises by what they do to clients, and what clients send by default."""
    if not impact.breaks:
        return
    paper.title(TITLE)
    breaking = [row for row in impact.breaks if row.gravest.kind.breaks]
    for row in breaking[:limit]:
        paper.line((f"{row.provider}: ", "bold"), promises_of(row), indent=2)
        looks = {
            client: (in_words(outcome), LOOKS[outcome.kind][0])
            for client, outcome in row.outcomes.items()
        }
        for look, clients in group_by(looks, looks.__getitem__).items():
            paper.line(f"{', '.join(clients)}: ", look, indent=6, lines=3)
    paper.more(len(breaking) - limit, ", on the page")
    harmless = [row for row in impact.breaks if not row.gravest.kind.breaks]
    groups = group_by(harmless, lambda row: row.gravest.kind is not Effect.NOT_TRIED)
    for was_tried, rows in sorted(groups.items(), reverse=True):
        predicate = "break no client that was tried" if was_tried else "are not tried"
        if count := sum(len(row.clauses) for row in rows):
            style = LOOKS[rows[0].gravest.kind][0]
            sentence = f"answers that break {write_count(count, 'other promise')} {predicate}"
            paper.line((sentence, style), indent=2)
    for line in default_lines(impact)[:limit]:
        if line.refused:
            head = f"{line.client} by default, to {join_names(line.models)}: "
            paper.line((head, "bold"), line.text, indent=2)
