"""Where image files carry content credentials: the bytes of their C2PA manifest store."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from conformance.parsing.images.containers import jpeg_segments, png_chunks, riff_chunks

READABLE = frozenset({"png", "jpeg", "webp"})
"""Types of images in which credentials are looked for."""

MOST_CHUNKS = 20_000
MOST_BYTES = 16 << 20
_APP11 = 0xEB
_PACKET = 8  # bytes before the box of an APP11 segment: "JP", instance, sequence


def manifest_store(kind: str | None, data: bytes) -> bytes | None:
    """Return the manifest store of a PNG, JPEG or WebP, or None; raises nothing."""
    match kind:
        case "png":
            stores = _chunks(png_chunks(data), b"caBX", data)
        case "webp":
            stores = _chunks(riff_chunks(data), b"C2PA", data)
        case "jpeg":
            stores = _boxes_in_jpeg(data)
        case _:
            return None
    return next((store for store in stores if len(store) <= MOST_BYTES), None)


def _chunks(
    chunks: Iterator[tuple[bytes, int, int]], wanted: bytes, data: bytes
) -> Iterator[bytes]:
    for name, start, end in islice(chunks, MOST_CHUNKS):
        if name == wanted:
            yield data[start:end]


def _boxes_in_jpeg(data: bytes) -> Iterator[bytes]:
    """Put each box together whose packets have one instance number, in their sequence."""
    packets: dict[bytes, list[tuple[int, int, int]]] = {}
    for code, start, end in islice(jpeg_segments(data), MOST_CHUNKS):
        if code == _APP11 and data[start : start + 2] == b"JP" and end - start > _PACKET + 8:
            sequence = int.from_bytes(data[start + 4 : start + 8], "big")
            instance = data[start + 2 : start + 4]
            packets.setdefault(instance, []).append((sequence, start + _PACKET, end))
    for pieces in packets.values():
        (_, start, end), *others = sorted(pieces)
        box = data[start:end]
        for _, start, end in others:  # every packet repeats the header of the box
            header = 16 if data[start : start + 4] == b"\0\0\0\1" else 8
            box += data[start + header : end]
        if box[4:8] == b"jumb" and b"c2pa" in box[:64]:
            yield box
