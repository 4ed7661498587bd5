"""Pictures of many colours, and files of them in every type that is decoded."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from PIL import Image, features

AVIF = ["avif"] if features.check("avif") else []
TYPES = ["png", "jpeg", "webp", "gif", "bmp", *AVIF]
WALKED = ["png", "jpeg", "webp", "gif"]


@cache
def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Paint a picture of many colours, transparent towards its centre where mode allows."""
    ramp, ring = (
        gradient("L").resize(size) for gradient in (Image.linear_gradient, Image.radial_gradient)
    )
    image = Image.merge("RGB", (ramp, ring, ramp.rotate(180)))
    if mode in ("RGBA", "LA"):
        image.putalpha(ring)
    return image.quantize(16) if mode == "P" else image.convert(mode)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode an image with Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
