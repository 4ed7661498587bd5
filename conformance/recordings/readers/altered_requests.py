"""Detects requests that a recorder altered: their answers cannot be judged."""

from __future__ import annotations

import json
from typing import Any

from conformance.parsing import read_json
from conformance.recordings.readers.content_length import declared_length, is_too_short
from conformance.recordings.readers.model import Recorded
from conformance.recordings.readers.placeholders import (
    holds_placeholder,
    interrupts_text,
    is_placeholder,
    spoils_name,
)

_FREE_TEXT = frozenset({"prompt", "negative_prompt", "user"})


def altered_request(recorded: Recorded) -> str | None:
    """Describe what a recorder did to a request; None where it is as it was sent."""
    if "request" in recorded.altered:
        return "its request was not recorded"
    request = recorded.request
    told = request.header("content-type") or ""
    if holds_placeholder(told) or holds_placeholder(request.method):
        return "the method or the content type of its request was replaced"
    if told and "json" not in told.lower():
        return None  # a form, say: that it is no JSON is the client's own doing
    declared = declared_length(request.headers)
    exact = "text" not in recorded.altered
    proven = "request" in recorded.proven or (exact and declared == len(request.body))
    body = read_json(request.body).value
    if isinstance(body, dict):
        return _altered_value(body, recorded, proven, declared)
    return None if proven else "its request was cut or rewritten by the recorder"


def _altered_value(
    body: dict[str, Any], recorded: Recorded, proven: bool, declared: int | None
) -> str | None:
    if not proven and is_too_short(body, declared):
        return f"its request had {declared:,} bytes, and fewer were recorded"
    for name, value in body.items():
        if spoils_name(name, proven) or _is_replaced(name, value, recorded, proven):
            return f"the recorder replaced {name[:40]!r} in its request"
    return None


def _is_replaced(name: str, value: Any, recorded: Recorded, proven: bool) -> bool:
    if not isinstance(value, str):
        nested = isinstance(value, dict | list)
        return nested and holds_placeholder(json.dumps(value), proven=True)
    if name not in _FREE_TEXT:
        return holds_placeholder(value, proven)
    if interrupts_text(value):
        return not proven  # amid a text it may stand for more than that text
    return _hides_free_text(value, proven) and not _succeeded(recorded)


def _hides_free_text(value: str, proven: bool) -> bool:
    cut = value.rstrip().endswith(("...", "…")) and not proven
    return cut or is_placeholder(value)


def _succeeded(recorded: Recorded) -> bool:
    """Return whether the request was accepted: then it does not matter what it described."""
    return recorded.response is not None and 200 <= recorded.response.status < 300
