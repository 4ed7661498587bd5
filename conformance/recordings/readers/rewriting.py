"""Bodies that a recorder wrote in another way, and what they were: the length proves it.

A body is restored only where undoing one way of writing gives something that can be read, of
exactly the length that was stated, or where the framing of chunks was kept (ARCHITECTURE 36).
"""

from __future__ import annotations

import ast
import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from conformance.cases.request import Headers, first_header
from conformance.exchange.transport.codings import codings_of
from conformance.parsing import load_json, read_json
from conformance.parsing.images.media_types import sniff
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


def restore(body: Body, headers: Headers, declared: int | None = None) -> Body:
    """Return a body as it was sent, where that is certain.

    `declared` is the length that an archive states.
    """
    data, length = body.data, declared_length(headers)
    length = declared if length is None else length
    if not data or body.altered or body.proven or length == len(data):
        return body
    # Without a length nothing but the framing of chunks proves itself.
    if length is None:
        chunked = "chunked" in (first_header(headers, "transfer-encoding") or "").lower()
        original = _without_framing(data) if chunked else None
        return body if original is None else replace(body, data=original)
    for original in _originals(data, (*_FOREIGN_WAYS, *_OWN_WAYS)):
        # a length alone may agree by chance: what was sent can be read as well
        if len(original) == length and (
            _STREAM.match(original) or sniff(original) or read_json(original).value is not None
        ):
            return replace(body, data=original)
    return body


def is_rewritten(data: bytes) -> bool:
    """Return whether bytes are an object of JSON, written in a way in which no server does."""
    originals = _originals(data, _FOREIGN_WAYS)
    return any(isinstance(read_json(original).value, dict) for original in originals)


def _originals(data: bytes, ways: Iterable[_Way]) -> Iterator[bytes]:
    """Yield the original bytes for each way of rewriting that can be undone."""
    for undo in ways:
        try:
            original = undo(data)
        except (ValueError, SyntaxError, MemoryError, RecursionError):  # as Python's parser does
            continue
        if original is not None:
            yield original


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


def _from_literal(data: bytes) -> bytes | None:
    """Read one string or bytes as Python shows it, and nothing else."""
    text = _text(data).strip()
    if text[:1] not in ("b", "'", '"') or _LITERAL.fullmatch(text) is None:
        return None
    value = ast.literal_eval(text)
    return value if isinstance(value, bytes) else _bytes(value)


def _from_json_text(data: bytes) -> bytes | None:
    value = load_json(data)
    return _bytes(value) if isinstance(value, str) else None


def _without_repetition(data: bytes) -> bytes | None:
    half = data[: len(data) // 2]
    return half if half * 2 == data else None


def _without_head(data: bytes) -> bytes | None:
    head = _HEAD.match(data)
    return data[head.end() :] if head else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_Way = Callable[[bytes], bytes | None]
_FOREIGN_WAYS: tuple[_Way, ...] = (
    _without_framing,
    lambda data: base64.b64decode(b"".join(data.split()), validate=True),
    lambda data: bytes.fromhex(data.decode("ascii")),
    _from_literal,
    _from_json_text,
    lambda data: _from_json_text(b'"' + data + b'"'),  # escaped, and its quotes left out
    lambda data: data.replace(b'\\"', b'"'),
    lambda data: _bytes(html.unescape(_text(data))),
    lambda data: _bytes(_text(data).translate(_CURLY)),
    _without_repetition,
    _without_head,
)
"""Undo the ways in which no server writes an answer of JSON; None or ValueError where unused."""

_OWN_WAYS: tuple[_Way, ...] = (
    lambda data: _WRAP.sub(b"", data),
    lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: data.decode().encode("latin-1"),
    bytes.strip,
    lambda data: data.removeprefix(b"\xef\xbb\xbf"),
)
"""Undo what a careless server writes as well, so that only a length proves it the recorder's."""
