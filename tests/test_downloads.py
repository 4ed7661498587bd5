"""Downloads follow redirects within limits, and only to addresses that are permitted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.exchange.transport.transport import AddressPolicy, Transport
from tests.hostile import LETTERS
from tests.sending import KEY, SHORT, SMALL, answered, failed, limited

if TYPE_CHECKING:
    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]

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
        failure = failed(transport.fetch(server.url(path)))
    assert failure.kind == kind
    assert text in failure.message
    assert "secret" not in failure.message


def test_fetch_asks_no_url_twice(server: HostileServer, transport: Transport) -> None:
    before = len(server.requests)
    failed(transport.fetch(server.url("/itself")))
    assert len(server.requests) == before + 1


def test_fetch_follows_redirects(server: HostileServer, transport: Transport) -> None:
    fetched = transport.fetch(server.url("/redirect?/redirect%3F/letters#part"))
    assert answered(fetched).body == LETTERS
    targets = [request.split()[1] for request in server.requests[-3:]]
    assert targets == [b"/redirect?/redirect%3F/letters", b"/redirect?/letters", b"/letters"]


def test_fetch_does_not_read_body_of_redirect(server: HostileServer, transport: Transport) -> None:
    fetched = transport.fetch(server.url("/endless-redirect"))
    assert answered(fetched).body == LETTERS


def test_fetch_gives_redirect_without_location(server: HostileServer, transport: Transport) -> None:
    assert answered(transport.fetch(server.url("/no-location"))).status == 302


def test_fetch_presents_neither_key_nor_cookie(server: HostileServer, transport: Transport) -> None:
    transport.send("GET", server.url("/redirect?/x"), (("authorization", f"Bearer {KEY}"),))
    before = len(server.requests)
    answered(transport.fetch(server.url("/redirect?/letters")))
    asked = b"".join(server.requests[before:]).lower()
    assert asked.count(b"get /") == 2
    assert not re.search(rb"cookie|authorization|referer|" + KEY.encode(), asked)


def test_fetch_refuses_blocked_address_before_connecting(server: HostileServer) -> None:
    before = len(server.requests)
    with Transport(SMALL, AddressPolicy.for_provider("https://api.example.com/v1")) as transport:
        failure = failed(transport.fetch(server.url("/letters")))
    assert failure.kind == "blocked-address"
    assert len(server.requests) == before


@pytest.mark.parametrize("url", ["http://127.1:{}", "http://2130706433:{}", "http://0x7f.0.0.1:{}"])
def test_fetch_blocks_numeric_loopback(server: HostileServer, url: str) -> None:
    with Transport(SHORT) as transport:
        failure = failed(transport.fetch(url.format(server.port)))
    assert (failure.kind, "loopback" in failure.message) == ("blocked-address", True)
