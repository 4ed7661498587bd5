"""What a Content-Length proves of the body that a recorder kept (ARCHITECTURE 36)."""

from __future__ import annotations

import json
from typing import Any

from conformance.exchange.model import Headers, first_header
from conformance.exchange.transport.codings import codings_of

_SLACK = 64  # bytes of white space around a text


def declared_length(headers: Headers) -> int | None:
    """Return the bytes that a body had on the wire; None where they were coded, or not told."""
    coded = codings_of(value for name, value in headers if name.lower() == "content-encoding")
    declared = (first_header(headers, "content-length") or "").strip()
    known = not coded and declared.isascii() and declared.isdecimal() and len(declared) < 12
    return int(declared) if known else None


def is_too_short(value: Any, declared: int | None) -> bool:
    """Return whether a JSON value is shorter than was sent, in whatever way it was written.

    The most generous way has indents of four, and escapes every slash and every letter that is
    not ASCII.
    """
    if declared is None:
        return False
    text = json.dumps(value, indent=4)
    return len(text) + text.count("/") + _SLACK < declared
