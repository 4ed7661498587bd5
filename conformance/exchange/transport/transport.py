"""HTTP within bounds: the API request with the key, and image URLs without it.

Nothing here reads proxies, cookies or ``.netrc`` from the environment: a proxy would resolve
names itself, and so undo the check of addresses. Each request has a connection of its own, so
that neither a stale connection nor left-over bytes of one answer spoil the next.
Addresses are checked and bytes counted below ``httpx.HTTPTransport``, where vcrpy steps in;
a replayed request therefore needs no name that resolves.
"""

from __future__ import annotations

import functools
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urljoin

import httpcore
import httpx

from conformance.cases.request import Headers
from conformance.exchange.model import Failure, Response
from conformance.exchange.transport.addresses import AddressPolicy, GuardedBackend, read_url
from conformance.exchange.transport.codings import (
    CodingError,
    TooLargeError,
    codings_of,
    undo_codings,
)
from conformance.exchange.transport.limits import Budget, Limits, Stopped, too_large
from conformance.exchange.transport.special_addresses import is_loopback

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_CONNECTIONS = 100  # at one time
_ALWAYS: Headers = (
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "image-conformance"),
)
_FOR_IMAGES: Headers = (("accept", "image/*, */*;q=0.5"),)
SILENCED = ("httpcore", "httpx", "h11", "h2", "hpack", "vcr", "urllib3", "requests")
"""Libraries that send or replay requests, and log what is on the wire, the key as well."""


class Transport:
    """Sends requests and fetches images within limits; threads may share it."""

    def __init__(
        self,
        limits: Limits | None = None,
        policy: AddressPolicy | None = None,
        replays: bool = True,
    ) -> None:
        """Send within limits; unless it `replays`, past any cassette that is played meanwhile."""
        silence_libraries()
        self.limits = limits or Limits()
        self._backend = GuardedBackend(policy or AddressPolicy())
        self._http = (_GuardedHTTP if replays else _DirectHTTP)(self._backend)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is still open."""
        self._http.close()

    def send(
        self, method: str, url: str, headers: Headers = (), body: bytes = b""
    ) -> Response | Failure:
        """Send one request and read the whole answer; redirects are not followed.

        The user chose where it goes, so the address is not checked.
        """
        budget = Budget(self.limits, guarded=False)
        try:
            request = _request(method, read_url(url), headers, body, budget)
            with self._answer(request, budget) as response:
                return _read(response, budget)
        except Stopped as stopped:
            return stopped.failure

    def fetch(self, url: str) -> Response | Failure:
        """Get an image as anyone would, without key or cookies, checking every redirect."""
        budget = Budget(self.limits, guarded=True)
        try:
            current_url = read_url(url)
            visited = {current_url}
            while True:
                request = _request("GET", current_url, _FOR_IMAGES, b"", budget)
                with self._answer(request, budget) as response:
                    location = response.headers.get_list("location")
                    if response.status_code not in _REDIRECTS or not location:
                        return _read(response, budget)
                current_url = _redirected_url(current_url, location[0])
                if current_url in visited:
                    reason = "the redirects lead back to a URL already visited"
                    raise Stopped("redirect-loop", reason)
                if len(visited) > self.limits.redirects:
                    limit = f"the limit of {self.limits.redirects}"
                    raise Stopped("redirect-loop", f"there are more redirects than {limit}")
                visited.add(current_url)
        except Stopped as stopped:
            return stopped.failure

    @contextmanager
    def _answer(self, request: httpx.Request, budget: Budget) -> Iterator[httpx.Response]:
        """Open an answer; whatever httpx raises about it becomes `Stopped`."""
        with budget.hop():
            try:
                response = self._http.handle_request(request)
                try:
                    yield response
                finally:
                    response.close()
            except httpx.TransportError as error:
                raise _stopped_by(error, budget) from None


class _GuardedHTTP(httpx.HTTPTransport):
    """httpx's transport over a pool whose connections are guarded."""

    def __init__(self, backend: GuardedBackend) -> None:
        super().__init__(verify=_empty_tls_context(), trust_env=False)
        self._pool = httpcore.ConnectionPool(  # httpx has no option for a network backend
            ssl_context=_empty_tls_context(),
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=backend,
        )


class _DirectHTTP(_GuardedHTTP):
    """The same for what is really sent: vcrpy patches the class of httpx, for all threads."""

    handle_request = httpx.HTTPTransport.handle_request


@functools.cache
def _empty_tls_context() -> ssl.SSLContext:
    """Return a context that trusts nobody; the stream makes the real one when it is needed."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _request(
    method: str, url: httpx.URL, headers: Headers, body: bytes, budget: Budget
) -> httpx.Request:
    names = {name.lower() for name, _ in headers}
    all_headers = [*headers, *(header for header in _ALWAYS if header[0] not in names)]
    # RFC 9110 asks for it of methods that usually have a body; httpx leaves it out.
    if not body and method in ("POST", "PUT", "PATCH") and "content-length" not in names:
        all_headers.append(("content-length", "0"))
    timeout = {"connect": None, "read": None, "write": None, "pool": budget.limits.total_seconds}
    return httpx.Request(
        method,
        url,
        headers=[(_bytes(name), _bytes(value)) for name, value in all_headers],
        content=body,
        extensions={"timeout": timeout, "trace": budget.trace},
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # as a key from the environment may hold


def _read(response: httpx.Response, budget: Budget) -> Response:
    limit = budget.limits.body_bytes
    raw = bytearray()
    for chunk in response.iter_raw():
        raw += chunk
        if len(raw) > limit:
            raise too_large("body", limit)
    # httpx would decode without a bound
    codings = codings_of(response.headers.get_list("content-encoding"))
    try:
        body = undo_codings(bytes(raw), codings, limit)
    except TooLargeError:
        raise too_large("decoded body", limit) from None
    except CodingError as error:
        raise Stopped("encoding", str(error)) from None
    return Response(response.status_code, tuple(response.headers.multi_items()), body)


def _redirected_url(url: httpx.URL, location: str) -> httpx.URL:
    try:
        location_url = urljoin(str(url), location)
    except ValueError:
        raise Stopped("bad-url", "the redirect leads to a malformed URL") from None
    try:
        target = read_url(location_url)
    except Stopped as stopped:
        failure = stopped.failure
        raise Stopped(failure.kind, f"after a redirect, {failure.message}") from None
    # On loopback there is nobody in between.
    if (url.scheme, target.scheme) == ("https", "http") and not is_loopback(target.host):
        raise Stopped("bad-scheme", "a redirect leads from https to http")
    return target


def _stopped_by(error: httpx.TransportError, budget: Budget) -> Stopped:
    """Say in a sentence what httpx found; its own texts may quote a header with the key."""
    if isinstance(error, httpx.TimeoutException):
        return budget.late()
    if isinstance(error, httpx.LocalProtocolError):
        return Stopped(
            "protocol",
            "the request cannot be written as HTTP; look for line breaks in the key and headers",
        )
    if isinstance(error, httpx.RemoteProtocolError) and not budget.ended:
        part = "body" if budget.stage == "body" else "header"
        return Stopped("protocol", f"the {part} of the answer is not valid HTTP/1.1")
    return budget.broken_off()


def silence_libraries() -> None:
    """Turn off the loggers of libraries and those below them, whatever level they are set to.

    `--log-level=DEBUG`, `-o log_cli=true` and `--log-file` of pytest show whatever is logged.
    A level or `propagate` alone would not do: pytest 9.2 and later capture what loggers that do
    not propagate are told, and a logger below one may have a level of its own.
    """
    for name in SILENCED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)  # for loggers below it that are made later
        logger.propagate = False
    for name, library_logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(library_logger, logging.Logger) and name.partition(".")[0] in SILENCED:
            library_logger.disabled = True
