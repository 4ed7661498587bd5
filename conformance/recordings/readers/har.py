"""Entries of HTTP archives: of browsers, of mitmproxy, of Polly.js."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.exchange.model import Request, Response
from conformance.recordings.readers.bodies import (
    NOTHING_KEPT,
    as_bytes,
    decoded,
    from_base64,
)
from conformance.recordings.readers.body_files import BodyFiles
from conformance.recordings.readers.model import (
    Body,
    Entry,
    Recorded,
    RecordingError,
    headers_of,
    mapping,
    status_of,
    text,
)
from conformance.recordings.readers.timestamps import moment_of, seconds_of


def har_entry(index: int, line: int | None, value: Any, files: BodyFiles) -> Entry:
    """Give an entry of an archive; raises RecordingError for what is none."""
    entry = mapping(value)
    request = mapping(entry.get("request"))
    if not isinstance(request.get("url"), str):
        raise RecordingError("is no entry of an archive: it has no request.url", line)
    method = text(request.get("method")).upper() or "GET"
    return Entry(index, line, method, request["url"], lambda: _read(entry, method, files))


def _read(entry: Mapping[str, Any], method: str, files: BodyFiles) -> Recorded:
    asked = mapping(entry["request"])
    sent = headers_of(asked.get("headers"))
    posted = mapping(asked.get("postData"))
    body = decoded(_kept(posted, _size(asked.get("bodySize")), files), sent)
    request = Request(method, asked["url"], sent, body.data or b"")
    recorded = _answered(request, mapping(entry.get("response")), files)
    headers = recorded.response.headers if recorded.response else ()
    elapsed = seconds_of(entry.get("time"))  # milliseconds
    lost = {"request"} if body.data is None or body.altered else set()
    return replace(
        recorded,
        sent_at=moment_of(entry.get("startedDateTime"), headers),
        elapsed=elapsed / 1000 if elapsed is not None and elapsed > 0 else None,
        altered=recorded.altered | lost,
        proven=recorded.proven | ({"request"} if body.proven else set()),
    )


def _answered(request: Request, told: Mapping[str, Any], files: BodyFiles) -> Recorded:
    """Read a response; browsers write status 0 where none came."""
    status = status_of(told.get("status"))
    if not status:
        return Recorded(request, None)
    headers = headers_of(told.get("headers"))
    content = mapping(told.get("content"))
    size = _size(content.get("size"))
    body = decoded(_kept(content, size, files), headers)
    altered = {"body"} if body.data is None else body.altered
    proven = frozenset({"body"}) if body.proven else frozenset()
    declared = size if size > len(text(content.get("text"))) else None
    response = Response(status, headers, body.data or b"")
    return Recorded(request, response, altered=frozenset(altered), proven=proven, declared=declared)


def _kept(held: Mapping[str, Any], size: int, files: BodyFiles) -> Body:
    """Read what an archive keeps of a body, in it or in a file beside it.

    One that had a size and is empty was left out.
    """
    kept = held.get("text")
    if isinstance(held.get("_file"), str) and not kept:
        return files.body(held["_file"])
    if not isinstance(kept, str) or (not kept and size > 0):
        return NOTHING_KEPT
    return from_base64(kept) if held.get("encoding") == "base64" else Body(as_bytes(kept))


def _size(value: Any) -> int:
    """Read a number of bytes; -1 stands for one that is not known, and for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
