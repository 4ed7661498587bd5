"""Variations of an image file: other ways to write the same picture."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageCms, PngImagePlugin
from starlette.responses import Response

from conformance.reference.defects.planting import in_file, in_image
from tests.pngs import chunk, header, png
from tests.variations.registry import legal

if TYPE_CHECKING:
    from conformance.reference.answers import Job
    from conformance.reference.defects.planting import Plant
    from conformance.reference.steps import Steps

Rewrite = Callable[[bytes], bytes]
MAGIC = {"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF"}


def written(*kinds: str) -> Callable[[Rewrite], Plant]:
    """Rewrite every image of these kinds, in base64 and behind URLs; each file once."""

    def decorate(rewrite: Rewrite) -> Plant:
        remembered = functools.lru_cache(maxsize=64)(rewrite)

        def any_kind(data: bytes) -> bytes:
            return (
                remembered(data) if data.startswith(tuple(MAGIC[kind] for kind in kinds)) else data
            )

        def plant(steps: Steps) -> Steps:
            return in_file(functools.partial(_in_download, any_kind))(_in_base64(any_kind)(steps))

        return plant

    return decorate


def _in_base64(rewrite: Rewrite) -> Plant:
    def image(data: bytes, _job: Job) -> bytes:
        return rewrite(data)

    return in_image(image)


def _in_download(rewrite: Rewrite, truth: Response) -> Response:
    data = rewrite(bytes(truth.body))
    return Response(data, media_type=truth.media_type)


def open_image(data: bytes, mode: str | None = None) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert(mode) if mode else image


def save_image(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _full(image: Image.Image) -> str:
    return "RGBA" if image.has_transparency_data else "RGB"


def after_header(data: bytes, *chunks: bytes) -> bytes:
    """Put chunks behind the first chunk of a PNG."""
    return data[:33] + b"".join(chunks) + data[33:]


@legal(written("png"), "png.rgb")
def png_rgb(data: bytes) -> bytes:
    """A PNG has no palette but three or four channels."""
    image = open_image(data)
    return save_image(image.convert(_full(image)), "png")


@legal(written("png"), "png.palette")
def png_palette(data: bytes) -> bytes:
    """A PNG has a palette of 64 colours, with transparency where it was asked."""
    image = open_image(data)
    image = image.convert(_full(image))
    return save_image(image.quantize(64, method=Image.Quantize.FASTOCTREE), "png")


@legal(written("png"), "png.16-bit")
def png_16_bit(data: bytes) -> bytes:
    """A PNG has 16 bits a channel."""
    image = open_image(data)
    mode = _full(image)
    depth, kind = len(mode), {"RGB": 2, "RGBA": 6}[mode]
    pixels, width = image.convert(mode).tobytes(), image.width * depth
    rows = (pixels[at : at + width] for at in range(0, len(pixels), width))
    wide = b"".join(b"\0" + _double(row) for row in rows)
    start = header(image.width, image.height, 16, kind)
    return png(start, chunk(b"IDAT", zlib.compress(wide, 1)))


def _double(row: bytes) -> bytes:
    wide = bytearray(2 * len(row))
    wide[::2] = wide[1::2] = row
    return bytes(wide)


@legal(written("png"), "png.interlaced")
def png_interlaced(data: bytes) -> bytes:
    """A PNG is interlaced (Adam7)."""
    image = open_image(data)
    mode = _full(image)
    depth, kind = len(mode), {"RGB": 2, "RGBA": 6}[mode]
    start = header(image.width, image.height, 8, kind, interlaced=True)
    body = b"".join(_passes(image.convert(mode), depth))
    return png(start, chunk(b"IDAT", zlib.compress(body, 1)))


_ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4)),
    *((1, 0, 2, 2), (0, 1, 1, 2)),
)
"""The first column and row of each pass, and the steps to the next ones."""


def _passes(image: Image.Image, depth: int) -> list[bytes]:
    pixels, stride = image.tobytes(), image.width * depth
    rows = []
    for left, top, across, down in _ADAM7:
        for row in range(top, image.height, down):
            line = pixels[row * stride : (row + 1) * stride]
            picked = bytearray(len(range(left, image.width, across)) * depth)
            for channel in range(depth):
                picked[channel::depth] = line[left * depth + channel :: across * depth]
            rows.append(b"\0" + bytes(picked))
    return rows


@legal(written("png"), "png.grey")
def png_grey(data: bytes) -> bytes:
    """A PNG is grey, with alpha where it was asked."""
    image = open_image(data)
    return save_image(image.convert("LA" if image.has_transparency_data else "L"), "png")


@legal(written("png"), "png.many-chunks")
def png_many_chunks(data: bytes) -> bytes:
    """The pixels of a PNG are in many small IDAT chunks."""
    image = open_image(data)
    source = save_image(image.convert(_full(image)), "png")
    start = source.index(b"IDAT") - 4
    (length,) = struct.unpack(">I", source[start : start + 4])
    stream = source[start + 8 : start + 8 + length]
    tail = source[start + 12 + length :]
    while tail[4:8] == b"IDAT":
        (length,) = struct.unpack(">I", tail[:4])
        stream, tail = stream + tail[8 : 8 + length], tail[12 + length :]
    parts = (chunk(b"IDAT", stream[at : at + 997]) for at in range(0, len(stream), 997))
    return source[:start] + b"".join(parts) + tail


@legal(written("png"), "png.texts")
def png_texts(data: bytes) -> bytes:
    """A PNG has text chunks in each of the three kinds."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "gpt-image")
    info.add_text("prompt", "a boat " * 200, zip=True)
    info.add_itxt("Description", "قارب", "ar", "وصف")
    return save_image(open_image(data), "png", pnginfo=info)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0131] = "image-conformance"
    exif[0x8298] = "nobody"
    return exif.tobytes()


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


SAVED: Mapping[str, tuple[str, str | None, dict[str, Any]]] = {
    "png.rgba-opaque":
        ("A PNG has an alpha channel, opaque wherever nothing else was asked.", "RGBA", {}),
    "png.exif": ("A PNG has EXIF.", None, {"exif": _exif()}),
    "png.icc": ("A PNG has a colour profile.", None, {"icc_profile": _profile()}),
    "jpeg.progressive": ("A JPEG is progressive.", None, {"progressive": True, "quality": 90}),
    "jpeg.grey": ("A JPEG has one channel.", "L", {}),
    "jpeg.cmyk": ("A JPEG has four inks.", "CMYK", {}),
    "jpeg.no-subsampling": (
        "A JPEG keeps its colours whole, and has tables of its own.",
        None,
        {"subsampling": 0, "quality": 97, "optimize": True},
    ),
    "jpeg.metadata": (
        "A JPEG has EXIF, a colour profile and a comment.",
        None,
        {"exif": _exif(), "icc_profile": _profile(), "comment": b"a boat"},
    ),
    "jpeg.restarts":
        ("A JPEG has restart markers.", None, {"restart_marker_rows": 1, "quality": 90}),
    "webp.lossy": ("A WebP is lossy.", None, {"quality": 60, "method": 0}),
    "webp.lossless": (
        "A WebP is lossless, at another effort.",
        None,
        {"lossless": True, "method": 0, "quality": 10},
    ),
    "webp.extended": (
        "A WebP has the extended header, with EXIF, XMP and a colour profile.",
        None,
        {"exif": _exif(), "icc_profile": _profile(), "xmp": b"<x:xmpmeta/>", "method": 0},
    ),
}  # fmt: skip
"""What is varied of an image that is saved anew, in which mode, and by which options of Pillow."""


def _saved_anew(kind: str, mode: str | None, options: dict[str, Any]) -> Rewrite:
    return lambda data: save_image(open_image(data, mode), kind, **options)


for _name, (_varied, _mode, _options) in SAVED.items():
    _kind = _name.partition(".")[0]
    legal(written(_kind), _name, varied=_varied)(_saved_anew(_kind, _mode, _options))


@legal(written("png"), "png.content-credentials")
def png_c2pa(data: bytes) -> bytes:
    """A PNG carries content credentials, in the chunk of C2PA, as OpenAI's do."""
    return after_header(data, chunk(b"caBX", b"jumb" + b"c2pa" + bytes(4000)))


@legal(written("png"), "png.private-chunks")
def png_private(data: bytes) -> bytes:
    """A PNG has physical dimensions, a time, gamma, and an ancillary chunk that nobody knows."""
    time = struct.pack(">HBBBBB", 2026, 9, 21, 14, 13, 20)
    chunks = ((b"gAMA", struct.pack(">I", 45455)), (b"pHYs", struct.pack(">IIB", 3780, 3780, 1)))
    more = ((b"tIME", time), (b"abCd", b"anything"))
    return after_header(data, *(chunk(*part) for part in (*chunks, *more)))


@legal(written("jpeg"), "jpeg.content-credentials")
def jpeg_c2pa(data: bytes) -> bytes:
    """A JPEG carries content credentials in APP11 segments."""
    box = b"JP" + bytes(6) + b"jumbc2pa" + bytes(2000)
    return data[:2] + b"\xff\xeb" + struct.pack(">H", len(box) + 2) + box + data[2:]


@legal(written("webp"), "webp.animated-header")
def webp_animated_header(data: bytes) -> bytes:
    """A WebP has the header of an animation, of a single frame."""
    image = open_image(data)
    plain = save_image(image.convert("RGB"), "webp", method=0, quality=80)
    width, height = ((side - 1).to_bytes(3, "little") for side in image.size)
    size = width + height
    frame = bytes(6) + size + (100).to_bytes(3, "little") + b"\0" + plain[12:]
    parts = (
        _riff(b"VP8X", b"\x02\0\0\0" + size),
        _riff(b"ANIM", bytes(6)),
        _riff(b"ANMF", frame),
    )
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
