"""The steps of the reference provider as replaceable parts.

A request goes authenticate -> read_body -> validate -> resolve -> paint -> answer (or events) ->
encode -> finish; a refusal leaves the chain for refuse -> finish. A planted defect is a copy of
`TRUTHFUL` in which one step is wrapped: `replace(TRUTHFUL, answer=without_created)`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import Response

from conformance.contract import Edition, RequestBody
from conformance.lifecycle import lifecycle_in
from conformance.parsing.images.media_types import media_type
from conformance.reference import admission, answers
from conformance.reference.answers import AnswerContext, Job, Painter
from conformance.reference.errors import Refusal, refusal_response
from conformance.reference.painting import image_file
from conformance.reference.urls import FILE_TYPE, Signer, picture_named

ASKED_MODEL: ContextVar[object] = ContextVar("what the request names as its model", default=None)
"""Known before the key is checked, for lies about one model only."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What the provider does, one replaceable function a step."""

    authenticate: Callable[[Sequence[str], str], Refusal | None]
    read_body: Callable[[str, bytes], dict[str, Any] | Refusal]
    validate: Callable[[RequestBody, Collection[str]], Refusal | None]
    resolve: Callable[[RequestBody], Job]
    paint: Painter
    answer: Callable[[Job, Sequence[bytes], AnswerContext], dict[str, Any]]
    events: Callable[[Job, Painter, AnswerContext], Iterator[dict[str, Any]]]
    encode: Callable[[Mapping[str, Any]], bytes]
    encode_event: Callable[[Mapping[str, Any]], bytes]
    model_list: Callable[[Edition, Sequence[str]], dict[str, Any]]
    refuse: Callable[[Refusal, str], Response]
    file: Callable[[str, Mapping[str, str], Signer], Response]
    finish: Callable[[Response, float], Response]


def replaced_steps(truthful: Steps, lying: Steps) -> frozenset[str]:
    """Return the names of the steps in which two providers differ."""
    names = (step.name for step in fields(Steps))
    return frozenset(name for name in names if getattr(lying, name) is not getattr(truthful, name))


def encode(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a JSON answer."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_event(event: Mapping[str, Any]) -> bytes:
    """Frame one server-sent event, named after its `type`."""
    return b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode("ascii"), encode(event))


def model_list(edition: Edition, served: Sequence[str]) -> dict[str, Any]:
    """Describe the served models as GET /models does; they are as old as the edition."""
    day = datetime.fromisoformat(str(edition.published)).replace(tzinfo=UTC)
    model = {"object": "model", "created": int(day.timestamp()), "owned_by": "image-conformance"}
    return {"object": "list", "data": [{"id": name, **model} for name in served]}


def with_ends(listing: dict[str, Any], edition: Edition, day: date) -> dict[str, Any]:
    """Let a model list say when models end, where the edition documents it.

    A day that is past is none: what is listed is served. What a lie said of it stands.
    """
    if not edition.lists_ends:
        return listing
    dated = []
    for entry in listing["data"]:
        lifecycle = lifecycle_in(edition.lifecycles, str(entry["id"]))
        until = lifecycle.until if lifecycle else None
        end = until.isoformat() if until and until > day else None
        dated.append({**entry, "shutdown_date": entry.get("shutdown_date", end)})
    return {**listing, "data": dated}


def file(name: str, query: Mapping[str, str], signer: Signer) -> Response:
    """Answer a temporary URL: the image, or an XML error like those of object stores."""
    picture = picture_named(name)
    if picture is None:
        return _file_error(404, "BlobNotFound", "There is no such file.")
    fault = signer.fault(name, query)
    if fault is not None:
        return _file_error(403, "AuthenticationFailed", fault)
    headers = {"Cache-Control": "no-store", "ETag": f'"{picture.seed}"'}
    data = image_file(picture, FILE_TYPE)
    return Response(data, headers=headers, media_type=media_type(FILE_TYPE))


def finish(response: Response, started: float) -> Response:
    """Add the headers OpenAI documents; `started` is a reading of the performance counter."""
    milliseconds = max(1, round((time.perf_counter() - started) * 1000))
    response.headers["x-request-id"] = f"req_{uuid.uuid4().hex}"
    response.headers["openai-processing-ms"] = str(milliseconds)
    response.headers["openai-version"] = "2020-10-01"
    return response


def _file_error(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return Response(body, status, media_type="application/xml")


TRUTHFUL = Steps(
    authenticate=admission.authenticate,
    read_body=admission.read_body,
    validate=admission.validate,
    resolve=answers.resolve,
    paint=answers.paint,
    answer=answers.answer,
    events=answers.events,
    encode=encode,
    encode_event=encode_event,
    model_list=model_list,
    refuse=refusal_response,
    file=file,
    finish=finish,
)
