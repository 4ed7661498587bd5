"""What kind of recording a file is, by what stands in it and not by its name."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.exchange.importers.har import har_entry
from conformance.exchange.importers.json_stream import json_items, top_keys
from conformance.exchange.importers.jsonlines import json_lines, line_entry
from conformance.exchange.importers.model import (
    Entry,
    Fault,
    RecordingError,
    UnknownKindError,
)
from conformance.exchange.importers.vcr import vcr_entry
from conformance.exchange.importers.yaml_stream import yaml_items


class Kind(StrEnum):
    """The kinds of recordings that can be read."""

    VCRPY_YAML = "VCR.py YAML"
    VCRPY_JSON = "VCR.py JSON"
    RUBY_VCR_YAML = "Ruby VCR YAML"
    RUBY_VCR_JSON = "Ruby VCR JSON"
    HAR = "HAR"
    JSON_LINES = "JSON lines"
    JSON_ARRAY = "JSON array"


_START = 64 * 1024  # bytes within which a cassette in YAML names its list
_BY_KEY = {
    "log": Kind.HAR,
    "interactions": Kind.VCRPY_JSON,
    "http_interactions": Kind.RUBY_VCR_JSON,
    "request": Kind.JSON_LINES,
    "response": Kind.JSON_LINES,
}
_KNOWN = "VCR.py or Ruby VCR cassettes, HAR, or JSON lines of exchanges"


def kind_of(path: Path) -> Kind:
    """Tell the kind of a recording; raises RecordingError when it is none, OSError as open does.

    A file is read twice, so that a pipe or a device is none.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise RecordingError("is no regular file; write what it gives to a file, and judge that")
    with path.open("rb") as file:
        start = file.read(_START).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise UnknownKindError("is empty")
    if b"\0" in start:
        raise UnknownKindError(f"is binary; what can be read is {_KNOWN}")
    if start[:1] in b"{[":
        return _kind_of_json(path)
    # the key of Ruby's VCR contains that of VCR.py
    for key, kind in (
        (b"http_interactions:", Kind.RUBY_VCR_YAML),
        (b"interactions:", Kind.VCRPY_YAML),
    ):
        if key in start:
            return kind
    raise UnknownKindError(f"is no known recording; what can be read is {_KNOWN}")


def _kind_of_json(path: Path) -> Kind:
    for key in top_keys(path):
        if key == "[":
            return Kind.JSON_ARRAY
        if key in _BY_KEY:
            return _BY_KEY[key]
    raise UnknownKindError(f"is JSON, but no known recording; what can be read is {_KNOWN}")


Read = Callable[[int, int | None, Any], Entry]


def entries_of(path: Path, kind: Kind) -> Iterator[Entry | Fault]:
    """Give what a file holds, one after the other, and a fault for what cannot be read."""
    items, read = _LISTS[kind]
    try:
        for index, (line, value, fault) in enumerate(items(path), start=1):
            yield Fault(fault.reason, fault.line) if fault else _entry(read, index, line, value)
    except RecordingError as error:
        yield Fault(error.reason, error.line)
    except OSError as error:
        yield Fault(f"cannot be read: {error.strerror}")


def _entry(read: Read, index: int, line: int | None, value: Any) -> Entry | Fault:
    try:
        return read(index, line, value)
    except RecordingError as error:
        return Fault(f"entry {index} {error.reason}", error.line)


Item = tuple[int | None, Any, RecordingError | None]
Items = Callable[[Path], Iterator[Item]]


def _under(*way: str) -> Items:
    return lambda path: ((line, item, None) for line, item in json_items(path, *way))


def _listed(name: str) -> Items:
    return lambda path: ((line, item, None) for line, item in yaml_items(path, name))


_LISTS: dict[Kind, tuple[Items, Read]] = {
    Kind.VCRPY_YAML: (_listed("interactions"), vcr_entry),
    Kind.VCRPY_JSON: (_under("interactions"), vcr_entry),
    Kind.RUBY_VCR_YAML: (_listed("http_interactions"), vcr_entry),
    Kind.RUBY_VCR_JSON: (_under("http_interactions"), vcr_entry),
    Kind.HAR: (_under("log", "entries"), har_entry),
    Kind.JSON_LINES: (json_lines, line_entry),
    Kind.JSON_ARRAY: (_under(), line_entry),
}
