"""One exchange of a recording: a request and a response, whatever their members are called.

VCR.py, Ruby's VCR, go-vcr, cassettes of agents, WireMock and a layout of our own differ in the
names of members and in how a body stands there. `docs/judging.md` describes our own:

    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"},
     "provider", "recorded_at", "elapsed", "altered": [...]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.cases.request import Request
from conformance.exchange.model import Response
from conformance.recordings.readers.bodies import (
    BodyFiles,
    body_of,
    from_base64,
    from_text,
    from_value,
    undo_coding,
)
from conformance.recordings.readers.members import (
    first_present,
    headers_of,
    mapping,
    moment_of,
    seconds_of,
    status_of,
    text,
)
from conformance.recordings.readers.model import (
    CUT,
    NOTHING_KEPT,
    Body,
    Entry,
    Pair,
    Recorded,
    RecordingError,
)
from conformance.recordings.readers.rewriting import restore

_ADDRESSES = ("url", "uri", "urlPath", "absoluteUrl", "path")
_MOMENTS = ("recorded_at", "recordedAt", "timestamp", "loggedDate")
_HEADERS = ("headers", "header")
_STATUSES = ("status", "status_code", "statusCode", "code")
_PARTS = frozenset({"request", "body", "text", "payloads", "urls", "created", "headers"})
_REMARKS = tuple(
    (re.compile(pattern, re.IGNORECASE), part)
    for pattern, part in (
        (r"headers? (in|re)?.{0,20}(removed|dropped|transcribed)", "headers"),
        (r"headers? (are|is) (unknown|dropped)|headers unknown", "headers"),
        (r"b64_json.{0,40}(replaced|cut|truncated)|payload.{0,30}NOT genuine", "payloads"),
        (r"\bcreated\b.{0,30}(zero|replaced|redacted)", "created"),
        (r"urls? .{0,40}(replaced|redacted|sanitised)", "urls"),
        (r"only the (first|last).{0,80}could be read", "body"),
        (r"count of data items.{0,20}inferred", "body"),
        (r"response body only|request.{0,20}unknown", "request"),
        (r"transcribed; not machine-extracted|only the message", "text"),
    )
)


def entry_of(index: int, line: int | None, pair: Pair, files: BodyFiles) -> Entry:
    """Return a pair as an entry; raises RecordingError for what is no exchange."""
    request = pair.request
    if not request or pair.response == {}:
        raise RecordingError(
            "is no exchange: it has no request or no response; docs/judging.md describes one"
        )
    endpoint = text(pair.record.get("endpoint"))  # names the endpoint alone, without a URL
    path = f"/{endpoint}" if endpoint.endswith("images/generations") else ""
    url = text(first_present(request, *_ADDRESSES)) or path
    # The endpoint has one method, which a record may leave out.
    method = text(request.get("method")).upper() or "POST"
    return Entry(index, line, method, url, lambda: _read(pair, method, url, files))


def _read(pair: Pair, method: str, url: str, files: BodyFiles) -> Recorded:
    request = pair.request
    sent_headers = headers_of(first_present(request, *_HEADERS))
    body = undo_coding(_stub_body(request) or body_of(request, files), sent_headers)
    body = restore(body, sent_headers)
    response, answer = None, NOTHING_KEPT
    altered = _declared_alterations(pair.record)
    status = _status(pair.response) if pair.response is not None else 0
    if pair.response is not None and status:
        headers = headers_of(first_present(pair.response, *_HEADERS))
        answer = undo_coding(body_of(pair.response, files), headers)
        answer = restore(answer, headers, pair.declared)
        response = Response(status, headers, answer.data or b"")
        altered |= CUT.altered if answer.data is None else answer.altered
        altered |= set() if headers else {"headers"}
    # Without its whole request an answer cannot be judged: what it promises is not known.
    unknown = first_present(request, *_ADDRESSES) is None
    if body.data is None or {"body", "payloads"} & body.altered or unknown:
        altered |= {"request"}
    return Recorded(
        Request(method, url, sent_headers, body.data or b""),
        response,
        moment_of(first_present(pair.record, *_MOMENTS), response.headers if response else ()),
        seconds_of(pair.record.get("elapsed")),
        text(pair.record.get("provider")) or text(pair.record.get("provider_host")) or None,
        altered,
        frozenset(({"request"} if body.proven else set()) | ({"body"} if answer.proven else set())),
        pair.declared,
    )


def _status(answer: Mapping[str, Any]) -> int:
    """Read a status as a number, as `200 OK`, as an object with its code, or under another name.

    It is 0 where no answer came.
    """
    for name in _STATUSES:
        value = answer.get(name)
        status = status_of(value.get("code", value) if isinstance(value, dict) else value)
        if status is not None:
            return status
    raise RecordingError("a response has no status")


def _stub_body(request: Mapping[str, Any]) -> Body | None:
    """Read the JSON that a stub of WireMock matches its request with, as its recorder wrote it."""
    patterns = request.get("bodyPatterns")
    for pattern in patterns if isinstance(patterns, list) else []:
        for name in ("equalToJson", "equalTo", "binaryEqualTo"):
            value = mapping(pattern).get(name)
            if isinstance(value, str):
                return from_base64(value) if name == "binaryEqualTo" else from_text(value)
            if value is not None:
                return from_value(value)
    return None


def _declared_alterations(record: Mapping[str, Any]) -> frozenset[str]:
    """Name what the record itself says that its recorder did."""
    lists = (record.get(name) for name in ("recorder_alterations", "notes"))
    remarks = [text(note) for notes in lists if isinstance(notes, list) for note in notes]
    parts = {part for pattern, part in _REMARKS if any(map(pattern.search, remarks))}
    altered = record.get("altered")
    own_words = set(map(text, altered)) if isinstance(altered, list) else set()
    return frozenset(parts | (_PARTS & own_words))
