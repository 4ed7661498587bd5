"""What the transport makes of the answers of a server that misbehaves on purpose."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.exchange.transport.transport import Failure, Transport
from tests.hostile import LETTERS
from tests.sending import HERE, SMALL, answered, failed, limited

if TYPE_CHECKING:
    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]

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
    ("brotli-lie", "encoding", "is not the br"),
    ("zstd-bomb", "too-large", "decoded body is larger"),
    ("zstd-cut", "encoding", "ends before its end"),
    ("zstd-lie", "encoding", "is not the zstd"),
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


def test_transport_reads_empty(server: HostileServer, transport: Transport) -> None:
    response = answered(transport.send("GET", server.url("/empty-gzip")))
    assert (response.status, response.body) == (200, b"")


def test_transport_keeps_repeated_headers(server: HostileServer, transport: Transport) -> None:
    headers = answered(transport.send("GET", server.url("/letters"))).headers
    assert [value for name, value in headers if name == "x-twice"] == ["a", "b"]


def test_transport_is_shared_by_threads(server: HostileServer) -> None:
    paths = ["letters", "stall", "gzip-bomb", "hang-up"] * 3
    limits = replace(SMALL, total_seconds=1.5)
    with Transport(limits, HERE) as transport, ThreadPoolExecutor(len(paths)) as pool:
        urls = [server.url(f"/{path}") for path in paths]
        results = list(pool.map(lambda url: transport.send("GET", url), urls))
    kinds = [each.kind if isinstance(each, Failure) else each.status for each in results]
    assert kinds == [200, "timeout", "too-large", "disconnect"] * 3
