"""A proxy on loopback that counts: what both sides really send is told by it alone."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from types import TracebackType

_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY")
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "host"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that arrived, and what it was answered."""

    at: float  # seconds, monotonic
    path: str
    body: bytes
    status: int

    @property
    def fields(self) -> dict[str, Any] | None:
        """The body as a JSON object, None where it is something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


class Recorder:
    """Passes everything on to one server, and keeps what it saw."""

    def __init__(self, upstream: str) -> None:
        """Prepare a proxy; ``upstream`` is scheme, host and port."""
        self.seen: list[Seen] = []
        client = httpx.Client(base_url=upstream, timeout=60, trust_env=False)
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the body of each answer waits for an ACK

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = [(k, v) for k, v in self.headers.items() if k.lower() not in _HOP]
                try:
                    answer = client.request(self.command, self.path, headers=headers, content=body)
                except (httpx.HTTPError, httpx.InvalidURL) as error:  # what no client may send on
                    self.send_error(400, type(error).__name__)
                    return
                seen.append(Seen(time.monotonic(), self.path, body, answer.status_code))
                self.send_response_only(answer.status_code)
                for name, value in answer.headers.items():
                    if name not in _HOP and name != "content-encoding":
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Say nothing: what came is kept."""

        for method in _METHODS:
            setattr(Handler, f"do_{method}", Handler.answer)
        self._client = client
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def origin(self) -> str:
        """Scheme, host and port of the proxy."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def rate(self) -> float:
        """Requests a second, from the first that came to the last; start-up is not in it."""
        if len(self.seen) < 2:
            return 0.0
        return (len(self.seen) - 1) / max(self.seen[-1].at - self.seen[0].at, 1e-9)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
