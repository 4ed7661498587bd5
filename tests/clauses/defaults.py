"""Defaults: what is left out behaves as documented."""

from __future__ import annotations

from conformance.exchange.model import Exchange
from tests.miniatures import SENT_AT, Case, answer, body, error, exchange
from tests.streams import REQUEST, completed_event, partial, stream

NO_MODEL = body(None)
NO_PARTIALS = {key: value for key, value in REQUEST.items() if key != "partial_images"}
NO_CHANNEL = error("No available channel for model dall-e", code="model_not_found")


def without_model(status: int = 200, content: object = None, raw: bytes | None = None) -> Exchange:
    """A request without a model, answered like one for dall-e-3."""
    return exchange(NO_MODEL, status, content or answer(body("dall-e-3")), raw=raw)


TRUTHS: dict[str, Exchange] = {
    "defaults.model": without_model(),
    "defaults.partial-images": stream(completed_event(), request=NO_PARTIALS),
}
CASES: dict[str, Exchange | Case] = {
    "model-no-data": without_model(content={"created": int(SENT_AT)}),
    "model-moved": without_model(301, raw=b""),
    "model-400": without_model(400, error("model name is required")),
    "model-404": without_model(404, error("No such model", code="model_not_found")),
    "model-422": without_model(422, error("model is missing", param="model")),
    **{
        f"model-{name}": without_model(content=answer(body(name)))
        for name in ("dall-e-2", "gpt-image-1")
    },
    **{f"model-{status}": without_model(status) for status in (399, 429, 499, 500, 503, 524)},
    "model-without-a-channel": without_model(503, NO_CHANNEL),
    "model-unnamed-404": exchange(NO_MODEL, 404, NO_CHANNEL, model="dall-e-2"),
    "partials-for-null": stream(
        partial(0), completed_event(), request={**REQUEST, "partial_images": None}
    ),
}
