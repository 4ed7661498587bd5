"""What inspect_image makes of whole images of every type, of their colours, and of damaged ones."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conformance.parsing import read_base64
from conformance.parsing.images import inspect_image
from tests.pictures import AVIF, TYPES, WALKED, encode, picture
from tests.pngs import chunk, header, png

CORPUS = Path(__file__).parents[2] / "shared" / "recordings" / "corpus.jsonl"


@pytest.mark.parametrize("kind", TYPES)
def test_whole_image_has_its_type_and_size(kind: str) -> None:
    data = encode(picture(), kind)
    facts = inspect_image(data)
    assert (facts.type, facts.width, facts.height, facts.size) == (kind, 40, 30, len(data))
    assert (facts.complete, facts.fault, facts.frames, facts.flat) == (True, None, 1, False)
    assert (facts.has_alpha, facts.transparent) == (False, False)


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        *[(mode, "png", {}) for mode in ("1", "L", "P")],
        *[(mode, "jpeg", {}) for mode in ("L", "CMYK")],
        ("RGB", "jpeg", {"progressive": True}),
        ("RGB", "webp", {"lossless": True}),
    ],
)
def test_whole_image_of_every_kind_decodes(mode: str, kind: str, options: dict[str, Any]) -> None:
    facts = inspect_image(encode(picture(mode), kind, **options))
    assert (facts.complete, facts.fault, facts.flat) == (True, None, False)
    assert facts.pixel_digest
    assert not facts.has_alpha


def test_sixteen_bits_a_sample_decode_to_their_high_byte() -> None:
    deep = Image.frombytes("I;16", (2, 1), b"\x00\x20\x00\xe0")
    shallow = Image.frombytes("L", (2, 1), b"\x20\xe0")
    facts = inspect_image(encode(deep, "png"))
    assert facts.mode == "I;16"
    assert facts.pixel_digest == inspect_image(encode(shallow, "png")).pixel_digest


@pytest.mark.parametrize("kind", ["png", "webp", "gif", *AVIF])
def test_animation_counts_its_frames(kind: str) -> None:
    turned = [picture().rotate(turn) for turn in (90, 180)]
    facts = inspect_image(encode(picture(), kind, save_all=True, append_images=turned))
    assert (facts.frames, facts.complete, facts.fault) == (3, True, None)


def test_jpeg_with_more_pictures_behind_it_is_whole() -> None:
    facts = inspect_image(encode(picture(), "mpo", save_all=True, append_images=[picture()]))
    assert (facts.type, facts.complete, facts.fault) == ("jpeg", True, None)


def recorded_payloads() -> list[tuple[str, bytes]]:
    """Return the payloads that the collected recordings hold in full."""
    payloads = []
    for line in CORPUS.read_text("utf-8").splitlines():
        record = json.loads(line)
        body = (record.get("response") or {}).get("body")
        items = body.get("data") if isinstance(body, dict) else None
        for item in items if isinstance(items, list) else []:
            text = item.get("b64_json") if isinstance(item, dict) else None
            data = read_base64(text).data if isinstance(text, str) else None
            if data and len(data) > 100:
                payloads.append((str(record["id"]), data))
    return payloads


@pytest.mark.skipif(not CORPUS.exists(), reason="../shared/recordings is not beside the checkout")
def test_recorded_images_are_whole() -> None:
    payloads = recorded_payloads()
    assert payloads
    for name, data in payloads:
        facts = inspect_image(data)
        assert (facts.complete, facts.fault) == (True, None), name


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


def test_alpha_that_was_rounded_is_opaque() -> None:
    image = Image.new("RGBA", (50, 50), (255, 0, 0, 250))
    facts = inspect_image(encode(image, "png"))
    assert (facts.lowest_alpha, facts.transparent, facts.clear) == (250, False, 0)


@pytest.mark.parametrize(
    ("pixels", "alpha", "expected"),
    [(1, 0, True), (0, 0, False), (1, 128, True), (1, 129, False)],
    ids=["one-in-a-thousand", "none", "half", "less-than-half"],
)
@pytest.mark.parametrize("rows", [1, 400], ids=["one-strip", "many-strips"])
def test_clear_part_is_a_thousandth_of_the_pixels(
    pixels: int, alpha: int, expected: bool, rows: int
) -> None:
    image = Image.new("RGBA", (1000, rows), "red")
    image.paste((0, 0, 0, alpha), (0, 0, pixels, rows))
    assert inspect_image(encode(image, "png")).has_clear_part == expected
    wider = Image.new("RGBA", (1001, rows), "red")
    wider.paste((0, 0, 0, alpha), (0, 0, pixels, rows))
    assert not inspect_image(encode(wider, "png")).has_clear_part


@pytest.mark.parametrize("height", [1, 5000], ids=["one-strip", "many-strips"])
def test_one_transparent_pixel_is_enough(height: int) -> None:
    image = Image.new("RGBA", (50, height), "red")
    image.putpixel((49, height - 1), (255, 0, 0, 249))
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


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9], ids=["30%", "60%", "90%"])
def test_truncated_image_is_incomplete(kind: str, share: float) -> None:
    data = encode(picture(size=(200, 150)), kind)
    facts = inspect_image(data[: int(len(data) * share)])
    assert (facts.type, facts.complete) == (kind, False)
    assert facts.fault


@pytest.mark.parametrize("kind", WALKED)
@given(cut=st.integers(1, 40))
def test_a_few_missing_bytes_are_seen(kind: str, cut: int) -> None:
    facts = inspect_image(encode(picture(), kind)[:-cut])
    assert not facts.complete
    assert (facts.fault or "").startswith("is truncated")
    assert (facts.width, facts.height) == (40, 30)


@pytest.mark.parametrize("kind", WALKED)
def test_bytes_after_the_end_are_named_and_leave_it_complete(kind: str) -> None:
    facts = inspect_image(encode(picture(), kind) + b"more")
    assert facts.complete
    assert facts.fault == "has 4 bytes of something else after its end"


@pytest.mark.parametrize("offset", [30, -5], ids=["header", "end"])
def test_png_with_a_broken_crc_is_incomplete(offset: int) -> None:
    data = bytearray(encode(picture(), "png"))
    data[offset] ^= 1
    facts = inspect_image(bytes(data))
    assert not facts.complete
    assert facts.fault


@pytest.mark.parametrize("rows", [5, 9, 10], ids="{} of 10 rows".format)
def test_png_without_all_its_rows_is_incomplete(rows: int) -> None:
    data = png(header(10, 10, colour=6), chunk(b"IDAT", zlib.compress(bytes(41 * rows))))
    facts = inspect_image(data)
    assert facts.width == 10
    assert facts.complete == (facts.fault is None) == (rows == 10)
    assert (facts.pixel_digest is not None) == (rows == 10)


@pytest.mark.parametrize("missing", [0, 1], ids=["whole", "one-byte-short"])
@given(width=st.integers(1, 20), height=st.integers(1, 20))
def test_interlaced_png_is_complete_only_with_its_last_pass(
    missing: int, width: int, height: int
) -> None:
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    total = 0
    for left, top, across, down in [*passes, (0, 1, 1, 2)]:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        total += rows * (1 + 4 * columns) if columns else 0
    pixels = chunk(b"IDAT", zlib.compress(bytes(total - missing)))
    data = png(header(width, height, colour=6, interlaced=True), pixels)
    assert inspect_image(data).complete == (missing == 0)
