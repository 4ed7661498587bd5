"""Alpha, flatness and the digest of pixels, as inspect_image sees them."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from conformance.parsing.images import inspect_image
from tests.pictures import encode, picture


@pytest.mark.parametrize(
    ("image", "kind", "options"),
    [
        pytest.param(picture("RGBA"), "png", {}, id="png-rgba"),
        pytest.param(picture("LA"), "png", {}, id="png-grey-alpha"),
        pytest.param(picture("P"), "png", {"transparency": 3}, id="png-palette-entry"),
        pytest.param(picture("P"), "png", {"transparency": b"\xff\x80"}, id="png-palette-alphas"),
        pytest.param(Image.new("RGB", (2, 2)), "png", {"transparency": (0, 0, 0)}, id="png-key"),
        pytest.param(picture("RGBA"), "webp", {}, id="webp-rgba"),
        pytest.param(picture("P"), "gif", {"transparency": 3}, id="gif-entry"),
    ],
)
def test_transparency_is_seen_in_every_form(
    image: Image.Image, kind: str, options: dict[str, Any]
) -> None:
    facts = inspect_image(encode(image, kind, **options))
    assert (facts.has_alpha, facts.transparent, facts.complete) == (True, True, True)


def test_opaque_alpha_channel_is_not_transparent() -> None:
    facts = inspect_image(encode(picture().convert("RGBA"), "png"))
    assert (facts.has_alpha, facts.transparent) == (True, False)


@pytest.mark.parametrize("height", [1, 5000], ids=["one-strip", "many-strips"])
def test_one_transparent_pixel_is_enough(height: int) -> None:
    image = Image.new("RGBA", (50, height), "red")
    image.putpixel((49, height - 1), (255, 0, 0, 254))
    facts = inspect_image(encode(image, "png"))
    assert (facts.transparent, facts.flat) == (True, False)


@pytest.mark.parametrize("height", [2, 5000], ids=["one-strip", "many-strips"])
@pytest.mark.parametrize(
    ("mode", "pixel"),
    [("RGB", (0, 0, 9)), ("RGBA", (0, 0, 0, 9)), ("L", 9), ("1", 1)],
    ids=["rgb", "alpha", "grey", "one-bit"],
)
def test_flat_is_one_colour_to_the_last_pixel(mode: str, pixel: Any, height: int) -> None:
    image = Image.new(mode, (50, height), 0)
    assert inspect_image(encode(image, "png")).flat is True
    image.putpixel((49, height - 1), pixel)
    assert inspect_image(encode(image, "png")).flat is False


def test_invisible_colours_are_flat() -> None:
    image = picture().convert("RGBA")
    image.putalpha(0)
    assert inspect_image(encode(image, "png")).flat is True


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixel_digest_is_the_same_for_lossless_encodings(mode: str) -> None:
    image = picture(mode, (400, 500))
    files = [encode(image, "png"), encode(image, "png", compress_level=1)]
    facts = [inspect_image(each) for each in [*files, encode(image, "webp", lossless=True)]]
    assert len({each.pixel_digest for each in facts}) == 1
    assert len({each.digest for each in facts}) == 3


def test_pixel_digest_ignores_an_opaque_alpha_channel() -> None:
    plain, opaque = (inspect_image(encode(picture().convert(m), "png")) for m in ("RGB", "RGBA"))
    assert plain.pixel_digest == opaque.pixel_digest


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(picture().rotate(180), id="turned"),
        pytest.param(picture("RGBA"), id="transparent"),
        pytest.param(Image.frombytes("RGB", (30, 40), picture().tobytes()), id="same-bytes"),
    ],
)
def test_pixel_digest_tells_pictures_apart(other: Image.Image) -> None:
    digests = [inspect_image(encode(each, "png")).pixel_digest for each in (picture(), other)]
    assert digests[0] != digests[1]
