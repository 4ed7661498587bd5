"""JSON lines of exchanges in a layout of our own, and in that of the shared corpus.

A line is an object:

    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"},
     "provider", "model", "recorded_at", "elapsed", "altered": [...]}

`headers` is an object of strings or lists, or a list of pairs. A `body` is a string, which is
taken as it is; an object or array, which is the decoded JSON; `{"$base64": "…"}` for bytes;
`{"$raw": "…"}` for text; `{"$sse": [{"event", "data"}]}` for an event stream. Inside a body
`{"$omitted": …}` stands for a payload that was taken out. `recorded_at` is ISO 8601, an HTTP
date or seconds since the epoch, `elapsed` seconds. `altered` names parts as `Recorded` does.
The corpus says the same in sentences, `recorder_alterations` and `notes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.exchange.importers.bodies import decoded, encoded, unbase64
from conformance.exchange.importers.model import (
    MOST_BYTES,
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
from conformance.strict import JSONFaultError, load_json

_MOST_LINE = 2 * MOST_BYTES
_GENERATIONS = re.compile(r"images/generations$")
_PARTS = frozenset({"request", "body", "text", "payloads", "urls", "created", "headers"})
_SAID = (
    (re.compile(r"headers? (in|re)?.{0,20}(removed|dropped|transcribed)", re.I), "headers"),
    (re.compile(r"headers? (are|is) (unknown|dropped)|headers unknown", re.I), "headers"),
    (re.compile(r"b64_json.{0,40}(replaced|cut|truncated)|payload.{0,30}NOT genuine"), "payloads"),
    (re.compile(r"\bcreated\b.{0,30}(zero|replaced|redacted)", re.I), "created"),
    (re.compile(r"urls? .{0,40}(replaced|redacted|sanitised)", re.I), "urls"),
    (re.compile(r"only the (first|last).{0,80}could be read", re.I), "body"),
    (re.compile(r"count of data items.{0,20}inferred", re.I), "body"),
    (re.compile(r"response body only|request.{0,20}unknown", re.I), "request"),
    (re.compile(r"transcribed; not machine-extracted|only the message", re.I), "text"),
)


def json_lines(path: Path) -> Iterator[tuple[int, Any, RecordingError | None]]:
    """Give every line that is not blank: its number, and its value or why it has none."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE + 1):
            number += 1
            if len(line) > _MOST_LINE:
                yield number, None, RecordingError("is too long", number)
                return  # where the next one begins is not known within bounds
            if line.strip():
                yield number, *_parsed(line, number)


def _parsed(line: bytes, number: int) -> tuple[Any, RecordingError | None]:
    try:
        return load_json(line), None
    except JSONFaultError as error:
        return None, RecordingError(str(error), number)


def line_entry(index: int, line: int | None, value: Any) -> Entry:
    """Give a line as an entry; raises RecordingError for what is none."""
    record = mapping(value)
    request, response = mapping(record.get("request")), mapping(record.get("response"))
    if not request or not response:
        raise RecordingError("is no exchange: it has no request or no response", line)
    url = text(request.get("url")) or _placed(record)
    method = text(request.get("method")).upper() or "POST"
    return Entry(index, line, method, url, lambda: _read(record, method, url))


def _placed(record: Mapping[str, Any]) -> str:
    """Give an address to what names its endpoint alone, so that it is found and told."""
    endpoint = text(record.get("endpoint"))
    return f"/{endpoint}" if _GENERATIONS.search(endpoint) else ""


def _read(record: Mapping[str, Any], method: str, url: str) -> Recorded:
    asked, told = mapping(record["request"]), mapping(record["response"])
    sent, headers = headers_of(asked.get("headers")), headers_of(told.get("headers"))
    body = _body(asked.get("body"), sent)
    answer = _body(told.get("body"), headers)
    altered = _declared(record) | (answer.altered if answer.data is not None else {"body"})
    if body.data is None or {"body", "payloads"} & body.altered or not asked.get("url"):
        altered |= {"request"}
    if not headers:
        altered |= {"headers"}
    status = status_of(told.get("status"))
    if status is None:
        raise RecordingError("a response has no status")
    return Recorded(
        Request(method, url, sent, body.data or b""),
        Response(status, headers, answer.data or b""),
        moment_of(record.get("recorded_at"), headers),
        seconds_of(record.get("elapsed")),
        text(record.get("provider")) or text(record.get("provider_host")) or None,
        text(record.get("model")) or None,
        frozenset(altered),
    )


def _declared(record: Mapping[str, Any]) -> frozenset[str]:
    """What the record itself says that its recorder did."""
    said = [*_texts(record.get("recorder_alterations")), *_texts(record.get("notes"))]
    found = {part for pattern, part in _SAID for each in said if pattern.search(each)}
    return frozenset(found | (_PARTS & set(_texts(record.get("altered")))))


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _body(value: Any, headers: Headers) -> Body:
    if value is None:
        return Body(None)
    if isinstance(value, str):
        return decoded(encoded(value), headers)
    if isinstance(value, dict):
        if isinstance(value.get("$base64"), str):
            return decoded(unbase64(value["$base64"]), headers)
        if isinstance(value.get("$raw"), str):
            return decoded(encoded(value["$raw"]), headers)
        if isinstance(value.get("$sse"), list):
            return _stream(value["$sse"])
        if any(each.startswith("$") for each in value):  # $multipart, $raw_bytes: not whole
            return Body(b"", frozenset({"body"}))
    return _json(value)


def _json(value: Any) -> Body:
    lost: set[str] = set()
    whole = _filled(value, "", lost)
    return Body(json.dumps(whole, ensure_ascii=False).encode(errors="replace"), _text(lost))


def _text(lost: set[str]) -> frozenset[str]:
    return frozenset(lost | {"text"})


def _stream(events: list[Any]) -> Body:
    """Frame events anew; what each said stands, how it was written does not."""
    lost: set[str] = set()
    lines = []
    for event in map(mapping, events):
        name, data = event.get("event"), _filled(event.get("data"), "", lost)
        said = data if isinstance(data, str) else json.dumps(data)
        lines += [f"event: {name}"] if isinstance(name, str) else []
        lines += [*(f"data: {each}" for each in said.split("\n")), ""]
    return Body(("\n".join(lines) + "\n").encode(errors="replace"), _text(lost))


_LOST = {"b64_json": "payloads", "url": "urls"}


def _filled(value: Any, name: str, lost: set[str]) -> Any:
    """Put a word in place of every payload that was taken out, and note which part it was."""
    if isinstance(value, dict):
        if "$omitted" in value:
            lost.add(_LOST.get(name, "body"))
            return "omitted"
        return {key: _filled(each, key, lost) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, name, lost) for each in value]
    return value
