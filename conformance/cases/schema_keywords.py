"""The schema keywords that cases can be derived from; any other is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import PIXEL_KEYWORDS, Model, SchemaRule
from conformance.contract.checker import ANNOTATIONS as NOT_CHECKED
from conformance.errors import ConformanceError

_ANNOTATIONS = NOT_CHECKED | {"$comment", "deprecated"}
_VALUES = frozenset({"type", "enum", "const", "minimum", "maximum"})
_TEXTS = frozenset({"minLength", "maxLength", "pattern"}) | PIXEL_KEYWORDS.keys()
_BODY = frozenset({"type", "required", "properties", "allOf"})
_BRANCHES = frozenset({"if", "then", "else", "not"})
_CHOICES = frozenset({"allOf", "anyOf", "oneOf"})
_TYPES = frozenset({"string", "integer", "boolean", "object", "null"})
# a body that is no object breaks no parameter, and another model name asks for another model
_NOT_BROKEN = {(None, "type"), ("model", "enum"), ("model", "const"), ("model", "pattern")}


class UnknownKeywordError(ConformanceError):
    """A schema keyword that no case can be derived from."""

    def __init__(self, model: str, location: str, keyword: str) -> None:
        super().__init__(
            f"request schema of {model}: {location} uses {keyword!r}, which conformance/cases/ "
            "cannot derive requests from; teach it there or say it with another keyword"
        )


def check_keywords(model: Model) -> None:
    """Raise UnknownKeywordError if a request schema has a keyword that no case would test."""
    # a keyword without a case would be a promise that nothing tries (ARCHITECTURE 1)
    _refuse_unknown(model, "the body", model.schema.resolved, _BODY)
    for name, schema in model.parameters.items():
        types = types_of(schema)
        members = _BODY if "object" in types else frozenset()
        _refuse_unknown(model, name, schema, _VALUES | _TEXTS | members)
        if members and "examples" not in schema:
            raise UnknownKeywordError(model.name, name, "type: object without examples")
        if unknown := sorted({*types} - _TYPES):
            raise UnknownKeywordError(model.name, name, f"type: {unknown[0]}")
    schemas = [("a rule across parameters", condition) for condition in conditions(model)]
    for point in model.schema.open_points:
        location = f"{point.parameter}, " if point.parameter else ""
        schemas.append((f"{location}open question {point.question}", point.keywords))
    for location, schema in schemas:
        for part in _parts(schema):
            _refuse_unknown(model, location, part, _VALUES | _TEXTS | _BODY | _BRANCHES | _CHOICES)


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the JSON types of a parameter; empty if its schema names none."""
    names = schema.get("type", ())
    return (names,) if isinstance(names, str) else tuple(names)


def conditions(model: Model) -> tuple[Mapping[str, Any], ...]:
    """Return the rules across parameters."""
    return tuple(model.schema.resolved.get("allOf", ()))


def condition_names(model: Model) -> frozenset[str]:
    """Return the names of the rules across parameters, as violations name them."""
    return frozenset(condition.get("title", "allOf") for condition in conditions(model))


def is_constraint(model: Model, rule: SchemaRule) -> bool:
    """Return whether a rule is about one parameter and can be broken, as a default cannot.

    Raises UnknownKeywordError for an unknown rule.
    """
    if rule.keyword in condition_names(model) or rule.keyword in _ANNOTATIONS:
        return False
    if (rule.parameter, rule.keyword) in _NOT_BROKEN:
        return False
    if rule.parameter is None or rule.keyword not in _VALUES | _TEXTS | {"required"}:
        raise UnknownKeywordError(model.name, rule.parameter or "the body", rule.keyword)
    return True


def couplings(model: Model) -> tuple[tuple[Mapping[str, Any], Mapping[str, frozenset[int]]], ...]:
    """Return each rule or open question across parameters, with its parameters and thresholds.

    A threshold is a number from which on the rule may decide differently than below it.
    """
    open_schemas = (point.keywords for point in model.schema.open_points if point.parameter is None)
    return tuple((schema, _mentions(schema)) for schema in (*conditions(model), *open_schemas))


def _refuse_unknown(
    model: Model, location: str, schema: Mapping[str, Any], permitted: frozenset[str]
) -> None:
    for keyword in schema:
        if keyword not in permitted and keyword not in _ANNOTATIONS:
            raise UnknownKeywordError(model.name, location, keyword)


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and every schema inside it."""
    yield schema
    inner = [schema[key] for key in _BRANCHES & schema.keys()]
    inner += [branch for key in _CHOICES & schema.keys() for branch in schema[key]]
    inner += schema.get("properties", {}).values()
    for branch in inner:
        yield from _parts(branch)


def _mentions(condition: Mapping[str, Any]) -> Mapping[str, frozenset[int]]:
    """Return the parameters that a condition names, with their thresholds."""
    mentions: dict[str, frozenset[int]] = {}
    for part in _parts(condition):
        for name in part.get("required", ()):
            mentions.setdefault(name, frozenset())
        for name, schema in part.get("properties", {}).items():
            mentions[name] = mentions.get(name, frozenset()) | frozenset(_thresholds(schema))
    return mentions


def _thresholds(schema: Mapping[str, Any]) -> Iterator[int]:
    for part in _parts(schema):
        values = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
        integers = [
            value for value in values if isinstance(value, int) and not isinstance(value, bool)
        ]
        yield from (threshold for number in integers for threshold in (number, number + 1))
        yield from ([part["minimum"]] if "minimum" in part else ())
        yield from ([part["maximum"] + 1] if "maximum" in part else ())
