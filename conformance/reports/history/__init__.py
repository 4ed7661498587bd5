"""Many nights as a timeline, from the headers and footers of their run files."""

from __future__ import annotations

from conformance.reports.history.render import history_json, history_markdown, print_history
from conformance.reports.history.timeline import History, HistoryError, history

__all__ = [
    "History",
    "HistoryError",
    "history",
    "history_json",
    "history_markdown",
    "print_history",
]
