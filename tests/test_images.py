"""What inspect_image makes of images of every type: whole, damaged, hostile, or none at all."""

from __future__ import annotations

import json
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from conformance.parsing import read_base64
from conformance.parsing.images.facts import ImageFacts, inspect_image
from conformance.parsing.images.media_types import extension, media_type, type_of_media_type
from tests.pictures import AVIF, TYPES, WALKED, encode, picture
from tests.pngs import chunk, header, png

CORPUS = Path(__file__).parents[2] / "shared" / "recordings" / "corpus.jsonl"
STRIPS = pytest.mark.parametrize("height", [2, 5000], ids=["one-strip", "many-strips"])


def facts_of(image: Image.Image, kind: str = "png", **options: Any) -> ImageFacts:
    """Inspect an image that Pillow encoded."""
    return inspect_image(encode(image, kind, **options))


@pytest.mark.parametrize("kind", TYPES)
def test_whole_image_has_its_type_and_size(kind: str) -> None:
    data = encode(picture(), kind)
    facts = inspect_image(data, max_pixels=1200)
    assert (facts.type, facts.width, facts.height, facts.size) == (kind, 40, 30, len(data))
    assert (facts.complete, facts.fault, facts.frames, facts.flat) == (True, None, 1, False)
    assert (facts.has_alpha, facts.transparent) == (False, False)
    beyond_limit = inspect_image(data, max_pixels=1199)
    assert (beyond_limit.complete, beyond_limit.pixel_digest) == (False, None)
    assert "1199" in (beyond_limit.fault or "")


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
    facts = facts_of(picture(mode), kind, **options)
    assert (facts.complete, facts.fault, facts.flat, facts.has_alpha) == (True, None, False, False)
    assert facts.pixel_digest


def test_sixteen_bits_a_sample_decode_to_their_high_byte() -> None:
    deep = facts_of(Image.frombytes("I;16", (2, 1), b"\x00\x20\x00\xe0"))
    shallow = facts_of(Image.frombytes("L", (2, 1), b"\x20\xe0"))
    assert (deep.mode, deep.pixel_digest) == ("I;16", shallow.pixel_digest)


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key"),
    [
        (2, 0, b"\x1b", b"\0\x02"),
        (4, 0, b"\x1a\x3f", b"\0\x0a"),
        (16, 0, bytes.fromhex("0000 12ab cd00 ffff"), b"\x12\xab"),
        (16, 2, bytes.fromhex("000000000000 12ab34cd56ef 12ab34cd0000 ffff00000000"), None),
    ],
    ids=["grey-2", "grey-4", "grey-16", "rgb-16"],
)
def test_colour_that_is_transparent_is_found_at_every_depth(
    depth: int, colour: int, row: bytes, key: bytes | None
) -> None:
    transparent = chunk(b"tRNS", key or row[6:12])
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + row))
    facts = inspect_image(png(header(4, 1, depth, colour), transparent, pixels))
    assert (facts.has_alpha, facts.lowest_alpha, facts.clear, facts.complete) == (True, 0, 1, True)


@pytest.mark.parametrize("kind", ["png", "webp", "gif", *AVIF])
def test_animation_counts_its_frames(kind: str) -> None:
    frames = [picture().rotate(turn) for turn in (90, 180)]
    facts = facts_of(picture(), kind, save_all=True, append_images=frames)
    assert (facts.frames, facts.complete, facts.fault) == (3, True, None)


def test_jpeg_with_more_pictures_behind_it_is_whole() -> None:
    facts = facts_of(picture(), "mpo", save_all=True, append_images=[picture()])
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


TRANSPARENT: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
    "png-rgba": (picture("RGBA"), "png", {}),
    "png-grey-alpha": (picture("LA"), "png", {}),
    "png-palette-entry": (picture("P"), "png", {"transparency": 3}),
    "png-palette-alphas": (picture("P"), "png", {"transparency": b"\xff\x80"}),
    "png-key": (Image.new("RGB", (2, 2)), "png", {"transparency": (0, 0, 0)}),
    "webp-rgba": (picture("RGBA"), "webp", {}),
    "gif-entry": (picture("P"), "gif", {"transparency": 3}),
}


@pytest.mark.parametrize(("image", "kind", "options"), TRANSPARENT.values(), ids=TRANSPARENT)
def test_transparency_is_seen_in_every_form(
    image: Image.Image, kind: str, options: dict[str, Any]
) -> None:
    facts = facts_of(image, kind, **options)
    assert (facts.has_alpha, facts.transparent, facts.complete) == (True, True, True)


def test_opaque_alpha_channel_is_not_transparent_and_changes_no_digest() -> None:
    plain, opaque = (facts_of(picture().convert(mode)) for mode in ("RGB", "RGBA"))
    assert (opaque.has_alpha, opaque.transparent) == (True, False)
    assert plain.pixel_digest == opaque.pixel_digest


def test_alpha_that_was_rounded_is_opaque() -> None:
    facts = facts_of(Image.new("RGBA", (50, 50), (255, 0, 0, 250)))
    assert (facts.lowest_alpha, facts.transparent, facts.clear) == (250, False, 0)


@pytest.mark.parametrize("rows", [1, 400], ids=["one-strip", "many-strips"])
def test_clear_part_is_a_thousandth_of_the_pixels_half_transparent(rows: int) -> None:
    for width, pixels, alpha, expected in (
        (1000, 1, 0, True),
        (1001, 1, 0, False),
        (1000, 0, 0, False),
        (1000, 1, 128, True),
        (1000, 1, 129, False),
    ):
        image = Image.new("RGBA", (width, rows), "red")
        image.paste((0, 0, 0, alpha), (0, 0, pixels, rows))
        assert facts_of(image).has_clear_part == expected, (width, pixels, alpha)


@STRIPS
def test_one_transparent_pixel_is_enough(height: int) -> None:
    image = Image.new("RGBA", (50, height), "red")
    image.putpixel((49, height - 1), (255, 0, 0, 249))
    assert (facts_of(image).transparent, facts_of(image).flat) == (True, False)


@STRIPS
@pytest.mark.parametrize(
    ("mode", "pixel"), [("RGB", (0, 0, 9)), ("RGBA", (0, 0, 0, 9)), ("L", 9), ("1", 1)]
)
def test_flat_is_one_colour_to_the_last_pixel(mode: str, pixel: Any, height: int) -> None:
    image = Image.new(mode, (50, height), 0)
    assert facts_of(image).flat is True
    image.putpixel((49, height - 1), pixel)
    assert facts_of(image).flat is False


def test_invisible_colours_are_flat() -> None:
    image = picture().convert("RGBA")
    image.putalpha(0)
    assert facts_of(image).flat is True


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixel_digest_is_the_same_for_lossless_encodings(mode: str) -> None:
    image = picture(mode, (300, 450))  # more than one strip
    facts = [facts_of(image), facts_of(image, compress_level=1)]
    facts.append(facts_of(image, "webp", lossless=True))
    assert len({fact.pixel_digest for fact in facts}) == 1
    assert len({fact.digest for fact in facts}) == 3


def test_pixel_digest_tells_pictures_apart() -> None:
    other_shape = Image.frombytes("RGB", (30, 40), picture().tobytes())
    pictures = [picture(), picture().rotate(180), picture("RGBA"), other_shape]
    assert len({facts_of(image).pixel_digest for image in pictures}) == 4


@pytest.mark.parametrize("kind", TYPES)
def test_truncated_image_is_incomplete(kind: str) -> None:
    data = encode(picture(size=(200, 150)), kind)
    for share in (0.3, 0.6, 0.9):
        facts = inspect_image(data[: int(len(data) * share)])
        assert (facts.type, facts.complete) == (kind, False), share
        assert facts.fault


@pytest.mark.parametrize("kind", WALKED)
@given(cut=st.integers(1, 40))
def test_a_few_missing_bytes_are_seen(kind: str, cut: int) -> None:
    facts = inspect_image(encode(picture(), kind)[:-cut])
    assert (facts.complete, facts.width, facts.height) == (False, 40, 30)
    assert (facts.fault or "").startswith("is truncated")


@pytest.mark.parametrize("kind", WALKED)
def test_bytes_after_the_end_are_named_and_leave_it_complete(kind: str) -> None:
    facts = inspect_image(encode(picture(), kind) + b"more")
    assert (facts.complete, facts.fault) == (True, "has 4 bytes of something else after its end")


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


@given(width=st.integers(1, 20), height=st.integers(1, 20))
def test_interlaced_png_is_complete_only_with_its_last_pass(width: int, height: int) -> None:
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    total = 0
    for left, top, across, down in [*passes, (0, 1, 1, 2)]:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        total += rows * (1 + 4 * columns) if columns else 0
    for missing in (0, 1):
        pixels = chunk(b"IDAT", zlib.compress(bytes(total - missing)))
        data = png(header(width, height, colour=6, interlaced=True), pixels)
        assert inspect_image(data).complete == (missing == 0)


@pytest.mark.parametrize("side", [9_000, 60_000, 2**31 - 1])
def test_decompression_bomb_is_refused_with_its_size(side: int) -> None:
    bomb = png(header(side, side, colour=6), chunk(b"IDAT", zlib.compress(bytes(10**6))))
    facts = inspect_image(bomb)
    assert (facts.type, facts.width, facts.complete) == ("png", side, False)
    assert f"{side}x{side} pixels" in (facts.fault or "")


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0"}], ids=str)
def test_webp_declares_its_size_in_each_of_its_headers(options: dict[str, Any]) -> None:
    facts = inspect_image(encode(picture(), "webp", **options), max_pixels=1)
    assert (facts.width, facts.height) == (40, 30)


def test_jpeg_with_endless_scans_is_not_decoded() -> None:
    data = encode(picture(), "jpeg")
    scan = data.index(b"\xff\xda")
    facts = inspect_image(data[:scan] + data[scan:-2] * 200 + data[-2:])
    assert not facts.complete
    assert "100 scans" in (facts.fault or "")


NO_IMAGES = {
    b"": "is empty",
    b"\n<!DOCTYPE html><p>": "HTML",
    b'<?xml version="1.0"?><Error>': "XML",
    b'{"error": {}}': "JSON",
    b"Not Found": "text",
    b"iVBORw0KGgoAAAANSUhEUg": "base64 once more",
    b"data:image/png;base64,": "a data URL",
    b"https://a.test/a.png": "a URL",
    b"%PDF-1.7": "PDF",
    b"\x00\x01\x02\x03": "no known image type",
}


@pytest.mark.parametrize(("data", "says"), NO_IMAGES.items(), ids=NO_IMAGES.values())
def test_what_is_no_image_is_named(data: bytes, says: str) -> None:
    facts = inspect_image(data)
    assert (facts.type, facts.complete, facts.width) == (None, False, None)
    assert says in (facts.fault or "")


def test_svg_is_recognised_and_not_painted() -> None:
    bare = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    cut_off = b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><svg>'
    for data, is_whole in ((bare, True), (cut_off, False)):
        facts = inspect_image(data)
        assert (facts.type, facts.complete, facts.decoded) == ("svg", is_whole, False)


def test_tiff_is_recognised_and_not_decoded(capfd: pytest.CaptureFixture[str]) -> None:
    facts = inspect_image(encode(picture(), "tiff", compression="tiff_lzw")[:-60])
    assert (facts.type, facts.complete) == ("tiff", False)
    assert "not decoded" in (facts.fault or "")
    assert capfd.readouterr().err == ""


def raises_and_warns_of_nothing(data: bytes) -> None:
    """Inspect bytes with every warning turned into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts = inspect_image(data, max_pixels=100_000)
    assert facts.size == len(data)
    assert facts.complete or facts.fault


HEADS = [encode(picture(), kind)[:60] for kind in [*TYPES, "tiff"]]


@given(st.binary() | st.builds(bytes.__add__, st.sampled_from(HEADS), st.binary()))
@example(b"\x89PNG\r\n\x1a\n" + b"\xff" * 40)
@example(b"GIF89a" + b"\xff" * 7)
@example(b"GIF89a" + bytes(20))
@example(b"\xff\xd8\xff\xd9")
@example(b"RIFF\xff\xff\xff\xffWEBPVP8X")
@example(b"RIFF\xff\xff\xff\xffWEBPnone")
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    raises_and_warns_of_nothing(data)


@pytest.mark.parametrize("kind", [*TYPES, "tiff"])
@given(edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8))
def test_flipped_bytes_never_raise(kind: str, edits: list[tuple[int, int]]) -> None:
    data = bytearray(encode(picture(), kind))
    for place, value in edits:
        data[place % len(data)] = value
    raises_and_warns_of_nothing(bytes(data))


def test_pillows_switches_are_left_as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)
    assert not inspect_image(encode(picture(), "bmp")[:-99]).complete
    assert (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS) == (True, 7)


def test_media_type_names_a_type_and_a_type_its_media_type_and_extension() -> None:
    for kind in [*TYPES, "tiff", "svg", "heic", "ico", "jp2", "jxl"]:
        assert type_of_media_type(media_type(kind)) == kind
    headers = ("IMAGE/PNG; charset=binary", "image/jpg", "application/octet-stream", "")
    assert list(map(type_of_media_type, headers)) == ["png", "jpeg", None, None]
    extensions = [extension(kind) for kind in ("png", "jpeg", "svg", "../x")]
    assert extensions == ["png", "jpg", "svg", "bin"]


@given(st.text())
def test_names_never_raise(text: str) -> None:
    kind = type_of_media_type(text)
    assert kind is None or type_of_media_type(media_type(kind)) == kind
    assert "/" in media_type(text)
    assert extension(text).isalnum()
