"""Bodies as recorders keep them: decoded or not, as text, as base64 or in pieces."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from conformance.exchange.codings import DECODERS
from conformance.exchange.importers.model import MOST_BYTES, Body, RecordingError, text
from conformance.exchange.model import Headers, first_header
from conformance.strict import JSONFaultError, load_json

_GZIP = b"\x1f\x8b"


def unbase64(value: str) -> bytes:
    """Decode base64 with line breaks; raises RecordingError for what is none."""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise RecordingError("a body that is said to be base64 is none") from None


def unpieced(value: str) -> bytes:
    """Decode base64, also as a JSON array of pieces, as Polly.js writes compressed bodies."""
    if not value.lstrip().startswith("["):
        return unbase64(value)
    try:
        pieces = load_json(value)
    except JSONFaultError:
        raise RecordingError("a body in pieces is no JSON array") from None
    return b"".join(unbase64(text(each)) for each in pieces)


def encoded(value: str) -> bytes:
    """Turn text into the bytes that it most likely was."""
    return value.encode("utf-8", "surrogatepass")


def decoded(data: bytes, headers: Headers) -> Body:
    """Undo a content coding that the recorder left in place.

    Raises RecordingError above the limit. Many recorders decode a body and keep the header, so
    the bytes are asked, not the header.
    """
    if len(data) > MOST_BYTES:
        raise RecordingError(f"a body is larger than the limit of {MOST_BYTES:,} bytes")
    coding = (first_header(headers, "content-encoding") or "").strip().lower()
    if data.startswith(_GZIP):
        return _inflated(data, 31)
    if coding == "deflate" and data[:1] == b"\x78":
        return _inflated(data, 15)
    if coding in DECODERS and not _readable(data):
        return _decompressed(data, coding)
    return Body(data)


def _decompressed(data: bytes, coding: str) -> Body:
    try:
        found = DECODERS[coding](data, MOST_BYTES)
    except ValueError:
        return Body(b"", frozenset({"body"}))
    if found is None:
        raise RecordingError(f"a body decodes to more than the limit of {MOST_BYTES:,} bytes")
    return Body(found)


def _inflated(data: bytes, window: int) -> Body:
    inflater = zlib.decompressobj(window)
    try:
        found = inflater.decompress(data, MOST_BYTES)
    except zlib.error:
        return Body(b"", frozenset({"body"}))
    if inflater.unconsumed_tail:
        raise RecordingError(f"a body decodes to more than the limit of {MOST_BYTES:,} bytes")
    return Body(found, frozenset() if inflater.eof else frozenset({"body"}))


def _readable(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def any_body(value: Any) -> bytes | None:
    """Give the bytes of a string or bytes; None for everything else."""
    if isinstance(value, bytes):
        return value
    return encoded(value) if isinstance(value, str) else None
