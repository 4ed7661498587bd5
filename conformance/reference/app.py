"""The embedded reference provider as an ASGI application.

It keeps one edition of the contract exactly, for every model the edition names. `admission` says
what it does where the contract is silent, `steps` where a defect can be planted.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from conformance.contract import Edition
from conformance.parsing import read_json
from conformance.reference.admission import MAX_BODY
from conformance.reference.answers import AnswerContext, Job
from conformance.reference.errors import Refusal, no_such_model
from conformance.reference.painting import FINISHED
from conformance.reference.steps import ASKED_MODEL, TRUTHFUL, Steps, with_ends
from conformance.reference.urls import Signer

GENERATIONS = "/v1/images/generations"
MODELS = "/v1/models"
# A name or an address, with an optional port: anything else would break the URLs of images.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?", re.I)


def create_app(
    edition: Edition,
    *,
    key: str,
    clock: Callable[[], float] = time.time,
    delay: float = 0.0,
    models: Iterable[str] | None = None,
    steps: Steps = TRUTHFUL,
    threads: bool = True,
) -> Starlette:
    """Build the provider.

    `clock` returns Unix time, and `delay` is the extra duration of every generation, both in
    seconds. `models` are the served models, by default all that the edition names. Without
    `threads` images are painted in the event loop.
    """

    async def in_event_loop(function: Callable[..., object], *values: object) -> object:
        return function(*values)

    served = tuple(edition.models if models is None else models)
    signer = Signer(clock=clock)
    run_slow = run_in_threadpool if threads else in_event_loop
    return _Endpoints(edition, key, clock, delay, served, signer, steps, run_slow).application()


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """The endpoints, bound to one edition and one key."""

    edition: Edition
    key: str = field(repr=False)
    clock: Callable[[], float]
    delay: float
    served: tuple[str, ...]
    signer: Signer
    steps: Steps
    run_slow: Callable[..., Awaitable[Any]]  # runs a slow function

    def application(self) -> Starlette:
        routes = [
            Route(GENERATIONS, self.generations, methods=["POST"]),
            Route(MODELS, self.models, methods=["GET"]),
            Route(MODELS + "/{name:path}", self.models, methods=["GET"]),
            Route("/files/{name}", self.file, methods=["GET"]),
        ]
        handlers = {HTTPException: self.no_route, Exception: self.failed}
        application = Starlette(routes=routes, exception_handlers=handlers)
        # A trailing slash is another path: redirecting a POST would hide a client's mistake.
        application.router.redirect_slashes = False
        return application

    async def generations(self, request: Request) -> Response:
        """POST /v1/images/generations."""
        started = time.perf_counter()
        job = await self._accepted(request)
        if isinstance(job, Refusal):
            return self._refused(job, started)
        if self.delay:
            await asyncio.sleep(self.delay)
        context = AnswerContext(_origin(request), self.signer, self.clock())
        if job.stream:
            frames = self._frames(job, context)
            stream: Response = StreamingResponse(frames, media_type="text/event-stream")
            stream.headers["Cache-Control"] = "no-cache"
            return self.steps.finish(stream, started)
        body = await self.run_slow(self._answered, job, context)
        return self.steps.finish(Response(body, media_type="application/json"), started)

    async def models(self, request: Request) -> Response:
        """GET /v1/models: the list, and GET /v1/models/{id}: one entry of it."""
        started = time.perf_counter()
        refusal = self._stranger(request)
        if refusal is not None:
            return self._refused(refusal, started)
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        listing = with_ends(self.steps.model_list(self.edition, self.served), self.edition, today)
        name = request.path_params.get("name")
        if name is None:
            return self._json(listing, started)
        for entry in listing["data"]:
            if entry["id"] == name:
                return self._json(entry, started)
        return self._refused(no_such_model(name), started)

    async def file(self, request: Request) -> Response:
        """GET /files/{name}: an image by its temporary URL, no key needed."""
        name = request.path_params["name"]
        response: Response = await self.run_slow(
            self.steps.file, name, request.query_params, self.signer
        )
        return response

    async def no_route(self, request: Request, error: Exception) -> Response:
        """Answer unknown paths and wrong methods in JSON."""
        path = request.url.path
        if getattr(error, "status_code", 404) == 405:
            # with the Allow header that RFC 9110 section 15.5.6 demands
            allowed = (getattr(error, "headers", None) or {}).get("Allow", "")
            message = f"{request.method} is not possible on {path}; use {allowed}."
            headers = {"Allow": allowed}
            refusal = Refusal(405, message, code="method_not_allowed", headers=headers)
        else:
            refusal = Refusal(404, f"There is nothing at {path}.", code="unknown_url")
        return self._refused(refusal, time.perf_counter())

    async def failed(self, _request: Request, _error: Exception) -> Response:
        """Answer a fault of our own in the same shape as any other error."""
        message, code = "The reference provider failed.", "server_error"
        return self._refused(Refusal(500, message, type=code, code=code), time.perf_counter())

    async def _accepted(self, request: Request) -> Job | Refusal:
        data = await _bounded_body(request)
        body_sent = read_json(data or b"").value
        # Before the key is checked: a lie may be about one model, and about keys.
        ASKED_MODEL.set(body_sent.get("model") if isinstance(body_sent, dict) else None)
        refusal = self._stranger(request)
        if refusal is not None:
            return refusal
        if data is None:
            message = f"The body is larger than {MAX_BODY} bytes."
            return Refusal(413, message, code="request_too_large")
        body = self.steps.read_body(request.headers.get("content-type", ""), data)
        if isinstance(body, Refusal):
            return body
        reading = self.edition.read(body)
        return self.steps.validate(reading, self.served) or self.steps.resolve(reading)

    def _stranger(self, request: Request) -> Refusal | None:
        return self.steps.authenticate(request.headers.getlist("authorization"), self.key)

    def _answered(self, job: Job, context: AnswerContext) -> bytes:
        count = 0 if job.payload == "url" else job.n
        images = [self.steps.paint(job, index, FINISHED) for index in range(count)]
        return self.steps.encode(self.steps.answer(job, images, context))

    def _frames(self, job: Job, context: AnswerContext) -> Iterator[bytes]:
        # A generator function: a lie may paint all events when it is called, and is so on a thread.
        for event in self.steps.events(job, self.steps.paint, context):
            yield self.steps.encode_event(event)

    def _json(self, body: Mapping[str, object], started: float) -> Response:
        response = Response(self.steps.encode(body), media_type="application/json")
        return self.steps.finish(response, started)

    def _refused(self, refusal: Refusal, started: float) -> Response:
        beside = {name: uuid.uuid4().hex for name in sorted(self.edition.error_members)}
        refused = self.steps.refuse(replace(refusal, beside=beside), self.key)
        return self.steps.finish(refused, started)


async def _bounded_body(request: Request) -> bytes | None:
    """Read the body; return None as soon as it is longer than allowed."""
    # Twenty digits are more than any length needs, and few enough for int() to be quick.
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MAX_BODY:
        return None
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BODY:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return b""  # nobody reads the answer
    return b"".join(chunks)


def _origin(request: Request) -> str:
    """Return the scheme and host that the client used, so that a proxy in front keeps working."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        address = request.scope.get("server") or ("127.0.0.1", None)
        host = address[0] if address[1] is None else f"{address[0]}:{address[1]}"
    return f"{request.url.scheme}://{host}"
