"""The items of one array of a JSON file, one after the other, in the memory of one item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ijson

from conformance.parsing.json_data import JSONBounds, JSONEvent, JSONEvents, load_json
from conformance.parsing.json_text import JSONFaultError
from conformance.recordings.readers.model import MOST_BYTES, RecordingError

_CHUNK = 16 * 1024  # bytes read at once, and how exact the line of an item is
_LARGEST_CHUNK = 32 * 1024 * 1024  # within one text, which yajl reads anew with every chunk
_MOST_EXACT = 4 * 1024 * 1024  # bytes of a file that is read again to find the line of a fault
_MOST_TEXT = 4 * MOST_BYTES  # bytes of one text, which yajl holds whole before it tells of it
_BOUNDS = JSONBounds(characters=4 * MOST_BYTES)


class _Counting:
    """A file that counts the lines that were read of it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.lines = 1
        self._chunk = _CHUNK
        self._in_text = 0  # bytes since a text may have ended
        self._escaping = False

    def __enter__(self) -> _Counting:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Read on: a chunk, and twice as much each time while a text goes on."""
        data = self._file.read(self._chunk if size else 0)
        self.lines += data.count(b"\n")
        if self._ends_a_text(data):
            self._chunk, self._in_text = _CHUNK, 0
        else:
            self._chunk = min(2 * self._chunk, _LARGEST_CHUNK)
            self._in_text += len(data)
        if self._in_text > _MOST_TEXT:
            raise JSONFaultError("depth", f"has a text of more than {_MOST_TEXT:,} bytes")
        return data

    def _ends_a_text(self, data: bytes) -> bool:
        whole = b"\\" + data if self._escaping else data
        bare = whole.replace(b"\\\\", b"")
        self._escaping = bare.endswith(b"\\")
        return b'"' in bare.replace(b'\\"', b"")


def json_items(path: Path, *way: str) -> Iterator[tuple[int | None, Any]]:
    """Yield the items of the array that a way of names leads to, each with about its last line.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    with _read(path) as (file, events):
        for event in _items(events, events.next(), way):
            yield file.lines, events.value(event)
        events.finish()


def _items(events: JSONEvents, event: JSONEvent, way: tuple[str, ...]) -> Iterator[JSONEvent]:
    """Yield how each item begins; whoever takes it reads it to its end."""
    if not way and event[0] == "start_array":
        yield from events.items()
    elif way and event[0] == "start_map":
        for name, begun in events.members():
            if name == way[0]:
                yield from _items(events, begun, way[1:])
            else:
                events.skip(begun)
    else:
        events.skip(event)


def top_keys(path: Path) -> Iterator[str]:
    """Yield the names of the members at the top of a JSON file as they come, `[` for an array.

    Raises RecordingError where it is no JSON.
    """
    with _read(path, multiple_values=True) as (_, events):
        kind, _ = events.next()
        if kind == "start_array":
            yield "["
        elif kind == "start_map":
            while (event := events.next())[0] == "map_key":
                yield event[1]
                events.skip(events.next())


@contextmanager
def _read(path: Path, multiple_values: bool = False) -> Iterator[tuple[_Counting, JSONEvents]]:
    """Read a file as events, which carry no path: a path at each level takes the square of it."""
    with _Counting(path) as file:
        parsed = ijson.basic_parse(file, use_float=True, multiple_values=multiple_values)
        try:
            yield file, JSONEvents(parsed, _BOUNDS)
        except JSONFaultError as error:
            raise RecordingError(str(error), file.lines) from None
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            raise _fault(path, error, file.lines) from None


def _fault(path: Path, error: Exception, line: int) -> RecordingError:
    """Say where a file is no JSON: exactly where it is small, else about there."""
    if path.stat().st_size <= _MOST_EXACT:
        try:
            load_json(path.read_bytes())
        except JSONFaultError as exact:
            return RecordingError(str(exact), exact.line or line)
    if "overflow" in str(error):
        return RecordingError("has a number beyond 64 bits", line)
    if isinstance(error, ijson.IncompleteJSONError):
        return RecordingError("is no whole JSON: it is damaged, or ends too early", line)
    return RecordingError("is no JSON", line)
