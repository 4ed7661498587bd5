"""Interactions of VCR.py and of Ruby's VCR, whether their cassette was YAML or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.exchange.importers.bodies import any_body, decoded, unbase64
from conformance.exchange.importers.model import (
    Body,
    Entry,
    Recorded,
    RecordingError,
    headers_of,
    mapping,
    status_of,
    text,
)
from conformance.exchange.importers.moments import moment_of
from conformance.exchange.model import Request, Response


def vcr_entry(index: int, line: int | None, value: Any) -> Entry:
    """Give an interaction as an entry; raises RecordingError for what is none."""
    interaction = mapping(value)
    request = mapping(interaction.get("request"))
    if not isinstance(request.get("uri"), str) or "response" not in interaction:
        raise RecordingError("is no interaction: it has no request.uri or no response", line)
    method = text(request.get("method")).upper() or "GET"
    return Entry(index, line, method, request["uri"], lambda: _read(interaction))


def _read(interaction: Mapping[str, Any]) -> Recorded:
    asked, told = mapping(interaction["request"]), mapping(interaction["response"])
    sent = headers_of(asked.get("headers"))
    kept = _kept(asked.get("body"))
    body = decoded(kept, sent) if kept is not None else Body(None)
    response, altered = _response(told)
    request = Request(text(asked.get("method")).upper(), asked["uri"], sent, body.data or b"")
    if body.data is None or body.altered:
        altered |= {"request"}
    when = moment_of(interaction.get("recorded_at"), response.headers)
    return Recorded(request, response, when, altered=altered)


def _response(told: Mapping[str, Any]) -> tuple[Response, frozenset[str]]:
    """Read a response, in the form of today or in the one of VCR.py's old httpx stub."""
    headers = headers_of(told.get("headers"))
    status = status_of(mapping(told.get("status")).get("code", told.get("status_code")))
    if status is None:
        raise RecordingError("a response has no status")
    kept = _kept(told["body"] if "body" in told else told.get("content"))
    body = decoded(kept, headers) if kept is not None else Body(b"", frozenset({"body"}))
    return Response(status, headers, body.data or b""), body.altered


def _kept(value: Any) -> bytes | None:
    """Give the bytes of a body: alone, or as `string` or `base64_string` of an object."""
    if isinstance(value, dict):
        if isinstance(value.get("base64_string"), str):
            return unbase64(value["base64_string"])
        value = value.get("string")
    return any_body(value)
