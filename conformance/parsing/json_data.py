"""JSON that is data to us and not under judgement: files, read within bounds and quickly.

`read_json` says of an answer what it breaks; here a text is read as the standard library reads
it, or is refused with one reason. A file that is larger than memory is read as events.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from conformance.parsing.json_text import JSONFaultError, check_depth, check_values

_INTEGER = 80  # characters of a whole number; 64 bits have 20, a seed of 128 bits 39
_LINE = 16 * 1024  # characters that are counted faster than searched
_FLOAT = 400  # of any other, which some tools write to the last digit


@dataclass(frozen=True, slots=True)
class JSONBounds:
    """What one value may cost."""

    depth: int = 200
    values: int = 1_000_000
    characters: int = 256 * 1024 * 1024


BOUNDS = JSONBounds()


def load_json(data: bytes | str, bounds: JSONBounds = BOUNDS) -> Any:
    """Read one JSON value; raises `JSONFaultError`, whose text is a predicate.

    Half a character of UTF-16 stays what it is, as the standard library has it.
    """
    if len(data) > bounds.characters:
        raise JSONFaultError("depth", f"has more than {bounds.characters:,} characters")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        if len(text) > _LINE or text.count("[") + text.count("{") > bounds.depth:
            check_depth(text, bounds.depth)
        if len(text) > bounds.values:  # no text has more values than characters
            check_values(text, bounds.values)
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise JSONFaultError("encoding", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JSONFaultError("syntax", f"is no JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise JSONFaultError("depth", "nests too deep") from None


def _integer(literal: str) -> int:
    return int(_short(literal, _INTEGER))


def _float(literal: str) -> float:
    number = float(_short(literal, _FLOAT))
    if math.isinf(number):
        raise JSONFaultError("number", "has a number beyond the range of a double")
    return number


def _short(literal: str, most: int) -> str:
    if len(literal) > most:
        raise JSONFaultError("number", f"has a number of {len(literal):,} characters")
    return literal


def _constant(name: str) -> NoReturn:
    raise JSONFaultError("nan", f"is no JSON: it has {name}")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)


JSONEvent = tuple[str, Any]
"""What happens next in a JSON text, and its value, as ijson's `basic_parse` tells it."""

_OPENS = frozenset({"start_map", "start_array"})
_CLOSES = frozenset({"end_map", "end_array"})


class JSONEvents:
    """The events of a JSON file, and values built from them; raises `JSONFaultError`."""

    def __init__(self, events: Iterable[JSONEvent], bounds: JSONBounds = BOUNDS) -> None:
        self._events = iter(events)
        self._bounds = bounds
        self._values = self._characters = 0  # of the value that is being built

    def next(self) -> JSONEvent:
        """Return the next event."""
        try:
            return next(self._events)
        except StopIteration:
            raise JSONFaultError("syntax", "ends too early") from None

    def members(self) -> Iterator[tuple[str, JSONEvent]]:
        """Yield the names of the members of an object that was begun, and how each begins."""
        while (event := self.next())[0] != "end_map":
            yield event[1], self.next()

    def items(self) -> Iterator[JSONEvent]:
        """Yield how each item of an array that was begun begins."""
        while (event := self.next())[0] != "end_array":
            yield event

    def finish(self) -> None:
        """Make sure that nothing comes after the value; raises what reading on raises."""
        for _ in self._events:
            raise JSONFaultError("syntax", "goes on after its value")

    def skip(self, event: JSONEvent) -> None:
        """Pass over the value that an event begins, however deep it nests."""
        depth = int(event[0] in _OPENS)
        while depth:
            kind, _ = self.next()
            depth += (kind in _OPENS) - (kind in _CLOSES)

    def value(self, event: JSONEvent) -> Any:
        """Build the value that an event begins; what it may cost starts anew."""
        self._values = self._characters = 0
        return self._build(event, 0)

    def _build(self, event: JSONEvent, depth: int) -> Any:
        kind, value = event
        if kind in _OPENS and depth >= self._bounds.depth:
            raise JSONFaultError("depth", f"nests deeper than {self._bounds.depth} levels")
        if kind == "start_map":
            value = {}
            for name, begun in self.members():
                self._count(name)
                value[name] = self._build(begun, depth + 1)
        elif kind == "start_array":
            value = [self._build(item, depth + 1) for item in self.items()]
        self._count(value)
        return value

    def _count(self, value: Any) -> None:
        self._values += 1
        self._characters += len(value) if isinstance(value, str) else 0
        if self._values > self._bounds.values:
            raise JSONFaultError("depth", f"holds more than {self._bounds.values:,} values")
        if self._characters > self._bounds.characters:
            most = self._bounds.characters
            raise JSONFaultError("depth", f"holds more than {most:,} characters")
