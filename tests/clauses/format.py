"""Format: which member carries the image, and how response_format may be refused."""

from __future__ import annotations

import json
from typing import Any

from conformance.exchange.model import Exchange
from tests.miniatures import (
    REFUSED,
    Case,
    answer,
    body,
    error,
    exchange,
    image_url,
    items,
    requested_picture,
    to_base64,
    with_item_members,
)

DALL_E_2 = body("dall-e-2")
DALL_E_3 = body("dall-e-3")
URL = body("dall-e-3", response_format="url")
B64 = body("dall-e-3", response_format="b64_json")
GPT_IMAGE = body("gpt-image-1")
GPT_IMAGE_URL = body("gpt-image-1", response_format="url")
QWEN = body("qwen-image")
STRANGE = body("somebody-s-model")
TWO = body("dall-e-2", n=2)


def with_members(request: dict[str, Any], **members: object) -> Exchange:
    """A truthful answer with members put into every item."""
    return exchange(request, answer=with_item_members(request, **members))


def only(request: dict[str, Any], **item: object) -> Exchange:
    """An answer whose one item has these members and no others."""
    return exchange(request, answer=items(request, item))


def as_url(request: dict[str, Any]) -> Exchange:
    """An answer that carries a URL and no base64."""
    return only(request, url=image_url())


def as_b64(request: dict[str, Any]) -> Exchange:
    """An answer that carries base64 and no URL."""
    return only(request, b64_json=to_base64(requested_picture(request)))


def refusal(
    content: object, status: int = 400, request: dict[str, Any] = GPT_IMAGE_URL
) -> Exchange:
    """A refusal of response_format, as worded."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return exchange(request, status, raw=raw)


REFUSALS: dict[str, Exchange] = {
    "by-param": refusal(error("Unknown.", param="response_format", code="unknown_parameter")),
    "by-message": refusal(error("Unknown parameter: 'response_format'.", param="")),
    "by-location": refusal({"detail": [{"loc": ["body", "response_format"], "msg": "Extra"}]}, 422),
    "by-text": refusal({"error": "Unknown parameter: 'response_format'."}, 422),
    "without-name": refusal(error("Something is wrong.", code="unknown_parameter")),
    "empty-message": refusal(error("")),
    "null-message": refusal(error(None)),
    "number": refusal(error(7)),
    "flat": refusal({"message": "It cannot be done."}),
    "no-body": refusal(b""),
    "redirected": refusal(b"", 307),
    "moderated": refusal(error("no", code="moderation_blocked")),
    "401": refusal(error("no"), 401),
    "403": refusal(error("no"), 403),
    "404": refusal(error("no"), 404),
}

TRUTHS: dict[str, Exchange] = {
    "format.url-when-asked": exchange(URL),
    "format.url-by-default": exchange(DALL_E_2),
    "format.b64-when-asked": exchange(B64),
    "format.gpt-image-b64": exchange(GPT_IMAGE),
    "format.gpt-image-response-format": exchange(GPT_IMAGE_URL),
    "format.qwen-image-either": exchange(QWEN),
    "format.any-model-either": exchange(STRANGE),
    "format.one-payload": exchange(DALL_E_3),
    "format.qwen-image-one-payload": as_b64(QWEN),
    "format.unused-member-not-null": exchange(B64),
    "format.unused-member-not-empty": exchange(URL),
    "format.revised-prompt-not-null": exchange(DALL_E_3),
    "format.revised-prompt-not-empty": exchange(DALL_E_2),
}
CASES: dict[str, Exchange | Case] = {
    **{f"response-format-refused-{name}": refused for name, refused in REFUSALS.items()},
    "response-format-404-without-control": Case(REFUSALS["404"], None),
    "response-format-400-without-control": Case(REFUSALS["without-name"], None),
    "response-format-refused-as-the-control": Case(REFUSALS["without-name"], REFUSED),
    "response-format-answered-unlike-the-control": Case(as_url(GPT_IMAGE_URL), REFUSED),
    "nothing-for-url": only(URL, note="?"),
    "error-for-url": only(URL, error={"message": "It cannot be painted."}),
    "task-for-url": only(URL, task_id="t-1", status="queued"),
    "words-for-url": only(URL, message="It is painted."),
    "null-response-format": exchange(body("dall-e-3", response_format=None)),
    "url-and-empty-b64": only(B64, url=image_url(), b64_json=""),
    "numbers": with_members(DALL_E_2, url=7, b64_json=[]),
    "gpt-image-nothing": only(GPT_IMAGE),
    "unnamed-nothing": only(body(None), url=None),
    "strange-nothing": only(STRANGE, url=""),
    "qwen-nothing": only(QWEN, url=None, b64_json=""),
    "qwen-url-for-b64_json": as_url(body("qwen-image", response_format="b64_json")),
    "qwen-b64-for-url": as_b64(body("qwen-image", response_format="url")),
    "both-for-b64": with_members(B64, url=image_url()),
    "null-url": with_members(GPT_IMAGE, url=None),
    "empty-url": with_members(B64, url=""),
    "blank-revised-prompt": with_members(GPT_IMAGE, revised_prompt="  "),
    "second-of-two-as-base64": exchange(
        TWO, answer=items(TWO, answer(TWO)["data"][0], {"b64_json": to_base64(b"?")})
    ),
}
