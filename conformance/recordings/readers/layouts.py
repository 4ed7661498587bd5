"""The table of layouts: what tells the layout of a file, where its items are, how one is read."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from conformance.exchange.transport.codings import GZIP_MAGIC
from conformance.output.printing import printable
from conformance.parsing import JSONFaultError, load_json
from conformance.parsing.packed import fault_of_packed
from conformance.recordings.readers import layout_adapters as adapters
from conformance.recordings.readers.bodies import BodyFiles
from conformance.recordings.readers.members import mapping
from conformance.recordings.readers.model import (
    MOST_BYTES,
    Entry,
    Fault,
    Pair,
    RecordingError,
    UnknownLayoutError,
)
from conformance.recordings.readers.pairs import entry_of
from conformance.recordings.readers.streams import json_items, top_keys, yaml_documents, yaml_items

_MOST_LINE = 2 * MOST_BYTES
_MOST_DOCUMENT = 4 * MOST_BYTES
_START = 64 * 1024  # bytes within which a cassette in YAML names its list
_LONG = 4096  # bytes; the first line of a text with indents is shorter

Item = tuple[int | None, Any]
"""A line, where it is known, and a value or the RecordingError that stands in its place."""


class Layout(StrEnum):
    """The layouts of recordings that can be read."""

    VCRPY_YAML = "VCR.py YAML"
    VCRPY_JSON = "VCR.py JSON"
    RUBY_VCR_YAML = "Ruby VCR YAML"
    RUBY_VCR_JSON = "Ruby VCR JSON"
    GO_VCR = "go-vcr"
    PHP_VCR = "PHP-VCR YAML"
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


@dataclass(frozen=True, slots=True)
class LayoutReader:
    """Where the items of a layout are, and what pairs an item holds."""

    items: Callable[[Path], Iterator[Item]]
    pairs: Callable[[Any], Iterator[Pair]] = adapters.from_pair


def _under(*names: str) -> Callable[[Path], Iterator[Item]]:
    return lambda path: json_items(path, *names)


def _document(path: Path) -> Iterator[Item]:
    """Yield the whole of a file as its only item; raises RecordingError where it is no JSON."""
    with path.open("rb") as file:
        data = file.read(_MOST_DOCUMENT + 1)
    if len(data) > _MOST_DOCUMENT:
        raise RecordingError(f"is one document of more than {_MOST_DOCUMENT:,} bytes")
    try:
        yield 1, load_json(data)
    except JSONFaultError as error:
        raise RecordingError(str(error), error.line or 1) from None


def _lines(path: Path) -> Iterator[Item]:
    """Yield every line that is not blank: its number, and its value or why it has none."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE + 1):
            number += 1
            if len(line) > _MOST_LINE:
                # where the next one begins is not known within bounds
                raise RecordingError("is too long", number)
            if line.strip():
                try:
                    yield number, load_json(line)
                except JSONFaultError as error:
                    yield number, RecordingError(str(error), number)


_INTERACTIONS = partial(yaml_items, name="interactions")
READERS: Mapping[Layout, LayoutReader] = {
    Layout.VCRPY_YAML: LayoutReader(_INTERACTIONS),
    Layout.VCRPY_JSON: LayoutReader(_under("interactions")),
    Layout.RUBY_VCR_YAML: LayoutReader(partial(yaml_items, name="http_interactions")),
    Layout.RUBY_VCR_JSON: LayoutReader(_under("http_interactions")),
    Layout.GO_VCR: LayoutReader(_INTERACTIONS),
    Layout.PHP_VCR: LayoutReader(yaml_items),
    Layout.HAR: LayoutReader(_under("log", "entries"), adapters.from_har),
    Layout.JSON_LINES: LayoutReader(_lines),
    Layout.JSON_ARRAY: LayoutReader(_under()),
    Layout.JSON_EXCHANGE: LayoutReader(_document),
    Layout.WIREMOCK: LayoutReader(_under("mappings")),
    Layout.WIREMOCK_JOURNAL: LayoutReader(_under("requests")),
    Layout.NOCK: LayoutReader(_under(), adapters.from_nock),
    Layout.TEST_PROXY: LayoutReader(_under("Entries"), adapters.from_test_proxy),
    Layout.HTTPMOCK: LayoutReader(yaml_documents, adapters.from_httpmock),
    Layout.POSTMAN: LayoutReader(_under("item"), adapters.from_postman),
    Layout.INSOMNIA: LayoutReader(_document, adapters.from_insomnia),
}

_JSON_MEMBERS: Mapping[str, Layout] = {
    "log": Layout.HAR,
    "interactions": Layout.VCRPY_JSON,
    "http_interactions": Layout.RUBY_VCR_JSON,
    "request": Layout.JSON_LINES,
    "response": Layout.JSON_LINES,
    "mappings": Layout.WIREMOCK,
    "requests": Layout.WIREMOCK_JOURNAL,
    "Entries": Layout.TEST_PROXY,
    "item": Layout.POSTMAN,
    "resources": Layout.INSOMNIA,
}
"""The member at the top of a JSON file that tells its layout: the first that is there."""

_YAML_MEMBERS: Mapping[str, Layout] = {
    "http_interactions": Layout.RUBY_VCR_YAML,
    "interactions": Layout.VCRPY_YAML,
    "when": Layout.HTTPMOCK,
    "then": Layout.HTTPMOCK,
}
_GO_VERSION = re.compile(rb"^version: *[12][ \t\r]*$", re.MULTILINE)
_GO_LIST = re.compile(rb"^interactions:", re.MULTILINE)
_PHP_ITEM = re.compile(rb"(?:---\s+)?-\s+(?:request|response|index):")
_TOP_KEY = re.compile(rb"^:?([A-Za-z_][\w-]{0,60}) *:", re.MULTILINE)
_MAGIC = (
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


def layout_of(path: Path) -> Layout:
    """Return the layout of a recording in plain UTF-8, by its content and not by its name.

    Raises OSError as open does, and UnknownLayoutError, which names what was recognised.
    """
    with path.open("rb") as file:
        start = file.read(_START).lstrip()
    if not start:
        raise UnknownLayoutError("is empty")
    if packed := fault_of_packed(start):
        raise _unknown_layout(packed)
    for magic, description in _MAGIC:  # in this order: `<?xml` also begins with `<`
        if start.startswith(magic):
            raise _unknown_layout(description)
    if b"\0" in start:
        raise _unknown_layout("is binary")
    return _layout_of_json(path) if start[:1] in b"{[" else _layout_of_yaml(start)


def _unknown_layout(description: str) -> UnknownLayoutError:
    where = "for a layout of JSON lines that anything can be written in: docs/judging.md, judge"
    return UnknownLayoutError(f"{description}; {where} --help")


def _layout_of_yaml(start: bytes) -> Layout:
    if _PHP_ITEM.match(start):
        return Layout.PHP_VCR
    names = [name.decode() for name in _TOP_KEY.findall(start)]
    for name in names:
        if name in _YAML_MEMBERS:
            # go-vcr has the list of VCR.py, and its version before it.
            version = _GO_VERSION.search(start)
            is_go = version is not None and _GO_LIST.search(start, version.end()) is not None
            return Layout.GO_VCR if is_go else _YAML_MEMBERS[name]
    if names:
        raise _unknown_layout(f"is YAML, but is no known recording: it has {_name_list(names)}")
    raise _unknown_layout("is text, but is no known recording")


def _layout_of_json(path: Path) -> Layout:
    names = []
    for name in top_keys(path):
        if name == "[":
            item = mapping(next((value for _, value in json_items(path)), None))
            return Layout.NOCK if "scope" in item else Layout.JSON_ARRAY
        layout = _JSON_MEMBERS.get(name)
        if layout is Layout.JSON_LINES and _is_indented(path):
            return Layout.JSON_EXCHANGE
        if layout is not None:
            return layout
        names.append(name)
    other = next((_OTHERS[name] for name in names if name in _OTHERS), None)
    description = f"{other}, with {_name_list(names)}" if other else f"it has {_name_list(names)}"
    raise _unknown_layout(f"is JSON, but no known recording: {description}")


def _name_list(names: list[str]) -> str:
    rendered = ", ".join(printable(name, 40) for name in dict.fromkeys(names[:6]))
    return rendered or "no member"


def _is_indented(path: Path) -> bool:
    """Return whether a file is one indented exchange, and not lines with an exchange each."""
    with path.open("rb") as file:
        while (line := file.readline(_LONG)) and not line.strip():
            pass
    # The first line of an indented text is short, and no whole value.
    if len(line) >= _LONG or line.rstrip().endswith(b"}"):
        return False
    try:
        load_json(line)
    except JSONFaultError:
        return True
    return False


def entries_of(path: Path, layout: Layout, folder: Path | None = None) -> Iterator[Entry | Fault]:
    """Yield what a file holds, one after the other, and a fault for what cannot be read.

    Bodies in files of their own are looked for in `folder`, without it beside the file.
    """
    reader, files = READERS[layout], BodyFiles(folder or path.parent)
    index = 0
    try:
        for line, value in reader.items(path):
            if isinstance(value, RecordingError):
                index += 1
                yield Fault(value.reason, value.line)
                continue
            try:
                for pair in reader.pairs(value):
                    index += 1
                    try:
                        yield entry_of(index, line, pair, files)
                    except RecordingError as error:
                        yield Fault(f"entry {index} {error.reason}", error.line or line)
            except RecordingError as error:  # the item is of another layout
                index += 1
                yield Fault(f"entry {index} {error.reason}", error.line or line)
    except RecordingError as error:
        yield Fault(error.reason, error.line)
    except OSError as error:
        yield Fault(f"cannot be read: {error.strerror}")


# --- Gzip, UTF-16 and byte order marks, turned into the plain UTF-8 that readers expect ---

_MOST_UNPACKED = 1024 * 1024 * 1024  # bytes of a file that is written anew
_CHUNK = 1024 * 1024
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def plain_file(path: Path) -> Iterator[Path]:
    """Yield a path to the recording as plain UTF-8: the file itself, or a temporary copy.

    Raises RecordingError for what is no regular file (a file is read twice), for damaged gzip
    and for what is unpacked to more than a GiB; OSError as `open` does.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise RecordingError("is no regular file; write what it gives to a file, and judge that")
    with path.open("rb") as file:
        start = file.read(4)
    packed = start.startswith(GZIP_MAGIC)
    if not packed and _encoding(start) is None:
        yield path
        return
    with (
        gzip.open(path) if packed else path.open("rb") as source,
        NamedTemporaryFile("wb", prefix="recording-") as copy,
    ):
        try:
            _copy(source, copy)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            reason = "is no whole gzip file: it is damaged, or ends too early"
            raise RecordingError(reason) from None
        except UnicodeDecodeError:
            raise RecordingError("is not in the encoding that its first bytes declare") from None
        copy.flush()
        yield Path(copy.name)


def _encoding(start: bytes) -> str | None:
    """Return the encoding that the first bytes of a text declare; None is UTF-8."""
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    # Without a mark UTF-16 shows by the zero beside the first bracket.
    if marked is None and start[:1] in b"{[" and start[1:2] == b"\0":
        return "utf-16-le"
    if marked is None and start[:1] == b"\0" and start[1:2] in (b"{", b"["):
        return "utf-16-be"
    return marked


def _copy(source: io.BufferedReader | gzip.GzipFile, copy: IO[bytes]) -> None:
    encoding = _encoding(source.peek(4)[:4])
    reader = codecs.getreader(encoding)(source) if encoding else None
    copied = 0
    while piece := (reader.read(_CHUNK).encode() if reader else source.read(_CHUNK)):
        copied += len(piece)
        if copied > _MOST_UNPACKED:
            raise RecordingError(f"is unpacked to more than {_MOST_UNPACKED:,} bytes")
        copy.write(piece)
