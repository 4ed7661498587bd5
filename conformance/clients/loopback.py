"""The server that replays answers to clients: one path an answer, on loopback alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from conformance.clients.answers import PICTURE, Reply
from conformance.parsing import read_json

_MOST = 1 << 20  # bytes of a request that are read
_NOTHING = Reply(404, "application/json", '{"error":{"message":"no such answer"}}')


class Loopback:
    """Answers `/<name>/v1/…` with the reply of that name, and remembers what was sent there."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = replies
        self.sent: dict[str, Any] = {}
        """The first body that a client sent to each name."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"at": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def base_url(self, name: str) -> str:
        """Return the base URL at which a reply is given."""
        return f"{self.origin}/{name}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    at: Loopback
    timeout = 10

    def do_POST(self) -> None:
        name = self.path.split("/")[1]
        length = self.headers.get("content-length", "0")
        body = self.rfile.read(min(int(length), _MOST) if length.isdecimal() else 0)
        self.at.sent.setdefault(name, read_json(body).value)
        reply = self.at.replies.get(name, _NOTHING)
        self._say(reply.status, reply.media_type, reply.body(self.at.origin))

    def do_GET(self) -> None:
        self._say(200, "image/png", PICTURE)

    def _say(self, status: int, media_type: str, body: bytes) -> None:
        # without Date and Server, which no recorded answer is known by
        self.send_response_only(status, "answer")
        if media_type:
            self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Say nothing."""
