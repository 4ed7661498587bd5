"""Entries of HTTP archives: of browsers, of mitmproxy, of Polly.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.exchange.importers.bodies import decoded, encoded, unpieced
from conformance.exchange.importers.model import (
    Body,
    Entry,
    Recorded,
    RecordingError,
    headers_of,
    mapping,
    status_of,
    text,
)
from conformance.exchange.importers.moments import moment_of, seconds_of
from conformance.exchange.model import Headers, Request, Response

_CUT = frozenset({"body"})


def har_entry(index: int, line: int | None, value: Any) -> Entry:
    """Give an entry of an archive; raises RecordingError for what is none."""
    entry = mapping(value)
    request = mapping(entry.get("request"))
    if not isinstance(request.get("url"), str):
        raise RecordingError("is no entry of an archive: it has no request.url", line)
    method = text(request.get("method")).upper() or "GET"
    return Entry(index, line, method, request["url"], lambda: _read(entry, method))


def _read(entry: Mapping[str, Any], method: str) -> Recorded:
    asked, told = mapping(entry["request"]), mapping(entry.get("response"))
    sent = headers_of(asked.get("headers"))
    posted = mapping(asked.get("postData"))
    kept = _posted(posted, asked.get("bodySize"))
    body = decoded(kept, sent) if kept is not None else Body(None)
    response, altered = _response(told)
    if body.data is None or body.altered:
        altered |= {"request"}
    elapsed = seconds_of(entry.get("time"))  # milliseconds
    seconds = elapsed / 1000 if elapsed is not None and elapsed > 0 else None
    when = moment_of(entry.get("startedDateTime"), response.headers if response else ())
    request = Request(method, asked["url"], sent, body.data or b"")
    return Recorded(request, response, when, seconds, altered=altered)


def _posted(posted: Mapping[str, Any], size: Any) -> bytes | None:
    """Give a body; one that had a size and is empty was left out, or put into another file."""
    if not isinstance(posted.get("text"), str):
        return None
    if not posted["text"] and isinstance(size, int) and size > 0:
        return None
    based = posted.get("encoding") == "base64"
    return unpieced(posted["text"]) if based else encoded(posted["text"])


def _response(told: Mapping[str, Any]) -> tuple[Response | None, frozenset[str]]:
    """Read a response; browsers write status 0 where none came."""
    status = status_of(told.get("status"))
    if not status:
        return None, frozenset()
    headers = headers_of(told.get("headers"))
    body = _content(mapping(told.get("content")), headers)
    return Response(status, headers, body.data or b""), body.altered


def _content(content: Mapping[str, Any], headers: Headers) -> Body:
    """Read a content; one that is not there although it had a size, or is shorter, was cut."""
    size = content.get("size")
    size = size if isinstance(size, int) and not isinstance(size, bool) else 0
    if not isinstance(content.get("text"), str):
        return Body(b"", _CUT)
    based = content.get("encoding") == "base64"
    data = unpieced(content["text"]) if based else encoded(content["text"])
    body = decoded(data, headers)
    # `size` counts the bytes after decoding; a recorder that counts characters stays below
    cut = len(data) < size and len(body.data or b"") < size
    return Body(body.data, body.altered | _CUT) if cut else body
