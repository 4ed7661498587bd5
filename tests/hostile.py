"""A loopback server that behaves as badly as its paths say, for tests of the transport."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import ssl
import struct
import threading
import zlib
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

import brotli

from conformance.exchange.transport.codings import zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LETTERS = b"conformance " * 100
BOMB = gzip.compress(bytes(4 * 1024 * 1024))
"""Four megabytes of nothing in four kilobytes."""


class HostileServer:
    """Answers each connection in a thread of its own; what it was asked is in `requests`."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return the URL of a behaviour."""
        return f"{scheme}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.settimeout(10)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with contextlib.closing(connection):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = _read_request(connection)
        if request:
            self.requests.append(request)
            self.reply(connection, request)

    def reply(self, connection: socket.socket, request: bytes) -> None:
        """Behave as the path of a request says."""
        parts = urlsplit(request.split(b" ")[1].decode())
        BEHAVIOURS[parts.path.split("/")[1]](self, connection, unquote(parts.query))


BEHAVIOURS: dict[str, Callable[[HostileServer, socket.socket, str], None]] = {}


def _behaviour(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def register(behaviour: Callable[..., None]) -> Callable[..., None]:
        BEHAVIOURS[name] = behaviour
        return behaviour

    return register


def _read_request(connection: socket.socket) -> bytes:
    """Read a request; a body of more than 64 KiB is left where it is."""
    request = b""
    while not _is_whole(request):
        data = connection.recv(65536)
        if not data:
            return b""
        request += data
    return request


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    declared = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    length = int(declared[1]) if declared else 0
    return bool(end) and (len(body) >= length or length > 65536)


def honest_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Write an honest answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _chunked_head() -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


_FIXED: dict[str, bytes] = {
    "letters": honest_answer(LETTERS, "X-Twice: a", "X-Twice: b"),
    "gzip": honest_answer(gzip.compress(LETTERS), "Content-Encoding: gzip"),
    "gzip-members": honest_answer(
        gzip.compress(LETTERS[:600]) + gzip.compress(LETTERS[600:]) + bytes(8),
        "Content-Encoding: gzip",
    ),
    "deflate": honest_answer(zlib.compress(LETTERS), "Content-Encoding: deflate"),
    "bare-deflate": honest_answer(zlib.compress(LETTERS)[2:-4], "Content-Encoding: deflate"),
    "no-length": b"HTTP/1.0 200 OK\r\n\r\n" + LETTERS,
    "surplus": honest_answer(LETTERS) + b"HTTP/1.1 500 Surprise\r\n\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + honest_answer(LETTERS),
    "empty-gzip": honest_answer(b"", "Content-Encoding: gzip"),
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "no-location": honest_answer(b"nowhere", status="302 Found"),
    "hang-up": b"",
    "hang-up-in-header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "hang-up-in-body": honest_answer(LETTERS)[:-50],
    "hang-up-in-chunk": _chunked_head() + b"ff\r\nabc",
    "garbage": b"\x00\xff\x13garbage\r\n\r\n",
    "other-protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "bad-status": b"HTTP/1.1 two hundred\r\n\r\n",
    "negative-length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
    "bad-chunk": _chunked_head() + b"zz\r\nabc\r\n",
    "gzip-bomb": honest_answer(BOMB, "Content-Encoding: gzip"),
    "gzip-bomb-twice": honest_answer(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"),
    "deflate-bomb": honest_answer(
        zlib.compress(bytes(4 * 1024 * 1024)), "Content-Encoding: deflate"
    ),
    "gzip-cut": honest_answer(gzip.compress(LETTERS)[:-12], "Content-Encoding: gzip"),
    "gzip-lie": honest_answer(LETTERS, "Content-Encoding: gzip"),
    "brotli": honest_answer(brotli.compress(LETTERS), "Content-Encoding: br"),
    "brotli-bomb": honest_answer(
        brotli.compress(bytes(4 * 1024 * 1024), quality=5), "Content-Encoding: br"
    ),
    "brotli-cut": honest_answer(brotli.compress(LETTERS)[:-3], "Content-Encoding: br"),
    "brotli-lie": honest_answer(LETTERS, "Content-Encoding: br"),
    "zstd": honest_answer(zstd.compress(LETTERS), "Content-Encoding: zstd"),
    "zstd-bomb": honest_answer(zstd.compress(bytes(4 * 1024 * 1024)), "Content-Encoding: zstd"),
    "zstd-cut": honest_answer(zstd.compress(LETTERS)[:-3], "Content-Encoding: zstd"),
    "zstd-lie": honest_answer(LETTERS, "Content-Encoding: zstd"),
    "unknown-coding": honest_answer(LETTERS, "Content-Encoding: x-dance"),
    "many-codings": honest_answer(LETTERS, "Content-Encoding: gzip, gzip, gzip, gzip, gzip"),
    "many-members": honest_answer(gzip.compress(b"") * 200, "Content-Encoding: gzip"),
    "many-frames": honest_answer(zstd.compress(b"") * 200, "Content-Encoding: zstd"),
}


def finish(connection: socket.socket) -> None:
    """End an answer; the client closes first, so that nothing is reset."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(0.5)
    connection.recv(1)


def _fixed(answer: bytes) -> Callable[[HostileServer, socket.socket, str], None]:
    def send(_server: HostileServer, connection: socket.socket, _query: str) -> None:
        connection.sendall(answer)
        finish(connection)

    return send


BEHAVIOURS |= {name: _fixed(answer) for name, answer in _FIXED.items()}


@_behaviour("stall")
def _stall(server: HostileServer, connection: socket.socket, query: str) -> None:
    connection.sendall(query.encode())
    server.stopping.wait(10)


@_behaviour("reset")
def _reset(_server: HostileServer, connection: socket.socket, _query: str) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@_behaviour("redirect")
def _redirect(_server: HostileServer, connection: socket.socket, query: str) -> None:
    cookie = "Set-Cookie: seen=1; Path=/"
    connection.sendall(honest_answer(b"", f"Location: {query}", cookie, status="302 Found"))


@_behaviour("itself")
def _itself(_server: HostileServer, connection: socket.socket, _query: str) -> None:
    connection.sendall(honest_answer(b"", "Location: /itself#again", status="308 Here"))


@_behaviour("count")
def _count(_server: HostileServer, connection: socket.socket, query: str) -> None:
    """Redirect to the next number, for ever."""
    connection.sendall(honest_answer(b"", f"Location: /count?{int(query) + 1}", status="307 Again"))


@_behaviour("slow-count")
def _slow_count(server: HostileServer, connection: socket.socket, query: str) -> None:
    server.stopping.wait(0.15)
    connection.sendall(
        honest_answer(b"", f"Location: /slow-count?{int(query) + 1}", status="307 Again")
    )


@_behaviour("endless-redirect")
def _endless_redirect(server: HostileServer, connection: socket.socket, _query: str) -> None:
    head = b"HTTP/1.1 301 Moved\r\nLocation: /letters\r\nContent-Length: 99999999999\r\n\r\n"
    _pour(server, connection, head, b"x" * 4096, pause=0)


def _endless(
    start: bytes, repeated: bytes, pause: float = 0
) -> Callable[[HostileServer, socket.socket, str], None]:
    def send(server: HostileServer, connection: socket.socket, _query: str) -> None:
        _pour(server, connection, start, repeated, pause)

    return send


def _pour(
    server: HostileServer, connection: socket.socket, start: bytes, repeated: bytes, pause: float
) -> None:
    connection.sendall(start)
    while not server.stopping.is_set():
        connection.sendall(repeated)
        server.stopping.wait(pause)


BEHAVIOURS |= {
    "endless-body": _endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
    "endless-chunks": _endless(_chunked_head(), b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    "tiny-chunks": _endless(_chunked_head(), b"1;padding=padding\r\nx\r\n" * 200),
    "many-headers": _endless(b"HTTP/1.1 200 OK\r\n", b"X-Flood: flood\r\n" * 50),
    "long-header": _endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1000),
    "continue-flood": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
    "trickling-header": _endless(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", pause=0.03),
    "trickling-body": _endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.03),
    "trickling-continue": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.03),
}
