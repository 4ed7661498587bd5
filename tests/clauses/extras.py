"""Extras: what is left out, what is beside the point, and counts of every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.exchange.model import Exchange
from tests.miniatures import Case, answer, body, error, exchange, picture, to_base64
from tests.streams import completed_event, stream

PLAIN = body("gpt-image-1")
EXACT = body(
    "gpt-image-1", size="1024x1536", quality="low", background="opaque", output_format="webp"
)
OPEN = body("gpt-image-1", background="transparent")  # disputed for this model
TRUE = answer(PLAIN)
MEMBERS = ("background", "output_format", "quality", "size", "usage")
BIG = 10**60


def echo(request: dict[str, Any] = PLAIN, **members: object) -> Exchange:
    """A truthful answer but for what it says of itself."""
    return exchange(request, answer=answer(request, **members))


def with_image(data: bytes, **members: object) -> Exchange:
    """An answer with other bytes, to a request that leaves the image to the provider."""
    return echo(PLAIN, data=[{"b64_json": to_base64(data)}], **members)


def usage(**members: object) -> Exchange:
    """A truthful answer but for members of its usage; ``...`` leaves one out."""
    counts = {**TRUE["usage"], **members}
    return echo(usage={key: value for key, value in counts.items() if value is not ...})


def token_details(text: object, image: object = 0) -> dict[str, object]:
    """Details of a count."""
    return {"text_tokens": text, "image_tokens": image}


def total(text: str) -> Exchange:
    """A truthful answer whose total is written so."""
    return exchange(PLAIN, raw=json.dumps(TRUE).replace("209", text).encode())


TRUTH = exchange(PLAIN)
TRUTHS: dict[str, Exchange] = {
    f"extras.{name}-as-asked": exchange(EXACT)
    for name in ("background", "output-format", "quality", "size")
}
STREAMED = body("gpt-image-1", stream=True)
CASES: dict[str, Exchange | Case] = {
    **{
        f"streamed-{size}": stream(completed_event(size=size), request=STREAMED)
        for size in ("auto", "x")
    },
    "streamed-untrue": stream(
        completed_event(size="1024x1024", background="transparent"), request=STREAMED
    ),
    **{
        f"no-{name}": exchange(PLAIN, answer={key: TRUE[key] for key in TRUE if key != name})
        for name in MEMBERS
    },
    **{
        f"all-null-{name}": echo(request, **dict.fromkeys(MEMBERS))
        for name, request in (("plain", PLAIN), ("exact", EXACT), ("open", OPEN))
    },
    "background-object": echo(background={}),
    "background-other-where-open": echo(OPEN, background="opaque"),
    "background-not-opaque": with_image(
        picture("png", (1024, 1024), mode="RGBA"), background="opaque"
    ),
    "background-not-transparent": echo(background="transparent"),
    "format-not-the-default": echo(output_format="jpeg"),
    "format-true-and-bytes-not": with_image(picture("webp", (1024, 1024))),
    "quality-long": echo(EXACT, quality="x" * 200),
    "quality-scrubbed": replace(echo(EXACT, quality="x"), altered=frozenset({"quality"})),
    "size-other": echo(EXACT, size="1024x1024"),
    "size-other-and-long": echo(EXACT, size=f"{'9' * 90}x1"),
    "size-of-another-image": echo(size="1024x1536"),
    "size-of-another-image-long": echo(size=f"{'9' * 50}x1"),
    "images-scrubbed": exchange(PLAIN, altered=frozenset({"payloads"})),
    "open-refused": exchange(OPEN, 400, error("Not supported", param="background")),
    "usage-number": echo(usage=7),
    "usage-no-details": usage(input_tokens_details=...),
    "usage-half-details": usage(input_tokens_details={"text_tokens": 13}),
    "usage-details-a-number": usage(input_tokens_details=7),
    "usage-no-output-details": usage(output_tokens_details=...),
    "usage-fraction": usage(output_tokens=195.5, total_tokens=208.5),
    "usage-true": usage(input_tokens=True, input_tokens_details=token_details(True)),
    "usage-total-209.0": total("209.0"),
    "usage-total-210.0": total("210.0"),
    "usage-negative": usage(
        input_tokens=-13, input_tokens_details=token_details(-13), total_tokens=183
    ),
    "usage-negative-detail": usage(input_tokens_details=token_details(-1, 14)),
    "usage-negative-zero": usage(input_tokens_details=token_details(13, -0.0)),
    "usage-other-members": usage(other={"x": -1}, cost_details={"x": -1}, more_details=-1),
    "usage-total-long": usage(total_tokens=BIG),
    "usage-negative-long": usage(total_tokens=-BIG),
    "usage-details-long": usage(input_tokens_details=token_details(BIG, BIG)),
    "usage-input-long": usage(input_tokens=BIG, input_tokens_details=token_details(1)),
    "usage-of-dall-e": echo(body("dall-e-2"), usage={**TRUE["usage"], "total_tokens": 1}),
}
