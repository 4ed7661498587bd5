"""The shape of a JSON value, its paths and types without values, to compare two answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from conformance.output.printing import printable

MOST_PATHS = 200  # paths of one shape that are kept; an answer with more is no longer a record

_MOST_DEPTH = 8
_MOST_NAME = 60  # characters of a member's name
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def shape_of(value: Any, path: str = "", depth: int = _MOST_DEPTH) -> Iterator[str]:
    """Yield the paths of a value with their types, such as ``data[].url:string``.

    The items of an array share a path, ``path`` stands before all of them, and nothing deeper
    than ``depth`` levels is looked at.
    """
    if path:
        yield f"{path}:{type_of(value)}"
    if depth and isinstance(value, dict):
        for name, inner in value.items():
            safe = printable(str(name), _MOST_NAME)
            if not _PLAIN.match(safe):  # it could be mistaken for a path
                member = f"{path}[{json.dumps(safe, ensure_ascii=False)}]"
            else:
                member = f"{path}.{safe}" if path else safe
            yield from shape_of(inner, member, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from shape_of(inner, f"{path}[]", depth - 1)


def bounded(paths: Iterable[str]) -> list[str]:
    """Sort paths, each once; of more than `MOST_PATHS` the first, and ``…`` after them."""
    ordered = sorted(set(paths))
    return ordered if len(ordered) <= MOST_PATHS else [*ordered[:MOST_PATHS], "…"]


def type_of(value: Any) -> str:
    """Name a value's type as JSON Schema does, a whole number by itself."""
    if value is None:
        return "null"
    return _TYPES.get(type(value), "object")
