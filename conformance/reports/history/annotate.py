"""Since when each verdict holds, by the run files of earlier nights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.reports.history import history
from conformance.reports.history.timeline import Timeline
from conformance.reports.summary import Spells, Summary


def with_history(summary: Summary, folder: Path) -> Summary:
    """Add what the nights of a folder came to, as far as the newest run of the summary.

    Raises `HistoryError` for a folder without any run.
    """
    newest = max(run.header.started for run in summary.merged.runs)
    found = {
        (timeline.provider, model, timeline.clause): spells
        for timeline in history(folder, every=True).timelines
        for model in timeline.models
        if (spells := _spells(timeline, newest))
    }
    return replace(summary, spells=found)


def _spells(timeline: Timeline, newest: str) -> Spells:
    found = [(spell.first, spell.state.label) for spell in timeline.spells]
    if timeline.silence is not None:
        found.append((timeline.silence.since, "not judged"))
    return tuple(spell for spell in found if spell[0] <= newest)
