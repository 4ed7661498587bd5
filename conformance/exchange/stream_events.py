"""The events of a streamed answer, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.exchange.answer import MOST_IMAGES, Payload
from conformance.parsing import read_json

if TYPE_CHECKING:
    from conformance.exchange.answer import Answer
    from conformance.parsing import Event

COMPLETED = "image_generation.completed"
PARTIAL = "image_generation.partial_image"
DONE = "[DONE]"
"""What chat streams end with; no source documents it for images."""


class StreamEvent(Payload):
    """One event of a stream, with the image in its data."""

    def __init__(self, index: int, event: Event, answer: Answer) -> None:
        self.name = event.name
        self.reading = read_json(event.data.encode("utf-8", "replace"))
        value = self.reading.value
        item = value if isinstance(value, dict) else {}
        super().__init__(index, item, answer.exchange, answer.sight)

    @property
    def path(self) -> str:
        """Where the event stands in the stream."""
        return f"event {self.index + 1}"

    def called(self, name: str) -> bool:
        """Return whether the event's line or the type in its data has this name."""
        return name in (self.name, self.item.get("type"))


def events_of(answer: Answer) -> tuple[StreamEvent, ...]:
    """Read the events of an answer, up to `MOST_IMAGES` with one; a closing ``[DONE]`` is none."""
    named = [event for event in answer.stream.events if event.data.strip() != DONE]
    read: list[StreamEvent] = []
    images = 0
    for index, event in enumerate(named):
        read.append(StreamEvent(index, event, answer))
        images += read[-1].b64_json is not None
        if images == MOST_IMAGES:
            break
    return tuple(read)
