"""Variations of an event stream that the HTML standard and the sources allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.reference.defects.planting import in_completed, in_events, in_frame, in_partial
from tests.variations.registry import legal, legal_rows, members, reverse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.answers import Job

Body = dict[str, Any]


legal_rows(in_frame, {
    "stream.comments": (
        "Comments stand before every event, as pings of proxies do.",
        lambda frame, _kind: b": ping\n\n:\n" + frame,
    ),
    "stream.crlf": ("Lines end in CR LF.", lambda frame, _kind: frame.replace(b"\n", b"\r\n")),
    "stream.cr": (
        "Lines end in CR alone, which the standard allows.",
        lambda frame, _kind: frame.replace(b"\n", b"\r"),
    ),
    "stream.ids-and-retry": (
        "Events have an id, the time to reconnect after, and a field that nobody knows.",
        lambda frame, _kind: b"id: 7\nretry: 3000\nfield: value\n" + frame,
    ),
    "stream.no-blank-after-colon": (
        "No blank follows the colon of a field.",
        lambda frame, _kind: frame.replace(b"event: ", b"event:").replace(b"data: ", b"data:"),
    ),
    "stream.more-blank-lines": (
        "Events are apart by more than one blank line.",
        lambda frame, _kind: frame + b"\n\n\n",
    ),
})  # fmt: skip
legal_rows(in_completed, {
    "stream.unknown-members": (
        "A completed event has `sequence_number` and more that no source documents.",
        members(sequence_number=3, revised_prompt="a boat", more={"a": [None]}),
    ),
    "stream.members-turned": ("A completed event has its members turned, its type last.", reverse),
})  # fmt: skip
legal_rows(in_partial, {
    "stream.partial-unknown-members": (
        "A partial event has members that no source documents.",
        members(sequence_number=0, usage=None, more={}),
    ),
})  # fmt: skip


@legal(in_frame, "stream.done")
def done(frame: bytes, kind: str) -> bytes:
    """`data: [DONE]` closes the stream, as in chat."""
    return frame + b"data: [DONE]\n\n" if kind.endswith("completed") else frame


@legal(in_frame, "stream.data-before-name")
def data_first(frame: bytes, _kind: str) -> bytes:
    """The data of an event stands before its name."""
    name, data = frame.strip().split(b"\n")
    return data + b"\n" + name + b"\n\n"


@legal(in_frame, "stream.data-in-lines")
def in_lines(frame: bytes, _kind: str) -> bytes:
    """The data of an event is spread over several lines."""
    name, data = frame.strip().split(b"\n")
    text = json.dumps(json.loads(data.removeprefix(b"data: ")), indent=1)
    return (
        name + b"\n" + b"".join(b"data: %s\n" % part.encode() for part in text.split("\n")) + b"\n"
    )


@legal(in_frame, "stream.byte-order-mark")
def marked(frame: bytes, kind: str) -> bytes:
    """A byte order mark begins the stream, which the standard has readers skip."""
    first = kind.endswith("completed") or b'"partial_image_index":0' in frame
    return b"\xef\xbb\xbf" + frame if first and b'"partial_image_index"' in frame else frame


@legal(in_events, "stream.fewer-partials")
def fewer(events: Iterator[Body], _job: Job) -> Iterator[Body]:
    """Only one partial image comes, though two were asked for."""
    partials = 0
    for event in events:
        partial = event["type"].endswith("partial_image")
        partials += partial
        if not partial or partials == 1:
            yield event


@legal(in_events, "stream.no-partials")
def none(events: Iterator[Body], _job: Job) -> Iterator[Body]:
    """The image was done before a partial one was."""
    yield from (event for event in events if event["type"].endswith("completed"))


@legal(in_completed, "stream.usage-text-output")
def usage_text(event: Body) -> None:
    """The streamed `usage` counts text tokens of the output, and has more members."""
    usage = event["usage"]
    usage["output_tokens_details"] = {"text_tokens": 7, "image_tokens": usage["output_tokens"]}
    usage["output_tokens"] += 7
    usage["total_tokens"] += 7
    usage["cost"] = 0.01
