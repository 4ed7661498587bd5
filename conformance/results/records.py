"""One line of a run file, read with suspicion: it may be damaged, or of another's making.

What is checked here is what reports rely on, within members as well. ``schemas/run.schema.json``
says more, but judging tens of thousands of lines by it would take longer than the run did.
"""

from __future__ import annotations

from typing import Any

from conformance.findings import Verdict
from conformance.parsing import JSONBounds, JSONFaultError, load_json, printable
from conformance.results import field_checks as checks
from conformance.results.field_checks import Check

MOST_LINE = 64 * 1024 * 1024
"""Bytes of one line."""

_BOUNDS = JSONBounds(depth=50, characters=MOST_LINE)

LEVELS = frozenset({"MUST", "SHOULD", "MAY"})
MODES = frozenset({"live", "replay", "record", "foreign"})
_VERDICTS = frozenset(Verdict)


class DamagedError(ValueError):
    """A line that is no record of a run, and why."""


def parsed(line: bytes) -> dict[str, Any]:
    """Parse a line; raises `DamagedError` for what is not one JSON object."""
    try:
        value = load_json(line, _BOUNDS)
    except JSONFaultError as error:
        raise DamagedError(f"it {error}") from None
    if not isinstance(value, dict):
        raise DamagedError("it is not a JSON object")
    return value


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """Give a record back if its members are what its type needs; else raises `DamagedError`."""
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in RECORDS:
        raise DamagedError(f"unknown type {printable(repr(kind), 60)}")
    _members(record, kind)
    if kind == "run":
        _header(record)
    if kind == "end":
        _footer(record)
    if kind == "exchange":
        _members(record["request"], "request")
        if record.get("response") is not None:
            _members(record["response"], "response")
    return record


def _header(record: dict[str, Any]) -> None:
    _members(record["edition"], "edition")
    for name in ("providers", "clauses"):
        for each in record[name]:
            _members(each, name)
    for each in record.get("plan", []):
        _members(each, "plan")
    for provider in record["providers"]:
        for each in provider.get("deviations", []):
            _members(each, "deviations")


def _footer(record: dict[str, Any]) -> None:
    for each in record.get("reach", []):
        _members(each, "reach")
        for level, counts in each["levels"].items():
            if level not in LEVELS:
                raise DamagedError(f"reach with level {printable(repr(level), 60)}")
            _members(counts, "level")


def _members(record: Any, where: str) -> None:
    if not isinstance(record, dict):
        raise DamagedError(f"{where} is not an object")
    for name, optional, right in _CHECKS[where]:
        if name in record:
            if not right(record[name]):
                raise DamagedError(f"{where} with {name} {printable(repr(record[name]), 60)}")
        elif not optional:
            raise DamagedError(f"{where} without {name}")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _object_or_null(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(map(_object, value))


def _headers(value: Any) -> bool:
    return isinstance(value, list) and all(_texts(each) and len(each) == 2 for each in value)


def _one_of(names: frozenset[str]) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _seconds(value: Any) -> bool:
    return value is None or checks.number(value)


def _share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


_NAMES: dict[str, Check] = {"provider": _text, "model": _text, "case": _text}
_MEMBERS: dict[str, dict[str, Check]] = {
    "run": {
        "id": _text,
        "tool": _text,
        "started": _text,
        "edition": _object,
        "providers": _list,
        "clauses": _list,
        "selection?": checks.SELECTION,
        "seed?": lambda value: value is None or type(value) is int,
        "budget?": checks.or_null(checks.BUDGET),
        "resumes?": _texts,
        "recordings?": _texts,
        "unknown_models?": _texts,
        "plan?": _objects,
    },
    "edition": {
        **dict.fromkeys(("id", "title", "document?", "published?"), _text),
        "families?": checks.by_name(_text),
    },
    "clauses": {
        "id": _text,
        "level": _one_of(LEVELS),
        "statement": _text,
        "citations?": checks.list_of(checks.by_name(_text_or_null)),
    },
    "providers": {
        "id": _text,
        "title": _text,
        "base_url": _text,
        "mode": _one_of(MODES),
        "models": checks.by_name(_text),
        "key_variable?": _text_or_null,
        "prices?": checks.PRICES,
        "deviations?": _objects,
        "not_claimed?": checks.list_of(checks.CLAIM),
    },
    "deviations": {
        **dict.fromkeys(("clause", "reason", "link", "since", "expires"), _text),
        **dict.fromkeys(("models", "cases"), _texts),
    },
    "plan": {"provider": _text, "model": _text, "cases": checks.count, "promises": checks.count},
    "reach": {
        "provider": _text,
        "model": _text,
        "chosen?": checks.count,
        "judged?": checks.count,
        "levels": _object,
    },
    "level": {
        "kept": checks.count,
        "total": checks.count,
        "decided": checks.count,
        "accepted?": checks.count,
    },
    "exchange": {
        **_NAMES,
        "provenance": _text,
        "outcome": _text,
        "request": _object,
        "response?": _object_or_null,
        "failure?": checks.FAILURE,
        "downloads?": checks.list_of(checks.DOWNLOAD),
        "images?": checks.list_of(checks.IMAGE),
        "attempts?": checks.count,
        "findings?": checks.count,
        "shape?": checks.or_null(_texts),
        "error?": checks.or_null(checks.by_name(_text)),
        "sent_at?": _text_or_null,
        "elapsed?": _seconds,
        "price?": checks.or_null(checks.PRICE),
        "cassette?": _text_or_null,
        "target?": _text_or_null,
        "reason?": _text,
        "run?": _text,
    },
    "request": {"url": _text, "method?": _text, "headers?": _headers, "body?": _text},
    "response": {
        "status": checks.whole,
        "headers": _headers,
        "body": _text,
        "bytes?": checks.count,
    },
    "finding": {
        **_NAMES,
        "clause": _text,
        "level": _one_of(LEVELS),
        "verdict": _one_of(_VERDICTS),
        "message?": _text,
        "expected?": _text,
        "observed?": _text,
        "control?": _text_or_null,
        "deviation?": _text_or_null,
        "rate?": _share,
        "repeats?": lambda value: checks.count(value) and value > 0,
    },
    "observation": {**_NAMES, "id": _text, "message": _text},
    "end": {
        "finished": _text,
        "complete": lambda value: isinstance(value, bool),
        "conclusion": lambda value: type(value) is int and value in (0, 1, 2),
        "counts?": checks.by_name(checks.count),
        "interrupted?": checks.truth,
        "whole?": checks.truth,
        "left_out?": checks.count,
        "reach?": _objects,
        "problems?": _texts,
        "notes?": _texts,
        "spent?": checks.or_null(checks.SPENT),
    },
}
RECORDS = frozenset({"run", "exchange", "finding", "observation", "end"})
_CHECKS = {  # read off the table once: a run has thousands of lines
    kind: [(name.removesuffix("?"), name.endswith("?"), right) for name, right in checks.items()]
    for kind, checks in _MEMBERS.items()
}
