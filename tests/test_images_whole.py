"""What inspect_image makes of whole images of every type, and of recorded ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conformance.parsing import read_base64
from conformance.parsing.images import inspect_image
from tests.pictures import AVIF, TYPES, encode, picture

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
