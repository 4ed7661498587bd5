"""The reference provider called in process, under a public name, at a fixed time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import httpx

from conformance.cases.model import Case
from conformance.cases.request import Headers
from conformance.contract import Edition
from conformance.exchange.model import Exchange, Failure, Provenance, Response
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.transport import Transport
from conformance.proof.extra_cases import NOW, SHUTDOWN, is_of_retired
from conformance.reference.app import create_app
from conformance.reference.server import DEFAULT_KEY
from conformance.reference.steps import Steps

BASE_URL = "https://reference.example/v1"
"""A public name: some defects, such as URLs to private hosts, are legal in a private network."""

LOOPBACK_URL = "http://127.0.0.1:18001/v1"  # the address of `image-conformance serve`

_REMEMBERED = 1 << 20
"""Bytes of a body whose redaction is kept: a lie leaves most answers and requests as they were."""

ModelList = Callable[[Edition, Sequence[str]], dict[str, Any]]


EACH_TIME = {"x-request-id": "req_…", "openai-processing-ms": "…"}
"""Headers that no two answers have in common, and what stands in their place on the bench."""


class InProcess(Transport):
    """A transport that calls an ASGI application instead of opening a connection."""

    def __init__(
        self, application: httpx.ASGITransport, loop: asyncio.AbstractEventLoop, host: str
    ) -> None:
        super().__init__()
        self._application = application
        self._loop = loop
        self._host = host

    def send(
        self, method: str, url: str, headers: Headers = (), body: bytes = b""
    ) -> Response | Failure:
        """Send a request to the application."""
        request = httpx.Request(method, url, headers=list(headers), content=body)
        return self._loop.run_until_complete(self._answered(request))

    def fetch(self, url: str) -> Response | Failure:
        """Fetch an image without the key; only the provider's own host exists."""
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            return Failure("bad-url", "the URL is malformed")
        if parts.scheme not in ("http", "https"):
            return Failure("bad-scheme", "the URL is neither http nor https")
        # A lie may lead to a private address, and no proof may follow it there.
        if parts.host != self._host:
            return Failure("dns", "the proof has no other host")
        return self.send("GET", url)

    async def _answered(self, request: httpx.Request) -> Response:
        response = await self._application.handle_async_request(request)
        body = await response.aread()
        raw = response.headers.multi_items()
        headers = tuple((name, EACH_TIME.get(name, value)) for name, value in raw)
        return Response(response.status_code, headers, body)


class Bench:
    """Reference providers with the same steps: one has all models, others have ended one."""

    def __init__(
        self,
        edition: Edition,
        steps: Steps,
        models: Sequence[str],
        loop: asyncio.AbstractEventLoop,
        base_url: str = BASE_URL,
    ) -> None:
        steps = replace(steps, model_list=_with_shutdown_dates(steps.model_list))
        make = partial(bench_client, edition, steps, loop=loop, base_url=base_url)
        self._client = make(models)
        self._without = cache(lambda ended: make([name for name in models if name != ended]))

    def exchange(self, case: Case) -> Exchange:
        """Send a case, about a model that has ended to a provider that has ended it."""
        ended = is_of_retired(case)
        return (self._without(case.model) if ended else self._client).exchange(case)


def bench_client(
    edition: Edition,
    steps: Steps,
    models: Sequence[str],
    loop: asyncio.AbstractEventLoop,
    base_url: str = BASE_URL,
) -> Client:
    """Return a client of a reference provider with these steps, as if served at a base URL."""
    application = create_app(
        edition, key=DEFAULT_KEY, clock=lambda: NOW, models=models, steps=steps, threads=False
    )
    asgi = httpx.ASGITransport(application, raise_app_exceptions=False)
    target = Target("reference", base_url, DEFAULT_KEY, {name: name for name in models})
    transport = InProcess(asgi, loop, httpx.URL(base_url).host)
    return Client(target, transport, Provenance.REFERENCE, lambda: NOW, _REMEMBERED)


def _with_shutdown_dates(model_list: ModelList) -> ModelList:
    """Let the list say of every model when it ends, unless a lie has said it."""

    def dated(edition: Edition, served: Sequence[str]) -> dict[str, Any]:
        listing = model_list(edition, served)
        ends = {"shutdown_date": SHUTDOWN.isoformat()}
        return {**listing, "data": [{**ends, **model} for model in listing["data"]]}

    return dated
