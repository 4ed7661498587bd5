"""Many nights as a timeline, from an index that is kept beside the run files."""

from __future__ import annotations

from conformance.reports.history.index import HistoryError
from conformance.reports.history.render import history_json, history_markdown
from conformance.reports.history.terminal import print_history
from conformance.reports.history.timeline import History, history

__all__ = [
    "History",
    "HistoryError",
    "history",
    "history_json",
    "history_markdown",
    "print_history",
]
