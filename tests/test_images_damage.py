"""What inspect_image makes of images that are cut off or damaged."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.parsing.images import inspect_image
from tests.pictures import TYPES, WALKED, encode, picture
from tests.pngs import chunk, header, png


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
