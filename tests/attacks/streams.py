"""Event streams that never end, never come to anything, or come all at once."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from tests.attacks.bodies import HASTY, endless
from tests.attacks.model import STREAM_CASE, Piece, Request, attack
from tests.hostile import honest_answer
from tests.streams import completed_event, partial

TYPE = "Content-Type: text/event-stream"
HEAD = f"HTTP/1.1 200 OK\r\n{TYPE}\r\n\r\n".encode()
stream_attack = functools.partial(attack, case=STREAM_CASE)


def stream(text: bytes) -> bytes:
    """Answer with a whole event stream."""
    return honest_answer(text, TYPE)


def event(parts: tuple[str | None, str]) -> bytes:
    """Write one event."""
    return f"event: {parts[0]}\ndata: {parts[1]}\n\n".encode()


@stream_attack("unavailable", limits=HASTY)
def stream_without_end(request: Request) -> Iterator[Piece]:
    """Comments keep the connection alive, and no image ever comes."""
    return endless(HEAD, b": keep-alive\n\n", pause=0.05)


@stream_attack("unavailable")
def stream_of_events_without_end(request: Request) -> Iterator[Piece]:
    """Partial images come for ever."""
    piece = event(("image_generation.partial_image", json.dumps({"b64_json": "QUJD" * 500})))
    return endless(HEAD, piece)


@stream_attack("unavailable")
def line_without_end(request: Request) -> Iterator[Piece]:
    """One line of data without end is one event that is never dispatched."""
    return endless(HEAD + b"data: ", b"x" * 4096)


@stream_attack("fail", "stream.completed")
def stream_that_never_completes(request: Request) -> bytes:
    """Partial images, and then the end: the last of them would pass for the image."""
    return stream(event(partial(0)) + event(partial(1)))


@stream_attack("fail", "stream.framing")
def stream_cut_in_an_event(request: Request) -> bytes:
    """The stream ends inside its last event."""
    return stream(event(completed_event())[:-1])


@stream_attack("fail")
def hundred_thousand_events(request: Request) -> bytes:
    """Events of a few bytes: each costs an object."""
    return stream(b"data:{}\n\n" * 100_000)


@stream_attack("fail")
def giant_event(request: Request) -> bytes:
    """One event of almost a megabyte, in a hundred thousand lines."""
    return stream(b"event: image_generation.completed\n" + b"data: \n" * 120_000 + b"\n")


@stream_attack("fail", "stream.event-json")
def deep_event(request: Request) -> bytes:
    """Events whose data nests beyond the stack."""
    return stream((b"data: " + b"[" * 50_000 + b"\n\n") * 10)


@stream_attack("fail")
def steering_event_names(request: Request) -> bytes:
    """Names of events that steer a terminal, or hide in it."""
    names = ("\x1b[2J\x1b]0;owned\x07", "\u202egnp", "\x9b31m", "\u200b\u2060", "a\x00b")
    events = "".join(f"event: {name}\ndata: {{}}\n\n" for name in names)
    return stream(events.encode())


@stream_attack("fail")
def events_of_wrong_types(request: Request) -> bytes:
    """Every member of an event has a type that nobody expects there."""
    members: dict[str, Any] = {
        "b64_json": [1],
        "usage": [],
        "size": {},
        "created_at": "x",
        "type": [],
    }
    bad = [
        completed_event(**members),
        partial([[]]),
        partial(1e300),
        completed_event(usage={"a": [[]]}),
    ]
    return stream(b"".join(map(event, bad)))


@stream_attack("fail")
def stream_of_broken_bytes(request: Request) -> bytes:
    """Bytes that are no UTF-8, and every kind of line end at once."""
    return stream(b"\xff\xfe\r\revent: \xc3\x28\r\ndata: \xed\xa0\x80\n\r\n\x0b\x0c\x85\r")


@stream_attack("fail")
def error_inside_a_stream(request: Request) -> bytes:
    """An error that steers the terminal, in the middle of a success."""
    error = {"error": {"message": "\x1b]52;c;ZXZpbA==\x07<script>", "code": [[]]}}
    return stream(event(partial(0)) + event(("error", json.dumps(error))))


@stream_attack("fail", "stream.completed-image")
def same_image_forever(request: Request) -> bytes:
    """Hundreds of finished images, each to be decoded."""
    small = json.dumps({"type": "image_generation.completed", "b64_json": "R0lGODlhAQABAAAAACw="})
    return stream(event(("image_generation.completed", small)) * 900)
