"""Drift as Markdown: for the summary of a CI job, and for an issue."""

from __future__ import annotations

from conformance.reports.drift import render as phrases
from conformance.reports.drift.alarm import Alarm
from conformance.reports.drift.model import Drift, Kind
from conformance.reports.markdown import filled


def drift_markdown(found: Drift, unconfirmed_too: bool = False) -> str:
    """Write a drift as GitHub-flavoured Markdown."""
    sections = [(phrases.TITLES[kind], found.of(kind)) for kind in Kind]
    closing = phrases.closing(found, unconfirmed_too)
    values = {"found": found, "phrases": phrases, "sections": sections, "closing": closing}
    return filled("drift.md.jinja", values)


def issue_body(alarm: Alarm, found: Drift) -> str:
    """Write an issue about one provider's regressions; it says nothing of others."""
    return filled("issue.md.jinja", {"alarm": alarm, "found": found, "phrases": phrases})
