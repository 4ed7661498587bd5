"""YAML as recorders write it, read from events within bounds.

The parser of events keeps its own stack, so no nesting ends the process, and nothing is composed
that was not counted first. What an alias or a merge key repeats is counted again each time. Plain
scalars are null, true, false, decimal numbers or text: no timestamps, no sexagesimal numbers.
"""

from __future__ import annotations

import binascii
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import yaml

from conformance.output.printing import printable

Plain = Callable[[str], Any]
"""Turns a plain scalar into a value; raises ValueError with a predicate for what it refuses."""

_MIB = 1024 * 1024
_HEAD = 64 * 1024  # bytes of directives and comments before a document begins
# libyaml where it is installed, for its events alone (ARCHITECTURE 37).
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BINARY = frozenset({"!binary", "tag:yaml.org,2002:binary"})
_MERGE = "<<"
_WORDS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?")
_DIGITS = 40  # of a number


class YAMLFaultError(ValueError):
    """Why a YAML file is not read further; a predicate, and the place where it is known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """Name the place for the middle of a sentence: empty where it is not known."""
        column = f", column {self.column}" if self.column is not None else ""
        return f" at line {self.line}{column}" if self.line is not None else ""


@dataclass(frozen=True, slots=True)
class YAMLBounds:
    """The bounds of one value of a YAML file, everything that aliases repeat included."""

    depth: int = 100
    values: int = 200_000
    characters: int = 256 * _MIB
    bytes: int = 256 * _MIB


BOUNDS = YAMLBounds()


def as_written(text: str) -> Any:
    """Read a plain scalar as what PyYAML writes that way: null, true, false, a decimal number.

    Raises ValueError for a number that no recorder writes.
    """
    if text in _NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(_short(text))
    if _FLOAT.fullmatch(text):
        number = float(_short(text))
        if math.isinf(number):
            raise ValueError("has a number beyond the range of a double")
        return number
    return text


def _short(number: str) -> str:
    if len(number) > _DIGITS:
        raise ValueError(f"has a number of {len(number):,} characters")
    return number


def read_yaml(data: bytes, bounds: YAMLBounds = BOUNDS) -> Any:
    """Read the one document of a YAML file; raises `YAMLFaultError`."""
    reader = YAMLReader(io.BytesIO(data), as_written, bounds)
    value = reader.value(reader.next())
    reader.finish()
    return value


class _Source:
    """A file that stops giving what one value, or the head of a document, may not have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.allow(_HEAD, "before its first value")

    def allow(self, limit: int, scope: str) -> None:
        """Start counting what may be read."""
        self._limit, self._scope, self._received = limit, scope, 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        if self._received > self._limit:  # what is read ahead may belong to the next value
            raise YAMLFaultError(f"has more than {self._limit:,} bytes {self._scope}")
        self._received += len(data)
        return data


class YAMLReader:
    """Builds values from the events of a file, one document; raises `YAMLFaultError`."""

    def __init__(
        self, file: BinaryIO, plain: Plain, bounds: YAMLBounds, name: Callable[[str], str] = str
    ) -> None:
        """Read a file; `name` says what the name of a member is."""
        self._bounds = bounds
        self._source = _Source(file)
        self._plain = plain
        self._name = name
        self._anchors: dict[str, tuple[Any, int, int]] = {}  # values and what they count for
        self._values = self._characters = 0
        try:
            self._parser = _PARSER(self._source)
            while self._parser.check_event(yaml.StreamStartEvent, yaml.DocumentStartEvent):
                self._parser.get_event()
        except (yaml.YAMLError, ValueError) as error:
            raise _fault(error) from None

    def next(self) -> Any:
        """Return the next event."""
        try:
            event = self._parser.get_event()
        except (yaml.YAMLError, ValueError) as error:
            raise _fault(error) from None
        if event is None:
            raise YAMLFaultError("ends too early")
        return event

    def until(self, end: type[yaml.Event]) -> Iterator[Any]:
        """Yield the first event of each member of an open collection, up to its end."""
        while not isinstance(event := self.next(), end):
            yield event

    def finish(self) -> None:
        """Make sure that nothing comes after the document."""
        for event in self.until(yaml.StreamEndEvent):
            if not isinstance(event, yaml.DocumentEndEvent):
                raise _at(event, "holds a second document")

    def value(self, event: Any) -> Any:
        """Build the value that an event begins; what it may cost starts anew."""
        self._values = self._characters = 0
        self._source.allow(self._bounds.bytes, "in one value")
        return self._build(event, 0)

    def _build(self, event: Any, depth: int) -> Any:
        kind = event.__class__
        if kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                raise _at(event, f"repeats *{printable(event.anchor, 40)}, which is not there")
            value, values, characters = self._anchors[event.anchor]
            self._count(event, values, characters)
            return value
        # What it adds to these counts an alias of it adds once more.
        values, characters = self._values, self._characters
        if kind is yaml.ScalarEvent:
            value = self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if depth >= self._bounds.depth:
                raise _at(event, f"nests deeper than {self._bounds.depth} levels")
            self._count(event, 1, 0)
            if kind is yaml.MappingStartEvent:
                value = self._object(depth + 1)
            else:
                value = [self._build(item, depth + 1) for item in self.until(yaml.SequenceEndEvent)]
        else:
            raise _at(event, "ends too early")
        self._remember(event.anchor, value, values, characters)
        return value

    def _remember(self, anchor: str | None, value: Any, values: int, characters: int) -> None:
        """Keep what an alias may repeat, and what it adds to these counts each time."""
        if anchor is not None:
            self._anchors[anchor] = (value, self._values - values, self._characters - characters)

    def _object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []  # the first of them wins
        for event in self.until(yaml.MappingEndEvent):
            scalar = event.__class__ is yaml.ScalarEvent
            name = self._member_name(event) if scalar else self._build(event, depth)
            if not isinstance(name, str):
                raise _at(event, "has a member whose name is no text")
            value_event = self.next()
            value = self._build(value_event, depth)
            if name in members:  # which of them was meant nobody can tell
                raise _at(event, f"has the member {printable(name, 40)!r} twice")
            if name != _MERGE:
                members[name] = value
                continue
            objects = value if isinstance(value, list) else [value]
            if not all(isinstance(item, dict) for item in objects):
                raise _at(value_event, "merges what is no object")
            self._count(value_event, sum(map(len, objects)), 0)
            merged += objects
        result: dict[str, Any] = {}
        for item in (*reversed(merged), members):  # what stands in the object itself wins
            result.update(item)
        return result

    def _member_name(self, event: Any) -> str:
        values, characters, text = self._values, self._characters, event.value
        if event.tag in _BINARY:  # as Ruby writes names that it takes for bytes
            text = _unbase64(event).decode("utf-8", "replace")
        self._count(event, 1, len(text))
        name = text if text == _MERGE and event.implicit[0] else self._name(text)
        self._remember(event.anchor, name, values, characters)
        return name

    def _scalar(self, event: Any) -> Any:
        self._count(event, 1, len(event.value))
        if event.tag in _BINARY:
            return _unbase64(event)
        # Quoted or tagged it is text, whatever it looks like.
        if event.style or not event.implicit[0]:
            return event.value
        try:
            return self._plain(event.value)
        except ValueError as error:
            raise _at(event, str(error)) from None

    def _count(self, event: Any, values: int, characters: int) -> None:
        self._values += values
        self._characters += characters
        if self._values > self._bounds.values:
            raise _at(event, f"holds more than {self._bounds.values:,} values, aliases included")
        if self._characters > self._bounds.characters:
            limit = self._bounds.characters
            raise _at(event, f"holds more than {limit:,} characters, aliases included")


def _unbase64(event: Any) -> bytes:
    try:
        return binascii.a2b_base64(event.value)
    except ValueError:
        raise _at(event, "is marked as base64 and is none") from None


def _at(event: Any, reason: str) -> YAMLFaultError:
    return _at_mark(reason, event.start_mark)


def _at_mark(reason: str, mark: Any) -> YAMLFaultError:
    return (
        YAMLFaultError(reason, mark.line + 1, mark.column + 1) if mark else YAMLFaultError(reason)
    )


def _fault(error: Exception) -> YAMLFaultError:
    """Return what the parser found; foreign characters are escaped by whoever shows it."""
    if isinstance(error, YAMLFaultError):
        return error
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return _at_mark(f"is no YAML: {error.problem or error.context}", mark)
    position = getattr(error, "position", None)
    where = f" at byte {position}" if position is not None else ""
    return YAMLFaultError(f"is no YAML: {getattr(error, 'reason', 'it is not UTF-8')}{where}")
