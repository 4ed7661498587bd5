"""Lies in refusals: their status, their body, and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from conformance.reference.defects.planting import (
    Body,
    Refuse,
    in_error,
    in_refusal,
    in_step,
    json_response,
    planted,
)
from conformance.reference.errors import Refusal

_WORDLESS = ("parameters.unknown", "parameters.unsupported", "errors.method-explained")
"""What a refusal without any words breaks as well: it does not say what it is about."""


@planted(in_refusal, "errors.html", "errors.json", modes=["D10"])
def html(refusal: Refusal) -> Response:
    """A refusal is a web page."""
    page = "<!DOCTYPE html><html><body><h1>Bad request</h1></body></html>"
    return Response(page, refusal.status, media_type="text/html")


@planted(in_refusal, "errors.plain-text", "errors.json", modes=["D10"])
def plain_text(refusal: Refusal) -> Response:
    """A refusal is plain text."""
    return Response(refusal.message, refusal.status, media_type="text/plain")


@planted(in_refusal, "errors.empty", "errors.json", *_WORDLESS, modes=["D10"])
def empty(refusal: Refusal) -> Response:
    """A refusal has no body."""
    return Response(b"", refusal.status, media_type="application/json")


@planted(in_step("refuse"), "errors.utf-16", "errors.json", modes=["D10"])
def utf_16(refuse: Refuse, refusal: Refusal, key: str) -> Response:
    """A refusal is JSON in UTF-16."""
    response = refuse(refusal, key)
    data = bytes(response.body).decode().encode("utf-16")
    return Response(data, response.status_code, media_type="application/json")


@planted(in_step("refuse"), "errors.declared-html", "errors.content-type", modes=["D10"])
def declared_html(refuse: Refuse, refusal: Refusal, key: str) -> Response:
    """The JSON of a refusal is declared as a web page."""
    response = refuse(refusal, key)
    response.headers["content-type"] = "text/html; charset=utf-8"
    return response


@planted(in_error, "errors.array", "errors.object", modes=["D9"])
def array(body: Body) -> Any:
    """A refusal is an array of errors."""
    return [body["error"]]


@planted(in_error, "errors.text", "errors.object", modes=["D9"])
def text(body: Body) -> Any:
    """A refusal is a JSON string."""
    return body["error"]["message"]


@planted(in_error, "errors.flat", "errors.error-object", modes=["D9"])
def flat(body: Body) -> Any:
    """The members of an error stand at the top of the body, the code is null."""
    return {"code": None, "message": body["error"]["message"]}


@planted(in_error, "errors.error-text", "errors.error-object", modes=["D9"])
def error_text(body: Body) -> None:
    """`error` is a string."""
    body["error"] = body["error"]["message"]


@planted(in_error, "errors.error-null", "errors.error-object", *_WORDLESS, modes=["D3", "D9"])
def error_null(body: Body) -> None:
    """`error` is null."""
    body["error"] = None


@planted(in_error, "errors.wrapped", "errors.error-object", modes=["D9"])
def wrapped(body: Body) -> Any:
    """The error stands inside a wrapper of the provider's own."""
    return {"code": 400, "msg": "failed", "data": None, "detail": body["error"]}


@planted(in_error, "errors.no-message", "errors.message-string", modes=["D9"])
def no_message(body: Body) -> None:
    """An error has no `message`."""
    del body["error"]["message"]


@planted(in_error, "errors.message-object", "errors.message-string", modes=["D9"])
def message_object(body: Body) -> None:
    """`message` is the answer of another server, unread."""
    body["error"]["message"] = {"detail": body["error"]["message"]}


@planted(in_error, "errors.message-null", "errors.message-not-null", modes=["D9"])
def message_null(body: Body) -> None:
    """`message` is null."""
    body["error"]["message"] = None


@planted(in_error, "errors.message-empty", "errors.message-not-empty", modes=["D9"])
def message_empty(body: Body) -> None:
    """`message` is an empty string."""
    body["error"]["message"] = ""


@planted(in_error, "errors.no-type", "errors.type-string", modes=["D9"])
def no_type(body: Body) -> None:
    """An error has no `type`."""
    del body["error"]["type"]


@planted(in_error, "errors.type-null", "errors.type-string", modes=["D3", "D9"])
def type_null(body: Body) -> None:
    """`type` is null."""
    body["error"]["type"] = None


@planted(in_error, "errors.no-param", "errors.param-present", modes=["D9"])
def no_param(body: Body) -> None:
    """An error has no `param`."""
    del body["error"]["param"]


@planted(in_error, "errors.param-array", "errors.param-type", modes=["D9"])
def param_array(body: Body) -> None:
    """`param` is a path in an array."""
    body["error"]["param"] = ["body", body["error"]["param"]]


@planted(in_error, "errors.param-other", "errors.param-names", modes=["D9"])
def param_other(body: Body) -> None:
    """`param` names a parameter that has nothing to do with the fault."""
    if body["error"]["param"] is not None:
        body["error"]["param"] = "stop_sequences"


@planted(in_error, "errors.no-code", "errors.code-present", modes=["D9"])
def no_code(body: Body) -> None:
    """An error has no `code`."""
    del body["error"]["code"]


@planted(in_error, "errors.code-number", "errors.code-type", modes=["D9"])
def code_number(body: Body) -> None:
    """`code` is a number."""
    body["error"]["code"] = 400


@planted(in_error, "errors.nothing-beside", "errors.documented-members", modes=["D9"])
def nothing_beside(body: Body) -> Body:
    """A refusal has its `error`, and nothing of what is documented beside it."""
    return {"error": body["error"]}


@planted(in_error, "errors.number-beside", "errors.documented-members")
def number_beside(body: Body) -> Body:
    """What is documented beside an `error`, such as an id, is a number."""
    return {name: value if name == "error" else 7 for name, value in body.items()}


@planted(in_error, "errors.data-beside", "errors.no-data")
def data_beside(body: Body) -> None:
    """A refusal comes with an image all the same."""
    body["data"] = [{"url": "https://reference.example/files/1.png"}]


def _status(refusal: Refusal, wrong: int, right: int) -> Refusal:
    return replace(refusal, status=wrong) if refusal.status == right else refusal


@planted(in_refusal, "errors.status-422", "errors.status-400")
def status_422(refusal: Refusal) -> Refusal:
    """A broken rule is answered 422, as some frameworks do."""
    return _status(refusal, 422, 400)


@planted(in_refusal, "errors.get-404", "errors.status-405")
def get_404(refusal: Refusal) -> Refusal:
    """Another method than POST finds nothing there."""
    return _status(refusal, 404, 405)


@planted(in_refusal, "errors.content-type-422", "errors.status-415")
def content_type_422(refusal: Refusal) -> Refusal:
    """A body of another type is answered 422."""
    return _status(refusal, 422, 415)


@planted(in_refusal, "errors.status-500", "errors.not-5xx", modes=["D5", "D8"])
def status_500(refusal: Refusal) -> Refusal:
    """A mistake in the request is answered as the server's own."""
    return _status(refusal, 500, 400)


@planted(in_refusal, "errors.comes-as-200", "errors.not-2xx", modes=["D8"])
def comes_as_200(refusal: Refusal) -> Refusal | Response:
    """A mistake is answered with a success that has no image."""
    empty = {"created": 1_790_000_000, "data": []}
    return json_response(empty) if _is_mistake(refusal) else refusal


@planted(in_refusal, "errors.in-a-200", "errors.not-2xx", modes=["D8"])
def in_a_200(refusal: Refusal) -> Refusal:
    """The error of a mistake comes with status 200."""
    return replace(refusal, status=200) if _is_mistake(refusal) else refusal


def _is_mistake(refusal: Refusal) -> bool:
    """Return whether a rule is broken; what the contract leaves open is refused as it should be."""
    open_point = refusal.code == "unknown_parameter" or refusal.param == "model"
    return refusal.status == 400 and not open_point


@planted(in_refusal, "errors.get-silent", "errors.method-explained")
def get_silent(refusal: Refusal) -> Refusal | Response:
    """Another method than POST is refused without a word."""
    return Response(b"", 405) if refusal.status == 405 else refusal


@planted(in_refusal, "errors.unknown-model-503", "errors.not-5xx", modes=["D8"])
def unknown_model_503(refusal: Refusal) -> Refusal:
    """A made-up model is answered 503, as gateways without a channel for it do."""
    return _status(refusal, 503, 404)


@planted(in_refusal, "errors.status-502", "errors.not-5xx", modes=["D8"])
def status_502(refusal: Refusal) -> Refusal:
    """A gateway answers 502 where the server behind it said 400."""
    return _status(refusal, 502, 400)


@planted(in_refusal, "errors.model-blamed", "errors.param-names", modes=["D10"])
def model_blamed(refusal: Refusal) -> Refusal:
    """Whichever documented rule is broken, the model is said not to be there."""
    if refusal.status != 400 or refusal.code == "unknown_parameter":
        return refusal
    message = "The model does not exist."
    return replace(refusal, message=message, param="model", code="model_not_found")
