"""The chapter image: one lie a clause, and the exchange without it."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    answer,
    body,
    changed,
    encoded,
    error,
    exchange,
    image_url,
    items,
    lie,
    painted,
    picture,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

SMALL = body("dall-e-2", size="256x256", response_format="b64_json")
DALL_E_2 = body("dall-e-2", response_format="b64_json")
GPT_IMAGE = body("gpt-image-1")
AUTO = body("gpt-image-1", size="auto")
WEBP = body("gpt-image-1", output_format="webp", size="1024x1024")
TRANSPARENT = body("gpt-image-1.5", background="transparent")
OPAQUE = body("gpt-image-1", background="opaque")
SQUARE = (1024, 1024)


def shows(request: dict[str, Any], data: bytes, **members: object) -> Exchange:
    """An answer whose image is this file; members join the top of the body."""
    told = changed(request, b64_json=encoded(data))
    return exchange(request, answer={**told, **members})


QWEN_SQUARE = body("qwen-image", size="1024x1024")


def carries(request: dict[str, Any], data: bytes) -> Exchange:
    """An answer whose one item is this file, as base64."""
    return exchange(request, answer=items(request, {"b64_json": encoded(data)}))


def declaring(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims many pixels."""
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def damaged(data: bytes) -> bytes:
    """The same file with one byte of its pixels changed."""
    middle = data.index(b"IDAT") + 12
    return data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]


def repeated(request: dict[str, Any], *files: bytes) -> Exchange:
    """An answer with these files as its images."""
    data = ({"b64_json": encoded(each)} for each in files)
    return exchange(request, answer=items(request, *data))


TRUTHS: dict[str, Callable[[], Exchange]] = {
    "image.size-as-asked": lambda: exchange(SMALL),
    "image.documented-size": lambda: exchange(AUTO),
    "image.documented-type": lambda: exchange(SMALL),
    "image.type-as-asked": lambda: exchange(WEBP),
    "image.type-by-default": lambda: exchange(GPT_IMAGE),
    "image.alpha-when-transparent": lambda: exchange(TRANSPARENT),
    "image.transparent-pixels": lambda: exchange(TRANSPARENT),
    "image.opaque-when-asked": lambda: exchange(OPAQUE),
    "image.complete": lambda: exchange(body("dall-e-3")),
    "image.single-frame": lambda: exchange(GPT_IMAGE),
    "image.distinct": lambda: exchange(body("dall-e-2", n=3)),
}

LIES = {
    each.id: each
    for each in (
        lie("size-ignored", lambda: shows(SMALL, picture(size=(512, 512))), "image.size-as-asked"),
        lie(
            "size-turned",
            lambda: shows(body("gpt-image-1", size="1536x1024"), picture(size=(1024, 1536))),
            "image.size-as-asked",
        ),
        lie(
            "size-off-by-one",
            lambda: shows(SMALL, picture(size=(256, 255))),
            "image.size-as-asked",
        ),
        lie(
            "open-size-ignored",
            lambda: carries(QWEN_SQUARE, picture(size=(1328, 1328))),
            "image.size-as-asked",
        ),
        lie(
            "undocumented-size",
            lambda: shows(AUTO, picture(size=(640, 640)), size="640x640"),
            "image.documented-size",
        ),
        lie(
            "undocumented-size-by-default",
            lambda: shows(DALL_E_2, picture(size=(300, 300))),
            "image.documented-size",
        ),
        lie("gif", lambda: shows(SMALL, picture("gif")), "image.documented-type"),
        lie("bmp", lambda: shows(SMALL, picture("bmp")), "image.documented-type"),
        lie("png-for-webp", lambda: shows(WEBP, picture("png", SQUARE)), "image.type-as-asked"),
        lie(
            "jpeg-for-png",
            lambda: shows(body("gpt-image-1", output_format="png"), picture("jpeg", SQUARE)),
            "image.type-as-asked",
        ),
        lie(
            "webp-by-default",
            lambda: shows(GPT_IMAGE, picture("webp", SQUARE)),
            "image.type-by-default",
        ),
        lie(
            "alpha-lost",
            lambda: shows(TRANSPARENT, picture("png", SQUARE)),
            "image.alpha-when-transparent",
        ),
        lie(
            "alpha-opaque",
            lambda: shows(TRANSPARENT, opaque_with_alpha()),
            "image.transparent-pixels",
        ),
        lie(
            "transparent-as-jpeg",
            lambda: shows(TRANSPARENT, picture("jpeg", SQUARE)),
            "image.type-by-default",
        ),
        lie(
            "transparent-for-opaque",
            lambda: shows(OPAQUE, picture("png", SQUARE, mode="RGBA")),
            "image.opaque-when-asked",
        ),
        lie("png-cut-off", lambda: shows(SMALL, picture()[:-40]), "image.complete"),
        lie("png-damaged", lambda: shows(SMALL, damaged(picture())), "image.complete"),
        lie(
            "jpeg-cut-off",
            lambda: shows(SMALL, picture("jpeg")[: len(picture("jpeg")) // 2]),
            "image.complete",
        ),
        lie("webp-cut-off", lambda: shows(SMALL, picture("webp")[:-40]), "image.complete"),
        lie("bomb", lambda: shows(SMALL, declaring(60_000, 60_000)), "image.complete"),
        lie(
            "animated",
            lambda: shows(SMALL, picture("webp", frames=3)),
            "image.single-frame",
        ),
        lie(
            "animated-png",
            lambda: shows(SMALL, picture("png", frames=2)),
            "image.single-frame",
        ),
        lie(
            "twice-the-same",
            lambda: repeated({**SMALL, "n": 2}, picture(), picture()),
            "image.distinct",
        ),
        lie(
            "twice-the-same-encoded-anew",
            lambda: repeated({**SMALL, "n": 2}, picture("png"), picture("webp")),
            "image.distinct",
        ),
    )
}


def opaque_with_alpha() -> bytes:
    """A PNG with an alpha channel in which nothing is transparent."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture("png", SQUARE))).convert("RGBA").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    made = TRUTHS[clause]()
    assert verdicts(made)[clause] is Verdict.PASS
    assert red(made) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


@pytest.mark.parametrize("clause", ["image.alpha-when-transparent", "image.transparent-pixels"])
def test_transparent_refused_where_it_is_open_is_no_finding(clause: str) -> None:
    request = body("gpt-image-1", background="transparent")
    refusal = error("Transparent background is not supported.", param="background")
    assert clause not in verdicts(exchange(request, 400, refusal))


def test_transparent_is_judged_where_it_is_open_and_accepted() -> None:
    request = body("gpt-image-1", background="transparent")
    assert "image.alpha-when-transparent" in red(shows(request, picture("png", SQUARE)))


def test_open_size_refused_is_no_finding() -> None:
    request = body("qwen-image", size="1024x1024")
    refusal = error("size must be in the list", param="size")
    assert "image.size-as-asked" not in verdicts(exchange(request, 400, refusal))


def test_picture_behind_a_url_is_judged_like_one_in_base64() -> None:
    request = body("dall-e-2", size="512x512")
    assert red(exchange(request, fetched=picture())) == {"image.size-as-asked"}


def test_one_wrong_image_of_several_is_seen() -> None:
    request = {**SMALL, "n": 2}
    assert red(repeated(request, picture(), picture(size=(64, 64)))) == {"image.size-as-asked"}


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_dall_e_may_answer_any_documented_type(kind: str) -> None:
    assert red(shows(SMALL, picture(kind))) == frozenset()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_output_format_is_honoured(kind: str) -> None:
    assert red(exchange(body("gpt-image-1", output_format=kind))) == frozenset()


def test_qwen_image_may_choose_its_size() -> None:
    request = body("qwen-image")
    made = exchange(request, answer=items(request, {"url": image_url()}), fetched=picture())
    assert red(made) == frozenset()
    assert "image.documented-size" not in verdicts(made)


def test_single_image_of_an_answer_has_nothing_to_differ_from() -> None:
    assert "image.distinct" not in verdicts(exchange(SMALL, answer=answer(SMALL)))
    assert painted(SMALL) == picture()
