"""What inspect_image makes of hostile bytes, and of what is no image at all."""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from conformance.parsing.images import ImageFacts, inspect_image
from tests.pictures import TYPES, encode, picture
from tests.pngs import chunk, header, png


@pytest.mark.parametrize("side", [9_000, 60_000, 2**31 - 1])
def test_decompression_bomb_is_refused_with_its_size(side: int) -> None:
    bomb = png(header(side, side, colour=6), chunk(b"IDAT", zlib.compress(bytes(10**6))))
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
    ("data", "is_whole"),
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", True, id="bare"),
        pytest.param(b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><svg>', False, id="cut-off"),
    ],
)
def test_svg_is_recognised_and_not_painted(data: bytes, is_whole: bool) -> None:
    facts = inspect_image(data)
    assert (facts.type, facts.complete, facts.decoded) == ("svg", is_whole, False)


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
