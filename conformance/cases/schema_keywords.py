"""Which schema keywords the derivation of requests understands; any other is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Model, Rule

ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples"}
    | {"deprecated", "citations", "open", "unsupported"}
)
_VALUES = frozenset({"type", "enum", "const", "minimum", "maximum"})
_TEXTS = frozenset({"minLength", "maxLength", "pattern"})
_BODY = frozenset({"type", "required", "properties", "allOf"})
_BRANCHES = frozenset({"if", "then", "else", "not"})
_CHOICES = frozenset({"allOf", "anyOf", "oneOf"})
_NOT_BROKEN = {(None, "type"), ("model", "enum"), ("model", "const"), ("model", "pattern")}
CONSTRAINTS = _VALUES | _TEXTS | {"required"}
TYPES = frozenset({"string", "integer", "boolean", "null"})


class UnknownKeywordError(ConformanceError):
    """A schema keyword that requests cannot be derived from, so that it would go untested."""

    def __init__(self, model: str, place: str, keyword: str) -> None:
        super().__init__(
            f"request schema of {model}: {place} uses {keyword!r}, which conformance/cases/ "
            "cannot derive requests from; teach it there or say it with another keyword"
        )


def check_keywords(model: Model) -> None:
    """Raise UnknownKeywordError where a request schema says what no request would try."""
    schema = model.request
    _refuse_others(model, "the body", schema, _BODY)
    for name, each in schema.get("properties", {}).items():
        _check_parameter(model, name, each)
    for condition in conditions(model):
        _check_condition(model, condition, "a rule across parameters")
    for entry in schema.get("open", ()):
        _check_condition(model, entry["keywords"], f"open question {entry['question']}")


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the JSON types a parameter may have, none when its schema names none."""
    stated = schema.get("type", ())
    return (stated,) if isinstance(stated, str) else tuple(stated)


def conditions(model: Model) -> tuple[Mapping[str, Any], ...]:
    """List the rules that tie parameters to each other."""
    return tuple(model.request.get("allOf", ()))


def condition_names(model: Model) -> frozenset[str]:
    """Name the rules that tie parameters to each other, as violations name them."""
    return frozenset(each.get("title", "allOf") for each in conditions(model))


def is_constraint(model: Model, rule: Rule) -> bool:
    """Say whether a rule is about one parameter and can be broken.

    A default cannot, a body that is no object breaks no parameter, and another model name is
    a request to another model. Raises UnknownKeywordError for a rule that nothing here knows
    how to break.
    """
    if rule.keyword in condition_names(model) or rule.keyword in ANNOTATIONS:
        return False
    if (rule.parameter, rule.keyword) in _NOT_BROKEN:
        return False
    if rule.parameter is None or rule.keyword not in CONSTRAINTS:
        raise UnknownKeywordError(model.name, rule.parameter or "the body", rule.keyword)
    return True


def couplings(model: Model) -> tuple[Mapping[str, frozenset[int]], ...]:
    """For each rule or open question across parameters: its parameters, the numbers it names.

    A number is where the rule may change its mind: below it, or from it on.
    """
    opened = (each["keywords"] for each in model.request.get("open", ()))
    return tuple(_mentions(each) for each in (*conditions(model), *opened))


def _refuse_others(
    model: Model, place: str, schema: Mapping[str, Any], known: frozenset[str]
) -> None:
    for keyword in schema:
        if keyword not in known and keyword not in ANNOTATIONS:
            raise UnknownKeywordError(model.name, place, keyword)


def _check_parameter(model: Model, name: str, schema: Mapping[str, Any]) -> None:
    _refuse_others(model, name, schema, _VALUES | _TEXTS)
    for each in types_of(schema):
        if each not in TYPES:
            raise UnknownKeywordError(model.name, name, f"type: {each}")
    for entry in schema.get("open", ()):
        place = f"{name}, open question {entry['question']}"
        _check_condition(model, entry["keywords"], place)


def _check_condition(model: Model, schema: Mapping[str, Any], place: str) -> None:
    known = _VALUES | _TEXTS | _BODY | _BRANCHES | _CHOICES
    for each in _parts(schema):
        _refuse_others(model, place, each, known)


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give a schema and every schema inside it."""
    yield schema
    inner = [schema[key] for key in _BRANCHES & schema.keys()]
    inner += [each for key in _CHOICES & schema.keys() for each in schema[key]]
    inner += schema.get("properties", {}).values()
    for each in inner:
        yield from _parts(each)


def _mentions(condition: Mapping[str, Any]) -> Mapping[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for part in _parts(condition):
        for name in part.get("required", ()):
            found.setdefault(name, frozenset())
        for name, schema in part.get("properties", {}).items():
            found[name] = found.get(name, frozenset()) | frozenset(_turns(schema))
    return found


def _turns(schema: Mapping[str, Any]) -> Iterator[int]:
    for part in _parts(schema):
        values = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
        exact = [each for each in values if isinstance(each, int) and not isinstance(each, bool)]
        yield from (turn for each in exact for turn in (each, each + 1))
        yield from ([part["minimum"]] if "minimum" in part else ())
        yield from ([part["maximum"] + 1] if "maximum" in part else ())
