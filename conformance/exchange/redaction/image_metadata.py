"""The parts of an image file beside its pixels: comments, EXIF, XMP and trailing bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from conformance.exchange.redaction.edits import Segment
from conformance.parsing.images.containers import jpeg_segments, png_chunks, riff_chunks

_MOST = 1 << 18  # bytes looked into at either end of a file that is not known from within
_INFLATED = 1 << 20  # bytes of one compressed text
_MOST_CHUNKS = 20_000
_PIXELS = frozenset({b"IDAT", b"fdAT", b"VP8 ", b"VP8L", b"ALPH"})


def metadata(kind: str | None, data: bytes) -> list[Segment]:
    """Return the parts of a picture that are no pixels; raises nothing."""
    reader = {"png": _png, "jpeg": _jpeg, "webp": _webp}.get(kind or "", _ends)
    return list(reader(data))


def with_checksums(before: bytes, after: bytes) -> bytes:
    """Return a changed PNG of the same length with the checksums renewed that were right."""
    mended = bytearray(after)
    for _, start, end in islice(png_chunks(before), _MOST_CHUNKS):
        if before[start:end] == after[start:end]:
            continue
        stored, right = before[end : end + 4], zlib.crc32(before[start - 4 : end])
        if stored == struct.pack(">I", right):
            mended[end : end + 4] = struct.pack(">I", zlib.crc32(mended[start - 4 : end]))
    return bytes(mended)


def _png(data: bytes) -> Iterator[Segment]:
    after = 8
    for name, start, end in islice(png_chunks(data), _MOST_CHUNKS):
        after = end + 4
        if name not in _PIXELS:
            yield Segment(start, end)
        if name in (b"zTXt", b"iTXt", b"iCCP"):
            yield from _compressed(data, start, end)
    yield Segment(after, len(data))


def _compressed(data: bytes, start: int, end: int) -> Iterator[Segment]:
    """Inflate what a chunk holds from the first byte on that begins a zlib stream."""
    at = data.find(b"\x78", start, min(end, start + 400))
    while at >= 0:
        try:
            yield Segment(at, end, zlib.decompressobj().decompress(data[at:end], _INFLATED))
            return
        except zlib.error:
            at = data.find(b"\x78", at + 1, min(end, start + 400))


def _jpeg(data: bytes) -> Iterator[Segment]:
    at, count = 2, 0
    for _, start, end in islice(jpeg_segments(data), _MOST_CHUNKS):
        yield Segment(start, end)
        at, count = max(start, end), count + 1
    # Beyond the most, what is left is one part, so that no part of a file goes unseen.
    last = data.rfind(b"\xff\xd9", at) if count < _MOST_CHUNKS else -1
    yield Segment(last + 2 if last >= 0 else min(at, len(data)), len(data))


def _webp(data: bytes) -> Iterator[Segment]:
    at = 12
    for name, start, end in islice(riff_chunks(data), _MOST_CHUNKS):
        if name not in _PIXELS:
            yield Segment(start, end)
        at = end + (end & 1)
    yield Segment(min(at, len(data)), len(data))


def _ends(data: bytes) -> Iterator[Segment]:
    if len(data) <= 2 * _MOST:
        yield Segment(0, len(data))
    else:
        yield Segment(0, _MOST)
        yield Segment(len(data) - _MOST, len(data))
