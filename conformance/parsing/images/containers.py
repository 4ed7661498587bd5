"""The framing of image files: their chunks and declared size, and damage that decoders pass over.

Of SVG, which is text: whether it is well-formed, and which size it declares; nothing is drawn.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.parsers import expat

MAX_SCANS = 100
"""Scans that one JPEG may have; each costs a pass over all pixels, and few files have 20."""

_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")  # those with a length, and the end

_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # samples a pixel, by colour type
_ADAM7 = (  # where each pass starts, and its steps: left, top, across, down
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip
_GIF_CONTROL = 0xF9  # the extension before a frame that says how long it is shown
_LONGEST_DELAY = 655_350  # in ms: hundredths of a second in 16 bits
_PIECE = 1 << 16  # bytes inflated at a time


@dataclass(frozen=True, slots=True)
class Container:
    """The framing of a file, apart from its pixels."""

    fault: str | None = None
    complete: bool = True  # the end is there, and no checksum is broken
    frames: int | None = None  # where Pillow would have to read every frame to tell
    delays: tuple[int, int] | None = None  # of GIF: the shortest and the longest of a frame, in ms


def walk(kind: str | None, data: bytes) -> Container:
    """Check the framing of PNG, JPEG, WebP and GIF; raises nothing."""
    walker = {"png": _png, "jpeg": _jpeg, "webp": _webp, "gif": _gif}.get(kind or "")
    try:
        return walker(data) if walker else Container()
    except (IndexError, struct.error):
        return _truncated(f"it breaks off after {len(data)} bytes")


def declared_size(kind: str | None, data: bytes) -> tuple[int, int] | None:
    """Read the pixel size in the header of PNG, JPEG, WebP or GIF, or None; raises nothing.

    Pillow tells no size of a file that it refuses to open.
    """
    try:
        match kind:
            case "png":
                width, height = struct.unpack_from(">II", data, 16)
            case "gif":
                width, height = struct.unpack_from("<HH", data, 6)
            case "jpeg":
                return _jpeg_size(data)
            case "webp":
                return _webp_size(data)
            case _:
                return None
    except struct.error:
        return None
    return width, height


def _truncated(how: str) -> Container:
    return Container(f"is truncated: {how}", complete=False)


def _ending_at(end: int, data: bytes, frames: int | None = None) -> Container:
    extra = len(data) - end
    fault = f"has {extra} bytes of something else after its end" if extra else None
    return Container(fault, frames=frames)


def _png(data: bytes) -> Container:
    view, offset, broken = memoryview(data), 8, None
    while offset < len(data):
        length, name = struct.unpack_from(">I4s", data, offset)
        end = offset + 12 + length
        if end > len(data):
            return _truncated(f"{_chunk(name)} needs {end - len(data)} more bytes")
        if struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(view[offset + 4 : end - 4]):
            broken = broken or f"is damaged: the CRC of {_chunk(name)} at offset {offset} is wrong"
        if name == b"IEND":
            return Container(broken, complete=False) if broken else _ending_at(end, data)
        offset = end
    return Container(broken, complete=False) if broken else _truncated("the IEND chunk is missing")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and end of the data of each whole chunk of a PNG."""
    start = 16
    while start + 4 <= len(data):
        (length,) = struct.unpack_from(">I", data, start - 8)
        if start + length + 4 > len(data):
            return
        yield data[start - 4 : start], start, start + length
        start += length + 12


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker code, start and end of the data of each segment before the first scan.

    A segment that announces more than there is ends with the file.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:  # filling
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], at + 4, min(end, len(data))
        at = max(end, at + 4)


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and end of the data of each whole chunk of a WebP."""
    at = 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > len(data):
            return
        yield data[at : at + 4], at + 8, end
        at = end + (end & 1)


def png_lacks_rows(data: bytes) -> bool:
    """Return whether the pixel data of a PNG ends early; Pillow leaves the rest black, silently.

    Inflates the data once more, in little memory, so ask only where the last rows are blank.
    """
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    bits = depth * _PNG_SAMPLES.get(colour, 1)
    missing = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -((left - width) // across), -((top - height) // down)
        missing += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    inflater = zlib.decompressobj()
    for name, start, end in png_chunks(data):
        rest = data[start:end] if name == b"IDAT" else b""
        while rest and missing > 0 and not inflater.eof:
            missing -= len(inflater.decompress(rest, _PIECE))
            rest = inflater.unconsumed_tail
    return missing > 0 and missing > len(inflater.flush())  # flush() reads all that is left


def _chunk(name: bytes) -> str:
    return f"chunk {name.decode('ascii')}" if name.isalpha() else "a chunk without a valid name"


def _jpeg(data: bytes) -> Container:
    scans, offset = 0, 2
    while marker := _MARKER.search(data, offset):
        code = marker[0][1]
        if code == 0xD9:
            # a file of several pictures (MPF) goes on with the next one, and ends with the last
            more = data.startswith(b"\xff\xd8", marker.end()) and b"MPF\0" in data[: marker.end()]
            return _ending_at(len(data) if more else marker.end(), data)
        scans += code == 0xDA
        if scans > MAX_SCANS:
            return Container(f"has more than {MAX_SCANS} scans; it was not decoded", complete=False)
        offset = marker.end() + struct.unpack_from(">H", data, marker.end())[0]
    return _truncated("the end-of-image marker is missing")


def _webp(data: bytes) -> Container:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    end += end % 2 and len(data) > end  # the byte that pads an odd length; some leave it out
    if end > len(data):
        return _truncated(f"{end - len(data)} bytes of the {end} announced are missing")
    return _ending_at(end, data)


def _gif(data: bytes) -> Container:
    offset, frames, delay = 13 + _colour_table(data[10]), 0, 0
    shortest, longest = _LONGEST_DELAY, 0
    while (block := data[offset]) != 0x3B:
        if block == 0x2C:
            frames += 1
            shortest, longest, delay = min(shortest, delay), max(longest, delay), 0
            offset = _after_blocks(data, offset + 11 + _colour_table(data[offset + 9]))
        elif block == 0x21:
            # The delay is of the frame that follows.
            if data[offset + 1] == _GIF_CONTROL:
                delay = 10 * struct.unpack_from("<H", data, offset + 4)[0]
            offset = _after_blocks(data, offset + 2)
        else:
            return Container(f"is damaged: no GIF block starts at offset {offset}", complete=False)
    container = _ending_at(offset + 1, data, max(frames, 1))
    return replace(container, delays=(shortest, longest)) if frames else container


def _colour_table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, offset: int) -> int:
    while length := data[offset]:
        offset += length + 1
    return offset + 1


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    offset = 2
    while (marker := _MARKER.search(data, offset)) and marker[0][1] != 0xD9:
        if 0xC0 <= marker[0][1] <= 0xCF and marker[0][1] not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, marker.end() + 3)
            return width, height
        offset = marker.end() + struct.unpack_from(">H", data, marker.end())[0]
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    chunk = data[12:16]
    if chunk == b"VP8X":
        low_width, width, low_height, height = struct.unpack_from("<HBHB", data, 24)
        return (width << 16 | low_width) + 1, (height << 16 | low_height) + 1
    if chunk == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_LARGEST_SVG = 16 * 1024 * 1024
"""Bytes of a drawing that are read; the time that takes is in proportion."""

_SVG_LENGTH = re.compile(r"\s*([0-9]{1,6})(?:\.[0-9]{1,20})?\s*(?:px)?\s*")
_SVG_BOX = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """The size in pixels that a drawing declares, if it does, and what is wrong with it."""

    width: int | None = None
    height: int | None = None
    fault: str | None = None


def read_svg(data: bytes) -> Drawing:
    """Read a drawing to its end; raises nothing.

    Entities in content are not expanded, as a handler takes them in place of their text; expat
    itself limits those in attributes. External ones are never fetched.
    """
    if len(data) > _LARGEST_SVG:
        return Drawing(
            fault=f"is SVG of {len(data):,} bytes, of which {_LARGEST_SVG:,} are read at most"
        )
    root: dict[str, str] = {}
    parser = expat.ParserCreate()

    def keep(_name: str, attributes: dict[str, str]) -> None:
        root.update(attributes)
        parser.StartElementHandler = None  # only the root has the size of the drawing

    parser.StartElementHandler = keep
    parser.DefaultHandler = lambda _text: None
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        location = f"line {error.lineno}, column {error.offset}"
        reason = expat.ErrorString(error.code)
        return Drawing(fault=f"is no well-formed SVG: {reason} at {location}")
    except (ValueError, LookupError) as error:  # an unknown encoding
        return Drawing(fault=f"is SVG that cannot be read ({type(error).__name__})")
    return Drawing(*_svg_size(root))


def _svg_size(attributes: Mapping[str, str]) -> tuple[int | None, int | None]:
    box = _SVG_BOX.split(attributes.get("viewBox", "").strip())
    sides = box[2:4] if len(box) == 4 else ["", ""]
    lengths = [attributes.get(name, "") for name in ("width", "height")]
    texts = lengths if all(_SVG_LENGTH.fullmatch(text) for text in lengths) else sides
    width, height = (_SVG_LENGTH.fullmatch(text) for text in texts)
    return (int(width[1]) if width else None, int(height[1]) if height else None)
