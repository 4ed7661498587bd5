"""Stand-ins for the image in a success without one: a task, and the words of an error."""

from __future__ import annotations

from typing import Any

from conformance.clauses.subject import Subject
from conformance.exchange.answer import Answer
from conformance.exchange.error_text import error_text

_IDS = ("task_id", "taskId", "job_id", "jobId", "prediction_id")
_STATES = ("status", "task_status", "state")
_MOST_ITEMS = 5


def stand_in(answer: Answer) -> str:
    """Return ": task 1, queued: words", as far as an answer has them, to end a sentence with."""
    parts = (task_of(answer), error_text(answer).words)
    return "".join(f": {part}" for part in parts if part)


def task_of(answer: Answer) -> str:
    """Return the id and state of a task in a body or in its `data`; an empty string for none."""
    body = answer.object or {}
    data = body.get("data")
    items = data[:_MOST_ITEMS] if isinstance(data, list) else [data]
    places = (*items, body, body.get("output"), body.get("result"))
    return next(filter(None, map(_task, places)), "")


def lone_task(subject: Subject) -> str:
    """Return the task that an answer has instead of any image; an empty string for none."""
    carries = any(payload.carries for payload in subject.answer.payloads)
    return "" if subject.outcome.accepted or carries else task_of(subject.answer)


def _task(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    state = _first(value, *_STATES)
    task = _first(value, *_IDS) or (state and _first(value, "id"))
    return f"task {task}{state and f', {state}'}" if task else ""


def _first(members: dict[str, Any], *names: str) -> str:
    for value in map(members.get, names):
        if value and isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)[:80]
    return ""
