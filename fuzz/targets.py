"""What is fuzzed: readers of hostile bytes, each with the promise that it makes about any input.

A target takes bytes and returns nothing; an exception that leaves it is a finding. Nothing here
needs a fuzzer, so that the corpus is a test for those who have none.
"""

from __future__ import annotations

import atexit
import base64
import functools
import json
import shutil
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cases.model import Case
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import Provenance
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.addresses import AddressPolicy, read_url
from conformance.exchange.transport.codings import CodingError, TooLargeError, undo_codings
from conformance.exchange.transport.limits import Limits, Stopped
from conformance.exchange.transport.transport import Transport
from conformance.output.printing import printable
from conformance.parsing import (
    YAMLBounds,
    YAMLFaultError,
    read_base64,
    read_event_stream,
    read_json,
    read_yaml,
)
from conformance.parsing.credentials.reading import read_credentials
from conformance.parsing.credentials.records import CredentialStatus
from conformance.parsing.images.facts import inspect_image
from conformance.providers import load_provider
from conformance.recordings.contracts import Contracts
from conformance.recordings.judging import judge_files
from conformance.reports import MergeError
from conformance.results.run_file import RunFileError, read_run
from fuzz.answers import answer_of, check, check_texts, edition, render_all

if TYPE_CHECKING:
    from collections.abc import Callable

CASE = Case(id="fuzzed", model="dall-e-3", body={"model": "dall-e-3", "prompt": "A kite."})
DECODED = 1 << 16  # bytes that a content coding may give
YAML_BOUNDS = YAMLBounds(depth=20, values=2000, characters=1 << 16)
PIXELS = 1 << 20  # so that the fuzzer does not spend its time on big pictures


def images(data: bytes) -> None:
    """Any bytes have facts; a whole image has a type and pixels."""
    facts = inspect_image(data, max_pixels=PIXELS)
    assert facts.size == len(data)
    assert not facts.complete or (facts.type and facts.width and facts.height)
    assert not facts.complete or facts.pixel_digest
    assert facts.complete or facts.fault
    _sentence(facts.fault)


def credentials(data: bytes) -> None:
    """Any manifest store is read within bounds, in every type that carries one, and unproven."""
    for kind in ("png", "jpeg", "webp"):
        reading = read_credentials(kind, file_with_store(kind, data))
        if reading is not None:
            assert reading.standing is not CredentialStatus.SIGNED
            _sentence(reading.fault)
            _sentence(printable(str(reading), 1000))


def file_with_store(kind: str, store: bytes) -> bytes:
    """Return the least file of a type that carries a store of some bytes."""
    length = len(store)
    if kind == "png":
        return b"\x89PNG\r\n\x1a\n" + length.to_bytes(4, "big") + b"caBX" + store + bytes(4)
    if kind == "webp":
        return b"RIFF" + bytes(4) + b"WEBPC2PA" + length.to_bytes(4, "little") + store
    packet = b"JP\0\1\0\0\0\1" + store[: (1 << 16) - 11]
    return b"\xff\xd8\xff\xeb" + (len(packet) + 2).to_bytes(2, "big") + packet


def base64_text(data: bytes) -> None:
    """A text without a fault is the canonical spelling of its bytes, and of nothing else."""
    text = data.decode("utf-8", "surrogateescape")
    reading = read_base64(text)
    canonical = reading.data is not None and base64.b64encode(reading.data).decode() == text
    assert canonical == (reading.fault is None)
    _sentence(reading.fault)


def json_text(data: bytes) -> None:
    """A text without a fault means what the standard library reads, and can be written again."""
    reading = read_json(data)
    if reading.fault is None:
        assert reading.value == json.loads(data)
        json.dumps(reading.value, allow_nan=False).encode()
    _sentence(reading.fault)


def events(data: bytes) -> None:
    """Any bytes are a stream, and a stream without a fault has an event."""
    stream = read_event_stream(data)
    assert stream.events or stream.fault
    assert len(stream.events) <= 1000
    _sentence(stream.fault)


def urls(data: bytes) -> None:
    """A URL that is read has a host, and stays what it is when it is read again."""
    try:
        url = read_url(data.decode("utf-8", "replace"))
    except Stopped as stopped:
        _sentence(stopped.failure.message)
        return
    assert url.scheme in ("http", "https")
    assert url.host
    assert read_url(str(url)).host == url.host


def codings(data: bytes) -> None:
    """A body in any of the codings is decoded within the limit, or is given up."""
    names = ("gzip", "deflate", "identity", "br")
    names_asked = [names[byte % 4] for byte in data[1 : 1 + data[0] % 6]] if data else []
    try:
        assert len(undo_codings(data[7:], names_asked, DECODED)) <= max(DECODED, len(data))
    except TooLargeError:
        pass
    except CodingError as error:
        _sentence(str(error))
    except zlib.error as error:
        raise AssertionError("a fault of a coding that was not told as one") from error


def cassettes(data: bytes) -> None:
    """Any file is a cassette or an error with a name, and none makes a file."""
    library = _library()
    path = library.path(CASE)
    path.write_bytes(data)
    fault = None
    try:
        with library.playing(CASE) as cassette:
            player().exchange(CASE, cassette.failures)
    except ConformanceError as error:
        fault = error
    assert fault is None or str(path) in str(fault)
    assert list(path.parent.iterdir()) == [path]


def yaml_text(data: bytes) -> None:
    """Any bytes are one value within bounds, or a fault with a reason; and never anything else."""
    with suppress(YAMLFaultError):
        count, depth = _count(read_yaml(data, YAML_BOUNDS))
        assert count <= YAML_BOUNDS.values
        assert depth <= YAML_BOUNDS.depth


def _count(value: Any) -> tuple[int, int]:
    """Count values, aliases each time, and levels, without a level of Python for each."""
    count, deepest, waiting = 0, 0, [(value, 0)]
    while waiting:
        node, depth = waiting.pop()
        count, deepest = count + 1, max(deepest, depth)
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        assert isinstance(node, dict | list | str | bytes | int | float | None)
        waiting += [(below, depth + 1) for below in inner]
    return count, deepest


def archives(data: bytes) -> None:
    """Any file is an archive whose entries can be judged, or a fault that names it."""
    recordings(data.replace(b"\0", b" "))  # which would make it binary


def answers(data: bytes) -> None:
    """Any status, headers and bytes give verdicts, evidence and reports that can be shown."""
    check(answer_of(data))


def recordings(data: bytes) -> None:
    """Any file gives a run file that can be read and reported, whatever recorder wrote it."""
    path, run_file = _folder() / "recording", _folder() / "run.jsonl"
    path.write_bytes(data)
    report = judge_files([path], _contracts(), run_file)
    run = read_run(run_file)
    assert run.complete
    assert report.judged or report.problems or report.files[0].entries >= 0
    check_texts([*render_all(run), *report.problems])
    assert "harness error" not in report.verdicts


def run_files(data: bytes) -> None:
    """Any file is a run that every report can show, or an error that names the file."""
    path = _folder() / "fuzzed.jsonl"  # not the one that `recordings` writes
    path.write_bytes(data)
    try:
        check_texts(render_all(read_run(path)))
    except (RunFileError, MergeError) as error:
        _check_error(error)


def providers(data: bytes) -> None:
    """Any file is a provider, with a name that is no path, or an error that names the file."""
    path = _folder() / "fuzzed.toml"
    path.write_bytes(data)
    fault: ConformanceError | None = None
    try:
        provider = load_provider(str(path))
    except ConformanceError as error:
        fault = error
    if fault is not None:
        assert str(path) in str(fault)
        _check_error(fault)
        return
    assert provider.models
    assert provider.base_url.startswith(("http://", "https://"))


@functools.cache
def _contracts() -> Contracts:
    return Contracts(edition())


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fuzzed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _check_error(error: ConformanceError) -> None:
    """What a user is told is one sentence that a terminal may be given."""
    check_texts([str(error)])
    assert len(str(error)) < 2000


@functools.cache
def player() -> Client:
    """Plays cassettes; what a cassette does not answer is an error, not a request."""
    base_url = "http://127.0.0.1:9/v1"
    transport = Transport(Limits(body_bytes=DECODED), AddressPolicy.for_provider(base_url))
    return Client(Target("fuzzed", base_url, "-" * 8, {}), transport, Provenance.CASSETTE)


@functools.cache
def _library() -> CassetteLibrary:
    library = CassetteLibrary(_folder() / "cassettes", "fuzzed", "an-edition", "a tool")
    library.path(CASE).parent.mkdir(parents=True)
    return library


def _sentence(fault: str | None) -> None:
    """What is said of a fault is text that a terminal may be given."""
    if fault is not None:
        assert fault == printable(fault, 1000)


WITH_JSON = frozenset({"answers", "events", "har", "json", "recordings", "run-files"})
"""Targets whose inputs hold JSON."""

TARGETS: dict[str, Callable[[bytes], None]] = {
    "images": images,
    "credentials": credentials,
    "base64": base64_text,
    "json": json_text,
    "events": events,
    "cassettes": cassettes,
    "yaml": yaml_text,
    "har": archives,
    "urls": urls,
    "codings": codings,
    "answers": answers,
    "recordings": recordings,
    "run-files": run_files,
    "providers": providers,
}
