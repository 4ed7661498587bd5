"""The transport against a server that misbehaves on purpose."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from conformance.exchange import limits as limits_module
from conformance.exchange.transport import (
    AddressPolicy,
    Failure,
    Limits,
    RawResponse,
    Transport,
)
from tests.hostile import LETTERS, HostileServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = Limits(
    total_seconds=10,
    connect_seconds=5,
    header_bytes=8 * 1024,
    body_bytes=256 * 1024,
    redirects=3,
)
SHORT = replace(SMALL, total_seconds=0.4, connect_seconds=0.3)
KEY = "sk-transport-test-0123456789"
HERE = AddressPolicy.for_provider("http://127.0.0.1:1/v1")
PYTHON_TALK = re.compile(r"Error|Exception|Traceback|0x[0-9a-f]|[<>]|b'|h11|httpx|httpcore")


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    with Transport(SMALL, HERE) as made:
        yield made


@pytest.fixture
def hurried() -> Iterator[Transport]:
    with Transport(SHORT, HERE) as made:
        yield made


def limited(kind: str) -> Transport:
    """Hurry only where time is meant to run out, so that a busy machine spoils no other test."""
    return Transport(SHORT if kind == "timeout" else SMALL, HERE)


def failed(result: RawResponse | Failure) -> Failure:
    assert isinstance(result, Failure)
    assert not PYTHON_TALK.search(result.message)
    return result


def answered(result: RawResponse | Failure) -> RawResponse:
    assert isinstance(result, RawResponse), result
    return result


MISBEHAVIOURS = [
    ("stall", "timeout", "no answer came within 0.4 s"),
    ("stall?HTTP/1.1 200 OK%0d%0aContent-Length: 9%0d%0a%0d%0aab", "timeout", "not complete"),
    ("stall?garba", "protocol", "not HTTP"),
    ("trickling-header", "timeout", "no answer came within 0.4 s"),
    ("trickling-continue", "timeout", "no answer came within 0.4 s"),
    ("trickling-body", "timeout", "not complete within 0.4 s"),
    ("endless-body", "too-large", "body is larger than the limit of 262,144 bytes"),
    ("endless-chunks", "too-large", "body is larger than the limit of 262,144 bytes"),
    ("tiny-chunks", "too-large", "answer is larger than the limit of 335,872 bytes"),
    ("many-headers", "too-large", "header is larger than the limit of 8,192 bytes"),
    ("long-header", "too-large", "header is larger than the limit of 8,192 bytes"),
    ("continue-flood", "too-large", "header is larger than the limit of 8,192 bytes"),
    ("hang-up", "disconnect", "without an answer"),
    ("reset", "disconnect", "without an answer"),
    ("hang-up-in-header", "disconnect", "in the middle of the header"),
    ("hang-up-in-body", "disconnect", "in the middle of the body"),
    ("hang-up-in-chunk", "disconnect", "in the middle of the body"),
    ("garbage", "protocol", "not HTTP"),
    ("other-protocol", "protocol", "not HTTP"),
    ("bad-status", "protocol", "header of the answer is not valid"),
    ("negative-length", "protocol", "header of the answer is not valid"),
    ("two-lengths", "protocol", "header of the answer is not valid"),
    ("switch", "protocol", "header of the answer is not valid"),
    ("bad-chunk", "protocol", "body of the answer is not valid"),
    ("gzip-bomb", "too-large", "decoded body is larger than the limit of 262,144 bytes"),
    ("gzip-bomb-twice", "too-large", "decoded body is larger"),
    ("deflate-bomb", "too-large", "decoded body is larger"),
    ("gzip-cut", "encoding", "ends before its end"),
    ("gzip-lie", "encoding", "not the gzip"),
    ("brotli-bomb", "too-large", "decoded body is larger"),
    ("brotli-cut", "encoding", "ends before its end"),
    ("brotli-lie", "encoding", "is no brotli"),
    ("zstd-bomb", "too-large", "decoded body is larger"),
    ("zstd-cut", "encoding", "ends before its end"),
    ("zstd-lie", "encoding", "is no zstd"),
    ("unknown-coding", "encoding", "'x-dance'"),
    ("many-codings", "encoding", "5 times"),
    ("many-members", "encoding", "64"),
]


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    MISBEHAVIOURS,
    ids=[each[0].replace("%", "") for each in MISBEHAVIOURS],
)
def test_transport_explains(server: HostileServer, path: str, kind: str, text: str) -> None:
    started = time.monotonic()
    with limited(kind) as transport:
        failure = failed(transport.send("GET", server.url(f"/{path.replace(' ', '%20')}")))
    assert (failure.kind, time.monotonic() - started < 5) == (kind, True)
    assert text in failure.message


GOOD = [
    "letters", "gzip", "gzip-members", "brotli", "zstd", "deflate", "bare-deflate", "no-length",
    "surplus", "interim",
]  # fmt: skip


@pytest.mark.parametrize("path", GOOD)
def test_transport_reads_whole(server: HostileServer, transport: Transport, path: str) -> None:
    response = answered(transport.send("GET", server.url(f"/{path}")))
    assert (response.status, response.body) == (200, LETTERS)
    assert 0 < response.elapsed < SMALL.total_seconds


def test_transport_reads_empty(server: HostileServer, transport: Transport) -> None:
    response = answered(transport.send("GET", server.url("/empty-gzip")))
    assert (response.status, response.body) == (200, b"")


def test_transport_keeps_repeated_headers(server: HostileServer, transport: Transport) -> None:
    headers = answered(transport.send("GET", server.url("/letters"))).headers
    assert [value for name, value in headers if name == "x-twice"] == ["a", "b"]


def test_transport_sends_what_it_is_given(server: HostileServer, transport: Transport) -> None:
    headers = (("Authorization", f"Bearer {KEY}"), ("Accept-Encoding", "identity"))
    answered(transport.send("POST", server.url("/letters/sent"), headers, b'{"n":1}'))
    sent = server.requests[-1].lower()
    assert f"authorization: bearer {KEY}".encode() in sent
    assert sent.count(b"accept-encoding") == 1
    assert sent.endswith(b'{"n":1}')


def test_transport_declares_empty_body(server: HostileServer, transport: Transport) -> None:
    answered(transport.send("POST", server.url("/letters"), (), b""))
    assert b"content-length: 0" in server.requests[-1].lower()


def test_transport_send_does_not_follow_redirects(
    server: HostileServer, transport: Transport
) -> None:
    assert answered(transport.send("GET", server.url("/redirect?/letters"))).status == 302


def test_transport_hides_key_it_cannot_send(server: HostileServer, transport: Transport) -> None:
    headers = (("authorization", f"Bearer {KEY}\r\nx: y"),)
    failure = failed(transport.send("GET", server.url("/letters"), headers))
    assert failure.kind == "protocol"
    assert KEY not in failure.message


def test_transport_gives_up_writing(server: HostileServer, hurried: Transport) -> None:
    big = bytes(32 * 1024 * 1024)  # more than both sockets buffer
    failure = failed(hurried.send("POST", server.url("/stall"), (), big))
    assert failure.kind == "timeout"


def test_transport_tells_what_cannot_be_reached_and_sends_nothing(
    transport: Transport, server: HostileServer
) -> None:
    before = len(server.requests)
    assert transport.unreachable(server.url("/v1")) is None
    assert len(server.requests) == before
    failure = transport.unreachable("http://127.0.0.1:9/v1")
    assert failure is not None
    assert failure.kind == "connect"


def test_transport_refused_connection(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failure = failed(transport.send("GET", f"http://127.0.0.1:{port}/"))
    assert failure.kind == "connect"
    assert "connection refused" in failure.message


def test_transport_is_shared_by_threads(server: HostileServer) -> None:
    paths = ["letters", "stall", "gzip-bomb", "hang-up"] * 3
    limits = replace(SMALL, total_seconds=1.5)
    with Transport(limits, HERE) as transport, ThreadPoolExecutor(len(paths)) as pool:
        urls = [server.url(f"/{path}") for path in paths]
        results = list(pool.map(lambda url: transport.send("GET", url), urls))
    kinds = [each.kind if isinstance(each, Failure) else each.status for each in results]
    assert kinds == [200, "timeout", "too-large", "disconnect"] * 3


REDIRECTS = [
    ("/itself", "redirect-loop", "already visited"),
    ("/count?0", "redirect-loop", "limit of 3"),
    ("/slow-count?0", "timeout", "within 0.4 s"),
    ("/redirect?file:///etc/passwd", "bad-scheme", "'file'"),
    ("/redirect?data:image/png;base64,AAAA", "bad-scheme", "'data'"),
    ("/redirect?ftp://127.0.0.1/x.png", "bad-scheme", "'ftp'"),
    ("/redirect?http://169.254.169.254/latest", "blocked-address", "link-local"),
    ("/redirect?http://10.0.0.1/", "blocked-address", "private"),
    ("/redirect?http://0xa9fea9fe/", "blocked-address", "link-local"),
    ("/redirect?http://user:secret@127.0.0.1/", "bad-url", "user name"),
    ("/redirect?http://[::1/", "bad-url", "malformed"),
    ("/redirect?http://127.0.0.1:99999/", "bad-url", "port"),
]


@pytest.mark.parametrize(("path", "kind", "text"), REDIRECTS, ids=[each[0] for each in REDIRECTS])
def test_fetch_stops_redirects(server: HostileServer, path: str, kind: str, text: str) -> None:
    with limited(kind) as transport:
        failure = failed(transport.fetch(server.url(path)).result)
    assert failure.kind == kind
    assert text in failure.message
    assert "secret" not in failure.message


def test_fetch_asks_no_url_twice(server: HostileServer, transport: Transport) -> None:
    before = len(server.requests)
    failed(transport.fetch(server.url("/itself")).result)
    assert len(server.requests) == before + 1


def test_fetch_follows_redirects(server: HostileServer, transport: Transport) -> None:
    fetched = transport.fetch(server.url("/redirect?/redirect%3F/letters#part"))
    assert answered(fetched.result).body == LETTERS
    assert fetched.redirects == (server.url("/redirect?/letters"), server.url("/letters"))


def test_fetch_does_not_read_body_of_redirect(server: HostileServer, transport: Transport) -> None:
    fetched = transport.fetch(server.url("/endless-redirect"))
    assert answered(fetched.result).body == LETTERS


def test_fetch_gives_redirect_without_location(server: HostileServer, transport: Transport) -> None:
    assert answered(transport.fetch(server.url("/no-location")).result).status == 302


def test_fetch_presents_neither_key_nor_cookie(server: HostileServer, transport: Transport) -> None:
    transport.send("GET", server.url("/redirect?/x"), (("authorization", f"Bearer {KEY}"),))
    before = len(server.requests)
    answered(transport.fetch(server.url("/redirect?/letters")).result)
    asked = b"".join(server.requests[before:]).lower()
    assert asked.count(b"get /") == 2
    assert not re.search(rb"cookie|authorization|referer|" + KEY.encode(), asked)


def test_fetch_refuses_blocked_address_before_connecting(server: HostileServer) -> None:
    before = len(server.requests)
    with Transport(SMALL, AddressPolicy.for_provider("https://api.example.com/v1")) as transport:
        failure = failed(transport.fetch(server.url("/letters")).result)
    assert failure.kind == "blocked-address"
    assert len(server.requests) == before


@pytest.mark.parametrize("url", ["http://127.1:{}", "http://2130706433:{}", "http://0x7f.0.0.1:{}"])
def test_fetch_blocks_numeric_loopback(server: HostileServer, url: str) -> None:
    with Transport(SHORT) as transport:
        failure = failed(transport.fetch(url.format(server.port)).result)
    assert (failure.kind, "loopback" in failure.message) == ("blocked-address", True)


class Names:
    """A name server under our control; numeric hosts go to the real one."""

    def __init__(self, patch: pytest.MonkeyPatch, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): found for name, found in names.items()}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        patch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *rest: int, **options: int) -> object:
        if host not in self.names:
            return self._real(host, port, *rest, **options)
        self.asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in self.names[host]
        ]


def test_fetch_resolves_once_and_connects_there(
    server: HostileServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, images_example=["127.0.0.1"])
    fetched = transport.fetch(server.url("/letters", "images.example"))
    assert answered(fetched.result).body == LETTERS
    assert names.asked == ["images.example"]
    assert b"images.example" in server.requests[-1]


def test_fetch_connects_only_to_permitted_of_many(
    server: HostileServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, images_example=["169.254.169.254", "127.0.0.1"])
    assert answered(transport.fetch(server.url("/letters", "images.example")).result)


def test_fetch_blocks_name_of_private_address(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, images_example=["192.168.1.1"])
    failure = failed(transport.fetch("http://images.example/x.png").result)
    assert failure.kind == "blocked-address"
    assert "images.example (192.168.1.1)" in failure.message


def test_fetch_keeps_to_where_the_provider_was_first(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, provider_example=["127.0.0.1"])
    url = server.url("/letters", "provider.example")
    with Transport(SMALL, AddressPolicy.for_provider(url)) as transport:
        assert failed(transport.fetch(url).result).kind == "blocked-address"
        answered(transport.send("GET", url))
        answered(transport.fetch(url).result)
        names.names["provider.example"] = ["10.0.0.1"]
        assert failed(transport.fetch(url).result).kind == "blocked-address"


def test_transport_name_that_is_unknown(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failure = failed(transport.send("GET", "http://unknown.example/"))
    assert (failure.kind, "unknown.example" in failure.message) == ("dns", True)


def test_transport_name_server_that_stalls(
    hurried: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(5) and [])
    failure = failed(hurried.send("GET", "http://slow.example/"))
    released.set()
    assert failure == Failure("timeout", "no connection came about within 0.3 s")


def test_transport_name_without_addresses(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, empty_example=[])
    assert failed(transport.fetch("http://empty.example/").result).kind == "dns"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    out = ["-keyout", str(file), "-out", f"{file}.crt", "-days", "2"]
    subprocess.run([openssl, "req", "-x509", *key, *name, *out], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + file.with_name("server.pem.crt").read_bytes())
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[HostileServer]:
    with HostileServer(certificate) as running:
        yield running


def trust(certificate: Path, patch: pytest.MonkeyPatch) -> None:
    context = limits_module.tls_context()
    fresh = type(context)(context.protocol)
    fresh.load_verify_locations(certificate)
    patch.setattr(limits_module, "tls_context", lambda: fresh)


def test_tls_untrusted_certificate(tls_server: HostileServer, transport: Transport) -> None:
    failure = failed(transport.fetch(tls_server.url("/letters", "localhost", "https")).result)
    assert (failure.kind, "self-signed" in failure.message) == ("tls", True)


def test_tls_certificate_of_another_host(
    tls_server: HostileServer,
    transport: Transport,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(certificate, monkeypatch)
    failure = failed(transport.fetch(tls_server.url("/letters", scheme="https")).result)
    assert (failure.kind, "not valid for '127.0.0.1'" in failure.message) == ("tls", True)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("trickling-body", "timeout"), ("endless-body", "too-large"), ("hang-up", "disconnect")],
)
def test_tls_is_bounded_too(
    tls_server: HostileServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: str,
) -> None:
    trust(certificate, monkeypatch)
    with limited(kind) as transport:
        result = transport.fetch(tls_server.url(f"/{path}", "localhost", "https")).result
    assert failed(result).kind == kind


def test_tls_that_is_trusted(
    tls_server: HostileServer,
    transport: Transport,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(certificate, monkeypatch)
    fetched = transport.fetch(tls_server.url("/letters", "localhost", "https"))
    assert answered(fetched.result).body == LETTERS


def test_tls_not_left_by_a_redirect(
    tls_server: HostileServer,
    transport: Transport,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(certificate, monkeypatch)
    url = tls_server.url("/redirect?http://images.example/x.png", "localhost", "https")
    failure = failed(transport.fetch(url).result)
    assert failure == Failure("bad-scheme", "a redirect leads from https to http")


def test_tls_left_for_loopback(
    server: HostileServer,
    tls_server: HostileServer,
    transport: Transport,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(certificate, monkeypatch)
    url = tls_server.url(f"/redirect?{server.url('/letters')}", "localhost", "https")
    assert answered(transport.fetch(url).result).body == LETTERS


def test_tls_server_that_does_not_speak_it(transport: Transport) -> None:
    def answer_at_once(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_at_once, args=(listener,), daemon=True).start()
        failure = failed(transport.send("GET", f"https://127.0.0.1:{listener.getsockname()[1]}/"))
    assert (failure.kind, "wrong version number" in failure.message) == ("tls", True)


def test_tls_handshake_that_stalls(hurried: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        failure = failed(hurried.send("GET", url))
    assert failure == Failure("timeout", "no connection came about within 0.3 s")


def test_tls_context_is_made_once_and_only_when_needed() -> None:
    limits_module.tls_context.cache_clear()
    with Transport(SHORT, HERE), Transport(SHORT, HERE):
        assert limits_module.tls_context.cache_info().currsize == 0
    assert limits_module.tls_context() is limits_module.tls_context()


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


@pytest.fixture
def cassette(tmp_path: Path) -> str:
    file = tmp_path / "cassette.yaml"
    file.write_text(CASSETTE)
    return str(file)


@pytest.mark.block_network
def test_replay_needs_no_name_and_no_address(cassette: str, transport: Transport) -> None:
    with vcr.use_cassette(cassette, record_mode="none", match_on=["method", "uri", "body"]):
        fetched = transport.fetch("http://images.invalid/a.png")
        sent = answered(transport.send("POST", "https://api.invalid/v1", (), b"{}"))
    assert answered(fetched.result).body == b"picture"
    assert fetched.redirects == ("http://10.0.0.1/b.png",)
    assert (sent.status, sent.body) == (400, b"refused")
    assert sent.headers == (("x-twice", "a"), ("x-twice", "b"))


def test_replay_of_unrecorded_request_raises(cassette: str, transport: Transport) -> None:
    with (
        vcr.use_cassette(cassette, record_mode="none"),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        transport.send("GET", "http://other.invalid/")


@pytest.mark.parametrize("path", ["letters", "gzip"])
def test_replay_gives_what_was_recorded(
    server: HostileServer, transport: Transport, tmp_path: Path, path: str
) -> None:
    results = []
    for mode in ("once", "none"):
        with vcr.use_cassette(str(tmp_path / "new.yaml"), record_mode=mode):
            results.append(answered(transport.send("GET", server.url(f"/{path}"))))
    assert results[0].body == results[1].body == LETTERS
    assert sorted(results[0].headers) == sorted(results[1].headers)  # vcrpy sorts the names


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
