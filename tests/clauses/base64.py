"""Base64: what decoders let pass and an encoder does not write."""

from __future__ import annotations

from conformance.exchange.model import Exchange
from tests.miniatures import (
    HTML,
    Case,
    answer,
    body,
    exchange,
    items,
    picture,
    to_base64,
    with_item_members,
)

REQUEST = body("dall-e-2", response_format="b64_json")
GPT_IMAGE = body("gpt-image-1")
QWEN = body("qwen-image")
TWO = {**REQUEST, "n": 2}
TEXT = to_base64(picture())
PADDED = next(
    text for text in (to_base64(picture(seed=seed)) for seed in range(99)) if text.endswith("=")
)


def carries(text: str) -> Exchange:
    """An answer with this in place of the base64."""
    return exchange(REQUEST, answer=with_item_members(REQUEST, b64_json=text))


TRUTH = exchange(REQUEST)
CASES: dict[str, Exchange | Case] = {
    "gpt-image": exchange(GPT_IMAGE),
    "padded": carries(PADDED),
    **{f"cut-off-by-{4 - cut}": carries(TEXT[: len(TEXT) // 8 * 4 + cut]) for cut in range(1, 5)},
    "second-of-two-is-a-web-page": exchange(
        TWO, answer={**answer(TWO), "data": [answer(TWO)["data"][0], {"b64_json": to_base64(HTML)}]}
    ),
    "not-an-image": exchange(GPT_IMAGE, answer=with_item_members(GPT_IMAGE, b64_json="AAAA")),
    "not-decodable": carries("!"),
    "padding-alone": carries("===="),
    "absent-where-promised": exchange(GPT_IMAGE, answer=items(GPT_IMAGE, {"url": "https://x/1"})),
    "absent-where-a-url-will-do": exchange(QWEN),
}
