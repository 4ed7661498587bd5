"""Bounds of time and bytes for one request, and the stream that keeps within them."""

from __future__ import annotations

import functools
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

import certifi
import httpcore
import httpx

from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.model import Failure
from conformance.exchange.transport.special_addresses import Address
from conformance.parsing.images.facts import MOST_PIXELS, MOST_PIXELS_TOGETHER

_CHUNK = 64 * 1024  # bytes written before the time left is looked at again
_MOST_ADDRESSES = 8  # tried for one name


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one request, or of one image with all its redirects."""

    total_seconds: float = 180.0  # from looking the name up to the last byte of the body
    connect_seconds: float = 10.0  # name, connection and TLS together
    header_bytes: int = 64 * 1024  # all that comes before the body, interim answers included
    body_bytes: int = 64 * 1024 * 1024  # as sent, and again after decoding
    redirects: int = 5
    images_seconds: float = 300.0  # after which no further image of one answer is fetched
    images_bytes: int = 256 * 1024 * 1024  # the same, of all images of one answer
    pixels: int = MOST_PIXELS  # of one image that is decoded
    images_pixels: int = MOST_PIXELS_TOGETHER  # after which no further one of an answer is decoded


class Stopped(Exception):  # noqa: N818 - it ends a request that went wrong elsewhere
    """A request that is given up; carries the failure to report."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message)


class Budget:
    """The rest of the limits while one request is under way."""

    def __init__(self, limits: Limits, *, guarded: bool) -> None:
        self.limits = limits
        self.guarded = guarded  # whether the address policy binds it
        self._deadline = time.monotonic() + limits.total_seconds
        self._connect_deadline = self._deadline
        self.stage = "connect"
        """The stage of the request: "connect"; "head" from writing the request on; "body"."""
        self._received = 0
        self._opening = b""
        self.ended = False  # whether the other side has closed the connection

    @contextmanager
    def hop(self) -> Iterator[None]:
        """Begin one request of a chain; its bytes start from zero, the time goes on."""
        self._connect_deadline = time.monotonic() + self.limits.connect_seconds
        self.stage, self._received, self._opening, self.ended = "connect", 0, b"", False
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Note how far httpcore is; only the end of the header matters."""
        if event == "http11.receive_response_headers.complete":
            self.stage = "body"

    def connect_seconds_left(self) -> float:
        """Return the seconds left to connect; raises `Stopped` after the last of them."""
        return self._until(min(self._connect_deadline, self._deadline))

    def seconds_left(self) -> float:
        """Return the seconds left in all; raises `Stopped` after the last of them."""
        return self._until(self._deadline)

    def _until(self, deadline: float) -> float:
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise self.late()
        return seconds

    def late(self) -> Stopped:
        """Say what the time ran out on."""
        seconds = f"{self.limits.total_seconds:g} s"
        if self.stage == "body":
            return Stopped("timeout", f"the answer was not complete within {seconds}")
        if self.stage == "connect":  # nothing was sent, so that nothing can be billed
            limits = self.limits
            seconds = f"{min(limits.connect_seconds, limits.total_seconds):g} s"
            return Stopped("connect", f"no connection came about within {seconds}")
        return Stopped("timeout", f"no answer came within {seconds}")

    def broken_off(self) -> Stopped:
        """Say where the other side hung up."""
        if self.stage == "body":
            return Stopped("disconnect", "the connection was closed in the middle of the body")
        if self._received:
            return Stopped("disconnect", "the connection was closed in the middle of the header")
        return Stopped("disconnect", "the connection was closed without an answer")

    def room(self, size: int) -> int:
        """Return how many bytes may be read now; raises `Stopped` at the limit."""
        head = self.stage != "body"
        limits = self.limits
        # chunked framing may add a quarter to a body
        limit = limits.header_bytes + (0 if head else limits.body_bytes + limits.body_bytes // 4)
        if self._received >= limit:
            raise too_large("header" if head else "answer", limit)
        return min(size, limit - self._received)

    def take(self, data: bytes) -> None:
        """Count what was read; raises `Stopped` when it cannot be HTTP."""
        self.ended = not data
        self._received += len(data)
        # Five bytes tell HTTP from anything else, long before a header would end.
        if len(self._opening) < 5:
            self._opening = (self._opening + data[:5])[:5]
            if not b"HTTP/".startswith(self._opening):
                raise Stopped("protocol", "what came back is not HTTP")


_current: ContextVar[Budget] = ContextVar("budget")


def current_budget() -> Budget:
    """Return the budget of the request that this thread is sending."""
    return _current.get()


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context for providers; making it takes about 20 ms.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name the authorities instead, as httpx documents.
    """
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def foreign_tls_context() -> ssl.SSLContext:
    """Return the TLS context for the image hosts of others, which no environment reaches.

    Neither an authority of one's own counts there nor SSLKEYLOGFILE.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class GuardedStream(httpcore.NetworkStream):
    """A connection that reads and writes only within the budget of its request."""

    def __init__(self, inner: httpcore.NetworkStream, foreign: bool = False) -> None:
        """Guard a connection; a foreign one leads to an image host that is not the provider's."""
        self._inner = inner
        self._foreign = foreign

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the budget decides
        budget = current_budget()
        size = budget.room(max_bytes)
        try:
            data = self._inner.read(size, budget.seconds_left())
        except httpcore.ReadTimeout:
            raise budget.late() from None
        except httpcore.ReadError:
            raise budget.broken_off() from None
        budget.take(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the budget decides
        budget = current_budget()
        budget.stage = "head"  # the connection stands, TLS included
        try:
            # In pieces: a peer that reads slowly must not outlast the time.
            for start in range(0, len(buffer), _CHUNK):
                self._inner.write(buffer[start : start + _CHUNK], budget.seconds_left())
        except httpcore.WriteTimeout:
            raise budget.late() from None

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - an empty one; the real one is made here
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the budget decides
    ) -> httpcore.NetworkStream:
        budget = current_budget()
        name = server_hostname.rstrip(".") if server_hostname else None
        try:
            context = foreign_tls_context() if self._foreign else tls_context()
            inner = self._inner.start_tls(context, name, budget.connect_seconds_left())
        except httpcore.ConnectTimeout:
            raise budget.late() from None
        except httpcore.ConnectError as error:
            reason = f"no secure connection: {_tls_reason(error)}"
            variables = filter(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))
            if self._foreign and (variable := next(variables, None)):
                reason += f"; {variable} counts for the provider alone"
            raise Stopped("tls", reason) from None
        return GuardedStream(inner)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _tls_reason(error: Exception) -> str:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not valid ({cause.verify_message.rstrip('.')})"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.lower().replace("_", " ")
    return "the connection was closed during the handshake"


def too_large(part: str, limit: int) -> Stopped:
    """Say which part of an answer is larger than which limit, in bytes."""
    return Stopped("too-large", f"the {part} is larger than the limit of {limit:,} bytes")


def resolve(host: str, port: int, budget: Budget) -> list[Address]:
    """Look a host up, once; raises `Stopped` ("dns", or "connect" when that takes too long)."""
    looked_up: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            looked_up.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:
            looked_up.set_exception(error)

    # The system's resolver knows no time limit: a thread that is late is left behind.
    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        answers = looked_up.result(budget.connect_seconds_left())
        addresses = list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))
    except TimeoutError:
        raise budget.late() from None
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a valid name"
        reason = f"the host name {host} cannot be resolved: {reason.lower()}"
        raise Stopped("dns", reason) from None
    if not addresses:
        raise Stopped("dns", f"the host name {host} has no address")
    return addresses[:_MOST_ADDRESSES]


# --- Limits as a user writes them: ``--limit body=16MiB --limit seconds=30`` (ARCHITECTURE 15) ---


class LimitError(ConformanceError):
    """A limit that is written wrongly, or is out of its range."""


@dataclass(frozen=True, slots=True)
class LimitOption:
    """One limit: its field in `Limits`, its unit and its range."""

    field: str
    unit: str  # "bytes", "pixels", "seconds" or "redirects"
    least: float
    most: float


_DAY = 24 * 60 * 60
_GIB = 1 << 30
LIMIT_OPTIONS = {
    "seconds": LimitOption("total_seconds", "seconds", 0.01, _DAY),
    "connect-seconds": LimitOption("connect_seconds", "seconds", 0.01, _DAY),
    "header": LimitOption("header_bytes", "bytes", 1024, 16 << 20),
    "body": LimitOption("body_bytes", "bytes", 1024, 4 * _GIB),
    "redirects": LimitOption("redirects", "redirects", 0, 50),
    "pixels": LimitOption("pixels", "pixels", 1, 1_000_000_000),
    "images-seconds": LimitOption("images_seconds", "seconds", 0.01, _DAY),
    "images-bytes": LimitOption("images_bytes", "bytes", 1024, 64 * _GIB),
    "images-pixels": LimitOption("images_pixels", "pixels", 1, 64_000_000_000),
}
"""By the name on the command line; docs/security.md says what each is for."""

_VALUE = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_BYTES = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_UNITS: dict[str, tuple[dict[str, float], str]] = {
    "bytes": (_BYTES, "16777216, 16MiB or 16MB"),
    "pixels": ({"k": 1e3, "M": 1e6, "G": 1e9}, "16000000 or 16M"),
    "seconds": ({"s": 1, "min": 60, "h": 3600}, "0.5, 30 or 3min"),
    "redirects": ({}, "0 or 5"),
}
"""The factors that may stand behind a number, and how one is written."""


def read_limits(texts: Iterable[str]) -> Limits:
    """Read ``NAME=VALUE`` texts; what is not named keeps its default.

    Raises `UnknownNameError` for another name, and `LimitError` for what is no such value.
    """
    chosen: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise LimitError(f"--limit {text!r} has no value; write it as NAME=VALUE: body=16MiB")
        if name not in LIMIT_OPTIONS:
            raise UnknownNameError("limit", name, LIMIT_OPTIONS)
        option = LIMIT_OPTIONS[name]
        chosen[option.field] = _number(f"--limit {name}={value[:40]}", value, option)
    return replace(Limits(), **chosen)


def _number(option_text: str, value: str, option: LimitOption) -> float:
    match, unit = _VALUE.fullmatch(value), option.unit
    factors, examples = _UNITS[unit]
    factor = {"": 1, **factors}.get(match[2]) if match else None
    if match is None or factor is None or len(value) > 40:
        raise LimitError(f"{option_text!r} is no number of {unit}; write it as {examples}")
    number = float(match[1]) * factor
    if unit in ("redirects", "pixels") and number != int(number):
        raise LimitError(f"{option_text} is no whole number of {unit}")
    if not option.least <= number <= option.most:
        raise LimitError(
            f"{option_text} is not between {option.least:,} and {option.most:,} {unit}"
        )
    return number if unit == "seconds" else int(number)
