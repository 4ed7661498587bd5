"""The items of one list of a YAML file, one after the other.

A whole cassette of images, composed as PyYAML does it, takes many times its size in memory, and
one bad line loses all of it. Events are read instead; every plain scalar stays the text that it
is, so that no tag of Ruby or Python makes anything but text, bytes, lists and objects.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from conformance.exchange.importers.model import MOST_BYTES, RecordingError

_MOST_DEPTH = 40
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BINARY = frozenset({"!binary", "tag:yaml.org,2002:binary"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Builder:
    """Builds values from events; raises RecordingError for what nests too deep."""

    def __init__(self, path: Path) -> None:
        self._events = _parsed(path)
        self._anchors: dict[str, Any] = {}

    def next(self) -> yaml.Event:
        """Give the next event; raises RecordingError with its line."""
        try:
            return next(self._events)
        except StopIteration:
            raise RecordingError("ends too early") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            raise RecordingError(f"is no YAML: {error.problem or error.context}", line) from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = getattr(error, "reason", "it is not UTF-8")
            raise RecordingError(f"is no YAML: {reason}") from None

    def value(self, event: yaml.Event, depth: int = 0) -> Any:
        """Build the value that an event begins."""
        if depth > _MOST_DEPTH:
            raise RecordingError("nests too deep", _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._anchors.get(event.anchor or "")
        found: Any = None
        if isinstance(event, yaml.ScalarEvent):
            found = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            found = [self.value(each, depth + 1) for each in self.until(yaml.SequenceEndEvent)]
        elif isinstance(event, yaml.MappingStartEvent):
            found = self._object(depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = found
        return found

    def until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        """Give the events that begin the members of what is open, up to its end."""
        while not isinstance(event := self.next(), end):
            yield event

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self.until(yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            value = self.value(self.next(), depth + 1)
            if isinstance(key, str):
                found[key.removeprefix(":")] = value  # symbols of Ruby
        return found


def _parsed(path: Path) -> Iterator[yaml.Event]:
    with path.open("rb") as file:
        yield from yaml.parse(file, Loader=_LOADER)


def _scalar(event: yaml.ScalarEvent) -> str | bytes | None:
    if len(event.value) > 2 * MOST_BYTES:
        raise RecordingError(f"holds a text of {len(event.value):,} characters", _line(event))
    if event.tag in _BINARY:
        try:
            return binascii.a2b_base64(event.value)
        except ValueError:
            raise RecordingError("is marked as base64 and is none", _line(event)) from None
    plain = event.implicit[0] and event.style in (None, "")
    return None if plain and event.value in _NULLS else str(event.value)


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None


def yaml_items(path: Path, *names: str) -> Iterator[tuple[int | None, Any]]:
    """Give the items of the list under one of these keys of the file, each with its line.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    builder = _Builder(path)
    while not isinstance(event := builder.next(), yaml.MappingStartEvent):
        if isinstance(event, yaml.SequenceStartEvent | yaml.ScalarEvent | yaml.StreamEndEvent):
            raise RecordingError("is YAML, but no object with interactions", _line(event))
    for event in builder.until(yaml.MappingEndEvent):
        key, inner = builder.value(event), builder.next()
        if key in names and isinstance(inner, yaml.SequenceStartEvent):
            for item in builder.until(yaml.SequenceEndEvent):
                yield _line(item), builder.value(item)
        else:
            builder.value(inner)
