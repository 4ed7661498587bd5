"""Image: bytes that are odd, and what may be chosen freely."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

from conformance.exchange.model import Exchange
from tests.miniatures import (
    Case,
    answer,
    body,
    error,
    exchange,
    image_url,
    items,
    picture,
    to_base64,
    with_item_members,
)
from tests.streams import completed_event, image, stream

SMALL = body("dall-e-2", size="256x256", response_format="b64_json")
AUTO = body("gpt-image-1", size="auto")
WEBP = body("gpt-image-1", output_format="webp", size="1024x1024")
TRANSPARENT = body("gpt-image-1.5", background="transparent")
OPEN_TRANSPARENT = body("gpt-image-1", background="transparent")
OPAQUE = body("gpt-image-1", background="opaque")
QWEN = body("qwen-image")
QWEN_SQUARE = body("qwen-image", size="1024x1024")
SQUARE = (1024, 1024)


def shows(request: dict[str, Any], data: bytes, **members: object) -> Exchange:
    """An answer whose image is this file; members join the top of the body."""
    return exchange(
        request, answer={**with_item_members(request, b64_json=to_base64(data)), **members}
    )


def with_images(request: dict[str, Any], *files: bytes) -> Exchange:
    """An answer with these files as its images."""
    data = ({"b64_json": to_base64(file)} for file in files)
    return exchange(request, answer=items(request, *data))


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims many pixels."""
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def opaque_with_alpha() -> bytes:
    """A PNG with an alpha channel in which nothing is transparent."""
    return with_alpha(255)


def with_alpha(value: int) -> bytes:
    """A PNG with one alpha throughout."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(picture("png", SQUARE))).convert("RGBA")
    image.putalpha(value)
    image.save(buffer, "PNG")
    return buffer.getvalue()


TRUTHS: dict[str, Exchange] = {
    "image.size-as-asked": exchange(SMALL),
    "image.documented-size": exchange(AUTO),
    "image.documented-type": exchange(SMALL),
    "image.type-as-asked": exchange(WEBP),
    "image.type-by-default": exchange(body("gpt-image-1")),
    "image.alpha-when-transparent": exchange(TRANSPARENT),
    "image.transparent-pixels": exchange(TRANSPARENT),
    "image.opaque-when-asked": exchange(OPAQUE),
    "image.complete": exchange(body("dall-e-3")),
    "image.single-frame": exchange(body("gpt-image-1")),
    "image.distinct": exchange(body("dall-e-2", n=3)),
}
CASES: dict[str, Exchange | Case] = {
    **{f"dall-e-{kind}": shows(SMALL, picture(kind)) for kind in ("png", "jpeg", "webp", "bmp")},
    **{
        f"gpt-image-{kind}": exchange(body("gpt-image-1", output_format=kind))
        for kind in ("jpeg", "png")
    },
    "size-off-by-one": shows(SMALL, picture(size=(256, 255))),
    "size-open-and-ignored": with_images(QWEN_SQUARE, picture(size=(1328, 1328))),
    "size-open-and-refused": exchange(QWEN_SQUARE, 400, error("size must be listed", param="size")),
    "size-not-asked-of-qwen-image": exchange(
        QWEN, answer=items(QWEN, {"url": image_url()}), fetched=picture()
    ),
    "size-undocumented": shows(AUTO, picture(size=(640, 640)), size="640x640"),
    "size-behind-a-url": exchange(body("dall-e-2", size="512x512"), fetched=picture()),
    "size-of-the-second": with_images({**SMALL, "n": 2}, picture(), picture(size=(64, 64))),
    "alpha-lost-in-a-stream": stream(completed_event(), request={**TRANSPARENT, "stream": True}),
    "size-undocumented-in-a-stream": stream(
        completed_event(b64_json=image(size=(640, 640))), request={**AUTO, "stream": True}
    ),
    "alpha-lost": shows(TRANSPARENT, picture("png", SQUARE)),
    "alpha-lost-where-open": shows(OPEN_TRANSPARENT, picture("png", SQUARE)),
    "alpha-opaque": shows(TRANSPARENT, opaque_with_alpha()),
    **{
        f"alpha-{value}-of-transparent": shows(TRANSPARENT, with_alpha(value))
        for value in (128, 129)
    },
    **{f"alpha-{value}-of-opaque": shows(OPAQUE, with_alpha(value)) for value in (249, 250)},
    "alpha-refused-where-open": exchange(
        OPEN_TRANSPARENT, 400, error("It is not supported.", param="background")
    ),
    "transparent-as-jpeg": shows(TRANSPARENT, picture("jpeg", SQUARE)),
    "transparent-for-opaque": shows(OPAQUE, picture("png", SQUARE, mode="RGBA")),
    "bomb": shows(SMALL, png_that_claims(60_000, 60_000)),
    "cut-off": shows(SMALL, picture()[:-40]),
    "cut-off-behind-a-url-beside-base64-that-is-none": exchange(
        QWEN, answer=with_item_members(QWEN, url=image_url(), b64_json="!"), fetched=picture()[:-40]
    ),
    "format-asked-of-a-model-without-one": exchange(
        {**SMALL, "output_format": "jpeg"}, answer=answer(SMALL)
    ),
    "none": exchange(body(), answer=items(body(), {"url": "x"}), downloads={}),
    "svg-not-asked": shows(SMALL, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "animated-png": shows(SMALL, picture("png", frames=2)),
    "same-encoded-anew": with_images({**SMALL, "n": 2}, picture("png"), picture("webp")),
    "same-three-times": with_images({**SMALL, "n": 3}, picture(), picture(seed=1), picture(seed=1)),
}
