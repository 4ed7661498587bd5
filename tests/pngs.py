"""PNG files, put together chunk by chunk."""

from __future__ import annotations

import struct
import zlib


def chunk(name: bytes, data: bytes) -> bytes:
    """Write a chunk of PNG, its checksum right."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, *, interlaced: bool = False
) -> bytes:
    """Write the header chunk of a PNG; colour 2 is RGB, 6 is RGBA."""
    data = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return chunk(b"IHDR", data)


def png(*chunks: bytes) -> bytes:
    """Put a PNG together."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")
