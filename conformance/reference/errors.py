"""Refusals of the reference provider: OpenAI's error object, all four members always present."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from conformance.output.printing import printable

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


def no_such_model(name: str) -> Refusal:
    """Return status 404 for a model that is not served."""
    return Refusal(404, f"The model '{name}' is not served here.", "model", "model_not_found")
