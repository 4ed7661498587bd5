"""Hypothesis strategies for values that break one rule, and where they break nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.cases.domain import FIXED, Domain, Pattern, samples, text_of
from conformance.cases.invalid import ABSENT, spoil
from conformance.cases.near_misses import nearly
from conformance.cases.prompts import SUBJECTS, WORD
from conformance.cases.schema_keywords import is_constraint, types_of
from conformance.cases.valid import DerivationError, elsewhere, typical
from conformance.contract import PIXEL_KEYWORDS, SchemaRule, sizes_breaking
from conformance.generated.texts import texts_of

_EDGES = (2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**30)


@dataclass(frozen=True)
class Spoiling:
    """Invalid values that the contract treats alike, and the choices they are the only fault of."""

    rule: SchemaRule
    parameter: str
    sample: Any
    values: st.SearchStrategy[Any]
    controls: tuple[Pattern, ...] | None  # of the parameter's group; None when it has none


def spoilings(domain: Domain) -> Iterator[Spoiling]:
    """Yield, for every rule of one parameter, each kind of value that breaks it."""
    for rule in domain.model.rules:
        if is_constraint(domain.model, rule) and rule.parameter is not None:
            schema = domain.model.parameters.get(rule.parameter, {})
            for sample, values in _kinds(domain, rule, schema):
                spoiling = _placed(domain, rule, sample, values)
                if spoiling is not None:
                    yield spoiling


def above(maximum: int) -> st.SearchStrategy[int]:
    """Draw any greater whole number: the next ones, machine limits, and beyond them."""
    edges = [edge for edge in _EDGES if edge > maximum]
    nearby = st.integers(maximum + 1, maximum + 10)
    return st.one_of(nearby, st.sampled_from(edges), st.integers(min_value=maximum + 1))


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
            yield value + 1, above(value)
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
    whole = st.integers(0, 3)
    kinds: dict[str, list[ValueKind]] = {
        "integer": [(1, whole)] if "integer" not in types else [],
        "number": [(1.5, st.builds(lambda number: number + 0.5, whole))],
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
    """Values outside an enumeration: near misses, what other models take, something else.

    They are of one kind: no rule across parameters distinguishes values it does not name.
    """
    name = str(rule.parameter)
    named = [*domain.model.documented(name), *domain.model.open_values(name)]
    near = [miss for value in named if isinstance(value, str) for miss in _near_misses(value)]
    others = [value for value in elsewhere(domain, name) if isinstance(value, str)]
    asked = {value: domain.read({name: value}) for value in (WORD, *others, *near, "")}
    refused = {
        value: reading for value, reading in asked.items() if reading.expectation == "refused"
    }
    least = min((len(reading.left_open) for reading in refused.values()), default=0)
    kept = [value for value, reading in refused.items() if len(reading.left_open) == least]
    if kept:
        yield kept[0], st.sampled_from(kept)


def _near_misses(value: str) -> tuple[str, ...]:
    others = (value.upper(), f" {value}", f"{value}s", value[:-1], f"{value},{value}")
    return (nearly(value), *others)


def _placed(
    domain: Domain, rule: SchemaRule, sample: Any, values: st.SearchStrategy[Any]
) -> Spoiling | None:
    """Return the choices in which the value is the only fault; None if it is left open."""
    name = str(rule.parameter)
    if name in FIXED:
        wrong = _fault_count(domain, name, {}, sample) is not None
        return Spoiling(rule, name, sample, values, None) if wrong else None
    graded = [
        (count, pattern)
        for pattern in domain.allowed(domain.group(name))
        if (count := _fault_count(domain, name, samples(pattern), sample)) is not None
    ]
    if not graded:
        return None
    # a choice that touches an open question could be refused for that alone
    least = min(count for count, _ in graded)
    best = tuple(pattern for count, pattern in graded if count == least)
    return Spoiling(rule, name, sample, values, best)


def _fault_count(domain: Domain, name: str, fragment: Mapping[str, Any], sample: Any) -> int | None:
    """Count the open questions beside the fault; None if it is not the only fault."""
    asked = domain.edition.read(spoil({**domain.base, **fragment}, name, sample))
    if asked.expectation == "accepted":
        raise DerivationError(
            f"edition {domain.edition.id}: {domain.model.name}: {name} is accepted with the value "
            f"{sample!r:.60}, which its own schema excludes; look at that schema"
        )
    alone = {violation.parameter for violation in asked.violations} == {name}
    return len(asked.left_open) if alone else None
