"""Server-sent events, framed as the WHATWG HTML standard has it (section 9.2)."""

from __future__ import annotations

import io
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event; ``name`` is None when the stream gives it none."""

    name: str | None
    data: str


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of a stream; ``fault`` is a predicate that says what its framing breaks."""

    events: tuple[Event, ...]
    fault: str | None = None


def read_event_stream(data: bytes, *, max_events: int = 1000) -> EventStream:
    """Read at most ``max_events`` events; raises nothing.

    An event without its closing blank line is not dispatched, as the standard demands, and
    is a fault; so are bytes that are not UTF-8, and a stream without any event.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        return EventStream((), f"is no bytes but {type(data).__name__}")
    fault: str | None = None
    bare = bytes(data).removeprefix(b"\xef\xbb\xbf")  # the standard lets a stream begin with it
    try:
        text = bare.decode()
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8: byte 0x{bare[error.start]:02x} at offset {error.start}"
        text = bare.decode(errors="replace")
    events, framing = _dispatch(text, max_events)
    if not events and not framing:
        framing = f"carries no event in its {len(data)} bytes"
    return EventStream(tuple(events), fault or framing)


def _dispatch(text: str, max_events: int) -> tuple[list[Event], str | None]:
    events: list[Event] = []
    event_name: str | None = None
    event_data: list[str] = []
    for line in io.StringIO(text, newline=None):  # None: CRLF, LF and CR all end a line
        if line != "\n":
            name, _, value = line.removesuffix("\n").partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                event_data.append(value)
            elif name == "event":
                event_name = value or None
            continue
        if event_data and len(events) == max_events:
            return events, f"has more than {max_events} events; the rest was not read"
        if event_data:
            events.append(Event(event_name, "\n".join(event_data)))
        event_name, event_data = None, []
    if event_data or event_name:
        return events, f"ends inside event {len(events) + 1}, before its blank line"
    return events, None
