"""Drift for machines; its form is published in ``schemas/drift.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conformance.parsing import without_commands
from conformance.reports.drift.alarm import Alarm, alarms
from conformance.reports.drift.document import issue_body
from conformance.reports.drift.model import Change, Drift, Kind
from conformance.reports.drift.render import closing
from conformance.results.run_file import Run

SCHEMA = 1
"""Version of the form."""


def drift_json(found: Drift, unconfirmed_too: bool = False) -> str:
    """Write a drift as JSON."""
    text = json.dumps(drift_value(found, unconfirmed_too), indent=1)
    return without_commands(text) + "\n"


def drift_value(found: Drift, unconfirmed_too: bool = False) -> dict[str, Any]:
    """Give a drift as JSON values."""
    return {
        "schema": SCHEMA,
        "bases": [_run(each) for each in found.bases],
        "new": _run(found.new),
        "exit_code": found.exit_code(unconfirmed_too),
        "conclusion": closing(found, unconfirmed_too),
        "compared": found.compared,
        "explained": found.explained,
        "counts": {kind.value: len(found.of(kind)) for kind in Kind},
        "notes": list(found.notes),
        "unjudged": list(found.unjudged),
        "changes": [_change(each) for each in found.changes],
        "providers": [_alarm(each, found) for each in alarms(found, unconfirmed_too)],
    }


def _run(run: Run) -> dict[str, Any]:
    head = run.header
    return {
        "id": head.id,
        "started": head.started,
        "tool": head.tool,
        "edition": head.edition.id,
        "providers": [each.id for each in head.providers],
        "complete": run.complete,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "class": change.kind.value,
        "what": change.what,
        "provider": change.provider,
        "subject": change.subject,
        "level": change.level or None,
        "before": change.before,
        "after": change.after,
        "models": _texts(change.models),
        "cases": _texts(change.cases),
        "count": change.count,
        "message": change.message,
        "confirmed": change.confirmed,
        "repeats": change.repeats,
    }


def _alarm(alarm: Alarm, found: Drift) -> dict[str, Any]:
    """Give what is needed to tell people: the issue, if there is one to be opened."""
    wrong = bool(alarm.clauses)
    return {
        "id": alarm.provider,
        "judged": alarm.judged,
        "clauses": _texts(alarm.clauses),
        "waiting": _texts(alarm.waiting),
        "kept": _texts(alarm.kept),
        "fingerprint": alarm.fingerprint if wrong else None,
        "title": alarm.title if wrong else None,
        "body": issue_body(alarm, found) if wrong else None,
    }


def _texts(texts: Sequence[str]) -> list[str]:
    return list(texts)
