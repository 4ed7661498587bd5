"""Detects requests that a recorder altered: their answers cannot be judged."""

from __future__ import annotations

import json
from typing import Any

from conformance.parsing import read_json
from conformance.recordings.readers.bodies import declared_length, is_too_short
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
    media_type = request.header("content-type") or ""
    if holds_placeholder(media_type) or holds_placeholder(request.method):
        return "the method or the content type of its request was replaced"
    if media_type and "json" not in media_type.lower():
        return None  # a form, say: that it is no JSON is the client's own doing
    declared = declared_length(request.headers)
    exact = "text" not in recorded.altered
    proven = "request" in recorded.proven or (exact and declared == len(request.body))
    body = read_json(request.body).value
    if not isinstance(body, dict):
        return None if proven else "its request was cut or rewritten by the recorder"
    if not proven and is_too_short(body, declared):
        return f"its request had {declared:,} bytes, and fewer were recorded"
    accepted = recorded.response is not None and 200 <= recorded.response.status < 300
    for name, value in body.items():
        if spoils_name(name, proven) or _is_replaced(name, value, proven, accepted):
            return f"the recorder replaced {name[:40]!r} in its request"
    return None


def _is_replaced(name: str, value: Any, proven: bool, accepted: bool) -> bool:
    if not isinstance(value, str):
        nested = isinstance(value, dict | list)
        return nested and holds_placeholder(json.dumps(value), proven=True)
    if name not in _FREE_TEXT:
        return holds_placeholder(value, proven)
    if interrupts_text(value):
        return not proven  # amid a text it may stand for more than that text
    cut = value.rstrip().endswith(("...", "…")) and not proven
    # what an accepted request described does not matter
    return (cut or is_placeholder(value)) and not accepted
