"""What importers read: entries of a file, each read whole only when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.errors import ConformanceError
from conformance.exchange.model import Headers, Request, Response

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of one body, as recorded and again after decoding; larger ones are not read."""


class RecordingError(ConformanceError):
    """A recording, or one entry of it, that cannot be read; the line is known or None."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class UnknownKindError(RecordingError):
    """A file that can be read, and is no recording of a kind that is known."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a file could not be read: the line, where it is known, and why."""

    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a body and what a recorder did to them; None when it kept none."""

    data: bytes | None
    altered: frozenset[str] = frozenset()
    proven: bool = False  # a content coding ended as it should: nothing inside was altered


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange as a recorder kept it.

    `altered` names what is not as it went over the wire: "request", "body", "text" (the same
    JSON in other bytes), "payloads", "urls", "created", "headers".
    """

    request: Request
    response: Response | None
    sent_at: float = 0.0  # seconds since the epoch, 0 when it is not known
    elapsed: float | None = None  # seconds
    provider: str | None = None
    model: str | None = None
    altered: frozenset[str] = field(default_factory=frozenset)
    proven: frozenset[str] = frozenset()  # "request", "body": not one byte of it was altered
    declared: int | None = None  # bytes that the recording itself says the answer had


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file: enough to know whether it is wanted; `read` raises RecordingError."""

    index: int  # its place in the file, from 1
    line: int | None
    method: str
    url: str
    read: Callable[[], Recorded]


def mapping(value: Any) -> Mapping[str, Any]:
    """Give an object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Give a string, or an empty one in place of anything else."""
    return value if isinstance(value, str) else ""


def headers_of(value: Any) -> Headers:
    """Read headers in each way that recorders write them.

    An object of strings or of lists of strings, a list of pairs, or a list of objects with
    `name` (or `key`) and `value`. Pseudo-headers of HTTP/2 are left out.
    """
    if isinstance(value, dict):
        pairs = [(name, each) for name, found in value.items() for each in _values(found)]
    else:
        pairs = [_pair(each) for each in value] if isinstance(value, list) else []
    return tuple(
        (name, str(told))
        for name, told in pairs
        if isinstance(name, str) and name and name[0] != ":" and _is_header_value(told)
    )


def _is_header_value(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, dict):
        return value.get("name", value.get("key")), value.get("value")
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


def status_of(value: Any) -> int | None:
    """Read a status that stands as a number, as its digits, or as `200 OK`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = text(value).partition(" ")[0]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) == 3 else None
