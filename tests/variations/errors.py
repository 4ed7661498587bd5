"""Variations of a refusal: what first parties and gateways really add, leave empty, or order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from conformance.reference.defects.planting import in_error, in_refusal
from conformance.reference.errors import Refusal, refusal_response
from tests.variations.registry import legal, legal_rows, members, reverse

if TYPE_CHECKING:
    from conformance.reference.errors import Refusal as _Refusal

Body = dict[str, Any]


def _inside(change: Callable[..., None]) -> Callable[[Body], None]:
    return lambda body: change(body["error"])


legal_rows(in_error, {
    "error.more-members": (
        "The error has more members, as `moderation_details` or a request id.",
        _inside(members(request_id="req_1", moderation_details={"categories": []})),
    ),
    "error.more-beside-it": (
        "Members stand beside `error`: an id, a time, a null `data`.",
        members(id="1", created=1_790_000_000, data=None, success=False),
    ),
    "error.members-turned":
        ("The members of the error come in the order of another backend.", _inside(reverse)),
    "error.param-null": (
        "`param` is null: the error does not say which parameter it means.",
        _inside(members(param=None)),
    ),
    "error.param-empty":
        ("`param` is an empty string, as gateways write it.", _inside(members(param=""))),
    "error.code-null": ("`code` is null.", _inside(members(code=None, status=None))),
})  # fmt: skip


@legal(in_error, "error.param-path")
def param_path(body: Body) -> None:
    """`param` is a path into the body."""
    param = body["error"]["param"]
    body["error"]["param"] = f"body.{param}" if param else None
    body["error"]["path"] = []


@legal(in_error, "error.code-digits")
def code_digits(body: Body) -> None:
    """`code` is the status, in digits, as a string."""
    if body["error"]["code"] != "model_not_found":
        body["error"]["code"] = "400"


@legal(in_refusal, "error.other-type")
def other_type(refusal: _Refusal) -> Refusal:
    """The type of the error is that of another backend of the same provider."""
    return replace(refusal, type="image_generation_user_error")


@legal(in_error, "error.long-message")
def long_message(body: Body) -> None:
    """The message is long, has line feeds and quotes the request back."""
    body["error"]["message"] += "\nYour request was:\n" + '{"prompt": "a “boat” 🚤"}' * 400


@legal(in_refusal, "error.indented")
def indented(refusal: _Refusal) -> Response:
    """The error is indented, as OpenAI writes it."""
    plain = refusal_response(refusal)
    text = json.dumps(json.loads(bytes(plain.body)), indent=2) + "\n"
    return Response(text, plain.status_code, media_type="application/json; charset=utf-8")


@legal(in_refusal, "error.challenge")
def challenge(refusal: _Refusal) -> Refusal:
    """Every refusal tells how to sign in, and 401 is the only one that had to."""
    return replace(refusal, headers={**refusal.headers, "WWW-Authenticate": 'Bearer realm="API"'})


@legal(in_refusal, "error.retired-model")
def retired_model(refusal: _Refusal) -> Refusal:
    """An unknown model is refused with 400 `invalid_value`, as OpenAI does since 2026."""
    if refusal.code != "model_not_found":
        return refusal
    message = "The model 'unknown' does not exist."
    return replace(refusal, status=400, code="invalid_value", param="model", message=message)
