"""A name is looked up once, and only the permitted of its addresses are connected to."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from conformance.exchange.transport.transport import AddressPolicy, Failure, Transport
from tests.hostile import LETTERS
from tests.sending import SMALL, answered, failed

if TYPE_CHECKING:
    import pytest

    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]


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
    assert answered(fetched).body == LETTERS
    assert names.asked == ["images.example"]
    assert b"images.example" in server.requests[-1]


def test_fetch_connects_only_to_permitted_of_many(
    server: HostileServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, images_example=["169.254.169.254", "127.0.0.1"])
    assert answered(transport.fetch(server.url("/letters", "images.example")))


def test_fetch_blocks_name_of_private_address(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, images_example=["192.168.1.1"])
    failure = failed(transport.fetch("http://images.example/x.png"))
    assert failure.kind == "blocked-address"
    assert "images.example (192.168.1.1)" in failure.message


def test_fetch_keeps_to_where_the_provider_was_first(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, provider_example=["127.0.0.1"])
    url = server.url("/letters", "provider.example")
    with Transport(SMALL, AddressPolicy.for_provider(url)) as transport:
        assert failed(transport.fetch(url)).kind == "blocked-address"
        answered(transport.send("GET", url))
        answered(transport.fetch(url))
        names.names["provider.example"] = ["10.0.0.1"]
        assert failed(transport.fetch(url)).kind == "blocked-address"


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
    assert failed(transport.fetch("http://empty.example/")).kind == "dns"
