"""Bodies as recorders keep them: decoded or not, as text, as base64 or in pieces."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.exchange.model import Headers
from conformance.exchange.transport.codings import (
    GZIP_MAGIC,
    CodingError,
    TooLargeError,
    codings_of,
    undo_codings,
)
from conformance.parsing import JSONFaultError, load_json
from conformance.parsing.images import sniff
from conformance.recordings.readers.model import MOST_BYTES, Body, RecordingError, text
from conformance.recordings.readers.placeholders import interrupts_base64, is_placeholder

NOTHING_KEPT = Body(None)
_SHORT = 60  # bytes that may be a word which was decoded as if it were base64
_BEGINS_AS_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{24}")
CUT = frozenset({"body"})


def from_base64(value: str) -> Body:
    """Decode base64 with line breaks, or a JSON array of such pieces as Polly.js writes it.

    Some recorders say base64 of what is plain text: it is taken as it stands. A placeholder in
    it says that the body was altered.
    """
    data = _decoded_base64(value)
    if data is not None:
        sound = data.startswith(GZIP_MAGIC) or _is_plain(data)
        return Body(data) if sound or not interrupts_base64(value, proven=True) else Body(b"", CUT)
    damaged = _BEGINS_AS_BASE64.match(value) and interrupts_base64(value)
    return Body(b"", CUT) if damaged else Body(as_bytes(value))


def _decoded_base64(value: str) -> bytes | None:
    if not value.lstrip().startswith("["):
        return _strictly("".join(value.split()))
    try:
        pieces = load_json(value)
    except JSONFaultError:
        return None
    decoded = [_strictly(text(piece)) for piece in pieces]
    return None if None in decoded else b"".join(filter(None, decoded))


def _strictly(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def from_hex(value: str) -> Body:
    """Decode hexadecimal digits; anything else is a body that was altered."""
    try:
        return Body(bytes.fromhex(value))
    except ValueError:
        return Body(b"", CUT)


def as_bytes(value: str) -> bytes:
    """Turn text into the bytes that it most likely was."""
    return value.encode("utf-8", "surrogatepass")


def from_text(value: Any) -> Body:
    """Take text or bytes as they stand; anything else is a body that was not kept."""
    if isinstance(value, bytes):
        short = base64.b64encode(value).decode() if len(value) <= _SHORT else ""
        return Body(b"", CUT) if is_placeholder(short) else Body(value)
    return Body(as_bytes(value)) if isinstance(value, str) else NOTHING_KEPT


def from_value(value: Any) -> Body:
    """Write decoded JSON anew: what it says stands, how it was written does not."""
    data = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    return Body(data, frozenset({"text"}))


def first_kept(held: Mapping[str, Any], *names: str) -> Any:
    """Return the first of some members that is there and not null."""
    return next((held[name] for name in names if held.get(name) is not None), None)


def decoded(body: Body, headers: Headers) -> Body:
    """Undo a content coding that the recorder left in place.

    Raises RecordingError above the limit. Many recorders decode a body and keep the header, so
    the bytes decide. A coding that ends as it should proves that nothing inside was altered.
    """
    data = body.data
    if data is None or body.altered & {"body", "text"}:
        return body
    if len(data) > MOST_BYTES:
        raise RecordingError(f"a body is larger than the limit of {MOST_BYTES:,} bytes")
    codings = codings_of(value for name, value in headers if name.lower() == "content-encoding")
    codings = codings or (["gzip"] if data.startswith(GZIP_MAGIC) else [])
    return _undone(body, data, codings) if codings and data else body


def _undone(body: Body, data: bytes, codings: list[str]) -> Body:
    try:
        return replace(body, data=undo_codings(data, codings, MOST_BYTES), proven=True)
    except TooLargeError:
        reason = f"a body decodes to more than the limit of {MOST_BYTES:,} bytes"
        raise RecordingError(reason) from None
    except CodingError:
        return body if _is_plain(data) else Body(b"", CUT)


def _is_plain(data: bytes) -> bool:
    """Return whether bytes are text or an image, and so were decoded by the recorder."""
    if sniff(data) is not None:
        return True
    try:
        return "\ufffd" not in data.decode()
    except UnicodeDecodeError:
        return False
