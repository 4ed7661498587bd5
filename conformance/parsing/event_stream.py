"""Server-sent events, framed as the WHATWG HTML standard has it (section 9.2)."""

from __future__ import annotations

import io
from dataclasses import dataclass, field


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


@dataclass(slots=True)
class _Frame:
    """The event being gathered, until its blank line."""

    name: str | None = None
    data: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "data":
            self.data.append(value)
        elif key == "event":
            self.name = value or None


def read_event_stream(data: bytes, *, max_events: int = 1000) -> EventStream:
    """Read at most ``max_events`` events; raises nothing.

    An event without its closing blank line is not dispatched, as the standard demands, and
    is a fault; so are bytes that are not UTF-8, and a stream without any event.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        return EventStream((), f"is no bytes but {type(data).__name__}")
    text, fault = _decode(bytes(data))
    events, framing = _dispatch(text, max_events)
    if not events and not framing:
        framing = f"carries no event in its {len(data)} bytes"
    return EventStream(tuple(events), fault or framing)


def _decode(data: bytes) -> tuple[str, str | None]:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        return data.decode(errors="replace"), fault


def _dispatch(text: str, max_events: int) -> tuple[list[Event], str | None]:
    events: list[Event] = []
    frame = _Frame()
    for line in io.StringIO(text, newline=None):  # None: CRLF, LF and CR all end a line
        if line != "\n":
            frame.add(line.removesuffix("\n"))
            continue
        if frame.data and len(events) == max_events:
            return events, f"has more than {max_events} events; the rest was not read"
        if frame.data:
            events.append(Event(frame.name, "\n".join(frame.data)))
        frame = _Frame()
    if frame.data or frame.name:
        return events, f"ends inside event {len(events) + 1}, before its blank line"
    return events, None
