"""Bodies that a recorder wrote in another way, and what they were: the length proves it.

A body is restored only where undoing one way of writing gives something that can be read, of
exactly the length that was stated, or where the framing of chunks was kept (ARCHITECTURE 36).
"""

from __future__ import annotations

import ast
import base64
import binascii
import html
import re
from collections.abc import Callable
from dataclasses import replace

from conformance.exchange.model import Headers, first_header
from conformance.exchange.transport.codings import codings_of
from conformance.parsing import JSONFaultError, load_json, read_json
from conformance.parsing.images import sniff
from conformance.recordings.readers.model import Body

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]{0,200})?\r?\n")
_TRAILER = re.compile(rb"(?:\r?\n)?")
_WRAP = re.compile(rb"(?<=[A-Za-z0-9+/=])(?:(?:\\r)?\\n|\r?\n[ \t]*)(?=[A-Za-z0-9+/=])")
_LITERAL = re.compile(r"b?(?:'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\")", re.DOTALL)
_HEAD = re.compile(rb"HTTP/[0-9.]+ [0-9]{3}[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n")
_STREAM = re.compile(rb"(?:data|event|id|retry)?:")
_CURLY = str.maketrans("\u201c\u201d\u201e\u201f", '""""')


def declared_length(headers: Headers) -> int | None:
    """Return the bytes that a body had on the wire; None where they were coded or not declared."""
    coded = codings_of(value for name, value in headers if name.lower() == "content-encoding")
    declared = (first_header(headers, "content-length") or "").strip()
    known = not coded and declared.isascii() and declared.isdecimal() and len(declared) < 12
    return int(declared) if known else None


def restored(body: Body, headers: Headers, stated: int | None = None) -> Body:
    """Return a body as it was sent, where that is certain; an archive has `stated` its length."""
    data, length = body.data, declared_length(headers)
    length = stated if length is None else length
    if not data or body.altered or body.proven or length == len(data):
        return body
    if length is None:
        chunked = "chunked" in (first_header(headers, "transfer-encoding") or "").lower()
        original = _without_framing(data) if chunked else None
        return body if original is None else replace(body, data=original)
    for undo in (*_FOREIGN_WAYS, *_OWN_WAYS):
        original = undo(data)
        if original is not None and len(original) == length and _is_sound(original):
            return replace(body, data=original)
    return body


def _is_sound(data: bytes) -> bool:
    """Return whether bytes are an answer that can be read; a length alone may agree by chance."""
    return bool(_STREAM.match(data) or sniff(data)) or read_json(data).value is not None


def is_rewritten(data: bytes) -> bool:
    """Return whether bytes are an object of JSON, written in a way in which no server does."""
    originals = (undo(data) for undo in _FOREIGN_WAYS)
    return any(each is not None and isinstance(read_json(each).value, dict) for each in originals)


def _without_framing(data: bytes) -> bytes | None:
    """Take the chunks of a body out of their framing; None where it does not end as it should."""
    pieces: list[bytes] = []
    at = 0
    while size := _CHUNK.match(data, at):
        length, at = int(size[1], 16), size.end()
        if length == 0:
            return b"".join(pieces) if not data[at:].strip() else None
        pieces.append(data[at : at + length])
        gap = _TRAILER.match(data, at + length)
        if len(pieces[-1]) < length or gap is None:
            return None
        at = gap.end()
    return None


def _from_base64(data: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        return None


def _from_hex(data: bytes) -> bytes | None:
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return None


def _from_literal(data: bytes) -> bytes | None:
    """Read one string or bytes as Python shows it, and nothing else."""
    text = data.decode("utf-8", "replace").strip()
    if text[:1] not in ("b", "'", '"') or _LITERAL.fullmatch(text) is None:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bytes) else _bytes(value)


def _from_json_text(data: bytes) -> bytes | None:
    try:
        value = load_json(data)
    except (JSONFaultError, ValueError):
        return None
    return _bytes(value) if isinstance(value, str) else None


def _unescaped(data: bytes) -> bytes | None:
    return _from_json_text(b'"' + data + b'"')


def _quotes_unescaped(data: bytes) -> bytes | None:
    return data.replace(b'\\"', b'"')


def _from_html(data: bytes) -> bytes | None:
    return _bytes(html.unescape(data.decode("utf-8", "replace")))


def _with_straight_quotes(data: bytes) -> bytes | None:
    return _bytes(data.decode("utf-8", "replace").translate(_CURLY))


def _once(data: bytes) -> bytes | None:
    half = data[: len(data) // 2]
    return half if half * 2 == data else None


def _without_head(data: bytes) -> bytes | None:
    head = _HEAD.match(data)
    return data[head.end() :] if head else None


def _unwrapped(data: bytes) -> bytes | None:
    return _WRAP.sub(b"", data)


def _with_bare_newlines(data: bytes) -> bytes | None:
    return data.replace(b"\r\n", b"\n")


def _from_latin(data: bytes) -> bytes | None:
    try:
        return data.decode().encode("latin-1")
    except ValueError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_FOREIGN_WAYS: tuple[Callable[[bytes], bytes | None], ...] = (
    _without_framing, _from_base64, _from_hex, _from_literal, _from_json_text, _unescaped,
    _quotes_unescaped, _from_html, _with_straight_quotes, _once, _without_head,
)  # fmt: skip
"""Ways in which no server writes an answer of JSON."""

_OWN_WAYS: tuple[Callable[[bytes], bytes | None], ...] = (
    _unwrapped, _with_bare_newlines, _from_latin, bytes.strip,
    lambda data: data.removeprefix(b"\xef\xbb\xbf"),
)  # fmt: skip
"""Ways in which a careless server writes as well, so that without a length they are its own."""
