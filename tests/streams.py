"""Streams in miniature: truthful ones, and room to plant a lie in an event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.miniatures import REQUEST_ID, SENT_AT, body, exchange, picture, to_base64

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

EVENT_STREAM = "text/event-stream; charset=utf-8"
COMPLETED = "image_generation.completed"
PARTIAL = "image_generation.partial_image"
SIZE = (1024, 1536)
REQUEST = body("gpt-image-1", stream=True, partial_images=2, size="1024x1536", quality="low")
USAGE = {
    "input_tokens": 14,
    "input_tokens_details": {"text_tokens": 14, "image_tokens": 0},
    "output_tokens": 372,
    "output_tokens_details": {"text_tokens": 0, "image_tokens": 372},
    "total_tokens": 386,
}

Event = tuple[str | None, str]


def image(kind: str = "png", size: tuple[int, int] = SIZE) -> str:
    """Return a picture as base64."""
    return to_base64(picture(kind, size))


def event(kind: str, *, name: str | None = None, without: str = "", **members: object) -> Event:
    """Write an event: its name, and its data with members replaced, added or left out."""
    data: dict[str, Any] = {
        "type": kind,
        "b64_json": image(),
        "created_at": int(SENT_AT) + 2,
        "size": "1024x1536",
        "quality": "low",
        "background": "opaque",
        "output_format": "png",
        **members,
    }
    data.pop(without, None)
    return name or kind, json.dumps(data)


def completed_event(*, without: str = "", usage: object = USAGE, **members: object) -> Event:
    """Write the event of the finished image."""
    return event(COMPLETED, name=None, without=without, usage=usage, **members)


def partial(index: object = 0, *, without: str = "", **members: object) -> Event:
    """Write the event of a partial image."""
    return event(PARTIAL, name=None, without=without, partial_image_index=index, **members)


def stream(
    *events: Event,
    request: dict[str, Any] = REQUEST,
    content_type: str = EVENT_STREAM,
    tail: bytes = b"",
) -> Exchange:
    """Build a streamed exchange; without events a truthful one, with ``tail`` after them."""
    all_events = events or (partial(0), partial(1), completed_event())
    text = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in all_events)
    return exchange(
        request, raw=text.encode() + tail, headers=(("content-type", content_type), REQUEST_ID)
    )
