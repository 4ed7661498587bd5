"""Defaults: what is left out behaves as documented."""

from __future__ import annotations

from conformance.exchange.model import Exchange
from tests.miniatures import SENT_AT, Case, answer, body, error, exchange
from tests.streams import REQUEST, completed, partial, stream

NO_MODEL = body(None)
NO_PARTIALS = {key: value for key, value in REQUEST.items() if key != "partial_images"}
NO_CHANNEL = error("No available channel for model dall-e", code="model_not_found")


def answered(status: int = 200, told: object = None, raw: bytes | None = None) -> Exchange:
    """A request without a model, answered like one for dall-e-3."""
    return exchange(NO_MODEL, status, told or answer(body("dall-e-3")), raw=raw)


TRUTHS: dict[str, Exchange] = {
    "defaults.model": answered(),
    "defaults.partial-images": stream(completed(), request=NO_PARTIALS),
}
CASES: dict[str, Exchange | Case] = {
    "model-no-data": answered(told={"created": int(SENT_AT)}),
    "model-moved": answered(301, raw=b""),
    "model-400": answered(400, error("model name is required")),
    "model-404": answered(404, error("No such model", code="model_not_found")),
    "model-422": answered(422, error("model is missing", param="model")),
    **{f"model-{name}": answered(told=answer(body(name))) for name in ("dall-e-2", "gpt-image-1")},
    **{f"model-{status}": answered(status) for status in (399, 429, 499, 500, 503, 524)},
    "model-without-a-channel": answered(503, NO_CHANNEL),
    "model-unnamed-404": exchange(NO_MODEL, 404, NO_CHANNEL, model="dall-e-2"),
    "partials-for-null": stream(
        partial(0), completed(), request={**REQUEST, "partial_images": None}
    ),
}
