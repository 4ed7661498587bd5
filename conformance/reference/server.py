"""Servers of the reference provider: in a thread for runs, in the foreground for `serve`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.reference.app import create_app
from conformance.reference.steps import TRUTHFUL, Steps

DEFAULT_KEY = "sk-reference-conformance"
"""The default key of the reference provider; it protects nothing."""

START_SECONDS = 10.0
STOP_SECONDS = 0.3


class ReferenceServerError(ConformanceError):
    """The reference provider could not be started at the requested address."""


class _Server(uvicorn.Server):
    """A uvicorn server with an event for readiness, so that nobody polls it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class ReferenceServer:
    """The reference provider in a daemon thread, for as long as the context lasts."""

    def __init__(
        self,
        edition: Edition,
        *,
        key: str = DEFAULT_KEY,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        delay: float = 0.0,
        models: Iterable[str] | None = None,
        steps: Steps = TRUTHFUL,
    ) -> None:
        """Prepare a server; port 0 takes a free one. Times are in seconds."""
        self.key = key
        self._application: ASGIApp = create_app(
            edition, key=key, clock=clock, delay=delay, models=models, steps=steps
        )
        self._host, self._port = host, port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a path."""
        return f"http://{_bracketed(self._host)}:{self._port}"

    @property
    def base_url(self) -> str:
        """Base URL as SDKs want it, ending in /v1."""
        return f"{self.origin}/v1"

    def __enter__(self) -> Self:
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = _Server(_config(self._application))
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="reference-provider", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            raise ReferenceServerError(f"the reference provider did not start at {self.origin}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            # A client still waits for an answer: close its connection.
            self._server.force_exit = True
            self._thread.join(STOP_SECONDS)


def serve(
    host: str,
    port: int,
    key: str,
    edition: Edition,
    *,
    delay: float = 0.0,
    models: Iterable[str] | None = None,
    steps: Steps = TRUTHFUL,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve in the foreground until interrupted; `on_ready` is called with the base URL.

    Raises ReferenceServerError if the address cannot be used.
    """
    application = create_app(edition, key=key, delay=delay, models=models, steps=steps)
    with _listen(host, port) as listener:
        if on_ready is not None:
            on_ready(f"http://{_bracketed(host)}:{listener.getsockname()[1]}/v1")
        with suppress(KeyboardInterrupt):
            _Server(_config(application)).run([listener])


def _config(application: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        log_level="critical",
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's delay (40 ms an answer) only where the protocol is spelled out.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or "no such address"
        raise ReferenceServerError(
            f"cannot serve on {host} port {port}: {reason}; choose another --host or --port"
        ) from error
    listener.listen(1024)
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
