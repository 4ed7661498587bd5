"""Downloads look a name up once and follow redirects within limits, to permitted addresses only."""

from __future__ import annotations

import re
import socket
import threading
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from conformance.exchange.model import Failure
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.transport import Transport
from tests.hostile import LETTERS
from tests.sending import KEY, SMALL, answered, failed, limited

if TYPE_CHECKING:
    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]

REDIRECTS = [
    ("/itself", "redirect-loop", "already visited"),
    ("/count?0", "redirect-loop", "limit of 3"),
    ("/slow-count?0", "timeout", "within 0.4 s"),
    ("/redirect?file:///etc/passwd", "bad-scheme", "'file'"),
    ("/redirect?data:image/png;base64,AAAA", "bad-scheme", "'data'"),
    ("/redirect?http://169.254.169.254/latest", "blocked-address", "link-local"),
    ("/redirect?http://10.0.0.1/", "blocked-address", "private"),
    ("/redirect?http://0xa9fea9fe/", "blocked-address", "link-local"),
    ("/redirect?http://user:secret@127.0.0.1/", "bad-url", "user name"),
    ("/redirect?http://[::1/", "bad-url", "malformed"),
    ("/redirect?http://127.0.0.1:99999/", "bad-url", "port"),
]


@pytest.mark.parametrize(("path", "kind", "text"), REDIRECTS, ids=[row[0] for row in REDIRECTS])
def test_fetch_stops_redirects(server: HostileServer, path: str, kind: str, text: str) -> None:
    before = len(server.requests)
    with limited(kind) as transport:
        failure = failed(transport.fetch(server.url(path)))
    assert failure.kind == kind
    assert text in failure.message
    assert "secret" not in failure.message
    assert "count" in path or len(server.requests) == before + 1  # no URL is asked twice


def test_fetch_follows_redirects(server: HostileServer, transport: Transport) -> None:
    download = transport.fetch(server.url("/redirect?/redirect%3F/letters#part"))
    assert answered(download).body == LETTERS
    targets = [request.split()[1] for request in server.requests[-3:]]
    assert targets == [b"/redirect?/redirect%3F/letters", b"/redirect?/letters", b"/letters"]
    assert answered(transport.fetch(server.url("/endless-redirect"))).body == LETTERS
    assert answered(transport.fetch(server.url("/no-location"))).status == 302


def test_fetch_presents_neither_key_nor_cookie(server: HostileServer, transport: Transport) -> None:
    transport.send("GET", server.url("/redirect?/x"), (("authorization", f"Bearer {KEY}"),))
    before = len(server.requests)
    answered(transport.fetch(server.url("/redirect?/letters")))
    text = b"".join(server.requests[before:]).lower()
    assert text.count(b"get /") == 2
    assert not re.search(rb"cookie|authorization|referer|" + KEY.encode(), text)


def test_fetch_refuses_blocked_address_before_connecting(server: HostileServer) -> None:
    before = len(server.requests)
    with Transport(SMALL, AddressPolicy.for_provider("https://api.example.com/v1")) as transport:
        for host in ("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1"):
            failure = failed(transport.fetch(f"http://{host}:{server.port}/letters"))
            assert (failure.kind, "loopback" in failure.message) == ("blocked-address", True)
    assert len(server.requests) == before


# ------------------------------------------------------------------ names


class Names:
    """A name server under our control; numeric hosts go to the real one."""

    def __init__(self, patch: pytest.MonkeyPatch, **addresses: list[str]) -> None:
        self.addresses = {f"{name}.example": numbers for name, numbers in addresses.items()}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        patch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *rest: int, **options: int) -> object:
        if host not in self.addresses:
            return self._real(host, port, *rest, **options)
        self.asked.append(host)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in self.addresses[host]]


def test_fetch_resolves_once_and_connects_to_the_permitted_of_many(
    server: HostileServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, images=["169.254.169.254", "127.0.0.1"])
    download = transport.fetch(server.url("/letters", "images.example"))
    assert answered(download).body == LETTERS
    assert names.asked == ["images.example"]
    assert b"images.example" in server.requests[-1]


def test_fetch_blocks_name_of_private_address(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, images=["192.168.1.1"], empty=[])
    failure = failed(transport.fetch("http://images.example/x.png"))
    assert failure.kind == "blocked-address"
    assert "images.example (192.168.1.1)" in failure.message
    assert failed(transport.fetch("http://empty.example/")).kind == "dns"


def test_fetch_keeps_to_where_the_provider_was_first(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, provider=["127.0.0.1"])
    url = server.url("/letters", "provider.example")
    with Transport(SMALL, AddressPolicy.for_provider(url)) as transport:
        assert failed(transport.fetch(url)).kind == "blocked-address"
        answered(transport.send("GET", url))
        answered(transport.fetch(url))
        names.addresses["provider.example"] = ["10.0.0.1"]
        assert failed(transport.fetch(url)).kind == "blocked-address"


def test_transport_name_that_is_unknown_or_whose_server_stalls(
    transport: Transport, hurried: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=error))
    failure = failed(transport.send("GET", "http://unknown.example/"))
    assert (failure.kind, "unknown.example" in failure.message) == ("dns", True)
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(5) and [])
    failure = failed(hurried.send("GET", "http://slow.example/"))
    released.set()
    assert failure == Failure("connect", "no connection came about within 0.3 s")
