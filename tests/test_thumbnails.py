"""The small picture that inspect_image paints of a whole image."""

from __future__ import annotations

import base64
import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from conformance.parsing.images.facts import inspect_image
from tests.pictures import encode


def small_of(data: bytes) -> Image.Image:
    thumbnail = inspect_image(data).thumbnail
    assert thumbnail is not None
    assert thumbnail.startswith("data:image/")
    return Image.open(io.BytesIO(base64.b64decode(thumbnail.split(",", 1)[1])))


def test_thumbnail_of_every_mode_and_size() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        for size, small in {(300, 150): (96, 48), (5, 3): (5, 3), (4000, 1): (96, 1)}.items():
            assert small_of(encode(Image.new(mode, size), "png")).size == small, mode


def test_thumbnail_keeps_alpha_and_colour() -> None:
    small = small_of(encode(Image.new("RGBA", (200, 200), (250, 0, 0, 40)), "png")).convert("RGBA")
    red, green, _, alpha = small.getpixel((50, 50))  # type: ignore[misc]  # four bands, as it is RGBA
    assert alpha == 40
    assert red > 200 > 60 > green


def test_thumbnail_holds_nothing_of_the_file_but_pixels() -> None:
    notes = PngInfo()
    notes.add_text("Comment", "said by the provider")
    file = io.BytesIO()
    Image.new("RGB", (200, 200)).save(file, "PNG", pnginfo=notes, icc_profile=b"profile")
    small = small_of(file.getvalue())
    assert not {"Comment", "icc_profile", "exif"} & set(small.info)


def test_thumbnail_is_for_whole_images_only() -> None:
    data = encode(Image.effect_noise((200, 200), 50), "png")
    assert inspect_image(data[: len(data) // 2]).thumbnail is None
