"""A server on loopback that tells the truth, written to the wire as a variation has it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING, Self

import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config

from tests.variations.wire import Reply, plain

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

    from tests.variations.wire import Writer


class WireServer:
    """Answers each connection in a thread; what it wrote is in `written`, by request."""

    def __init__(self, application: Starlette, write: Writer = plain) -> None:
        self.written: dict[str, bytes] = {}
        self._application = application
        self._write = write
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def base_url(self) -> str:
        """Base URL as clients want it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.settimeout(10)
            request = _read(connection)
            reply = asyncio.run(self._answered(request))
            pieces = list(self._write(reply))
            # what differs each time, and the port, are no difference
            self.written[_name(request)] = _steady(b"".join(pieces))
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(1)
            connection.recv(1)  # the client closes first, so that nothing is reset

    async def _answered(self, request: bytes) -> Reply:
        start, _, rest = request.partition(b"\r\n")
        head, _, body = rest.partition(b"\r\n\r\n")
        method, path, _ = start.decode().split(" ")
        fields = (each.partition(": ") for each in head.decode().split("\r\n"))
        headers = [(name, value) for name, _, value in fields]
        url = f"http://127.0.0.1:{self.port}{path}"
        sent = httpx.Request(method, url, headers=headers, content=body)
        transport = httpx.ASGITransport(self._application, raise_app_exceptions=False)
        response = await transport.handle_async_request(sent)
        told = [*response.headers.multi_items(), ("x-port", str(self.port))]
        return Reply(path, response.status_code, told, await response.aread())


class HTTP2Server:
    """The truth over HTTP/2 without TLS, as clients speak it that know of it beforehand."""

    def __init__(self, application: Starlette) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self._descriptor = listener.detach()  # the server closes it
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def base_url(self) -> str:
        """Base URL as clients want it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    def _run(self) -> None:
        config = Config()
        config.bind = [f"fd://{self._descriptor}"]
        config.graceful_timeout = 0.1
        config.errorlog = None
        served = serve(self._patient, config, shutdown_trigger=self._over.wait)  # type: ignore[arg-type]  # Starlette is ASGI
        self._loop.run_until_complete(served)

    async def _patient(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body before the application may refuse it; hypercorn trips over less."""
        messages: list[Message] = []
        while scope["type"] == "http" and not (messages and not messages[-1].get("more_body")):
            messages.append(await receive())
        waiting = iter(messages)

        async def again() -> Message:
            return next(waiting, None) or await receive()

        await self._application(scope, again, send)


def _read(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    declared = re.search(rb"(?i)\r\ncontent-length: *(\d+)", request)
    length = request.index(b"\r\n\r\n") + 4 + (int(declared[1]) if declared else 0)
    while len(request) < length:
        request += connection.recv(65536)
    return request


def _name(request: bytes) -> str:
    start, _, rest = request.partition(b"\r\n")
    path = start.split(b" ")[1].split(b"?")[0]
    body = rest.partition(b"\r\n\r\n")[2]
    return f"{path.decode()} {body.decode(errors='replace')}"


def _steady(written: bytes) -> bytes:
    return re.sub(
        rb"(?i)req_[0-9a-f]{32}|processing-ms: *\d+|127\.0\.0\.1:\d+|port: *\d+", b"", written
    )
