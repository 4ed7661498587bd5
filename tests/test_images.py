"""What inspect_image makes of whole, damaged and hostile bytes."""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageFile, features
from PIL.PngImagePlugin import PngInfo

from conformance.images import (
    ImageFacts,
    extension,
    inspect_image,
    media_type,
    type_of_media_type,
)
from conformance.strict import read_base64

CORPUS = Path(__file__).parents[2] / "shared" / "recordings" / "corpus.jsonl"
AVIF = ["avif"] if features.check("avif") else []
TYPES = ["png", "jpeg", "webp", "gif", "bmp", *AVIF]
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
WALKED = ["png", "jpeg", "webp", "gif"]


@cache
def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Paint a picture of many colours, transparent towards its centre where mode allows."""
    ramp, ring = (each("L").resize(size) for each in (Image.linear_gradient, Image.radial_gradient))
    image = Image.merge("RGB", (ramp, ring, ramp.rotate(180)))
    if mode in ("RGBA", "LA"):
        image.putalpha(ring)
    return image.quantize(16) if mode == "P" else image.convert(mode)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode an image with Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """Frame one PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *rest: bytes) -> bytes:
    """Make a PNG of any declared size with the chunks given."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + b"".join(rest)


# --- whole images ---


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
        pytest.param("1", "png", {}, id="png-one-bit"),
        pytest.param("L", "png", {}, id="png-grey"),
        pytest.param("P", "png", {}, id="png-palette"),
        pytest.param("L", "jpeg", {}, id="jpeg-grey"),
        pytest.param("CMYK", "jpeg", {}, id="jpeg-cmyk"),
        pytest.param("RGB", "jpeg", {"progressive": True}, id="jpeg-progressive"),
        pytest.param("RGB", "webp", {"lossless": True}, id="webp-lossless"),
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


# --- alpha and colour ---


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


# --- digests ---


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


# --- damage ---


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
    data = png(10, 10, chunk(b"IDAT", zlib.compress(bytes(41 * rows))), chunk(b"IEND", b""))
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
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1)
    pixels = chunk(b"IDAT", zlib.compress(bytes(total - missing)))
    data = PNG_MAGIC + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")
    assert inspect_image(data).complete == (missing == 0)


# --- hostile bytes ---


@pytest.mark.parametrize("side", [9_000, 60_000, 2**31 - 1])
def test_decompression_bomb_is_refused_with_its_size(side: int) -> None:
    bomb = png(side, side, chunk(b"IDAT", zlib.compress(bytes(10**6))), chunk(b"IEND", b""))
    facts = inspect_image(bomb)
    assert (facts.type, facts.width, facts.complete) == ("png", side, False)
    assert f"{side}x{side} pixels" in (facts.fault or "")


@pytest.mark.parametrize("kind", TYPES)
def test_more_pixels_than_allowed_are_refused_in_every_type(kind: str) -> None:
    facts = inspect_image(encode(picture(), kind), max_pixels=1199)
    assert (facts.complete, facts.pixel_digest) == (False, None)
    assert "1199" in (facts.fault or "")
    assert inspect_image(encode(picture(), kind), max_pixels=1200).complete


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


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n<!DOCTYPE html><p>", "HTML", id="html"),
        pytest.param(b'<?xml version="1.0"?><Error>', "XML", id="xml-of-a-blob-store"),
        pytest.param(b'{"error": {}}', "JSON", id="json-object"),
        pytest.param(b"Not Found", "text", id="text"),
        pytest.param(b"iVBORw0KGgoAAAANSUhEUg", "base64 once more", id="base64-twice"),
        pytest.param(b"data:image/png;base64,", "a data URL", id="data-url"),
        pytest.param(b"https://a.test/a.png", "a URL", id="url"),
        pytest.param(b"%PDF-1.7", "PDF", id="pdf"),
        pytest.param(b"\x00\x01\x02\x03", "no known image type", id="binary"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, says: str) -> None:
    facts = inspect_image(data)
    assert (facts.type, facts.complete, facts.width) == (None, False, None)
    assert says in (facts.fault or "")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="bare"),
        pytest.param(b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><svg>', id="with-prologue"),
    ],
)
def test_svg_is_recognised_and_not_decoded(data: bytes) -> None:
    facts = inspect_image(data)
    assert (facts.type, facts.complete) == ("svg", False)


def test_tiff_is_recognised_and_not_decoded(capfd: pytest.CaptureFixture[str]) -> None:
    facts = inspect_image(encode(picture(), "tiff", compression="tiff_lzw")[:-60])
    assert (facts.type, facts.complete) == ("tiff", False)
    assert "not decoded" in (facts.fault or "")
    assert capfd.readouterr().err == ""


def raises_and_warns_of_nothing(data: bytes) -> ImageFacts:
    """Inspect bytes with every warning turned into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return inspect_image(data, max_pixels=100_000)


HEADS = [encode(picture(), kind)[:60] for kind in [*TYPES, "tiff"]]


@given(st.binary() | st.builds(bytes.__add__, st.sampled_from(HEADS), st.binary()))
@example(b"\x89PNG\r\n\x1a\n" + b"\xff" * 40)
@example(b"GIF89a" + b"\xff" * 7)
@example(b"RIFF\xff\xff\xff\xffWEBPVP8X")
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    facts = raises_and_warns_of_nothing(data)
    assert facts.size == len(data)
    assert facts.complete or facts.fault


@pytest.mark.parametrize("kind", [*TYPES, "tiff"])
@given(edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8))
def test_flipped_bytes_never_raise(kind: str, edits: list[tuple[int, int]]) -> None:
    data = bytearray(encode(picture(), kind))
    for place, value in edits:
        data[place % len(data)] = value
    facts = raises_and_warns_of_nothing(bytes(data))
    assert facts.complete or facts.fault


def test_pillows_switches_are_left_as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)
    half = encode(picture(), "bmp")[:-99]
    assert not inspect_image(half).complete
    assert (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS) == (True, 7)


# --- names ---


@pytest.mark.parametrize("kind", [*TYPES, "tiff", "svg", "heic", "ico", "jp2", "jxl"])
def test_media_type_and_type_are_inverse(kind: str) -> None:
    assert type_of_media_type(media_type(kind)) == kind


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        pytest.param("IMAGE/PNG; charset=binary", "png", id="case-and-parameter"),
        pytest.param("image/jpg", "jpeg", id="common-alias"),
        pytest.param("application/octet-stream", None, id="octet-stream"),
        pytest.param("", None, id="empty"),
    ],
)
def test_media_type_header_names_a_type(header: str, kind: str | None) -> None:
    assert type_of_media_type(header) == kind


def test_extension_is_the_usual_one() -> None:
    names = [extension(each) for each in ("png", "jpeg", "svg", "../x")]
    assert names == ["png", "jpg", "svg", "bin"]


@given(st.text())
def test_names_never_raise(text: str) -> None:
    kind = type_of_media_type(text)
    assert kind is None or type_of_media_type(media_type(kind)) == kind
    assert "/" in media_type(text)
    assert extension(text).isalnum()


# --- recordings ---


def recorded_payloads() -> list[tuple[str, bytes]]:
    """Give the payloads that the collected recordings hold in full."""
    if not CORPUS.exists():
        return []
    records = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    found = []
    for record in records:
        body = (record.get("response") or {}).get("body")
        items = body.get("data") if isinstance(body, dict) else None
        for item in items if isinstance(items, list) else []:
            text = item.get("b64_json") if isinstance(item, dict) else None
            data = read_base64(text).data if isinstance(text, str) else None
            if data and len(data) > 100:
                found.append((str(record["id"]), data))
    return found


@pytest.mark.skipif(not CORPUS.exists(), reason="../shared/recordings is not beside the checkout")
def test_recorded_images_are_whole() -> None:
    payloads = recorded_payloads()
    assert payloads
    for name, data in payloads:
        facts = inspect_image(data)
        assert (facts.complete, facts.fault) == (True, None), name


def small_of(data: bytes) -> Image.Image:
    thumbnail = inspect_image(data).thumbnail
    assert thumbnail is not None
    assert thumbnail.startswith("data:image/")
    return Image.open(io.BytesIO(base64.b64decode(thumbnail.split(",", 1)[1])))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_thumbnail_is_painted_of_every_mode(mode: str) -> None:
    small = small_of(encode(Image.new(mode, (300, 150)), "png"))
    assert small.size == (96, 48)


def test_thumbnail_is_not_larger_than_the_image() -> None:
    assert small_of(encode(Image.new("RGB", (5, 3)), "png")).size == (5, 3)


def test_thumbnail_of_a_line_has_a_pixel() -> None:
    assert small_of(encode(Image.new("RGB", (4000, 1)), "png")).size == (96, 1)


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
