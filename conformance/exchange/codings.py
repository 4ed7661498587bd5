"""Content codings that zlib does not know, undone within bounds."""

from __future__ import annotations

import io

import brotli
import zstandard

_CHUNK = 256 * 1024  # bytes decoded at once
_ZSTD_WINDOW = 8 * 1024 * 1024  # bytes; RFC 9659 allows no larger one in HTTP


def unbrotli(body: bytes, limit: int) -> bytes | None:
    """Decode brotli; None above `limit` bytes. Raises ValueError for what is none, or not whole."""
    decoder, found = brotli.Decompressor(), bytearray()
    rest = body
    try:
        while body and not decoder.is_finished():
            piece = decoder.process(rest, output_buffer_limit=_CHUNK)
            if not piece and not decoder.is_finished():
                raise ValueError("the compressed body ends before its end")
            found += piece
            rest = b""
            if len(found) > limit:
                return None
    except brotli.error:
        raise ValueError("the body is no brotli") from None
    return bytes(found)


def unzstd(body: bytes, limit: int) -> bytes | None:
    """Decode Zstandard; None above `limit` bytes. Raises ValueError as `unbrotli` does."""
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        if _is_longer(decoder.stream_reader(io.BytesIO(body), read_across_frames=True), limit):
            return None
        return _frames(decoder, body)
    except zstandard.ZstdError:
        raise ValueError("the body is no zstd") from None


def _is_longer(reader: zstandard.ZstdDecompressionReader, limit: int) -> bool:
    left = limit
    while piece := reader.read(_CHUNK):
        left -= len(piece)
        if left < 0:
            return True
    return False


def _frames(decoder: zstandard.ZstdDecompressor, body: bytes) -> bytes:
    """Decode frame after frame; a reader alone does not tell a cut body from a whole one."""
    found = bytearray()
    while body:
        frame = decoder.decompressobj()
        found += frame.decompress(body)
        if not frame.eof:
            raise ValueError("the compressed body ends before its end")
        body = frame.unused_data
    return bytes(found)


DECODERS = {"br": unbrotli, "zstd": unzstd}
"""Decoders by the name of the coding in HTTP."""
