"""Exchanges as most recorders write them: an object with a request and a response.

VCR.py, Ruby's VCR, go-vcr, cassettes of agents, WireMock and a layout of our own differ in the
names of members and in how a body stands there. `docs/judging.md` describes our own:

    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"},
     "provider", "model", "recorded_at", "elapsed", "altered": [...]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.exchange.model import Headers, Request, Response
from conformance.recordings.readers.bodies import (
    CUT,
    NOTHING_KEPT,
    decoded,
    first_kept,
    from_base64,
    from_hex,
    from_text,
    from_value,
)
from conformance.recordings.readers.body_files import BodyFiles
from conformance.recordings.readers.declared_alterations import (
    declared_alterations,
    framed_stream,
    without_omissions,
)
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

_ADDRESSES = ("url", "uri", "urlPath", "absoluteUrl", "path")
_GENERATIONS = re.compile(r"images/generations$")
_TEXTS = ("body", "content", "text")
_VALUES = ("parsed_body", "json_body", "jsonBody", "body_json", "json")
_BASE64 = ("base64Body", "bodyAsBase64", "body_base64", "base64_body")
_FILES = ("bodyFileName", "_file", "body_file")
_HOLDER = frozenset({"string", "base64_string", "encoding"})
_MOMENTS = ("recorded_at", "recordedAt", "timestamp", "loggedDate")


def pair_entry(index: int, line: int | None, value: Any, files: BodyFiles) -> Entry:
    """Return an exchange as an entry; raises RecordingError for what is none."""
    record = mapping(value)
    request, response = mapping(record.get("request")), mapping(record.get("response"))
    if not request or not response:
        raise RecordingError(
            "is no exchange: it has no request or no response; docs/judging.md describes one", line
        )
    url = text(first_kept(request, *_ADDRESSES)) or _placed(record)
    method = text(request.get("method")).upper() or "POST"
    return Entry(index, line, method, url, lambda: _read(record, method, url, files))


def _placed(record: Mapping[str, Any]) -> str:
    """Return an address to what names its endpoint alone, so that it is found and told."""
    endpoint = text(record.get("endpoint"))
    return f"/{endpoint}" if _GENERATIONS.search(endpoint) else ""


def _read(record: Mapping[str, Any], method: str, url: str, files: BodyFiles) -> Recorded:
    asked, told = mapping(record["request"]), mapping(record["response"])
    sent, headers = _headers(asked), _headers(told)
    body = decoded(_matched(asked) or _body(asked, files), sent)
    answer = decoded(_body(told, files), headers)
    altered = declared_alterations(record) | (CUT if answer.data is None else answer.altered)
    if body.data is None or {"body", "payloads"} & body.altered or not _is_addressed(asked):
        altered |= {"request"}
    if not headers:
        altered |= {"headers"}
    proven = {"request"} if body.proven else set()
    return Recorded(
        Request(method, url, sent, body.data or b""),
        Response(_status(told), headers, answer.data or b""),
        moment_of(first_kept(record, *_MOMENTS), headers),
        seconds_of(record.get("elapsed")),
        text(record.get("provider")) or text(record.get("provider_host")) or None,
        text(record.get("model")) or None,
        frozenset(altered),
        frozenset(proven | ({"body"} if answer.proven else set())),
    )


def _is_addressed(asked: Mapping[str, Any]) -> bool:
    return first_kept(asked, *_ADDRESSES) is not None


def _headers(half: Mapping[str, Any]) -> Headers:
    return headers_of(first_kept(half, "headers", "header"))


def _status(told: Mapping[str, Any]) -> int:
    """Read a status as a number, as `200 OK`, as an object with its code, or under another name."""
    status = told.get("status")
    named = mapping(status).get("code", status)
    for value in (named, *(told.get(name) for name in ("status_code", "statusCode", "code"))):
        found = status_of(value)
        if found is not None:
            return found
    raise RecordingError("a response has no status")


def _body(half: Mapping[str, Any], files: BodyFiles) -> Body:
    """Read a body in each way that it may stand there: the first that is there counts."""
    kept = first_kept(half, *_TEXTS)
    if kept is not None and not (kept == "" and first_kept(half, *_FILES)):
        return _kept(kept)
    encoded = first_kept(half, *_BASE64)
    if isinstance(encoded, str):
        return from_base64(encoded)
    file = first_kept(half, *_FILES)
    if isinstance(file, str):
        return files.body(file)
    value = first_kept(half, *_VALUES)
    return NOTHING_KEPT if value is None else _written(value)


def _kept(value: Any) -> Body:
    if not isinstance(value, dict):
        return from_text(value) if isinstance(value, str | bytes) else _written(value)
    if value.keys() <= _HOLDER:
        held = value.get("base64_string")
        return from_base64(held) if isinstance(held, str) else from_text(value.get("string"))
    if isinstance(value.get("$base64"), str):
        return from_base64(value["$base64"])
    if isinstance(value.get("$hex"), str):
        return from_hex(value["$hex"])
    if isinstance(value.get("$raw"), str):
        return from_text(value["$raw"])
    if isinstance(value.get("$sse"), list):
        return framed_stream(value["$sse"])
    if any(name.startswith("$") for name in value):  # $multipart, $raw_bytes: not whole
        return Body(b"", CUT)
    return _written(value)


def _written(value: Any) -> Body:
    lost: set[str] = set()
    body = from_value(without_omissions(value, "", lost))
    return Body(body.data, body.altered | lost)


def _matched(asked: Mapping[str, Any]) -> Body | None:
    """Read the JSON that a stub of WireMock matches its request with, as its recorder wrote it."""
    patterns = asked.get("bodyPatterns")
    for pattern in patterns if isinstance(patterns, list) else []:
        for name in ("equalToJson", "equalTo", "binaryEqualTo"):
            value = mapping(pattern).get(name)
            if isinstance(value, str):
                return from_base64(value) if name == "binaryEqualTo" else from_text(value)
            if value is not None:
                return _written(value)
    return None
