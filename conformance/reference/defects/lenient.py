"""Lies about values that are nearly right: taken for the right ones, and legal edges refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.contract import RequestBody, sides_of
from conformance.reference.defects.planting import (
    Body,
    Plant,
    planted,
    rereading,
    validating,
)
from conformance.reference.errors import Refusal, bad_request

_LARGEST = 2**63 - 1  # what most servers can read at all
_WORDS = {"true": True, "false": False}
_ENUMS = ("quality", "style", "response_format", "background", "output_format", "moderation")


def taking(lie: Callable[[RequestBody, str, Any], Body]) -> Plant:
    """Let a lie replace a value that must be refused by valid values, or by none."""

    def mended(request: RequestBody) -> RequestBody:
        if request.model is None or not request.violations:
            return request
        body: Body = {}
        for name, value in request.body.items():
            wrong = any(violation.parameter == name for violation in request.violations)
            body |= lie(request, name, value) if wrong else {name: value}
        return request.reread(body)

    return rereading(mended)


def _schema(request: RequestBody, name: str) -> Mapping[str, Any]:
    return request.model.parameters.get(name, {}) if request.model else {}


def _is(request: RequestBody, name: str, type_: str) -> bool:
    return type_ in _schema(request, name).get("type", ())


@planted(taking, "count.string-coerced", "count.non-numeric-refused")
def count_string_coerced(_request: RequestBody, name: str, value: Any) -> Body:
    """`n: "2"` is answered with two images."""
    digits = name == "n" and isinstance(value, str) and value.isdigit()
    return {name: int(value) if digits else value}


@planted(taking, "count.boolean-coerced", "count.non-numeric-refused")
def count_boolean_coerced(_request: RequestBody, name: str, value: Any) -> Body:
    """`n: true` is answered with one image."""
    return {name: 1 if name == "n" and value is True else value}


@planted(taking, "count.huge-clamped", "count.above-maximum-refused")
def count_huge_clamped(request: RequestBody, name: str, value: Any) -> Body:
    """An `n` that no machine word holds is taken for the most images that may be asked for."""
    huge = name == "n" and isinstance(value, int) and value > _LARGEST
    return {name: _schema(request, name)["maximum"] if huge else value}


@planted(
    taking,
    "parameters.string-coerced",
    "parameters.output_compression-type",
    "parameters.partial_images-type",
)
def string_coerced(request: RequestBody, name: str, value: Any) -> Body:
    """A string of digits is taken for a number, other than that of images."""
    digits = isinstance(value, str) and value.isdigit()
    number = name != "n" and digits and _is(request, name, "integer")
    return {name: int(value) if number else value}


@planted(taking, "parameters.word-coerced", "parameters.stream-type")
def word_coerced(request: RequestBody, name: str, value: Any) -> Body:
    """The string "true" is taken for true."""
    flag = _is(request, name, "boolean") and isinstance(value, str)
    return {name: _WORDS.get(value, value) if flag else value}


@planted(
    taking,
    "parameters.boolean-coerced",
    "parameters.output_compression-type",
    "parameters.partial_images-type",
)
def boolean_coerced(request: RequestBody, name: str, value: Any) -> Body:
    """True is taken for 1 where a number is wanted, other than that of images."""
    number = name != "n" and value is True and _is(request, name, "integer")
    return {name: 1 if number else value}


@planted(taking, "parameters.null-taken", "parameters.user-type")
def null_taken(_request: RequestBody, name: str, value: Any) -> Body:
    """A parameter that is null counts as absent, where it is not documented that it may be."""
    return {} if value is None else {name: value}


@planted(
    taking,
    "parameters.huge-clamped",
    "parameters.output_compression-maximum",
    "parameters.partial_images-maximum",
)
def huge_clamped(request: RequestBody, name: str, value: Any) -> Body:
    """A number that no machine word holds is taken for the greatest documented one."""
    huge = name != "n" and isinstance(value, int) and value > _LARGEST
    return {name: _schema(request, name)["maximum"] if huge else value}


@planted(
    taking,
    "parameters.another-models-value-taken",
    "parameters.size-enum",
    "parameters.quality-enum",
)
def another_models_value_taken(request: RequestBody, name: str, value: Any) -> Body:
    """A value that another model takes is taken by all of them, and the default painted."""
    foreign = value not in _schema(request, name).get("enum", (value,))
    bodies = ({"model": other, "prompt": "a boat", name: value} for other in request.edition.models)
    accepted = (request.reread(body).expectation == "accepted" for body in bodies)
    return {} if foreign and any(accepted) else {name: value}


@planted(taking, "parameters.size-rounded", "parameters.size-enum")
def size_rounded(request: RequestBody, name: str, value: Any) -> Body:
    """A size that is not documented is rounded to the nearest that is."""
    sides = sides_of(value) if name == "size" and "enum" in _schema(request, name) else None
    if sides is None:
        return {name: value}
    distances = {
        size: abs(edges[0] - sides[0]) + abs(edges[1] - sides[1])
        for size in _schema(request, name)["enum"]
        if (edges := sides_of(size))
    }
    return {name: min(distances, key=distances.__getitem__)}


@planted(taking, "parameters.capitals-taken", *(f"parameters.{name}-enum" for name in _ENUMS))
def capitals_taken(_request: RequestBody, name: str, value: Any) -> Body:
    """Words are compared without regard to capitals."""
    return {name: value.lower() if name in _ENUMS and isinstance(value, str) else value}


def _refuse_limit(defect: str, name: str, keyword: str, lie: str) -> None:
    """Plant the refusal of a documented limit."""

    def refused(request: RequestBody) -> Refusal | None:
        value = request.body.get(name)
        limit = request.model.parameters.get(name, {}).get(keyword) if request.model else None
        size = len(value) if isinstance(value, str) else value
        usual = (name, size) == ("n", 1)  # a model that paints one image has no such limit
        if size is None or size != limit or usual or request.expectation != "accepted":
            return None
        return bad_request(f"{name} is out of range.", name, "invalid_value")

    refused.__doc__ = lie
    planted(validating, defect, "parameters.valid-accepted", modes=["D1"])(refused)


_refuse_limit(
    "parameters.most-images-refused",
    "n",
    "maximum",
    "The greatest documented `n` is refused, where it is more than one.",
)
_refuse_limit(
    "parameters.longest-prompt-refused",
    "prompt",
    "maxLength",
    "The longest documented prompt is refused.",
)
_refuse_limit(
    "parameters.no-compression-refused",
    "output_compression",
    "minimum",
    "`output_compression: 0` is taken for none, and refused.",
)
_refuse_limit(
    "parameters.full-compression-refused",
    "output_compression",
    "maximum",
    "`output_compression: 100` is refused.",
)
_refuse_limit(
    "parameters.most-partials-refused",
    "partial_images",
    "maximum",
    "`partial_images: 3` is refused.",
)


@planted(validating, "parameters.several-images-refused", "parameters.valid-accepted", modes=["D1"])
def several_images_refused(request: RequestBody) -> Refusal | None:
    """More than two images at a time are refused, where ten are documented."""
    n = request.body.get("n")
    several = request.expectation == "accepted" and isinstance(n, int) and n > 2
    return bad_request("At most 2 images.", "n", "invalid_value") if several else None


@planted(
    validating, "parameters.transparent-with-n-refused", "parameters.valid-accepted", modes=["D7"]
)
def transparent_with_n_refused(request: RequestBody) -> Refusal | None:
    """A transparent background is refused for more than one image."""
    both = request.body.get("background") == "transparent" and (request.body.get("n") or 1) != 1
    message = "A transparent background goes with one image."
    return bad_request(message, "background") if both and not request.violations else None
