"""Alterations that a record declares itself, and bodies rebuilt from its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from conformance.recordings.readers.model import Body, mapping

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
_LOST = {"b64_json": "payloads", "url": "urls"}


def declared_alterations(record: Mapping[str, Any]) -> frozenset[str]:
    """Name what the record itself says that its recorder did."""
    said = [*_texts(record.get("recorder_alterations")), *_texts(record.get("notes"))]
    found = {part for pattern, part in _SAID for each in said if pattern.search(each)}
    return frozenset(found | (_PARTS & set(_texts(record.get("altered")))))


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def framed_stream(events: list[Any]) -> Body:
    """Frame events anew; what each said stands, how it was written does not."""
    lost: set[str] = set()
    lines = []
    for event in map(mapping, events):
        name, data = event.get("event"), without_omissions(event.get("data"), "", lost)
        said = data if isinstance(data, str) else json.dumps(data)
        lines += [f"event: {name}"] if isinstance(name, str) else []
        lines += [*(f"data: {line}" for line in said.split("\n")), ""]
    body = ("\n".join(lines) + "\n").encode(errors="replace")
    return Body(body, frozenset(lost | {"text"}))


def without_omissions(value: Any, name: str, lost: set[str]) -> Any:
    """Put a word in place of every payload that was taken out, and note which part it was."""
    if isinstance(value, dict):
        if "$omitted" in value:
            lost.add(_LOST.get(name, "body"))
            return "omitted"
        return {key: without_omissions(each, key, lost) for key, each in value.items()}
    if isinstance(value, list):
        return [without_omissions(each, name, lost) for each in value]
    return value
