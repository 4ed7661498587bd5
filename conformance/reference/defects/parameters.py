"""Lies about parameters: refusing what is documented, and reading what cannot be read.

Those that take what breaks a documented rule are derived from the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from conformance.contract import RequestBody
from conformance.parsing import read_json
from conformance.reference.defects.planting import (
    Body,
    Plant,
    in_refusal,
    in_step,
    json_response,
    planted,
    validating,
)
from conformance.reference.errors import Refusal, bad_request

ReadBody = Callable[[str, bytes], Body | Refusal]
_MODEL = re.compile(rb'"model":\s*"([^"]+)"')


@planted(validating, "parameters.user-refused", "parameters.valid-accepted", modes=["D1"])
def user_refused(request: RequestBody) -> Refusal | None:
    """The documented `user` is called unknown."""
    unknown = bad_request("Unknown parameter: 'user'.", "user", "unknown_parameter")
    return unknown if request.has("user") else None


@planted(
    validating, "parameters.response-format-refused", "parameters.valid-accepted", modes=["D1"]
)
def response_format_refused(request: RequestBody) -> Refusal | None:
    """`response_format` is refused for every model."""
    message = "Unknown parameter: 'response_format'."
    unknown = bad_request(message, "response_format", "unknown_parameter")
    return unknown if request.has("response_format") else None


@planted(validating, "parameters.url-refused", "parameters.valid-accepted", modes=["D2"])
def url_refused(request: RequestBody) -> Refusal | None:
    """A gateway that can only do base64 refuses `response_format: url`."""
    refused = bad_request("url is not possible.", "response_format", "invalid_value")
    return refused if request.body.get("response_format") == "url" else None


@planted(validating, "parameters.large-size-refused", "parameters.valid-accepted", modes=["D5"])
def large_size_refused(request: RequestBody) -> Refusal | None:
    """A documented size above 1024x1024 is refused."""
    large = bad_request("The size is not supported.", "size", "invalid_size")
    documented = request.expectation == "accepted"
    size = str(request.body.get("size"))
    return large if documented and ("1536" in size or "1792" in size) else None


@planted(validating, "parameters.transparent-refused", "parameters.valid-accepted", modes=["D7"])
def transparent_refused(request: RequestBody) -> Refusal | None:
    """A transparent background is refused where it is documented."""
    message = "Transparent background is not supported for this model."
    refused = bad_request(message, "background", "invalid_value")
    return refused if request.body.get("background") == "transparent" else None


@planted(validating, "parameters.quality-not-available", "parameters.valid-accepted", modes=["D1"])
def quality_not_available(request: RequestBody) -> Refusal | None:
    """A documented quality is refused in a sentence that speaks of the model."""
    if request.model is None or not request.has("quality") or request.expectation != "accepted":
        return None
    message = f"For model {request.model.name}, this quality is not available."
    return bad_request(message, "quality", "invalid_value")


@planted(validating, "parameters.null-refused", "parameters.valid-accepted", modes=["D3"])
def null_refused(request: RequestBody) -> Refusal | None:
    """An optional parameter that is null is refused, where it is documented that it may be."""
    for name, value in request.body.items():
        if value is None and request.expectation == "accepted":
            return bad_request(f"'{name}' must not be null.", name, "invalid_type")
    return None


def reading(lie: Callable[[str, bytes, Refusal], Any]) -> Plant:
    """Let a lie read a request from a body that must be refused."""

    def lying(read_body: ReadBody, content_type: str, data: bytes) -> Any:
        body = read_body(content_type, data)
        return (lie(content_type, data, body) or body) if isinstance(body, Refusal) else body

    return in_step("read_body")(lying)


@planted(reading, "parameters.malformed-json-taken", "parameters.json-malformed")
def malformed_json_taken(_content_type: str, data: bytes, refusal: Refusal) -> Body | None:
    """A body that breaks off is guessed at, and painted."""
    model = _MODEL.search(data)
    if refusal.code != "invalid_json" or model is None:
        return None
    return {"model": model[1].decode(), "prompt": "a small boat"}


@planted(reading, "parameters.array-taken", "parameters.body-object")
def array_taken(content_type: str, data: bytes, _refusal: Refusal) -> Any:
    """The first of an array of requests is answered."""
    value = read_json(data).value
    json = content_type.startswith("application/json")
    return value[0] if json and isinstance(value, list) and value else None


@planted(in_step("read_body"), "parameters.any-content-type-taken", "parameters.content-type")
def any_content_type_taken(read_body: ReadBody, content_type: str, data: bytes) -> Body | Refusal:
    """JSON is read whatever it is declared as."""
    body = read_body(content_type, data)
    return (read_body("application/json", data) or body) if isinstance(body, Refusal) else body


@planted(in_refusal, "parameters.get-answered", "parameters.method")
def get_answered(refusal: Refusal) -> Refusal | Response:
    """A GET of the endpoint is answered with an empty list."""
    return json_response({"object": "list", "data": []}) if refusal.status == 405 else refusal


def _refused_vaguely(request: RequestBody, disliked: bool) -> Refusal | None:
    vague = bad_request("Something is wrong with the request.")
    return vague if disliked and request.expectation == "open" else None


@planted(validating, "parameters.unknown-refused-unnamed", "parameters.unknown", modes=["D1"])
def unknown_refused_unnamed(request: RequestBody) -> Refusal | None:
    """An unknown parameter is refused without saying which."""
    return _refused_vaguely(request, bool(request.unknown))


@planted(
    validating, "parameters.unsupported-refused-unnamed", "parameters.unsupported", modes=["D1"]
)
def unsupported_refused_unnamed(request: RequestBody) -> Refusal | None:
    """A parameter of another model is refused without saying which."""
    return _refused_vaguely(request, bool(request.unsupported))


@planted(
    validating,
    "parameters.disputed-refused-unnamed",
    "parameters.disputed-value",
    modes=["D1", "D7"],
)
def disputed_refused_unnamed(request: RequestBody) -> Refusal | None:
    """A value on which the sources disagree is refused without saying which."""
    elsewhere = {"gpt-image-response-format", "model-omitted", "model-unknown"}
    stray = request.unknown or request.unsupported or elsewhere & set(request.left_open)
    return _refused_vaguely(request, not stray)
