"""Content codings, undone within bounds: one decoder for live answers and for recordings."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

_CHUNK = 256 * 1024  # bytes decoded at once
# 8 MiB: RFC 9659 allows no larger window in HTTP
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
_MOST_CODINGS = 4  # of one body, one over the other
_MOST_MEMBERS = 64  # of one body of gzip or zstd: each costs a copy of what follows
_ENDS_EARLY = "the compressed body ends before its end"
GZIP_MAGIC = b"\x1f\x8b"


class CodingError(ValueError):
    """A body that is not what its coding says."""


class TooLargeError(CodingError):
    """A body that decodes to more bytes than the limit."""


def codings_of(values: Iterable[str]) -> list[str]:
    """Return the names of the codings in `Content-Encoding` headers, in the order applied."""
    names = (name.strip().lower() for value in values for name in value.split(","))
    return [name for name in names if name not in ("", "identity")]


def undo_codings(body: bytes, codings: Sequence[str], limit: int) -> bytes:
    """Undo content codings, the last first, giving at most `limit` bytes.

    Raises CodingError, and TooLargeError for what decodes to more.
    """
    applied = [coding for coding in codings if coding != "identity"]
    if len(applied) > _MOST_CODINGS:
        raise CodingError(f"the body is coded {len(applied)} times over")
    for coding in reversed(applied):
        decoder = _DECODERS.get(coding)
        if decoder is None:
            name = coding[:20].encode("ascii", "replace").decode()
            raise CodingError(f"the body is coded as {name!r}, which was not asked for")
        try:
            body = decoder(body, limit)
        except (zlib.error, brotli.error, zstd.ZstdError):
            raise CodingError(f"the body is not the {coding} it is declared to be") from None
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    return _join_members(body, limit, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), GZIP_MAGIC)


def _deflate(body: bytes, limit: int) -> bytes:
    try:
        return _join_members(body, limit, zlib.decompressobj, GZIP_MAGIC)
    except zlib.error:  # many servers leave the wrapper out
        return _join_members(body, limit, lambda: zlib.decompressobj(-zlib.MAX_WBITS), GZIP_MAGIC)


def _unzstd(body: bytes, limit: int) -> bytes:
    return _join_members(body, limit, lambda: zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), b"")


def _join_members(
    body: bytes, limit: int, decoder_of_member: Callable[[], Any], next_begins: bytes
) -> bytes:
    """Decode members that follow one another; what begins otherwise is padding and is ignored."""
    decoded = bytearray()
    for _ in range(_MOST_MEMBERS):
        decoder = decoder_of_member()
        decoded += decoder.decompress(body, limit + 1 - len(decoded))  # one more shows the excess
        if len(decoded) > limit:
            raise TooLargeError
        if body and not decoder.eof:
            raise CodingError(_ENDS_EARLY)
        body = decoder.unused_data
        if not body or not body.startswith(next_begins):
            return bytes(decoded)
    raise CodingError(f"the body has more than {_MOST_MEMBERS} compressed parts")


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder, decoded = brotli.Decompressor(), bytearray()
    rest = body
    while body and not decoder.is_finished():
        piece = decoder.process(rest, output_buffer_limit=_CHUNK)
        if not piece and not decoder.is_finished():
            raise CodingError(_ENDS_EARLY)
        decoded += piece
        rest = b""
        if len(decoded) > limit:
            raise TooLargeError
    return bytes(decoded)


_DECODERS = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
