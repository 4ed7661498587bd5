"""The items of one list of a JSON or YAML file, one after the other, in the memory of one item.

A whole cassette of images, composed as PyYAML does it, takes many times its size in memory, and
one bad line loses all of it. Events are read instead; no tag of Ruby or Python makes anything but
text, bytes, numbers, lists and objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ijson
import yaml

from conformance.parsing.json_text import JSONBounds, JSONFaultError, load_json
from conformance.parsing.yaml_text import YAMLBounds, YAMLFaultError, YAMLReader, as_written
from conformance.recordings.readers.model import MOST_BYTES, RecordingError

_CHUNK = 16 * 1024  # bytes read at once, and how exact the line of an item is
_LARGEST_CHUNK = 32 * 1024 * 1024  # within one text, which yajl reads anew with every chunk
_MOST_EXACT = 4 * 1024 * 1024  # bytes of a file that is read again to find the line of a fault
_MOST_TEXT = 4 * MOST_BYTES  # bytes of one text, which yajl holds whole before it gives the event
_BOUNDS = JSONBounds(characters=4 * MOST_BYTES)
_YAML_BOUNDS = YAMLBounds(characters=2 * MOST_BYTES, bytes=4 * MOST_BYTES)


class _CountingFile:
    """A file that counts the lines that were read of it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.lines = 1
        self._chunk = _CHUNK
        self._in_text = 0  # bytes since a text may have ended
        self._escaping = False

    def __enter__(self) -> _CountingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Read on: a chunk, and twice as much each time while a text goes on."""
        data = self._file.read(self._chunk if size else 0)
        self.lines += data.count(b"\n")
        # yajl reads an unfinished text anew with every chunk: larger chunks keep that linear.
        if self._ends_a_text(data):
            self._chunk, self._in_text = _CHUNK, 0
        else:
            self._chunk = min(2 * self._chunk, _LARGEST_CHUNK)
            self._in_text += len(data)
        if self._in_text > _MOST_TEXT:
            raise JSONFaultError("depth", f"has a text of more than {_MOST_TEXT:,} bytes")
        return data

    def _ends_a_text(self, data: bytes) -> bool:
        # An escaped quote ends no text, and its backslash may have ended the chunk before.
        text = b"\\" + data if self._escaping else data
        bare = text.replace(b"\\\\", b"")
        self._escaping = bare.endswith(b"\\")
        return b'"' in bare.replace(b'\\"', b"")


_JSONEvent = tuple[str, Any]
"""An event of a JSON text and its value, as ijson's `basic_parse` yields them."""

_OPENS = frozenset({"start_map", "start_array"})
_CLOSES = frozenset({"end_map", "end_array"})


class _JSONEvents:
    """The events of a JSON file, and values built from them; raises `JSONFaultError`."""

    def __init__(self, events: Iterable[_JSONEvent]) -> None:
        self._events = iter(events)
        self._values = self._characters = 0  # of the value that is being built

    def next(self) -> _JSONEvent:
        """Return the next event."""
        try:
            return next(self._events)
        except StopIteration:
            raise JSONFaultError("syntax", "ends too early") from None

    def members(self) -> Iterator[tuple[str, _JSONEvent]]:
        """Yield the name and the first event of each member of an object that was begun."""
        while (event := self.next())[0] != "end_map":
            yield event[1], self.next()

    def items(self) -> Iterator[_JSONEvent]:
        """Yield the first event of each item of an array that was begun."""
        while (event := self.next())[0] != "end_array":
            yield event

    def finish(self) -> None:
        """Make sure that nothing comes after the value; raises what reading on raises."""
        for _ in self._events:
            raise JSONFaultError("syntax", "goes on after its value")

    def skip(self, event: _JSONEvent) -> None:
        """Pass over the value that an event begins, however deep it nests."""
        depth = int(event[0] in _OPENS)
        while depth:
            kind, _ = self.next()
            depth += (kind in _OPENS) - (kind in _CLOSES)

    def value(self, event: _JSONEvent) -> Any:
        """Build the value that an event begins; what it may cost starts anew."""
        self._values = self._characters = 0
        return self._build(event, 0)

    def _build(self, event: _JSONEvent, depth: int) -> Any:
        kind, value = event
        if kind in _OPENS and depth >= _BOUNDS.depth:
            raise JSONFaultError("depth", f"nests deeper than {_BOUNDS.depth} levels")
        if kind == "start_map":
            value = {}
            for name, member in self.members():
                self._count(name)
                value[name] = self._build(member, depth + 1)
        elif kind == "start_array":
            value = [self._build(item, depth + 1) for item in self.items()]
        self._count(value)
        return value

    def _count(self, value: Any) -> None:
        self._values += 1
        self._characters += len(value) if isinstance(value, str) else 0
        if self._values > _BOUNDS.values:
            raise JSONFaultError("depth", f"holds more than {_BOUNDS.values:,} values")
        if self._characters > _BOUNDS.characters:
            limit = _BOUNDS.characters
            raise JSONFaultError("depth", f"holds more than {limit:,} characters")


def json_items(path: Path, *names: str) -> Iterator[tuple[int | None, Any]]:
    """Yield the items of the array under a path of names, each with its approximate last line.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    with _open(path) as (file, events):
        for event in _items(events, events.next(), names):
            yield file.lines, events.value(event)
        events.finish()


def _items(events: _JSONEvents, event: _JSONEvent, names: tuple[str, ...]) -> Iterator[_JSONEvent]:
    """Yield the first event of each item; the caller reads the item to its end."""
    if not names and event[0] == "start_array":
        yield from events.items()
    elif names and event[0] == "start_map":
        for name, member in events.members():
            if name == names[0]:
                yield from _items(events, member, names[1:])
            else:
                events.skip(member)
    else:
        events.skip(event)


def top_keys(path: Path) -> Iterator[str]:
    """Yield the names of the members at the top of a JSON file as they come, `[` for an array.

    Raises RecordingError where it is no JSON.
    """
    # JSON lines hold many values, of which the first tells the layout
    with _open(path, multiple_values=True) as (_, events):
        kind, _ = events.next()
        if kind == "start_array":
            yield "["
        elif kind == "start_map":
            while (event := events.next())[0] == "map_key":
                yield event[1]
                events.skip(events.next())


@contextmanager
def _open(path: Path, multiple_values: bool = False) -> Iterator[tuple[_CountingFile, _JSONEvents]]:
    """Open a file as events without paths, which take quadratic time in deep nesting."""
    with _CountingFile(path) as file:
        parsed = ijson.basic_parse(file, use_float=True, multiple_values=multiple_values)
        try:
            yield file, _JSONEvents(parsed)
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


def yaml_items(path: Path, name: str = "") -> Iterator[tuple[int | None, Any]]:
    """Yield the items of the list under a key of the file, or that the file is, with their lines.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    with _yaml_reader(path) as reader:
        event = reader.next()
        if not name:
            yield from _yaml_list(reader)
        elif not isinstance(event, yaml.MappingStartEvent):
            raise RecordingError("is YAML, but no object with interactions", _line(event))
        else:
            for event in reader.until(yaml.MappingEndEvent):
                key, inner = reader.value(event), reader.next()
                if key == name and isinstance(inner, yaml.SequenceStartEvent):
                    yield from _yaml_list(reader)
                else:
                    reader.value(inner)
        reader.finish()


def _yaml_list(reader: YAMLReader) -> Iterator[tuple[int | None, Any]]:
    """Yield the items of a list that was begun."""
    for item in reader.until(yaml.SequenceEndEvent):
        yield _line(item), reader.value(item)


def yaml_documents(path: Path) -> Iterator[tuple[int | None, Any]]:
    """Yield the documents of a YAML file, each with its line; raises RecordingError."""
    with _yaml_reader(path) as reader:
        for event in reader.until(yaml.StreamEndEvent):
            if not isinstance(event, yaml.DocumentStartEvent | yaml.DocumentEndEvent):
                yield _line(event), reader.value(event)


@contextmanager
def _yaml_reader(path: Path) -> Iterator[YAMLReader]:
    try:
        with path.open("rb") as file:
            # a name may be a symbol of Ruby
            yield YAMLReader(file, _plain, _YAML_BOUNDS, name=lambda text: text.removeprefix(":"))
    except YAMLFaultError as error:
        raise RecordingError(error.reason, error.line) from None


def _plain(text: str) -> Any:
    """Read a plain scalar; a number that cannot be read stays text."""
    try:
        return as_written(text)
    except ValueError:
        return text


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None
