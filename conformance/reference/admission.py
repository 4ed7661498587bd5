"""Admission of requests: the key, the body, and the rules of the contract.

Where the sources contradict or say nothing, the reference provider does one thing, stated here:

- `model` absent or null: 400 naming `model`. The CometAPI page marks it required and its error page
  (source `cometapi-errors`) shows that answer; the default beside it is only ever printed.
- `response_format` for a model that always answers base64: ignored whatever its value.
- A parameter no source documents, or one documented for other models only: 400 with code
  `unknown_parameter` naming it, which is what OpenAI's own server was observed to do. Null counts
  as absent where the name itself is documented.
- A size the contract leaves open (qwen-image, generic ids): any `WxH` the painter can afford.
- Values that a model which the edition does not name may take (`xhigh`, `gif`, …): 400, as nobody
  says what they would be. What an edition documents and leaves open for lack of access is painted.
- Content type other than application/json, or none: 415.
- A string holding a lone surrogate is no Unicode text, so the body counts as malformed: 400.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from typing import Any

from conformance.contract import Model, RequestBody, sides_of
from conformance.parsing import read_json
from conformance.reference.errors import Refusal, bad_request, no_such_model, unauthorized

MAX_BODY = 1024 * 1024  # largest accepted request body in bytes

MIN_EDGE, MAX_EDGE, MAX_PIXELS = 16, 3840, 3840 * 2160
_NEWER_VALUES = {"quality": ("xhigh", "max"), "output_format": ("gif", "svg")}
_CODES = {
    "required": "missing_required_parameter",
    "type": "invalid_type",
    "maxLength": "string_above_max_length",
    "minLength": "string_below_min_length",
    "minimum": "integer_below_min_value",
    "maximum": "integer_above_max_value",
}


def authenticate(authorizations: Sequence[str], key: str) -> Refusal | None:
    """Check the Authorization headers; no answer ever repeats their content."""
    if not authorizations:
        return unauthorized("No API key was sent; expected 'Authorization: Bearer KEY'.")
    if len(authorizations) > 1:  # a proxy may have looked at another one than we would
        return unauthorized("More than one Authorization header was sent.")
    scheme, _, token = authorizations[0].strip().partition(" ")
    if scheme.lower() != "bearer":
        return unauthorized("The Authorization header must use the Bearer scheme.")
    # Headers arrive as Latin-1; the comparison takes as long for a key that is nearly right.
    if not hmac.compare_digest(token.strip().encode("latin-1", "replace"), key.encode()):
        return unauthorized("The API key is not known here.")
    return None


def read_body(content_type: str, data: bytes) -> dict[str, Any] | Refusal:
    """Read the request body strictly: one JSON object, no duplicate keys, no NaN."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        message = f"The body must be application/json, not '{content_type or 'undeclared'}'."
        return Refusal(415, message, code="unsupported_content_type")
    reading = read_json(data)
    if reading.fault is not None:
        return bad_request(f"The body {reading.fault}.", code="invalid_json")
    if not isinstance(reading.value, dict):
        return bad_request("The body must be a JSON object.", code="invalid_type")
    return reading.value


def validate(request: RequestBody, served: Collection[str]) -> Refusal | None:
    """Refuse what the contract does not allow; None when the request can be answered."""
    name = request.body.get("model")
    if name is None:
        return bad_request("A model name is required.", "model", "missing_required_parameter")
    if not isinstance(name, str):
        return bad_request("'model' must be a string.", "model", "invalid_type")
    if name not in served or request.model is None:
        return no_such_model(name)
    for violation in request.violations:
        if not _ignored(request.model, violation.parameter):
            code = _CODES.get(violation.keyword, "invalid_value")
            return bad_request(violation.message, violation.parameter, code)
    return _undocumented(request, request.model) or _newer_value(request) or _size_fault(request)


def _ignored(model: Model, parameter: str | None) -> bool:
    return parameter == "response_format" and model.response_kind("url") == "b64_json"


def _undocumented(request: RequestBody, model: Model) -> Refusal | None:
    for name, value in request.body.items():
        is_foreign = name in request.unknown or (name not in model.parameters and value is not None)
        if is_foreign and not _ignored(model, name):
            message = f"'{name}' is not a parameter of {model.name}."
            return bad_request(message, name, "unknown_parameter")
    return None


def _newer_value(request: RequestBody) -> Refusal | None:
    if "gpt-image-newer-values" not in request.left_open:
        return None
    for parameter, newer in _NEWER_VALUES.items():
        if request.value(parameter) in newer:
            message = f"'{parameter}' cannot be any of {', '.join(newer)} here."
            return bad_request(message, parameter, "invalid_value")
    return None


def _size_fault(request: RequestBody) -> Refusal | None:
    size = request.value("size")
    if size in (None, "auto"):
        return None
    if request.model is not None and request.model.pixel_limits("size") is not None:
        return None  # the contract says which sizes there are
    edges = sides_of(size)
    if edges is None:
        return bad_request("'size' must be WIDTHxHEIGHT in pixels.", "size", "invalid_value")
    if min(edges) < MIN_EDGE or max(edges) > MAX_EDGE or edges[0] * edges[1] > MAX_PIXELS:
        limits = f"edges of {MIN_EDGE} to {MAX_EDGE} and at most {MAX_PIXELS} pixels"
        return bad_request(f"'size' must have {limits}.", "size", "invalid_value")
    return None
