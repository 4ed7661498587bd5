"""The transport over TLS: what it trusts, and that its limits hold there too."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import httpcore
import pytest

from conformance.exchange.model import Failure
from conformance.exchange.transport import limits as limits_module
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.transport import Transport
from tests.hostile import LETTERS, HostileServer
from tests.sending import HERE, SHORT, SMALL, answered, failed, limited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["tests.sending"]


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
    with HostileServer(certificate) as server:
        yield server


@pytest.fixture
def _trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the server's certificate."""
    context = limits_module.tls_context()
    trusting = type(context)(context.protocol)
    trusting.load_verify_locations(certificate)
    monkeypatch.setattr(limits_module, "tls_context", lambda: trusting)


def test_tls_untrusted_certificate(tls_server: HostileServer, transport: Transport) -> None:
    failure = failed(transport.fetch(tls_server.url("/letters", "localhost", "https")))
    assert (failure.kind, "self-signed" in failure.message) == ("tls", True)


@pytest.mark.usefixtures("_trust")
def test_tls_that_is_trusted_for_its_host_alone(
    tls_server: HostileServer, transport: Transport
) -> None:
    failure = failed(transport.fetch(tls_server.url("/letters", scheme="https")))
    assert (failure.kind, "not valid for '127.0.0.1'" in failure.message) == ("tls", True)
    download = transport.fetch(tls_server.url("/letters", "localhost", "https"))
    assert answered(download).body == LETTERS


@pytest.mark.usefixtures("_trust")
@pytest.mark.parametrize(
    ("path", "kind"),
    [("trickling-body", "timeout"), ("endless-body", "too-large"), ("hang-up", "disconnect")],
)
def test_tls_is_bounded_too(tls_server: HostileServer, path: str, kind: str) -> None:
    with limited(kind) as transport:
        result = transport.fetch(tls_server.url(f"/{path}", "localhost", "https"))
    assert failed(result).kind == kind


@pytest.mark.usefixtures("_trust")
def test_tls_is_left_by_a_redirect_for_loopback_alone(
    server: HostileServer, tls_server: HostileServer, transport: Transport
) -> None:
    url = tls_server.url("/redirect?http://images.example/x.png", "localhost", "https")
    failure = failed(transport.fetch(url))
    assert failure == Failure("bad-scheme", "a redirect leads from https to http")
    url = tls_server.url(f"/redirect?{server.url('/letters')}", "localhost", "https")
    assert answered(transport.fetch(url)).body == LETTERS


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
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        failure = failed(hurried.send("GET", url))
    assert failure == Failure("connect", "no connection came about within 0.3 s")


def test_tls_context_is_made_once_and_only_when_needed() -> None:
    limits_module.tls_context.cache_clear()
    with Transport(SHORT, HERE), Transport(SHORT, HERE):
        assert limits_module.tls_context.cache_info().currsize == 0
    assert limits_module.tls_context() is limits_module.tls_context()


ENVIRONMENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def _all_that_leads_astray(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let the environment say what other clients listen to, and no context be made before."""
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # nobody is there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret-of-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    contexts = (limits_module.tls_context, limits_module.foreign_tls_context)
    for context in contexts:
        context.cache_clear()
    yield
    for context in contexts:
        context.cache_clear()


def lead_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `localhost` be a public address, and every connection lead to a port of this machine."""
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("20.20.20.20", 443))]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: public if host == "localhost" else real(host, *more, **named),
    )
    connect = httpcore.SyncBackend.connect_tcp
    monkeypatch.setattr(
        httpcore.SyncBackend,
        "connect_tcp",
        lambda backend, _host, _port, *more: connect(backend, "127.0.0.1", port, *more),
    )


@pytest.mark.usefixtures("_all_that_leads_astray")
def test_environment_reaches_no_image_host(
    tls_server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to(tls_server.port, monkeypatch)
    policy = AddressPolicy.for_provider("https://api.public.test/v1")
    with Transport(SMALL, policy) as transport:
        failure = failed(transport.fetch("https://localhost/letters"))
    assert (failure.kind, "self-signed certificate" in failure.message) == ("tls", True)
    assert failure.message.endswith("; SSL_CERT_FILE counts for the provider alone")
    assert not (tmp_path / "keys").exists()


@pytest.mark.usefixtures("_all_that_leads_astray")
def test_authority_of_ones_own_counts_for_the_provider_and_its_images(
    tls_server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to(tls_server.port, monkeypatch)
    policy = AddressPolicy.for_provider("https://localhost.:443/v1")
    with Transport(SMALL, policy) as transport:
        assert answered(transport.send("GET", "https://localhost/letters")).body == LETTERS
        assert answered(transport.fetch("https://localhost/letters")).body == LETTERS


@pytest.mark.usefixtures("_all_that_leads_astray")
def test_environment_reaches_neither_address_check_nor_request(server: HostileServer) -> None:
    with Transport(SMALL, HERE) as transport:
        download = transport.fetch("http://169.254.169.254/latest/meta-data/")
        assert answered(transport.fetch(server.url("/letters"))).body == LETTERS
    assert failed(download).kind == "blocked-address"
    assert b"authorization" not in server.requests[-1].lower()
