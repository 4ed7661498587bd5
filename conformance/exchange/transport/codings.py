"""Content codings, undone within bounds: one decoder for live answers and for recordings."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence

import brotli
import zstandard

_CHUNK = 256 * 1024  # bytes decoded at once
_ZSTD_WINDOW = 8 * 1024 * 1024  # bytes; RFC 9659 allows no larger one in HTTP
_MOST_CODINGS = 4  # of one body, one over the other
_MOST_MEMBERS = 64  # of one gzip body
GZIP_MAGIC = b"\x1f\x8b"


class CodingError(ValueError):
    """A body that is not what its coding says."""


class EndsEarlyError(CodingError):
    """A coded body that stops before its end."""

    def __init__(self) -> None:
        super().__init__("the compressed body ends before its end")


class TooLargeError(CodingError):
    """A body that decodes to more bytes than the limit."""


def codings_of(values: Iterable[str]) -> list[str]:
    """Return the names of the codings in `Content-Encoding` headers, in the order applied."""
    names = (name.strip().lower() for value in values for name in value.split(","))
    return [name for name in names if name not in ("", "identity")]


def undo_codings(body: bytes, codings: Sequence[str], limit: int) -> bytes:
    """Undo content codings, the last first, giving at most `limit` bytes.

    Raises CodingError; its kinds tell a body that stops early and one that is too large.
    """
    named = [coding for coding in codings if coding != "identity"]
    if len(named) > _MOST_CODINGS:
        raise CodingError(f"the body is coded {len(named)} times over")
    for coding in reversed(named):
        body = _undo(body, coding, limit)
    return body


def _undo(body: bytes, coding: str, limit: int) -> bytes:
    decoder = _DECODERS.get(coding)
    if decoder is None:
        name = coding[:20].encode("ascii", "replace").decode()
        raise CodingError(f"the body is coded as {name!r}, which was not asked for")
    try:
        return decoder(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        raise CodingError(f"the body is not the {coding} it is declared to be") from None


def _gunzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, zlib.MAX_WBITS | 16)


def _deflate(body: bytes, limit: int) -> bytes:
    try:
        return _inflate(body, limit, zlib.MAX_WBITS)
    except zlib.error:
        return _inflate(body, limit, -zlib.MAX_WBITS)  # many servers leave the wrapper out


def _inflate(body: bytes, limit: int, window: int) -> bytes:
    decoded = bytearray()
    for _ in range(_MOST_MEMBERS):
        inflater = zlib.decompressobj(window)
        decoded += inflater.decompress(body, limit + 1 - len(decoded))
        if len(decoded) > limit:
            raise TooLargeError
        if body and not inflater.eof:
            raise EndsEarlyError
        body = inflater.unused_data
        if not body.startswith(GZIP_MAGIC):
            return bytes(decoded)  # what is left, if anything, is padding and is ignored
    raise CodingError(f"the body has more than {_MOST_MEMBERS} compressed parts")


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder, decoded = brotli.Decompressor(), bytearray()
    rest = body
    while body and not decoder.is_finished():
        piece = decoder.process(rest, output_buffer_limit=_CHUNK)
        if not piece and not decoder.is_finished():
            raise EndsEarlyError
        decoded += piece
        rest = b""
        if len(decoded) > limit:
            raise TooLargeError
    return bytes(decoded)


def _unzstd(body: bytes, limit: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    if _is_longer(decoder.stream_reader(io.BytesIO(body), read_across_frames=True), limit):
        raise TooLargeError
    return _frames(decoder, body)


def _is_longer(reader: zstandard.ZstdDecompressionReader, limit: int) -> bool:
    left = limit
    while piece := reader.read(_CHUNK):
        left -= len(piece)
        if left < 0:
            return True
    return False


def _frames(decoder: zstandard.ZstdDecompressor, body: bytes) -> bytes:
    """Decode frame after frame; a reader alone does not tell a cut body from a whole one."""
    decoded = bytearray()
    while body:
        frame = decoder.decompressobj()
        decoded += frame.decompress(body)
        if not frame.eof:
            raise EndsEarlyError
        body = frame.unused_data
    return bytes(decoded)


_DECODERS = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
