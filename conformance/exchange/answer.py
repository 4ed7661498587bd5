"""The facts of an answer, each read from its bytes once."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache, cached_property
from itertools import islice
from typing import Any

import pybase64

from conformance.exchange.model import Download, Exchange
from conformance.parsing import (
    Base64Reading,
    Event,
    EventStream,
    JSONReading,
    read_base64,
    read_event_stream,
    read_json,
)
from conformance.parsing.credentials.reading import read_credentials
from conformance.parsing.credentials.records import (
    WITHOUT_MEANING,
    Credentials,
    Painter,
    painter_of,
)
from conformance.parsing.images.facts import (
    MOST_PIXELS,
    MOST_PIXELS_TOGETHER,
    ImageFacts,
    inspect_image,
)
from conformance.parsing.images.media_types import sniff

_FACTS: OrderedDict[tuple[str, int], ImageFacts] = OrderedDict()
"""Images that were inspected, by digest and bound: cassettes and mocks repeat equal bytes."""

_MOST_FACTS = 512
_DIGITS = re.compile(r"(?:[A-Za-z0-9+/]{4}){1,400}")  # how base64 begins

_WORTH_A_THREAD = 100_000  # bytes of an image; a smaller one is decoded in a few milliseconds

MOST_IMAGES = 64  # items of one answer that are looked into; the largest documented ``n`` is 10

COMPLETED = "image_generation.completed"
PARTIAL = "image_generation.partial_image"
DONE = "[DONE]"  # the end of chat streams; no source documents it for images


class ImageInspector:
    """Inspects the images of one answer, within the pixels that they may have together."""

    def __init__(self, pixels: int, together: int) -> None:
        self._pixels = pixels
        self._together = together
        self._sizes: dict[str, int] = {}

    def inspect(self, data: bytes, alone: bool) -> ImageFacts:
        """Inspect an image; equal bytes count once, also where they were decoded before.

        The pixels of one that stands `alone` in its answer are compared with no other's.
        """
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._sizes and sum(self._sizes.values()) >= self._together:
            fault = f"was not decoded: the images before it have {self._together:,} pixels together"
            return replace(inspect_image(data, max_pixels=0, digest=digest), fault=fault)
        key = (digest, self._pixels)
        facts = _FACTS.get(key)
        # An image that stood alone was not compared; beside others its pixels are digested.
        if facts is None or not (alone or facts.pixel_digest or not facts.decoded):
            compared = not alone
            facts = inspect_image(data, max_pixels=self._pixels, compared=compared, digest=digest)
            _FACTS[key] = facts
        while len(_FACTS) > _MOST_FACTS:
            _FACTS.popitem(last=False)
        self._sizes[digest] = facts.pixels if facts.pixels <= self._pixels else 0
        return facts


@cache
def _decoder() -> ThreadPoolExecutor:
    """Return the one thread that decodes ahead (ARCHITECTURE 21)."""
    return ThreadPoolExecutor(1, "decoder")


class Payload:
    """One item of ``data``, with the image that it carries or points to."""

    def __init__(
        self,
        index: int,
        item: dict[str, Any],
        exchange: Exchange,
        inspector: ImageInspector,
        alone: bool = False,
    ) -> None:
        self.index = index
        self.alone = alone
        self.item = item
        self._exchange = exchange
        self._inspector = inspector
        self._ahead: Future[ImageFacts] | None = None

    @property
    def path(self) -> str:
        """Where the item stands in the body."""
        return f"data[{self.index}]"

    @property
    def url(self) -> str | None:
        """The URL it carries, when that is a string with something in it."""
        return self._text("url")

    @property
    def b64_json(self) -> str | None:
        """The base64 it carries, when that is a string with something in it."""
        return self._text("b64_json")

    def _text(self, name: str) -> str | None:
        value = self.item.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def carries(self) -> tuple[str, ...]:
        """Which of ``url`` and ``b64_json`` hold something."""
        return tuple(name for name in ("url", "b64_json") if self._text(name))

    @property
    def delivers(self) -> bool:
        """Return whether an image came, even if damaged: a URL, or base64 that begins like one."""
        if self.url is not None:
            return True
        data = self.base64.data if self.base64 else None
        if not data and (digits := _DIGITS.match(self.b64_json or "")):
            data = pybase64.b64decode(digits[0])
        return data is not None and sniff(data) is not None

    def describe(self) -> str:
        """Describe each payload member: whether it is absent, null, empty or filled."""
        return ", ".join(f"{name} {self.state(name)}" for name in ("url", "b64_json"))

    def state(self, name: str) -> str:
        """Return whether one member is absent, null, empty or filled."""
        if name not in self.item:
            return "absent"
        value = self.item[name]
        if value is None:
            return "null"
        if value == "":
            return "empty"
        return "present" if isinstance(value, str) else f"a {type(value).__name__}"

    @cached_property
    def base64(self) -> Base64Reading | None:
        """The strict reading of ``b64_json``, when it is there."""
        return read_base64(self.item["b64_json"]) if self.b64_json else None

    @cached_property
    def download(self) -> Download | None:
        """The download of ``url``, when it was fetched."""
        return self._exchange.download(self.url) if self.url else None

    @cached_property
    def image(self) -> ImageFacts | None:
        """The facts of the image, from its base64 or else from its download."""
        if self._ahead is not None:
            return self._ahead.result()
        data = self._data
        return self._inspector.inspect(data, self.alone) if data else None

    @cached_property
    def credentials(self) -> Credentials | None:
        """The content credentials in the bytes of the image, if it carries any."""
        data, facts = self._data, self.image
        return read_credentials(facts.type, data) if data and facts else None

    @cached_property
    def painter(self) -> Painter | None:
        """Whether its credentials name the requested model; None without credentials."""
        return compare_painter(self.credentials, self._exchange) if self.credentials else None

    def look_ahead(self) -> None:
        """Start decoding the image on another thread if it is large enough to be worth that."""
        data = self._data
        if data and len(data) >= _WORTH_A_THREAD:
            self._ahead = _decoder().submit(self._inspector.inspect, data, self.alone)

    @property
    def _data(self) -> bytes | None:
        """The bytes of the image, from base64 first and from the download otherwise."""
        data = self.base64.data if self.base64 else None
        # The page of a refusal is no image that came, so that only a success counts.
        if data is None and self.download and self.download.response:
            fetched = self.download.response
            data = fetched.body if 200 <= fetched.status < 300 else None
        return data


class StreamEvent(Payload):
    """One event of a stream, with the image in its data."""

    def __init__(self, index: int, event: Event, answer: Answer) -> None:
        self.name = event.name
        self.reading = read_json(event.data.encode("utf-8", "replace"))
        value = self.reading.value
        item = value if isinstance(value, dict) else {}
        super().__init__(index, item, answer.exchange, answer.inspector)

    @property
    def path(self) -> str:
        """Where the event stands in the stream."""
        return f"event {self.index + 1}"

    def called(self, name: str) -> bool:
        """Return whether the event's line or the type in its data has this name."""
        return name in (self.name, self.item.get("type"))


class Answer:
    """One response, read lazily and once; absent parts are None, never an exception."""

    def __init__(
        self,
        exchange: Exchange,
        pixels: int = MOST_PIXELS,
        images_pixels: int = MOST_PIXELS_TOGETHER,
    ) -> None:
        self.exchange = exchange
        self.response = exchange.response
        self.inspector = ImageInspector(pixels, images_pixels)

    @property
    def status(self) -> int | None:
        """The HTTP status, or None when no answer came."""
        return self.response.status if self.response else None

    @cached_property
    def json(self) -> JSONReading:
        """The strict reading of the body."""
        return read_json(self.response.body if self.response else b"")

    @property
    def object(self) -> dict[str, Any] | None:
        """The body, when it is a JSON object."""
        return self.json.value if isinstance(self.json.value, dict) else None

    @property
    def error(self) -> Any:
        """The ``error`` member, of whatever type."""
        return self.object.get("error") if self.object else None

    @cached_property
    def payloads(self) -> tuple[Payload, ...]:
        """The items of ``data`` that are objects, `MOST_IMAGES` at the most."""
        data = self.object.get("data") if self.object else None
        items = data if isinstance(data, list) else []
        payloads = (
            Payload(index, item, self.exchange, self.inspector, alone=len(items) == 1)
            for index, item in enumerate(items)
            if isinstance(item, dict)
        )
        return tuple(islice(payloads, MOST_IMAGES))

    def look_ahead(self) -> None:
        """Start decoding the images on another thread; whoever needs one waits for it."""
        for payload in self.payloads:
            payload.look_ahead()

    @cached_property
    def stream(self) -> EventStream:
        """The body as an event stream."""
        return read_event_stream(self.response.body if self.response else b"")

    @cached_property
    def events(self) -> tuple[StreamEvent, ...]:
        """The events of the stream, up to `MOST_IMAGES` with one, without a closing ``[DONE]``."""
        data_events = [event for event in self.stream.events if event.data.strip() != DONE]
        events: list[StreamEvent] = []
        images = 0
        for index, event in enumerate(data_events):
            events.append(StreamEvent(index, event, self))
            # Partial images count as well: they are decoded like the others.
            images += events[-1].b64_json is not None
            if images == MOST_IMAGES:
                break
        return tuple(events)

    @property
    def streams(self) -> bool:
        """Return whether the answer says that it is an event stream."""
        return bool(self.response and self.response.media_type == "text/event-stream")


def compare_painter(credentials: Credentials, exchange: Exchange) -> Painter:
    """Compare the credentials of an image with the model that its request asked for."""
    if credentials.standing in WITHOUT_MEANING:
        return Painter.UNCLEAR
    return painter_of(credentials.names, requested_names(exchange))


def requested_names(exchange: Exchange) -> tuple[str, ...]:
    """Return the requested model's name at the provider and in the edition, if one is sent."""
    body = read_json(exchange.request.body).value
    name = body.get("model") if isinstance(body, dict) else None
    return (name, exchange.model) if isinstance(name, str) else ()
