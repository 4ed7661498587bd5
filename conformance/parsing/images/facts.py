"""The facts of one image: decoded once, by Pillow, whatever the bytes are."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

from PIL import Image, ImageFile, features

from conformance.parsing.images.containers import (
    Container,
    declared_size,
    png_lacks_rows,
    read_svg,
    walk,
)
from conformance.parsing.images.media_types import describe_other, sniff

# Not TIFF: on hostile bytes Pillow logs, and libtiff writes, to standard error.
_DECODED = frozenset({"avif", "bmp", "gif", "jpeg", "png", "webp"})
_COUNTED = frozenset({"avif", "jpeg", "png", "webp"})  # whose frame count costs Pillow nothing
_STRIP_PIXELS = 1 << 17  # fits a processor's cache, which halves the time; part of pixel_digest
_CLEAR = 128  # alpha up to which a pixel is clear
_ROUNDED = 250  # alpha from which on a pixel is opaque: palettes and lossy WebP round it
_EDGE = 96  # pixels of the longer side of a thumbnail
_SMOOTH = frozenset({"L", "RGB", "RGBA", "CMYK", "YCbCr"})  # modes that can be averaged
_FORMAT = "WEBP" if features.check("webp") else "PNG"
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The facts of one image, by its bytes.

    ``type`` comes from the first bytes and is None when they are no known image. ``width``
    and ``height`` are pixels as stored, before any EXIF rotation. ``mode`` is Pillow's.
    ``complete`` means that the first frame decodes to its last row and the file is whole to
    its end; bytes after the end are a ``fault`` and leave it complete. A JPEG
    whose scan stops early but has its end marker looks complete: libjpeg fills it up silently.
    ``fault`` is a predicate ("is truncated: …").

    ``digest`` is the SHA-256 of the bytes. ``pixel_digest`` is that of the size and the
    8-bit pixels of the first frame: RGB where they are opaque, else RGBA with the colours
    multiplied by alpha. Two lossless encodings of one picture have the same, also when one
    of them discards the colour of invisible pixels. It is None when nothing was decoded, or
    nobody asked for it.

    ``lowest_alpha`` is that of the most transparent pixel, and ``clear`` the number of pixels of
    which at least half is transparent.

    ``delays`` are the shortest and the longest time that a frame of a GIF is shown, in
    milliseconds. An SVG is whole if it is well-formed XML; its size is the one it declares.

    ``thumbnail`` is a small picture as a ``data:`` URL; only a complete image has one.

    ``refused`` means that it has more pixels than a limit of ours lets be decoded.
    """

    type: str | None
    size: int
    digest: str
    width: int | None
    height: int | None
    frames: int
    fault: str | None
    mode: str | None = None
    has_alpha: bool = False
    lowest_alpha: int = 255
    clear: int = 0
    complete: bool = False
    flat: bool | None = None
    pixel_digest: str | None = None
    thumbnail: str | None = field(default=None, repr=False)
    delays: tuple[int, int] | None = None
    refused: bool = False

    @property
    def decoded(self) -> bool:
        """Return whether the pixels could be read."""
        return self.flat is not None

    @property
    def dimensions(self) -> str:
        """Width and height as a request spells a size."""
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """The number of pixels; 0 where the size is not known."""
        return (self.width or 0) * (self.height or 0)

    @property
    def transparent(self) -> bool:
        """Return whether a pixel can be seen through, beyond what a palette or WebP rounds."""
        return self.lowest_alpha < _ROUNDED

    @property
    def has_clear_part(self) -> bool:
        """Return whether a thousandth of the pixels is clear: a background, and no stray pixel."""
        return self.clear > 0 and self.clear * 1000 >= self.pixels


MOST_PIXELS = 64_000_000
"""Pixels of one image that is decoded; the largest documented one has 16 million."""

MOST_PIXELS_TOGETHER = 4 * MOST_PIXELS
"""Pixels of all images of one answer that are decoded; ten of the largest have 160 million."""


def inspect_image(
    data: bytes, *, max_pixels: int = MOST_PIXELS, compared: bool = True, digest: str | None = None
) -> ImageFacts:
    """Find out what some bytes are; raises nothing, warns of nothing.

    Without ``compared`` there is no ``pixel_digest``, which costs a tenth of the decoding.
    ``digest`` is the SHA-256 of the bytes where the caller has made it already.

    An image of more than ``max_pixels`` pixels is refused before memory is taken for them.
    Decoding is done by one thread at a time, which bounds memory.
    """
    kind = sniff(data)
    container, declared = walk(kind, data), declared_size(kind, data)
    digest = digest or hashlib.sha256(data).hexdigest()
    width, height = declared or (None, None)
    frames = container.frames or 1
    facts = ImageFacts(
        kind, len(data), digest, width, height, frames, container.fault, delays=container.delays
    )
    if kind == "svg":
        drawing = read_svg(data)
        return replace(facts, **asdict(drawing), complete=drawing.fault is None)
    if kind is None:
        return replace(facts, fault=describe_other(data))
    if kind not in _DECODED:
        return replace(facts, fault=f"is {kind}, which is recognised but not decoded")
    # A size that the header gives spares Pillow, and the memory that it takes, the whole file.
    if declared and declared[0] * declared[1] > max_pixels:
        return replace(facts, fault=_too_many(declared, max_pixels), refused=True)
    return _decode(facts, data, container, max_pixels, compared)


def _decode(
    facts: ImageFacts, data: bytes, container: Container, max_pixels: int, compared: bool
) -> ImageFacts:
    try:
        # No other decoder of Pillow gets to see the bytes.
        formats = (str(facts.type).upper(),)
        with _pillow_switches(max_pixels), Image.open(io.BytesIO(data), formats=formats) as image:
            frames = getattr(image, "n_frames", 1) if facts.type in _COUNTED else facts.frames
            facts = replace(
                facts,
                width=image.width,
                height=image.height,
                mode=image.mode,
                has_alpha=image.has_transparency_data,
                frames=max(frames, 1),
            )
            if image.width * image.height > max_pixels:
                return replace(facts, fault=_too_many(image.size, max_pixels), refused=True)
            image.load()
            if facts.type == "png":
                _scale_colour_key(image, depth=data[24])
            # Pillow leaves missing rows blank, and says nothing; to count them costs an inflation.
            if facts.type == "png" and _ends_blank(image) and png_lacks_rows(data):
                return replace(facts, fault="is truncated: its pixel data ends before its last row")
            facts = _read_pixels(facts, image, compared)
            small = _paint_thumbnail(image) if container.complete else None
            return replace(facts, complete=container.complete, thumbnail=small)
    except Image.DecompressionBombError:
        return replace(facts, fault=f"declares far more than the {max_pixels} pixels allowed")
    except Exception as error:  # Pillow raises nearly every built-in exception on hostile bytes
        reason = "the decoder cannot read its header"
        if facts.mode is not None:
            truncated = "truncated" in str(error)
            reason = "its pixels end early" if truncated else "its pixels cannot be decoded"
        details = f"it starts like {facts.type}, but {reason} ({type(error).__name__})"
        return replace(facts, fault=container.fault or f"is damaged: {details}")


def _scale_colour_key(image: Image.Image, depth: int) -> None:
    """Bring the colour that a PNG makes transparent to eight bits a sample, as its pixels are."""
    key = image.info.get("transparency")
    # A palette has an index for it, and one bit Pillow scales itself.
    if image.mode != "P" and depth in (2, 4, 16) and isinstance(key, int | tuple):
        samples = key if isinstance(key, tuple) else (key,)
        scaled = [s >> 8 if depth == 16 else s % 2**depth * 255 // (2**depth - 1) for s in samples]
        image.info["transparency"] = tuple(scaled) if isinstance(key, tuple) else scaled[0]


def _ends_blank(image: Image.Image) -> bool:
    # Interlaced, the row before the last one may be the last to arrive.
    rows = range(max(0, image.height - 2), image.height)
    return any(not any(image.crop((0, row, image.width, row + 1)).tobytes()) for row in rows)


def _too_many(size: tuple[int, int], max_pixels: int) -> str:
    return f"declares {size[0]}x{size[1]} pixels, more than the {max_pixels} allowed"


@contextmanager
def _pillow_switches(max_pixels: int) -> Iterator[None]:
    """Hold Pillow's process-wide switches where hostile bytes need them."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = False, max_pixels
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = before


def _read_pixels(facts: ImageFacts, image: Image.Image, compared: bool) -> ImageFacts:
    pixels = hashlib.sha256(f"{image.width}x{image.height}\n".encode())
    opaque = not image.has_transparency_data
    colours: set[object] = set()
    lowest, clear = 255, 0
    for strip, alpha in _strips(image):
        single = strip.getcolors(1)  # gives up, with None, at the second colour
        colours.add(single[0][1] if single else None)
        lowest = min(lowest, next((value for value, count in enumerate(alpha) if count), 255))
        clear += sum(alpha[: _CLEAR + 1])
        if compared:
            pixels.update(strip.tobytes())
        elif opaque and (None in colours or len(colours) > 1):
            break  # it is not flat, and nothing else is asked
    return replace(
        facts,
        has_alpha=not opaque,
        lowest_alpha=lowest,
        clear=clear,
        flat=len(colours) == 1 and None not in colours,
        pixel_digest=pixels.hexdigest() if compared else None,
    )


def _strips(image: Image.Image) -> Iterator[tuple[Image.Image, list[int]]]:
    """Yield some rows at a time, with how many pixels have each alpha.

    They are RGB where they are opaque, else premultiplied RGBA.
    """
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = _eight_bit(image.crop((0, top, image.width, min(top + rows, image.height))))
        alpha: list[int] = []
        if strip.has_transparency_data:
            strip = strip.convert("RGBA")
            alpha = strip.getchannel("A").histogram()
        if any(alpha[:255]):
            yield strip.convert("RGBa"), alpha
        else:
            yield (strip if strip.mode == "RGB" else strip.convert("RGB")), alpha


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return an image of at most eight bits a sample: Pillow would clip 16 of them."""
    wide = image.mode.startswith("I;16")
    return image.point(lambda value: value / 256, "L") if wide else image


def _paint_thumbnail(image: Image.Image) -> str:
    """Return a `data:` URL of a few kilobytes, alpha kept, of an image that is loaded already.

    It is painted anew from the pixels, so that nothing else of the file is in it.
    """
    longest = max(image.width, image.height, _EDGE)
    size = max(1, image.width * _EDGE // longest), max(1, image.height * _EDGE // longest)
    # averaged where the mode allows it, and only then is what is left converted
    if image.mode in _SMOOTH:
        small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    else:
        small = image.resize(size, Image.Resampling.NEAREST)
    small = _eight_bit(small)
    painted = small.convert("RGBA" if small.has_transparency_data else "RGB")
    painted.info.clear()  # no comment, profile or EXIF of the provider's
    file = io.BytesIO()
    painted.save(file, _FORMAT, quality=60, method=2)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/{_FORMAT.lower()};base64,{text}"
