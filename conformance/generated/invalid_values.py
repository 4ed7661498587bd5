"""Hypothesis strategies for values that break one rule, and where they break nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.cases.domain import WORD, Domain, Pattern, samples, text_of
from conformance.cases.invalid import ABSENT, nearly, spoil
from conformance.cases.schema_keywords import is_constraint, types_of
from conformance.cases.valid import DerivationError, documented_anywhere, typical
from conformance.contract import PIXEL_KEYWORDS, SchemaRule
from conformance.contract.pixels import sizes_breaking
from conformance.generated.texts import SUBJECTS, texts_of

_MACHINE_LIMITS = (2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**30)


@dataclass(frozen=True)
class Spoiling:
    """Invalid values that the contract treats alike, and the choices they are the only fault of."""

    rule: SchemaRule
    parameter: str
    sample: Any
    values: st.SearchStrategy[Any]
    controls: tuple[Pattern, ...]  # of the parameter's group


def spoilings(domain: Domain) -> Iterator[Spoiling]:
    """Yield, for every rule of one parameter, each kind of value that breaks it."""
    for rule in domain.model.rules:
        if is_constraint(domain.model, rule) and rule.parameter is not None:
            schema = domain.model.parameters.get(rule.parameter, {})
            for sample, values in _kinds(domain, rule, schema):
                controls = _controls(domain, rule.parameter, sample)
                if controls:
                    yield Spoiling(rule, rule.parameter, sample, values, controls)


T = TypeVar("T")
ValueKind = tuple[Any, st.SearchStrategy[Any]]


def _kinds(domain: Domain, rule: SchemaRule, schema: Mapping[str, Any]) -> Iterator[ValueKind]:
    value = rule.value
    match rule.keyword:
        case "required":
            yield ABSENT, st.just(ABSENT)
        case "type":
            yield from _other_types(types_of(schema))
            yield from _spelt(domain, str(rule.parameter), schema)
        case "enum" | "const" | "pattern":
            yield from _outsiders(domain, rule)
        case "minimum":
            below = st.integers(max_value=value - 1)
            yield value - 1, st.one_of(st.integers(value - 10, value - 1), below)
        case "maximum":
            nearby, beyond = st.integers(value + 1, value + 10), st.integers(min_value=value + 1)
            limits = st.sampled_from([limit for limit in _MACHINE_LIMITS if limit > value])
            yield value + 1, st.one_of(nearby, limits, beyond)
        case "minLength":
            yield text_of(value - 1), texts_of(st.integers(0, value - 1))
        case "maxLength":
            longer = st.one_of(st.just(value + 1), st.integers(value + 1, 2 * value + 1))
            yield text_of(value + 1), texts_of(longer)
        case keyword if keyword in PIXEL_KEYWORDS:
            if sizes := sizes_breaking(schema, keyword):
                yield sizes[-1], st.sampled_from(sizes[::-1])
        case _:
            raise AssertionError(rule.keyword)  # is_constraint has checked it


def _other_types(types: tuple[str, ...]) -> Iterator[ValueKind]:
    integers = st.integers(0, 3)
    kinds: dict[str, list[ValueKind]] = {
        "integer": [(1, integers)] if "integer" not in types else [],
        "number": [(1.5, st.builds(lambda number: number + 0.5, integers))],
        "string": [(WORD, st.sampled_from(SUBJECTS)), ("1", st.sampled_from(("1", "0", "true")))],
        "boolean": [(True, st.booleans())],
        "array": [([], st.sampled_from(([], [WORD], [1, 2])))],
        "object": [({}, st.sampled_from(({}, {"value": WORD})))],
        "null": [(None, st.none())],
    }
    for name, kind in kinds.items():
        if name not in types:
            yield from kind


def _spelt(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[ValueKind]:
    """Yield valid values written as strings, which coercing servers accept."""
    types = types_of(schema)
    if "integer" in types:
        low, high = schema.get("minimum", 0), schema.get("maximum")
        usual = typical(domain, name)
        numbers = st.one_of(st.just(usual), st.integers(low, high))
        yield str(usual), numbers.map(str)
    elif "boolean" in types:
        yield "true", st.sampled_from(("true", "false"))


def _outsiders(domain: Domain, rule: SchemaRule) -> Iterator[ValueKind]:
    """Yield values outside an enumeration: near misses, what other models take, something else.

    They are of one kind: no rule across parameters distinguishes values it does not name.
    """
    name = str(rule.parameter)
    values = [*domain.model.documented(name), *domain.model.open_values(name)]
    near_misses = [
        miss
        for text in values
        if isinstance(text, str)
        for miss in (
            nearly(text),
            text.upper(),
            f" {text}",
            f"{text}s",
            text[:-1],
            f"{text},{text}",
        )
    ]
    elsewhere = [value for value in documented_anywhere(domain, name) if isinstance(value, str)]
    readings = {value: domain.read({name: value}) for value in (WORD, *elsewhere, *near_misses, "")}
    candidates = _least_open(
        (len(reading.left_open), value)
        for value, reading in readings.items()
        if reading.expectation == "refused"
    )
    if candidates:
        yield candidates[0], st.sampled_from(candidates)


def _controls(domain: Domain, name: str, sample: Any) -> tuple[Pattern, ...]:
    """Return the choices in which the value is the only fault; none if it is left open."""
    graded = []
    # A parameter that is always sent is in no group: its one choice is the empty one.
    for pattern in domain.allowed(domain.group(name)):
        body = spoil({**domain.base, **samples(pattern)}, name, sample)
        reading = domain.edition.read(body)
        if reading.expectation == "accepted":
            raise DerivationError(
                f"edition {domain.edition.id}: {domain.model.name}: {name} is accepted with the "
                f"value {sample!r:.60}, which its own schema excludes; look at that schema"
            )
        if reading.breaks_only(name):
            graded.append((len(reading.left_open), pattern))
    return _least_open(graded)


def _least_open(graded: Iterable[tuple[int, T]]) -> tuple[T, ...]:
    """Keep what touches the fewest open questions: it could be refused for one of them alone."""
    candidates = list(graded)
    least = min((count for count, _ in candidates), default=0)
    return tuple(candidate for count, candidate in candidates if count == least)
