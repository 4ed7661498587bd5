"""What kind of recording a file is, by what stands in it and not by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conformance.parsing import JSONFaultError, load_json, printable
from conformance.recordings.readers.json_stream import json_items, top_keys
from conformance.recordings.readers.layouts import JSON_KEYS, YAML_KEYS, Kind
from conformance.recordings.readers.model import UnknownKindError, mapping

_START = 64 * 1024  # bytes within which a cassette in YAML names its list
_LONG = 4096  # bytes; the first line of a text with indents is shorter
_WHERE = "for a layout of JSON lines that anything can be written in: docs/judging.md, judge --help"
_GO = re.compile(rb"^version: *[12]\s*$.*^interactions:", re.DOTALL | re.MULTILINE)
_TOP_KEY = re.compile(rb"^:?([A-Za-z_][\w-]{0,60}) *:", re.MULTILINE)
_MAGIC = (
    (b"PK\x03\x04", "is a ZIP archive; unpack it, and judge what is in it"),
    (b"SQLite format 3", "is a SQLite database"),
    (b"\x0a\x0d\x0d\x0a", "is a capture of packets"),
    (b"%PDF", "is a PDF"),
    (b"<?xml", "is XML"),
    (b"<", "is HTML or XML"),
)
_OTHERS = {
    "openapi": "an OpenAPI document",
    "swagger": "an OpenAPI document",
    "clauses": "a run file of this suite, or a part of one",
    "type": "a run file, or lines of events",
    "choices": "an answer alone, without its request",
    "data": "an answer alone, without its request",
    "prompt": "a request alone, without its answer",
}


def kind_of(path: Path) -> Kind:
    """Return the kind of a recording in plain UTF-8; raises UnknownKindError, OSError as open does.

    The error names what was recognised, and where the layout is described that can be written.
    """
    with path.open("rb") as file:
        start = file.read(_START).lstrip()
    if not start:
        raise UnknownKindError("is empty")
    for magic, what in _MAGIC:
        if start.startswith(magic):
            raise UnknownKindError(f"{what}; {_WHERE}")
    if b"\0" in start:
        raise UnknownKindError(f"is binary; {_WHERE}")
    if start[:1] in b"{[":
        return _kind_of_json(path)
    return _kind_of_yaml(start)


def _kind_of_yaml(start: bytes) -> Kind:
    names = [name.decode() for name in _TOP_KEY.findall(start)]
    for name in names:
        if name in YAML_KEYS:
            return Kind.GO_VCR if _GO.search(start) else YAML_KEYS[name]
    if names:
        raise UnknownKindError(
            f"is YAML, but is no known recording: it has {_listed(names)}; {_WHERE}"
        )
    raise UnknownKindError(f"is text, but is no known recording; {_WHERE}")


def _kind_of_json(path: Path) -> Kind:
    names = []
    for name in top_keys(path):
        if name == "[":
            return _kind_of_array(path)
        if name in JSON_KEYS:
            return _one_or_lines(path, JSON_KEYS[name])
        names.append(name)
    other = next((_OTHERS[name] for name in names if name in _OTHERS), None)
    what = f"{other}, with {_listed(names)}" if other else f"it has {_listed(names)}"
    raise UnknownKindError(f"is JSON, but no known recording: {what}; {_WHERE}")


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name, 40) for name in dict.fromkeys(names[:6]))
    return shown or "no member"


def _one_or_lines(path: Path, kind: Kind) -> Kind:
    """Distinguish one indented exchange from lines with an exchange each."""
    if kind is not Kind.JSON_LINES:
        return kind
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"")
    return Kind.JSON_EXCHANGE if len(first) < _LONG and not _is_whole(first) else kind


def _is_whole(line: bytes) -> bool:
    """Return whether a line is a JSON text, or was meant to be one."""
    if line.rstrip().endswith(b"}"):
        return True
    try:
        load_json(line)
    except JSONFaultError:
        return False
    return True


def _kind_of_array(path: Path) -> Kind:
    items: Iterator[object] = (value for _, value in json_items(path))
    first = mapping(next(items, None))
    return Kind.NOCK if "scope" in first else Kind.JSON_ARRAY
