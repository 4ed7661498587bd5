"""One cassette an exchange, read and written by vcrpy, its payloads beside it as image files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import RLock
from typing import Any
from unittest.mock import patch

import httpx
import vcr
from msgspec import to_builtins
from msgspec.structs import asdict
from vcr import matchers
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.request import Request as RecordedRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer
from vcr.stubs.httpx_stubs import vcr_handle_request

from conformance.cases.model import Case
from conformance.cases.request import Request
from conformance.cases.valid import BASELINE
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette_file import (
    CassetteFileError,
    CassetteMetadata,
    PayloadMissingError,
    Payloads,
    PlayedResponse,
    read_cassette,
    read_metadata,
    referred_to,
)
from conformance.exchange.model import Exchange, Response
from conformance.exchange.transport.addresses import read_url
from conformance.exchange.transport.limits import Stopped
from conformance.output.files import refuse_links, write_whole
from conformance.output.printing import printable
from conformance.output.shell import quoted
from conformance.parsing import JSONFaultError, load_json

SCHEMA = 1  # version of what a cassette's metadata holds

_PLAYING = RLock()  # held while a cassette is played: httpx is patched for all threads

DRAWN = "drawn-"  # the beginning of the ids of drawn cases, which belong to no edition

_CODINGS = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that are not kept: the body is kept decoded."""

_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError,
)  # fmt: skip
"""The errors of vcrpy on a cassette that it cannot play."""


class CassetteMissingError(ConformanceError):
    """A case without a cassette."""


class CassetteDamagedError(ConformanceError):
    """A cassette that cannot be read."""


class CassetteStaleError(ConformanceError):
    """A cassette of another edition or schema, or of a request that is no longer sent."""


class CassetteLibrary:
    """The cassettes of one provider: ``<directory>/<provider>/<model>/<case>.yaml``."""

    def __init__(
        self, directory: Path, provider: str, edition: str, tool: str, options: str = ""
    ) -> None:
        """Open the cassettes of a provider; `options` are those of a command that records it."""
        self.directory = directory / provider
        self._options = options or f"--provider {provider}"
        self.provider = provider
        self.edition = edition
        self.tool = tool
        self.payloads = Payloads(self.directory / "payloads")

    def path(self, case: Case) -> Path:
        """Where a case's cassette stands."""
        return self.directory / case.model / f"{case.id}.yaml"

    def name(self, case: Case) -> str:
        """The name of a case's cassette in reports, wherever the folder of cassettes stands."""
        return "/".join([self.directory.parent.name or ".", self.provider, f"{case.path}.yaml"])

    def files(self) -> set[Path]:
        """Every cassette of the provider."""
        return set(self.directory.glob("*/*.yaml"))

    def orphans(self) -> set[Path]:
        """Every payload that no cassette of the provider refers to."""
        texts = (path.read_text(encoding="utf-8", errors="replace") for path in self.files())
        used = {name for text in texts for name in referred_to(text)}
        return {path for path in self.payloads.files() if path.name not in used}

    def recorded_on(self, model: str) -> date | None:
        """Return the UTC day on which a model was recorded, preferably its smallest request.

        None without a readable cassette: why it cannot be read is reported when it is played.
        """
        folder = self.directory / model
        paths = [folder / f"{BASELINE}.yaml", *sorted(folder.glob("*.yaml"))]
        try:
            path = next((path for path in paths if path.is_file()), paths[0])
            recorded = read_metadata(read_cassette(path).metadata)
        except (CassetteFileError, OSError):
            return None
        return datetime.fromtimestamp(recorded.moment, UTC).date()

    def how_to_record(self, case: Case) -> str:
        """The command that records a case."""
        if case.id.startswith(DRAWN):
            return (
                f"draw and record anew with: pytest conformance {self._options} "
                f"--models {quoted(case.model)} --record-mode rewrite --explore"
            )
        return (
            f"record it with: image-conformance run {self._options} "
            f"--models {quoted(case.model)} --cases {quoted(case.id)} --record-mode rewrite"
        )

    @contextmanager
    def playing(self, case: Case) -> Iterator[CassetteMetadata]:
        """Answer requests from a case's cassette; nothing reaches the network.

        Raises `CassetteMissingError`, `CassetteDamagedError` or `CassetteStaleError`, each
        naming the case, the file and how to record it again.
        """
        path = self.path(case)
        if not path.is_file():
            raise CassetteMissingError(
                f"{self.provider}/{case.path} has no cassette ({path}); {self.how_to_record(case)}"
            )
        try:
            with _PLAYING:
                cassette, metadata = self._load(path)
                recorded = self._check_metadata(metadata, case)
                # `vcr.use_cassette` would patch every client there is, and copy each request
                # deeply, which takes longer than to read the cassette.
                answer = vcr_handle_request(cassette, httpx.HTTPTransport.handle_request, httpx)
                with patch.object(httpx.HTTPTransport, "handle_request", answer):
                    yield recorded
                if not cassette.all_played:
                    raise self.stale(case, "some of its answers were not asked for")
        except CannotOverwriteExistingCassetteException:
            raise self.stale(case, "it was recorded for another request") from None
        except _UNREADABLE as error:
            reason = printable(f"{type(error).__name__}: {error}", 200)
            raise CassetteDamagedError(f"{path}: cannot be played: {reason}") from None

    def _load(self, path: Path) -> tuple[Cassette, Any]:
        """Return a cassette for vcrpy, its payloads put back, and its metadata."""
        cassette = Cassette(
            path=str(path),
            record_mode=vcr.mode.NONE,
            # Without the host, which may move (ARCHITECTURE 8).
            match_on=(matchers.method, matchers.path, matchers.query, same_body),
            allow_playback_repeats=True,
        )
        try:
            file = read_cassette(path)
            for interaction in file.interactions:
                request, response = asdict(interaction.request), interaction.response
                cassette.append(RecordedRequest(**request), self._playable(response))
        except PayloadMissingError as error:
            raise CassetteDamagedError(f"{path}: {error}") from None
        except CassetteFileError as error:
            raise CassetteDamagedError(f"{path}: {error}; record it again") from None
        return cassette, file.metadata or {}

    def _playable(self, response: PlayedResponse) -> dict[str, Any]:
        """Return a response as vcrpy plays it: whole, and as bytes, its headers too.

        httpx takes headers as text only where they are ASCII.
        """
        body = response.body.string
        body = body.encode() if isinstance(body, str) else body
        if response.payloads:
            body = self.payloads.put_back(body)
        headers = {
            name.encode(): [value.encode() for value in values]
            for name, values in response.headers.items()
        }
        status = {"code": response.status.code, "message": ""}
        return {"status": status, "headers": headers, "body": {"string": body}}

    def _check_metadata(self, metadata: Any, case: Case) -> CassetteMetadata:
        """Return what a cassette says of itself; raises unless it is of this case and edition."""
        if not isinstance(metadata, dict):
            raise CassetteDamagedError(f"{self.path(case)}: its metadata is no object")
        if metadata.get("schema") != SCHEMA:
            schema = printable(repr(metadata.get("schema")), 60)
            raise self.stale(case, f"its schema is {schema}, not {SCHEMA}")
        # a file that was copied would lend its answers to another provider or case
        expected = {"provider": self.provider, "case": case.path}
        if not case.id.startswith(DRAWN):
            expected["edition"] = self.edition
        for name, value in expected.items():
            if (recorded := metadata.get(name, value)) != value:
                reason = f"its {name} is {printable(repr(recorded), 60)}, not {value!r}"
                raise self.stale(case, reason)
        try:
            return read_metadata(metadata)
        except CassetteFileError as error:
            raise CassetteDamagedError(f"{self.path(case)}: {error}; record it again") from None

    def stale(self, case: Case, reason: str) -> CassetteStaleError:
        """Return the error for a cassette that no longer fits, and how to record it again."""
        where = f"{self.provider}/{case.path}: {self.path(case)}"
        return CassetteStaleError(f"{where}: {reason}; {self.how_to_record(case)}")

    def check_links(self, case: Case) -> None:
        """Raise `LinkError` where a case could only be recorded through a symbolic link."""
        for path in (self.path(case), self.payloads.directory):
            refuse_links(path, self.directory.parent)

    def record(self, exchange: Exchange, case: Case, target: str) -> Path:
        """Write an exchange that was answered; its secrets are out already."""
        path = self.path(case)
        pairs = list(self._interactions(exchange))
        document = {
            "requests": [request for request, _ in pairs],
            "responses": [response for _, response in pairs],
            "metadata": to_builtins(self._metadata(exchange, case, target)),
        }
        write_whole(path, serialize(document, yamlserializer).encode(), self.directory.parent)
        return path

    def _interactions(self, exchange: Exchange) -> Iterator[tuple[RecordedRequest, dict[str, Any]]]:
        if exchange.response is not None:
            yield _vcr_request(exchange.request), self._vcr_response(exchange.response)
        for download in exchange.downloads:
            if download.response is not None:
                url = download.url
                with suppress(Stopped):
                    url = str(read_url(url))  # as a player will ask for it: without `..`, escaped
                request = Request("GET", url, (), b"")
                yield _vcr_request(request), self._vcr_response(download.response)

    def _vcr_response(self, response: Response) -> dict[str, Any]:
        body = self.payloads.take_out(response.body)
        headers: dict[str, list[str]] = {}
        for name, value in response.headers:
            if name.lower() not in _CODINGS:
                headers.setdefault(name, []).append(value)
        return {
            "status": {"code": response.status, "message": ""},
            "headers": headers,
            "body": {"string": body},
            "payloads": body != response.body,
        }

    def _metadata(self, exchange: Exchange, case: Case, target: str) -> CassetteMetadata:
        downloads = exchange.downloads
        failures = {download.url: download.failure for download in downloads if download.failure}
        if exchange.response is None and exchange.failure is not None:  # its answer was lost
            failures = {exchange.request.url: exchange.failure, **failures}
        return CassetteMetadata(
            schema=SCHEMA,
            edition=self.edition,
            provider=self.provider,
            case=case.path,
            target=target,
            tool=self.tool,
            recorded_at=datetime.fromtimestamp(exchange.sent_at, UTC).isoformat(),
            elapsed=round(exchange.elapsed, 3) if exchange.elapsed is not None else None,
            failures=failures,
            attempts=exchange.attempts if (exchange.attempts or 0) > 1 else None,
            retried=list(exchange.retried),
            images_retried={
                download.url: [*download.retried] for download in downloads if download.retried
            },
        )


def same_body(one: RecordedRequest, other: RecordedRequest) -> None:
    """Compare bodies as JSON, and tell 1 from 1.0 and from true, which vcrpy's matcher does not.

    Raises AssertionError when they differ, as vcrpy wants it.
    """
    if _canonical(one.body) != _canonical(other.body):
        raise AssertionError("the bodies differ")


def _canonical(body: bytes | None) -> str | bytes:
    try:
        return json.dumps(load_json(body or b""), sort_keys=True)
    except JSONFaultError:
        return body or b""


def _vcr_request(request: Request) -> RecordedRequest:
    return RecordedRequest(request.method, request.url, request.body, dict(request.headers))
