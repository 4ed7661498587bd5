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
        (each.provider, model, each.clause): spells
        for each in history(folder, every=True).timelines
        for model in each.models
        if (spells := _spells(each, newest))
    }
    return replace(summary, spells=found)


def _spells(timeline: Timeline, newest: str) -> Spells:
    found = [(each.first, each.state.label) for each in timeline.spells]
    if timeline.silence is not None:
        found.append((timeline.silence.since, "not judged"))
    return tuple(each for each in found if each[0] <= newest)
