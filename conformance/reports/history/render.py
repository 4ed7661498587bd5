"""A history in words: for the terminal, for documents and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from conformance.findings import NOT_JUDGED, STATES, Verdict, state_of
from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper
from conformance.reports.formatting import json_document
from conformance.reports.history.timeline import MARKS, History, Nights, Timeline, squeezed
from conformance.reports.markdown import fill
from conformance.reports.measures import Rate
from conformance.results.reach import NO_FINDING

SCHEMA = 1
"""Version of the JSON form, which is published in ``schemas/history.schema.json``."""

MOST = 12
"""Promises of a provider that are shown."""

_MOST_PROBLEMS = 3
_UNJUDGED = state_of(Verdict.NOT_TESTABLE).style
_NO_FINDING_SHOWN = "_"
_STYLES = {state.letter: state.style for state in STATES} | {NOT_JUDGED: _UNJUDGED}

_MARKED = (state for state in STATES if state.letter.translate(MARKS) != NOT_JUDGED)
LEGEND = "  ".join(f"{state.letter} {state.label}" for state in _MARKED)
LEGEND += f"  {NOT_JUDGED} not judged  {_NO_FINDING_SHOWN} nothing to judge"


def night_of(started: str, nights: Sequence[str]) -> str:
    """Return the day on which a run started; with the time, where it was not the only one."""
    day = started[:10]
    is_only = sum(other.startswith(day) for other in nights) < 2
    return day if is_only else started[:19].replace("T", " ")


def now_of(timeline: Timeline, nights: Sequence[str]) -> str:
    """Say what holds now and since when; `nights` are the starts of all runs of the provider."""
    now = timeline.now
    if now is None:
        return "never judged"
    first, last = night_of(now.first, nights), night_of(now.last, nights)
    if timeline.retired:
        return f"{now.state.label} until {last}; retired on {timeline.retired}"
    if silence := timeline.silence:
        since = night_of(silence.since, nights)
        count = write_count(silence.nights, "night")
        return f"{now.state.label} until {last}; not judged since {since} ({count})"
    return f"{now.state.label} since {first} ({write_count(now.nights, 'night')})"


def flakes_of(rate: Rate) -> str:
    """Write a flake rate with its interval; empty if nothing was an accident."""
    if not rate.hits:
        return ""
    low, high = rate.interval
    return f"flaky {rate.share:.1%} ({low:.1%} to {high:.1%})"


def changes_of(timeline: Timeline) -> str:
    """Say how often it changed."""
    changes = len(timeline.spells) - 1
    return write_count(changes, "change") if changes > 0 else ""


def span(nights: Nights) -> str:
    """Say how many nights there are, from when to when, by what, and which models have ended."""
    first, last = (night_of(nights.started[end], nights.started) for end in (0, -1))
    days = first if first == last else f"{first} to {last}"
    cut = f", {nights.incomplete} cut off" if nights.incomplete else ""
    parts = f", {nights.parts} a part" if nights.parts else ""
    ended = "".join(f", {model} retired on {day}" for model, day in nights.retired.items())
    # a change may be the doing of another contract, or of another version of the suite
    several = [names for names in (nights.editions, nights.tools) if len(names) > 1]
    by = "".join(f", by {' and '.join(names)}" for names in several)
    return f"{write_count(len(nights.started), 'night')}, {days}{cut}{parts}{by}{ended}"


def history_markdown(report: History) -> str:
    """Write a history as GitHub-flavoured Markdown."""
    words = {"now_of": now_of, "flakes_of": flakes_of, "changes_of": changes_of, "span": span}
    marks = {"nothing": NO_FINDING, "shown": _NO_FINDING_SHOWN}
    return fill("history.md.jinja", {"report": report, "legend": LEGEND, **marks, **words})


def history_json(report: History) -> str:
    """Write a history as JSON."""
    value = {
        "schema": SCHEMA,
        "nights": [asdict(nights) for nights in report.nights],
        "unchanged": report.unchanged,
        "silent": report.silent,
        "unjudged": report.unjudged,
        "timelines": [_timeline(timeline) for timeline in report.timelines],
        "problems": [{"file": path, "why": why} for path, why in report.problems],
    }
    return json_document(value)


def _timeline(timeline: Timeline) -> dict[str, Any]:
    low, high = timeline.flakes.interval
    return {
        "provider": timeline.provider,
        "clause": timeline.clause,
        "level": timeline.level,
        "models": timeline.models,
        "spells": [
            {
                "verdict": spell.state.label.lower(),
                "first": spell.first,
                "last": spell.last,
                "nights": spell.nights,
            }
            for spell in timeline.spells
        ],
        "nights": timeline.marks,
        "flakes": {
            "nights": timeline.flakes.hits,
            "of": timeline.flakes.of,
            "rate": round(timeline.flakes.share, 6),
            "interval": [round(low, 6), round(high, 6)],
        },
        "unjudged": timeline.unjudged,
        "silence": asdict(timeline.silence) if timeline.silence else None,
        "retired": timeline.retired or None,
    }


def print_history(report: History, console: Console, show_all: bool = False) -> None:
    """Print a row of nights for each promise, the latest changes first; with `show_all`, all."""
    paper = Paper(console)
    for nights in report.nights:
        timelines = [
            timeline for timeline in report.timelines if timeline.provider == nights.provider
        ]
        limit = len(timelines) if show_all else MOST
        paper.title(f"{nights.provider}: {span(nights)}")
        for timeline in timelines[:limit]:
            _print_timeline(paper, timeline, nights.started)
        if not timelines:
            paper.line(("nothing changed", "dim"), indent=2)
        paper.more(len(timelines) - limit, " (--all shows them)")
    console.print()
    paper.line((LEGEND, "dim"))
    still = write_count(report.unchanged, "promise")
    paper.line((f"{still} never changed (--all shows them).", "dim"))
    if report.silent:
        sentence = write_count(report.silent, "promise was", "promises were")
        paper.line((f"{sentence} judged before, not on the newest night.", "magenta"))
    if report.unjudged:
        sentence = write_count(report.unjudged, "promise was", "promises were")
        paper.line((f"{sentence} never judged (--all shows them).", "magenta"))
    for path, why in report.problems[:_MOST_PROBLEMS]:
        paper.line((f"left out: {path}: {why}", "yellow"))
    rest = len(report.problems) - _MOST_PROBLEMS
    if rest > 0:
        paper.line((f"and {write_count(rest, 'file')} more left out", "yellow"))


def _print_timeline(paper: Paper, timeline: Timeline, nights: Sequence[str]) -> None:
    now, style = timeline.now, ""
    if now is not None:
        style = _UNJUDGED if timeline.silence else now.state.style
    parts = filter(None, (changes_of(timeline), flakes_of(timeline.flakes)))
    paper.line(
        f"{timeline.level} ",
        (timeline.clause, "bold"),
        f" on {join_names(timeline.models)}: ",
        (now_of(timeline, nights), style),
        "".join(f", {part}" for part in parts),
        indent=2,
    )
    row = Text("    ")
    fitted = squeezed(timeline.marks, max(paper.console.width - 4, 10))
    for letter in fitted.replace(NO_FINDING, _NO_FINDING_SHOWN):
        row.append(letter, _STYLES.get(letter, ""))
    paper.console.print(row, soft_wrap=True)
