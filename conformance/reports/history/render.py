"""A history in words, and in the forms for documents and machines."""

from __future__ import annotations

import json
from typing import Any

from conformance.parsing import without_commands
from conformance.reports.history.states import LEGEND
from conformance.reports.history.timeline import History, Nights, Rate, Silence, Spell, Timeline
from conformance.reports.markdown import filled
from conformance.reports.wording import counted

SCHEMA = 1
"""Version of the JSON form, which is published in ``schemas/history.schema.json``."""


def now_of(timeline: Timeline) -> str:
    """Say what holds now and since when."""
    now = timeline.now
    if now is None:
        return "never judged"
    if silence := timeline.silence:
        nights = counted(silence.nights, "night")
        until = f"{now.state.word} until {now.last[:10]}"
        return f"{until}; not judged since {silence.since[:10]} ({nights})"
    return f"{now.state.word} since {now.first[:10]} ({counted(now.nights, 'night')})"


def flakes_of(rate: Rate) -> str:
    """Write a flake rate with its interval; of what never was by accident, nothing."""
    if not rate.hits:
        return ""
    low, high = rate.interval
    return f"flaky {rate.share:.1%} ({low:.1%} to {high:.1%})"


def changes_of(timeline: Timeline) -> str:
    """Say how often it changed."""
    changes = len(timeline.spells) - 1
    return counted(changes, "change") if changes > 0 else ""


def span(nights: Nights) -> str:
    """Say how many nights there are, from when to when."""
    first, last = nights.started[0][:10], nights.started[-1][:10]
    days = first if first == last else f"{first} to {last}"
    cut = f", {nights.incomplete} cut off" if nights.incomplete else ""
    return f"{counted(len(nights.started), 'night')}, {days}{cut}"


def history_markdown(found: History) -> str:
    """Write a history as GitHub-flavoured Markdown."""
    words = {"now_of": now_of, "flakes_of": flakes_of, "changes_of": changes_of, "span": span}
    return filled("history.md.jinja", {"found": found, "legend": LEGEND, **words})


def history_json(found: History) -> str:
    """Write a history as JSON."""
    value = {
        "schema": SCHEMA,
        "nights": [_nights(each) for each in found.nights],
        "unchanged": found.unchanged,
        "silent": found.silent,
        "timelines": [_timeline(each) for each in found.timelines],
        "problems": [{"file": path, "why": why} for path, why in found.problems],
        "notes": list(found.notes),
    }
    return without_commands(json.dumps(value, indent=1)) + "\n"


def _nights(nights: Nights) -> dict[str, Any]:
    return {
        "provider": nights.provider,
        "started": list(nights.started),
        "incomplete": nights.incomplete,
        "editions": list(nights.editions),
        "tools": list(nights.tools),
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    low, high = timeline.flakes.interval
    return {
        "provider": timeline.provider,
        "clause": timeline.clause,
        "level": timeline.level,
        "models": list(timeline.models),
        "spells": [_spell(each) for each in timeline.spells],
        "nights": timeline.marks,
        "flakes": {
            "nights": timeline.flakes.hits,
            "of": timeline.flakes.of,
            "rate": round(timeline.flakes.share, 6),
            "interval": [round(low, 6), round(high, 6)],
        },
        "unjudged": timeline.unjudged,
        "silence": _silence(timeline.silence),
    }


def _silence(silence: Silence | None) -> dict[str, Any] | None:
    return {"since": silence.since, "nights": silence.nights} if silence else None


def _spell(spell: Spell) -> dict[str, Any]:
    return {
        "verdict": spell.state.word.lower(),
        "first": spell.first,
        "last": spell.last,
        "nights": spell.nights,
    }
