"""The events of a stream as the exchange reads them."""

from __future__ import annotations

from dataclasses import replace

from conformance.exchange.answer import MOST_IMAGES, Answer
from conformance.exchange.model import Download
from tests.miniatures import encoded, picture, served
from tests.streams import completed, stream

URL = "https://images.provider.example/1.png"
WITH_IMAGE = '{"b64_json": "' + encoded(picture("png", (8, 8))) + '"}'


def test_events_beyond_the_last_image_that_is_read_are_left() -> None:
    made = stream(("a", "{}"), *[("b", WITH_IMAGE)] * (MOST_IMAGES + 3))
    assert len(Answer(made).events) == 1 + MOST_IMAGES
    assert len(Answer(stream(*[("a", "{}")] * 200)).events) == 200


def test_done_is_no_event() -> None:
    (event,) = Answer(stream(("a", WITH_IMAGE), (None, "[DONE]"))).events
    assert event.path == "event 1"


def test_url_in_an_event_is_looked_up_in_its_exchange() -> None:
    download = Download(URL, response=served(picture()))
    made = replace(stream(completed(url=URL)), downloads=(download,))
    assert [event.download for event in Answer(made).events] == [download]
