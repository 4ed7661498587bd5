"""Where image files carry content credentials: the bytes of their C2PA manifest store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from conformance.parsing.images.containers import jpeg_segments, png_chunks, riff_chunks

MOST_CHUNKS = 20_000
MOST_BYTES = 16 << 20
_APP11 = 0xEB
_PACKET = 8  # bytes before the box of an APP11 segment: "JP", instance, sequence


def manifest_store(kind: str | None, data: bytes) -> bytes | None:
    """Return the manifest store of a PNG, JPEG or WebP, or None; raises nothing."""
    find = _CARRIERS.get(kind or "")
    return next((store for store in find(data) if len(store) <= MOST_BYTES), None) if find else None


def _png(data: bytes) -> Iterator[bytes]:
    for name, start, end in islice(png_chunks(data), MOST_CHUNKS):
        if name == b"caBX":
            yield data[start:end]


def _webp(data: bytes) -> Iterator[bytes]:
    for name, start, end in islice(riff_chunks(data), MOST_CHUNKS):
        if name == b"C2PA":
            yield data[start:end]


def _jpeg(data: bytes) -> Iterator[bytes]:
    """Put each box together whose packets have one instance number, in their sequence."""
    packets: dict[bytes, list[tuple[int, int, int]]] = {}
    for code, start, end in islice(jpeg_segments(data), MOST_CHUNKS):
        if code == _APP11 and data[start : start + 2] == b"JP" and end - start > _PACKET + 8:
            sequence = int.from_bytes(data[start + 4 : start + 8], "big")
            instance = data[start + 2 : start + 4]
            packets.setdefault(instance, []).append((sequence, start + _PACKET, end))
    for pieces in packets.values():
        box = b"".join(_pieces(data, sorted(pieces)))
        if box[4:8] == b"jumb" and b"c2pa" in box[:64]:
            yield box


def _pieces(data: bytes, pieces: list[tuple[int, int, int]]) -> Iterator[bytes]:
    """Yield the first packet with the header of the box, and the others without it."""
    for rank, (_, start, end) in enumerate(pieces):
        header = 16 if data[start : start + 4] == b"\0\0\0\1" else 8
        yield data[start + header * bool(rank) : end]


_CARRIERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
}
READABLE = frozenset(_CARRIERS)
"""Types of images in which credentials are looked for."""
