"""A server on loopback that tells the truth, written to the wire as a variation has it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from typing import TYPE_CHECKING, Self

import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config

from tests.hostile import HostileServer, finish
from tests.variations.wire import Reply, plain

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Receive, Scope, Send

    from tests.variations.wire import Writer


CHANGING = rb"(?i)req_[0-9a-f]{32}|processing-ms: *\d+|127\.0\.0\.1:\d+|port: *\d+"


class WireServer(HostileServer):
    """Answers each connection in a thread; what it wrote is in `written`, by request."""

    def __init__(self, application: Starlette, write: Writer = plain) -> None:
        super().__init__()
        self.written: dict[str, bytes] = {}
        self._application = application
        self._write = write

    @property
    def base_url(self) -> str:
        """Base URL as clients want it."""
        return self.url("/v1")

    def reply(self, connection: socket.socket, request: bytes) -> None:
        """Answer as the application does, in the pieces that the variation makes of it."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pieces = list(self._write(asyncio.run(self._answered(request))))
        start, _, tail = request.partition(b"\r\n")
        path, body = start.split(b" ")[1].split(b"?")[0], tail.partition(b"\r\n\r\n")[2]
        # what differs each time, and the port, are no difference
        steady = re.sub(CHANGING, b"", b"".join(pieces))
        self.written[f"{path.decode()} {body.decode(errors='replace')}"] = steady
        for piece in pieces:
            connection.sendall(piece)
        finish(connection)

    async def _answered(self, request: bytes) -> Reply:
        start, _, tail = request.partition(b"\r\n")
        head, _, body = tail.partition(b"\r\n\r\n")
        method, path, _ = start.decode().split(" ")
        fields = (line.partition(": ") for line in head.decode().split("\r\n"))
        headers = [(name, value) for name, _, value in fields]
        outgoing = httpx.Request(method, self.url(path), headers=headers, content=body)
        transport = httpx.ASGITransport(self._application, raise_app_exceptions=False)
        response = await transport.handle_async_request(outgoing)
        fields_sent = [*response.headers.multi_items(), ("x-port", str(self.port))]
        return Reply(path, response.status_code, fields_sent, await response.aread())


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
