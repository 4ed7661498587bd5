"""Lies in streams: their frames, their events, and the images in them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from conformance.contract import RequestBody
from conformance.reference.answers import AnswerContext, Job, Painter
from conformance.reference.defects.extras import count_below_zero
from conformance.reference.defects.planting import (
    Body,
    in_completed,
    in_events,
    in_finished,
    in_frame,
    in_partial,
    in_step,
    planted,
    resolving,
)
from conformance.reference.painting import FINISHED

_COMPLETED = "image_generation.completed"
_WEB_PAGE = base64.b64encode(b"<!DOCTYPE html><html></html>").decode("ascii")


@planted(in_finished, "stream.declared-json", "stream.content-type", modes=["D11"])
def declared_json(response: Response) -> None:
    """A stream is declared as JSON."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        response.headers["content-type"] = "application/json"


@planted(resolving, "stream.ignored", "stream.content-type", modes=["D11"])
def ignored(job: Job, _request: RequestBody) -> Job:
    """`stream` is ignored: the answer is one JSON body."""
    return replace(job, stream=False)


@planted(in_finished, "stream.status-201", "envelope.status-200")
def status_201(response: Response) -> None:
    """A stream comes with status 201."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        response.status_code = 201


@planted(in_frame, "stream.broken-off", "stream.framing", modes=["D11"])
def broken_off(frame: bytes, kind: str) -> bytes:
    """A stream breaks off inside its last event."""
    return frame[: len(frame) // 2] if kind == _COMPLETED else frame


@planted(in_frame, "stream.no-blank-line", "stream.framing", modes=["D11"])
def no_blank_line(frame: bytes, kind: str) -> bytes:
    """The last event is not ended by a blank line."""
    return frame[:-1] if kind == _COMPLETED else frame


@planted(in_frame, "stream.comment-as-json", "stream.event-json", modes=["D11"])
def comment_as_json(frame: bytes, kind: str) -> bytes:
    """An event that keeps the connection open has data that is no JSON."""
    return b"event: ping\ndata: still painting\n\n" + frame if kind == _COMPLETED else frame


@planted(in_frame, "stream.event-array", "stream.event-json", modes=["D11"])
def event_array(frame: bytes, kind: str) -> bytes:
    """An event has an array for data."""
    return b"event: ping\ndata: []\n\n" + frame if kind == _COMPLETED else frame


@planted(in_frame, "stream.member-twice", "stream.json-unique-names")
def member_twice(frame: bytes, _kind: str) -> bytes:
    """A member stands twice in the data of an event."""
    return frame.replace(b"data: {", b'data: {"type":"ping",', 1)


@planted(in_frame, "stream.half-character", "stream.event-json")
def half_character(frame: bytes, _kind: str) -> bytes:
    """A text in the data of an event has half of a character."""
    return frame.replace(b"data: {", b'data: {"note":"\\ud800",', 1)


@planted(in_frame, "stream.name-other-than-type", "stream.event-name", modes=["D11"])
def name_other_than_type(frame: bytes, _kind: str) -> bytes:
    """The line that names an event says something else than its data."""
    return b"event: message\n" + frame.partition(b"\n")[2]


@planted(in_frame, "stream.no-event-line", "stream.event-name", modes=["D11"])
def no_event_line(frame: bytes, _kind: str) -> bytes:
    """No line names an event, as in streams of chats."""
    return frame.partition(b"\n")[2]


@planted(in_completed, "stream.no-created-at", "stream.event-fields", modes=["D11"])
def no_created_at(event: Body) -> None:
    """The completed event does not say when it was made."""
    del event["created_at"]


@planted(in_events, "stream.created-at-milliseconds", "stream.created-at")
def created_at_milliseconds(events: Iterator[Body], _job: Job) -> Iterator[Body]:
    """Events say in milliseconds when they were made."""
    return ({**event, "created_at": event["created_at"] * 1000} for event in events)


@planted(in_partial, "stream.created-at-zero", "stream.created-at")
def created_at_zero(event: Body) -> None:
    """A partial image says that it was made in 1970."""
    event["created_at"] = 0


@planted(in_completed, "stream.size-untrue", "extras.size-true", modes=["D5"])
def size_untrue(event: Body) -> None:
    """The completed event says another size than was painted, and than nobody asked for."""
    event["size"] = "1536x1024"


@planted(in_completed, "stream.no-usage", "stream.event-fields", modes=["D4", "D11"])
def no_usage(event: Body) -> None:
    """The completed event has no `usage`."""
    del event["usage"]


@planted(in_partial, "stream.no-partial-index", "stream.event-fields", modes=["D11"])
def no_partial_index(event: Body) -> None:
    """A partial image does not say which one it is."""
    del event["partial_image_index"]


@planted(in_completed, "stream.own-names", "stream.completed", modes=["D11"])
def own_names(event: Body) -> None:
    """The completed event has a name of the provider's own."""
    event["type"] = "image.done"


@planted(in_events, "stream.never-completed", "stream.completed", modes=["D11"])
def never_completed(events: Iterator[Body], job: Job) -> Iterator[Body]:
    """A stream with partial images ends without the finished one."""
    return (event for event in events if event["type"] != _COMPLETED or not job.partial_images)


@planted(in_events, "stream.partial-after-completed", "stream.completed-last", modes=["D11"])
def partial_after_completed(events: Iterator[Body], _job: Job) -> Iterator[Body]:
    """The last partial image comes after the completed event."""
    *before, completed = events
    late = [before.pop()] if before and before[-1]["type"] != _COMPLETED else []
    return iter([*before, completed, *late])


@planted(in_step("events"), "stream.two-completed", "count.one-by-default", modes=["D6", "D11"])
def two_completed(
    events: Any, job: Job, painter: Painter, context: AnswerContext
) -> Iterator[Body]:
    """A stream has one finished image more than was asked."""
    *_, another = events(replace(job, n=job.n + 1), painter, context)
    return iter([*events(job, painter, context), another])


@planted(in_completed, "stream.error-in-completed", "stream.no-error", modes=["D8", "D11"])
def error_in_completed(event: Body) -> None:
    """The completed event carries an error beside its image."""
    event["error"] = {"message": "It cannot be done.", "type": "server_error"}


@planted(in_step("events"), "stream.partial-too-many", "stream.partial-count", modes=["D11"])
def partial_too_many(
    events: Any, job: Job, painter: Painter, context: AnswerContext
) -> Iterator[Body]:
    """A stream has one partial image more than was asked."""
    partial_images = job.partial_images + 1 if job.partial_images else 0
    lying: Iterator[Body] = events(replace(job, partial_images=partial_images), painter, context)
    return lying


@planted(in_partial, "stream.partial-index-from-1", "stream.partial-index", modes=["D11"])
def partial_index_from_1(event: Body) -> None:
    """Partial images are numbered from 1."""
    event["partial_image_index"] += 1


@planted(in_partial, "stream.partial-index-constant", "stream.partial-index", modes=["D11"])
def partial_index_constant(event: Body) -> None:
    """All partial images have the same number."""
    event["partial_image_index"] = 0


@planted(in_completed, "stream.url-for-b64", "stream.completed-b64", modes=["D2", "D11"])
def url_for_b64(event: Body) -> None:
    """The completed event carries a URL."""
    del event["b64_json"]
    event["url"] = "https://reference.example/files/1.png"


@planted(in_completed, "stream.nested-data", "stream.completed-b64", modes=["D11"])
def nested_data(event: Body) -> None:
    """The image of the completed event stands in an array `data`, as in a plain answer."""
    event["data"] = [{"b64_json": event.pop("b64_json")}]


@planted(in_completed, "stream.data-prefix", "stream.completed-b64", modes=["D2", "D11"])
def data_prefix(event: Body) -> None:
    """The base64 of the completed event is a data URL."""
    event["b64_json"] = f"data:image/png;base64,{event['b64_json']}"


@planted(in_completed, "stream.image-cut-off", "stream.completed-image", modes=["D11"])
def image_cut_off(event: Body) -> None:
    """The image of the completed event ends halfway."""
    event["b64_json"] = event["b64_json"][: len(event["b64_json"]) // 8 * 4]


@planted(in_completed, "stream.web-page", "stream.completed-image", modes=["D11"])
def web_page(event: Body) -> None:
    """The completed event carries a web page."""
    event["b64_json"] = _WEB_PAGE


@planted(in_step("paint"), "stream.size-ignored", "stream.size-as-asked", modes=["D5", "D11"])
def size_ignored(paint: Painter, job: Job, index: int, stage: int = FINISHED) -> bytes:
    """Every streamed image is 1024x1024, whatever size was asked."""
    square = replace(job, width=1024, height=1024)
    return paint(square if job.stream else job, index, stage)


@planted(in_step("paint"), "stream.format-ignored", "stream.format-as-asked", modes=["D5", "D11"])
def format_ignored(paint: Painter, job: Job, index: int, stage: int = FINISHED) -> bytes:
    """Every streamed image is WebP, whatever type was asked."""
    webp = replace(job, output_format="webp")
    return paint(webp if job.stream else job, index, stage)


@planted(in_completed, "stream.echo-other", "stream.echo-as-asked", modes=["D11"])
def echo_other(event: Body) -> None:
    """The completed event says that its image is of another type."""
    event["output_format"] = "jpeg"


@planted(in_partial, "stream.partial-echo-other", "stream.echo-as-asked", modes=["D11"])
def partial_echo_other(event: Body) -> None:
    """A partial event says that its image is of another type."""
    event["output_format"] = "jpeg"


@planted(in_partial, "stream.partial-data-prefix", "stream.partial-image", modes=["D2", "D11"])
def partial_data_prefix(event: Body) -> None:
    """The base64 of a partial event is a data URL."""
    event["b64_json"] = f"data:image/png;base64,{event['b64_json']}"


@planted(in_partial, "stream.partial-web-page", "stream.partial-image", modes=["D11"])
def partial_web_page(event: Body) -> None:
    """A partial event carries a web page."""
    event["b64_json"] = _WEB_PAGE


@planted(in_partial, "stream.partial-empty", "stream.partial-image", modes=["D3", "D11"])
def partial_empty(event: Body) -> None:
    """A partial event carries an empty string."""
    event["b64_json"] = ""


@planted(in_completed, "stream.usage-negative", "stream.usage-not-negative", modes=["D4", "D11"])
def usage_negative(event: Body) -> None:
    """Streamed tokens that came in are counted below zero; the sums hold."""
    count_below_zero(event["usage"])


@planted(in_completed, "stream.usage-total-off", "stream.usage-total", modes=["D4", "D11"])
def usage_total_off(event: Body) -> None:
    """The total of a stream is not the sum of what came in and went out."""
    event["usage"]["total_tokens"] += 1


@planted(in_completed, "stream.usage-details-off", "stream.usage-details", modes=["D4", "D11"])
def usage_details_off(event: Body) -> None:
    """The details of a stream's tokens do not add up."""
    event["usage"]["input_tokens_details"]["text_tokens"] += 1


@planted(in_completed, "stream.usage-input-off", "stream.usage-details", modes=["D4", "D11"])
def usage_input_off(event: Body) -> None:
    """The only details of a stream's tokens are of what came in, and do not add up."""
    event["usage"]["input_tokens_details"]["text_tokens"] += 1
    del event["usage"]["output_tokens_details"]


@planted(in_completed, "stream.safety-identifier-lost", "stream.safety-identifier")
def safety_identifier_lost(event: Body) -> None:
    """A completed event does not say whom the request was for."""
    event.pop("safety_identifier", None)
