"""JSON Schema validation with bounded messages that is safe for hostile instances.

jsonschema prints the whole instance into each message: a payload of megabytes would be copied,
an array nested deeper than the interpreter's stack would raise. So the keywords that contracts
use get messages of their own here.
"""

from __future__ import annotations

import functools
import itertools
import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from conformance.contract.pixels import PIXEL_KEYWORDS, beyond

MESSAGE_LIMIT = 200  # longest message in characters
_MOST_DEMANDED = 120

ANNOTATIONS = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "default", "citations", "open"}
    | {"unsupported", "examples"}
)
"""Keywords that no instance can break."""
_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_VALUES = frozenset({"const", "enum"})


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One broken keyword: where in the instance, where in the schema, and what is wrong.

    ``path`` is such as `data[0].url`, empty for the whole, and ``member`` its first step.
    ``expected`` is what the keyword demands, and ``observed`` what stands there.
    """

    path: str
    member: str | None
    schema_path: tuple[str | int, ...]
    keyword: str
    message: str
    expected: str
    observed: str


class Checker:
    """A schema compiled once to validate many instances."""

    __slots__ = ("_validator",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _Bounded(without_annotations(schema))

    def members(self, *path: str) -> frozenset[str]:
        """Return the documented members of the object at a path of keywords."""
        return frozenset(self.keyword(*path, "properties") or ())

    def keyword(self, *path: str) -> Any:
        """Return the value of the keyword at the end of a path of keywords, None without one."""
        node: Any = self._validator.schema
        for step in path:
            node = node.get(step, {})
        return node or None

    def accepts(self, instance: object) -> bool:
        """Return whether the instance satisfies the schema; never raises."""
        return not self.faults(instance, limit=1)

    def faults(self, instance: object, limit: int = 20) -> list[SchemaFault]:
        """List the first broken keywords, in the order of the schema; never raises."""
        # an instance may be nested deeper than the stack, or hold an integer too long to print
        try:
            errors = itertools.islice(self._validator.iter_errors(instance), limit)
            return [_fault(error) for error in errors]
        except (RecursionError, ValueError, OverflowError):
            message = "the value is too deep or too large to be read"
            return [SchemaFault("", None, (), "depth", message, "a value that can be read", "")]


def without_annotations(schema: Any) -> Any:
    """Copy a schema without its annotations; property names are kept."""
    if isinstance(schema, list):
        return [without_annotations(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED_SCHEMAS:  # their keys are names: a parameter may be called `title`
            copy[key] = {name: without_annotations(part) for name, part in value.items()}
        elif key not in ANNOTATIONS:
            copy[key] = value if key in _VALUES else without_annotations(value)
    return copy


def path_text(path: Sequence[str | int]) -> str:
    """Format a path as `data[0].url`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def describe_value(value: object) -> str:
    """Describe a value in at most about 60 characters, whatever it is."""
    if isinstance(value, str):
        cut = f" ({len(value)} characters)" if len(value) > 40 else ""
        return json.dumps(value[:40]) + cut
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return json.dumps(value, default=lambda unreadable: type(unreadable).__name__)


def name_of(value: object) -> str:
    """Name the JSON type of a value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    if value is None:
        return "null"
    return names.get(type(value), "a number")


def is_integer(value: object) -> bool:
    """Return whether a value is an integer to JSON Schema: 12.0 is one, and true is not."""
    is_whole = isinstance(value, float) and value.is_integer()
    return is_whole or (isinstance(value, int) and not isinstance(value, bool))


def _fault(error: ValidationError) -> SchemaFault:
    path = tuple(error.absolute_path)
    text = f"{path_text(path[-6:])[:80] or 'the body'} {error.message}"
    if len(text) > MESSAGE_LIMIT:
        text = text[: MESSAGE_LIMIT - 1] + "…"
    keyword, value = str(error.validator), error.instance
    if keyword == "required":
        observed = "absent"
    elif value is None or isinstance(value, dict | list):
        observed = name_of(value)
    else:
        observed = f"{name_of(value)}: {describe_value(value)}"
    expected = _demand(keyword, error.validator_value)
    member, in_schema = str(path[0]) if path else None, tuple(error.absolute_schema_path)
    return SchemaFault(path_text(path), member, in_schema, keyword, text, expected, observed)


_DEMANDS = {
    "type": "{}",
    "enum": "{}",
    "const": "{}",
    "required": "the documented member",
    "minimum": "{} or more",
    "maximum": "{} or less",
    "pattern": "a text of the form {}",
}


def _demand(keyword: str, value: Any) -> str:
    """Say what a keyword demands, in at most `_MOST_DEMANDED` characters."""
    values = value if isinstance(value, list) else [value]
    demanded = " or ".join(
        str(item) if keyword == "type" else describe_value(item) for item in values
    )
    text = _DEMANDS.get(keyword, "as documented").format(demanded)
    return text if len(text) <= _MOST_DEMANDED else f"{text[: _MOST_DEMANDED - 1]}…"


def _equal(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _joined(values: Iterable[object]) -> str:
    return ", ".join(describe_value(value) for value in values)


@functools.lru_cache(maxsize=256)
def _pattern(expression: str) -> re.Pattern[str]:
    """Compile with `$` as JSON Schema means it: the end, not the end or a last newline."""
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", expression))


def _type(validator: Any, type_names: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    types = [type_names] if isinstance(type_names, str) else type_names
    if not any(validator.is_type(instance, type_) for type_ in types):
        yield ValidationError(
            f"must be of type {' or '.join(types)}, not {describe_value(instance)}"
        )


def _enum(_: Any, allowed: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if not any(_equal(instance, value) for value in allowed):
        values = [value for value in allowed if value is not None]
        yield ValidationError(f"is {describe_value(instance)}, not one of {_joined(values)}")


def _const(_: Any, constant: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if not _equal(instance, constant):
        yield ValidationError(f"is {describe_value(instance)}, not {describe_value(constant)}")


def _not(validator: Any, schema: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.evolve(schema=schema).is_valid(instance):
        yield ValidationError(f"must not be {describe_value(instance)}")


def _required(validator: Any, names: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for name in names:
            if name not in instance:  # its place is that of the member, not of the object
                yield ValidationError("is missing", path=(name,))


def _any_of(validator: Any, schemas: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if not any(validator.evolve(schema=subschema).is_valid(instance) for subschema in schemas):
        names = [name for subschema in schemas for name in subschema.get("required", ())]
        message = f"needs one of {_joined(names)}" if names else "fits none of the alternatives"
        yield ValidationError(message)


def _limit(
    kind: str, text: str, is_broken: Callable[[Any, Any], bool], *, of_length: bool = False
) -> Callable[..., Any]:
    """Return the check of a keyword that bounds values of a kind, or their length."""

    def check(validator: Any, bound: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
        if not validator.is_type(instance, kind):
            return
        value = len(instance) if of_length else instance
        if is_broken(value, bound):
            subject = f"has length {value}" if of_length else f"is {describe_value(value)}"
            yield ValidationError(f"{subject}, {text} {describe_value(bound)}")

    return check


def _bounds(kind: str, suffix: str) -> dict[str, Callable[..., Any]]:
    """Return the checks of the two keywords that bound a length, by the end of their names."""
    return {
        f"min{suffix}": _limit(kind, "less than", operator.lt, of_length=True),
        f"max{suffix}": _limit(kind, "more than", operator.gt, of_length=True),
    }


# jsonschema gives `extend` no types.
_Bounded: Any = cast("Any", extend)(
    Draft202012Validator,
    {
        "type": _type,
        "enum": _enum,
        "const": _const,
        "not": _not,
        "required": _required,
        "anyOf": _any_of,
        "minimum": _limit("number", "less than", operator.lt),
        "maximum": _limit("number", "more than", operator.gt),
        "pattern": _limit(
            "string", "which is not of the form", lambda text, form: not _pattern(form).search(text)
        ),
        **_bounds("string", "Length"),
        **_bounds("array", "Items"),
        **{
            name: _limit("string", keyword.says, functools.partial(beyond, name))
            for name, keyword in PIXEL_KEYWORDS.items()
        },
    },
)
