"""The results of readers: entries of a file, each decoded only when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from conformance.cases.request import Request
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange, Failure, Provenance, Response
from conformance.exchange.sent_request import deployment_of
from conformance.output.printing import printable
from conformance.parsing import read_json

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of one body, as recorded and again after decoding; larger ones are not read."""


class RecordingError(ConformanceError):
    """A recording, or one entry of it, that cannot be read; the line is known or None."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class UnknownLayoutError(RecordingError):
    """A readable file that is no recording of a known layout."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a file that could not be read: its line, where that is known, and the reason."""

    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a body and what a recorder did to them; None when it kept none."""

    data: bytes | None
    altered: frozenset[str] = frozenset()
    proven: bool = False  # a content coding ended as it should: nothing inside was altered


NOTHING_KEPT = Body(None)
CUT = Body(b"", frozenset({"body"}))


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and its response as a recorder writes them, and the record that holds both."""

    request: Mapping[str, Any]
    response: Mapping[str, Any] | None  # None where no answer came
    record: Mapping[str, Any] = field(default_factory=dict)
    declared: int | None = None  # bytes that the recording itself says the answer had


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
    altered: frozenset[str] = frozenset()
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


UNNAMED = "model-not-named"  # stands for the model of a request that names none

_NO_REQUEST = frozenset({"OPTIONS", "HEAD", "CONNECT", "TRACE"})


def is_generation(entry: Entry) -> bool:
    """Return whether an entry is an exchange with the endpoint, and no preflight of a browser."""
    try:
        path = urlsplit(entry.url).path.rstrip("/")
    except ValueError:
        return False
    return entry.method not in _NO_REQUEST and path.endswith("/images/generations")


def foreign_exchange(recorded: Recorded, case: str) -> Exchange:
    """Return an exchange as clauses read it; the provider is the host, the model as asked."""
    body = read_json(recorded.request.body).value
    body_model = body.get("model") if isinstance(body, dict) else None
    model = body_model or deployment_of(recorded.request)
    try:
        host = urlsplit(recorded.request.url).hostname or ""
    except ValueError:
        host = ""
    stated_host = (recorded.provider or "").split()
    if "." not in host and host != "localhost" and stated_host:  # the recorder hid it
        host = stated_host[0].removeprefix("*.")
    return Exchange(
        provider=printable(host.lower(), 100) or "unknown",
        model=printable(model, 100) if isinstance(model, str) else UNNAMED,
        case=case,
        request=recorded.request,
        response=recorded.response,
        failure=None if recorded.response else Failure("no-answer", "no answer was recorded"),
        sent_at=recorded.sent_at,
        elapsed=recorded.elapsed,
        provenance=Provenance.FOREIGN,
        altered=recorded.altered,
    )
