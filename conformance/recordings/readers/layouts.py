"""The table of layouts: the kinds of recordings, where their items are, how one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from conformance.parsing import JSONFaultError, load_json
from conformance.recordings.readers.body_files import BodyFiles
from conformance.recordings.readers.har import har_entry
from conformance.recordings.readers.json_stream import json_items
from conformance.recordings.readers.layout_adapters import (
    from_httpmock,
    from_insomnia,
    from_nock,
    from_postman,
    from_test_proxy,
)
from conformance.recordings.readers.model import MOST_BYTES, Entry, Fault, RecordingError
from conformance.recordings.readers.pairs import pair_entry
from conformance.recordings.readers.yaml_stream import yaml_documents, yaml_items


class Kind(StrEnum):
    """The kinds of recordings that can be read."""

    VCRPY_YAML = "VCR.py YAML"
    VCRPY_JSON = "VCR.py JSON"
    RUBY_VCR_YAML = "Ruby VCR YAML"
    RUBY_VCR_JSON = "Ruby VCR JSON"
    GO_VCR = "go-vcr"
    HAR = "HAR"
    JSON_LINES = "JSON lines"
    JSON_ARRAY = "JSON array"
    JSON_EXCHANGE = "one JSON exchange"
    WIREMOCK = "WireMock"
    WIREMOCK_JOURNAL = "WireMock journal"
    NOCK = "nock"
    TEST_PROXY = "Azure test proxy"
    HTTPMOCK = "httpmock"
    POSTMAN = "Postman collection"
    INSOMNIA = "Insomnia export"


Item = tuple[int | None, Any, RecordingError | None]
Items = Callable[[Path], Iterator[Item]]
Read = Callable[[int, int | None, Any, BodyFiles], Entry]
Translate = Callable[[Any], Iterable[Any]]

_MOST_LINE = 2 * MOST_BYTES
_MOST_DOCUMENT = 4 * MOST_BYTES


def _alone(value: Any) -> Iterable[Any]:
    return (value,)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the items of a kind are, what an item is turned into, and how that is read."""

    items: Items
    translate: Translate = _alone
    read: Read = pair_entry


def _under(*way: str) -> Items:
    return lambda path: ((line, item, None) for line, item in json_items(path, *way))


def _listed(name: str) -> Items:
    return lambda path: ((line, item, None) for line, item in yaml_items(path, name))


def _documents(path: Path) -> Iterator[Item]:
    return ((line, item, None) for line, item in yaml_documents(path))


def _document(path: Path) -> Iterator[Item]:
    """Yield the whole of a file as its only item; raises RecordingError where it is no JSON."""
    with path.open("rb") as file:
        data = file.read(_MOST_DOCUMENT + 1)
    if len(data) > _MOST_DOCUMENT:
        raise RecordingError(f"is one document of more than {_MOST_DOCUMENT:,} bytes")
    try:
        yield 1, load_json(data), None
    except JSONFaultError as error:
        raise RecordingError(str(error), error.line or 1) from None


def _lines(path: Path) -> Iterator[Item]:
    """Yield every line that is not blank: its number, and its value or why it has none."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE + 1):
            number += 1
            if len(line) > _MOST_LINE:
                yield number, None, RecordingError("is too long", number)
                return  # where the next one begins is not known within bounds
            if line.strip():
                yield _parsed(line, number)


def _parsed(line: bytes, number: int) -> Item:
    try:
        return number, load_json(line), None
    except JSONFaultError as error:
        return number, None, RecordingError(str(error), number)


LAYOUTS: Mapping[Kind, Layout] = {
    Kind.VCRPY_YAML: Layout(_listed("interactions")),
    Kind.VCRPY_JSON: Layout(_under("interactions")),
    Kind.RUBY_VCR_YAML: Layout(_listed("http_interactions")),
    Kind.RUBY_VCR_JSON: Layout(_under("http_interactions")),
    Kind.GO_VCR: Layout(_listed("interactions")),
    Kind.HAR: Layout(_under("log", "entries"), read=har_entry),
    Kind.JSON_LINES: Layout(_lines),
    Kind.JSON_ARRAY: Layout(_under()),
    Kind.JSON_EXCHANGE: Layout(_document),
    Kind.WIREMOCK: Layout(_under("mappings")),
    Kind.WIREMOCK_JOURNAL: Layout(_under("requests")),
    Kind.NOCK: Layout(_under(), from_nock),
    Kind.TEST_PROXY: Layout(_under("Entries"), from_test_proxy),
    Kind.HTTPMOCK: Layout(_documents, from_httpmock),
    Kind.POSTMAN: Layout(_under("item"), from_postman),
    Kind.INSOMNIA: Layout(_document, from_insomnia),
}

JSON_KEYS: Mapping[str, Kind] = {
    "log": Kind.HAR,
    "interactions": Kind.VCRPY_JSON,
    "http_interactions": Kind.RUBY_VCR_JSON,
    "request": Kind.JSON_LINES,
    "response": Kind.JSON_LINES,
    "mappings": Kind.WIREMOCK,
    "requests": Kind.WIREMOCK_JOURNAL,
    "Entries": Kind.TEST_PROXY,
    "item": Kind.POSTMAN,
    "resources": Kind.INSOMNIA,
}
"""The member at the top of a JSON file that tells its kind: the first that is there."""

YAML_KEYS: Mapping[str, Kind] = {
    "http_interactions": Kind.RUBY_VCR_YAML,
    "interactions": Kind.VCRPY_YAML,
    "when": Kind.HTTPMOCK,
    "then": Kind.HTTPMOCK,
}


def entries_of(path: Path, kind: Kind, folder: Path | None = None) -> Iterator[Entry | Fault]:
    """Yield what a file holds, one after the other, and a fault for what cannot be read.

    Bodies in files of their own are looked for in `folder`, without it beside the file.
    """
    layout, files = LAYOUTS[kind], BodyFiles(folder or path.parent)
    index = 0
    try:
        for line, value, fault in layout.items(path):
            if fault is not None:
                index += 1
                yield Fault(fault.reason, fault.line)
                continue
            for entry in _entries(layout, index, line, value, files):
                index += 1
                yield entry
    except RecordingError as error:
        yield Fault(error.reason, error.line)
    except OSError as error:
        yield Fault(f"cannot be read: {error.strerror}")


def _entries(
    layout: Layout, before: int, line: int | None, value: Any, files: BodyFiles
) -> Iterator[Entry | Fault]:
    """Yield the entries of one item; one that cannot be read is a fault, and the next is read."""
    pairs = iter(layout.translate(value))
    for index in count(before + 1):
        try:
            pair = next(pairs, _END)
            if pair is _END:
                return
            yield layout.read(index, line, pair, files)
        except RecordingError as error:
            yield Fault(f"entry {index} {error.reason}", error.line or line)


_END = object()
