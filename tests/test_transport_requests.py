"""What the transport sends, and what it tells where that could not be sent."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.sending import KEY, answered, failed

if TYPE_CHECKING:
    from conformance.exchange.transport.transport import Transport
    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]


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


def test_transport_refused_connection(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failure = failed(transport.send("GET", f"http://127.0.0.1:{port}/"))
    assert failure.kind == "connect"
    assert "connection refused" in failure.message
