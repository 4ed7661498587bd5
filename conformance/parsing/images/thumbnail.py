"""A small picture of an image: painted anew from its pixels, so nothing of the file is in it."""

from __future__ import annotations

import base64
import io

from PIL import Image, features

EDGE = 96  # pixels of the longer side
_SMOOTH = frozenset({"L", "RGB", "RGBA", "CMYK", "YCbCr"})  # modes that can be averaged
_FORMAT = "WEBP" if features.check("webp") else "PNG"


def paint_thumbnail(image: Image.Image) -> str:
    """Return a `data:` URL of a few kilobytes, alpha kept, of an image that is loaded already."""
    small = _shrunk(image)
    file = io.BytesIO()
    small.save(file, _FORMAT, quality=60, method=2)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/{_FORMAT.lower()};base64,{text}"


def _shrunk(image: Image.Image) -> Image.Image:
    """Shrink by averaging where the mode allows it, and only then convert what is left."""
    size = _size(image.width, image.height)
    if image.mode in _SMOOTH:
        small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    else:
        small = image.resize(size, Image.Resampling.NEAREST)
    if small.mode.startswith("I;16"):
        small = small.point(lambda value: value / 256, "L")
    mode = "RGBA" if small.has_transparency_data else "RGB"
    painted = small.convert(mode)
    painted.info.clear()  # no comment, profile or EXIF of the provider's
    return painted


def _size(width: int, height: int) -> tuple[int, int]:
    most = max(width, height, EDGE)
    return max(1, width * EDGE // most), max(1, height * EDGE // most)
