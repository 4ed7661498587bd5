"""Refusals of the reference provider: OpenAI's error object, all four members always present."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from conformance.parsing import printable

_MESSAGE_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused request: HTTP status, the members of `error`, and headers that belong to it."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    type: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    """Members that the edition documents beside `error`."""

    def body(self) -> dict[str, Any]:
        """Return the error object as OpenAI's specification shapes it."""
        error = {
            "message": printable(self.message, _MESSAGE_CHARACTERS),
            "type": self.type,
            "param": None if self.param is None else printable(self.param),
            "code": self.code,
        }
        return {"error": error, **self.beside}


def refusal_response(refusal: Refusal, secret: str = "") -> Response:
    """Return a refusal as JSON, with the secret masked in case the request contained it."""
    if secret:
        message = refusal.message.replace(secret, "[key]")
        param = None if refusal.param is None else refusal.param.replace(secret, "[key]")
        refusal = replace(refusal, message=message, param=param)
    headers = dict(refusal.headers)
    return Response(
        json.dumps(refusal.body()), refusal.status, headers=headers, media_type="application/json"
    )


def bad_request(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """Return status 400: the request itself is at fault."""
    return Refusal(400, message, param, code)


def unauthorized(message: str) -> Refusal:
    """Return status 401 with the challenge RFC 9110 section 15.5.2 demands."""
    return Refusal(
        401, message, code="invalid_api_key", headers={"WWW-Authenticate": 'Bearer realm="api"'}
    )


def no_such_path(path: str) -> Refusal:
    """Return status 404 for a path that is not served."""
    return Refusal(404, f"There is nothing at {path}.", code="unknown_url")


def no_such_model(name: str) -> Refusal:
    """Return status 404 for a model that is not served."""
    return Refusal(404, f"The model '{name}' is not served here.", "model", "model_not_found")


def wrong_method(method: str, path: str, allowed: str) -> Refusal:
    """Return status 405 with the Allow header RFC 9110 section 15.5.6 demands."""
    message = f"{method} is not possible on {path}; use {allowed}."
    return Refusal(405, message, code="method_not_allowed", headers={"Allow": allowed})


def too_large(limit: int) -> Refusal:
    """Return status 413; the limit is in bytes."""
    return Refusal(413, f"The body is larger than {limit} bytes.", code="request_too_large")


def wrong_content_type(content_type: str) -> Refusal:
    """Return status 415 (RFC 9110 section 15.5.16): the only type is application/json."""
    message = f"The body must be application/json, not '{content_type or 'undeclared'}'."
    return Refusal(415, message, code="unsupported_content_type")


def internal_error() -> Refusal:
    """Return status 500: a fault of the reference provider itself."""
    return Refusal(500, "The reference provider failed.", type="server_error", code="server_error")
