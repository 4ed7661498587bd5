"""One line of a run file, read with suspicion: it may be damaged, or of another's making.

What is checked here is what reports rely on. ``schemas/run.schema.json`` says more, but
judging tens of thousands of lines by it would take longer than the run did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from conformance.findings import Verdict
from conformance.strict import printable

Check = Callable[[Any], bool]

LEVELS = frozenset({"MUST", "SHOULD", "MAY"})
MODES = frozenset({"live", "replay", "record", "foreign"})
_VERDICTS = frozenset(Verdict)


class DamagedError(ValueError):
    """A line that is no record of a run, and why."""


def parsed(line: bytes) -> dict[str, Any]:
    """Parse a line; raises `DamagedError` for what is not one JSON object."""
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise DamagedError("it is not UTF-8") from None
    except RecursionError:
        raise DamagedError("it nests too deep") from None
    except ValueError as error:
        raise DamagedError(f"it is not JSON ({getattr(error, 'msg', error)})") from None
    if not isinstance(value, dict):
        raise DamagedError("it is not a JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """Give a record back if its members are what its type needs; else raises `DamagedError`."""
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise DamagedError(f"unknown type {printable(repr(kind), 60)}")
    _members(record, _MEMBERS[kind], kind)
    if kind == "run":
        for name, members in (("providers", _PROVIDER), ("clauses", _CLAUSE)):
            for each in record[name]:
                _members(each, members, name)
        _members(record["edition"], _EDITION, "edition")
    if kind == "exchange":
        _members(record["request"], {"url": _text}, "request")
    return record


def _members(record: Any, members: dict[str, Check], where: str) -> None:
    if not isinstance(record, dict):
        raise DamagedError(f"{where} is not an object")
    for name, right in members.items():
        optional = name.endswith("?")
        key = name.removesuffix("?")
        if key not in record and not optional:
            raise DamagedError(f"{where} without {key}")
        if key in record and not right(record[key]):
            raise DamagedError(f"{where} with {key} {printable(repr(record[key]), 60)}")


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


def _one_of(names: frozenset[str]) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _seconds(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


_NAMES: dict[str, Check] = {"provider": _text, "model": _text, "case": _text}
_EDITION: dict[str, Check] = {"id": _text, "title": _text}
_CLAUSE: dict[str, Check] = {"id": _text, "level": _one_of(LEVELS), "statement": _text}
_PROVIDER: dict[str, Check] = {
    "id": _text,
    "title": _text,
    "base_url": _text,
    "mode": _one_of(MODES),
    "models": _object,
}
_MEMBERS: dict[str, dict[str, Check]] = {
    "run": {
        "id": _text,
        "tool": _text,
        "started": _text,
        "edition": _object,
        "providers": _list,
        "clauses": _list,
        "selection?": _object,
    },
    "exchange": {
        **_NAMES,
        "provenance": _text,
        "outcome": _text,
        "request": _object,
        "sent_at?": _text_or_null,
        "elapsed?": _seconds,
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
    },
    "observation": {**_NAMES, "id": _text, "message": _text},
    "end": {
        "finished": _text,
        "complete": lambda value: isinstance(value, bool),
        "conclusion": lambda value: value in (0, 1, 2),
        "problems?": _texts,
    },
}
