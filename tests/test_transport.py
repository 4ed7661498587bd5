"""The transport: what it sends, what it makes of answers, and under vcrpy or a blocked network."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from conformance.exchange.model import Failure
from conformance.exchange.transport.transport import Transport
from tests.hostile import LETTERS
from tests.sending import HERE, KEY, SMALL, answered, failed, limited

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]

HTTP_200 = "HTTP/1.1 200 OK%0d%0aContent-Length: 9%0d%0a%0d%0aab"
LARGE_BODY = "body is larger than the limit of 262,144 bytes"
LARGE_HEADER = "header is larger than the limit of 8,192 bytes"
BAD_HEADER = "header of the answer is not valid"
MISBEHAVIOURS = {
    "timeout": {
        "stall": "no answer came within 0.4 s",
        f"stall?{HTTP_200}": "not complete",
        "trickling-header": "no answer came within 0.4 s",
        "trickling-continue": "no answer came within 0.4 s",
        "trickling-body": "not complete within 0.4 s",
    },
    "too-large": {
        "endless-body": LARGE_BODY,
        "endless-chunks": LARGE_BODY,
        "tiny-chunks": "answer is larger than the limit of 335,872 bytes",
        "many-headers": LARGE_HEADER,
        "long-header": LARGE_HEADER,
        "continue-flood": LARGE_HEADER,
        "gzip-bomb": f"decoded {LARGE_BODY}",
        "gzip-bomb-twice": "decoded body is larger",
        "deflate-bomb": "decoded body is larger",
        "brotli-bomb": "decoded body is larger",
        "zstd-bomb": "decoded body is larger",
    },
    "disconnect": {
        "hang-up": "without an answer",
        "reset": "without an answer",
        "hang-up-in-header": "in the middle of the header",
        "hang-up-in-body": "in the middle of the body",
        "hang-up-in-chunk": "in the middle of the body",
    },
    "protocol": {
        "stall?garba": "not HTTP",
        "garbage": "not HTTP",
        "other-protocol": "not HTTP",
        "bad-status": BAD_HEADER,
        "negative-length": BAD_HEADER,
        "two-lengths": BAD_HEADER,
        "switch": BAD_HEADER,
        "bad-chunk": "body of the answer is not valid",
    },
    "encoding": {
        "gzip-cut": "ends before its end",
        "gzip-lie": "not the gzip",
        "brotli-cut": "ends before its end",
        "brotli-lie": "is not the br",
        "zstd-cut": "ends before its end",
        "zstd-lie": "is not the zstd",
        "unknown-coding": "'x-dance'",
        "many-codings": "5 times",
        "many-members": "64",
        "many-frames": "64",
    },
}


@pytest.mark.parametrize("kind", MISBEHAVIOURS)
def test_transport_explains(server: HostileServer, kind: str) -> None:
    for path, text in MISBEHAVIOURS[kind].items():
        start = time.monotonic()
        with limited(kind) as transport:
            failure = failed(transport.send("GET", server.url(f"/{path.replace(' ', '%20')}")))
        assert (failure.kind, time.monotonic() - start < 5) == (kind, True), path
        assert text in failure.message, path


def test_transport_reads_whole(server: HostileServer, transport: Transport) -> None:
    plain = ("letters", "no-length", "surplus", "interim")
    coded = ("gzip", "gzip-members", "brotli", "zstd", "deflate", "bare-deflate")
    for path in (*plain, *coded):
        response = answered(transport.send("GET", server.url(f"/{path}")))
        assert (response.status, response.body) == (200, LETTERS), path
    empty = answered(transport.send("GET", server.url("/empty-gzip")))
    assert (empty.status, empty.body) == (200, b"")


def test_transport_is_shared_by_threads(server: HostileServer) -> None:
    paths = ["letters", "stall", "gzip-bomb", "hang-up"] * 3
    limits = replace(SMALL, total_seconds=1.5)
    with Transport(limits, HERE) as transport, ThreadPoolExecutor(len(paths)) as pool:
        urls = [server.url(f"/{path}") for path in paths]
        results = list(pool.map(lambda url: transport.send("GET", url), urls))
    kinds = [result.kind if isinstance(result, Failure) else result.status for result in results]
    assert kinds == [200, "timeout", "too-large", "disconnect"] * 3


def test_transport_sends_what_it_is_given_and_keeps_repeated_headers(
    server: HostileServer, transport: Transport
) -> None:
    headers = (("Authorization", f"Bearer {KEY}"), ("Accept-Encoding", "identity"))
    response = answered(transport.send("POST", server.url("/letters/sent"), headers, b'{"n":1}'))
    request = server.requests[-1].lower()
    assert f"authorization: bearer {KEY}".encode() in request
    assert request.count(b"accept-encoding") == 1
    assert request.endswith(b'{"n":1}')
    assert [value for name, value in response.headers if name == "x-twice"] == ["a", "b"]


def test_transport_declares_an_empty_body_and_follows_no_redirect(
    server: HostileServer, transport: Transport
) -> None:
    assert answered(transport.send("POST", server.url("/redirect?/letters"), (), b"")).status == 302
    assert b"content-length: 0" in server.requests[-1].lower()


def test_transport_hides_key_it_cannot_send(server: HostileServer, transport: Transport) -> None:
    headers = (("authorization", f"Bearer {KEY}\r\nx: y"),)
    failure = failed(transport.send("GET", server.url("/letters"), headers))
    assert failure.kind == "protocol"
    assert KEY not in failure.message


def test_transport_gives_up_writing(server: HostileServer, hurried: Transport) -> None:
    big = bytes(32 * 1024 * 1024)  # more than both sockets buffer
    failure = failed(hurried.send("POST", server.url("/stall"), (), big))
    assert failure.kind == "timeout"


def test_transport_refused_connection(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = failed(transport.send("GET", f"http://127.0.0.1:{port}/"))
    assert (failure.kind, "connection refused" in failure.message) == ("connect", True)


CASSETTE = """
version: 1
interactions:
- request: {method: GET, uri: "http://images.invalid/a.png", body: "", headers: {}}
  response:
    status: {code: 302, message: Found}
    headers: {Location: ["http://10.0.0.1/b.png"]}
    body: {string: ""}
- request: {method: GET, uri: "http://10.0.0.1/b.png", body: "", headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [image/png]}
    body: {string: "picture"}
- request: {method: POST, uri: "https://api.invalid/v1", body: "{}", headers: {}}
  response:
    status: {code: 400, message: Bad Request}
    headers: {X-Twice: [a, b]}
    body: {string: "refused"}
"""


@pytest.mark.block_network
def test_replay_needs_no_name_and_no_address(transport: Transport, tmp_path: Path) -> None:
    cassette = tmp_path / "cassette.yaml"
    cassette.write_text(CASSETTE)
    with vcr.use_cassette(str(cassette), record_mode="none", match_on=["method", "uri", "body"]):
        download = transport.fetch("http://images.invalid/a.png")
        response = answered(transport.send("POST", "https://api.invalid/v1", (), b"{}"))
        with pytest.raises(CannotOverwriteExistingCassetteException):
            transport.send("GET", "http://other.invalid/")
    assert answered(download).body == b"picture"
    assert (response.status, response.body) == (400, b"refused")
    assert response.headers == (("x-twice", "a"), ("x-twice", "b"))


@pytest.mark.parametrize("path", ["endless-body", "tiny-chunks", "many-headers"])
def test_recording_is_bounded_too(
    server: HostileServer, transport: Transport, tmp_path: Path, path: str
) -> None:
    with vcr.use_cassette(str(tmp_path / "new.yaml"), record_mode="once"):
        failure = failed(transport.send("GET", server.url(f"/{path}")))
    assert failure.kind == "too-large"


@pytest.mark.block_network
def test_blocked_network_is_no_failure_of_the_provider(
    server: HostileServer, transport: Transport
) -> None:
    with pytest.raises(RuntimeError, match="Network is disabled"):
        transport.send("GET", server.url("/letters"))
