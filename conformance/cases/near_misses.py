"""Near misses: invalid values that lenient servers accept: coerced, borrowed, nearly valid, huge.

Each is sent only where the coarser faults of its rule were refused. A server that accepts a coarse
fault has broken the rule already. So a server without validation paints no more images than
without these requests, and a careless one paints one (ARCHITECTURE 28).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.cases.domain import Domain
from conformance.cases.invalid import InvalidValue, spoil_control, wrong_values
from conformance.cases.model import Case, Depth
from conformance.cases.schema_keywords import condition_names, is_constraint, types_of
from conformance.cases.valid import typical
from conformance.contract import PIXEL_KEYWORDS, SchemaRule
from conformance.contract.pixels import sizes_breaking

_COUNT = "n"
_HUGE = 10**20  # more than 64 bits hold
_HUGE_SIDE = 100_000  # pixels; no server has the memory for their square
_DIMENSIONS = re.compile(r"(\d+)(\D)(\d+)")


def near_miss_cases(
    domain: Domain, controls: Sequence[Case], refused: Sequence[Case]
) -> tuple[Case, ...]:
    """Derive the near misses of a model; those that may harm a server come last.

    ``refused`` are the coarse faults, and ``controls`` the accepted requests to spoil.
    """
    coarse = {case.id for case in refused}
    cases: list[Case] = []
    harmful: list[Case] = []
    for rule in domain.model.rules:
        if rule.keyword in condition_names(domain.model) or not is_constraint(domain.model, rule):
            continue
        # the cases that break the same promise; a fractional count has a promise of its own
        wrong = wrong_values(rule, domain.model.parameters.get(str(rule.parameter), {}))
        earlier = [
            id_
            for value in wrong
            if not isinstance(value.value, float)
            and (id_ := f"{rule.parameter}-{value.words}") in coarse
        ]
        for miss in _near_misses(domain, rule):
            case, _ = spoil_control(domain, str(rule.parameter), miss, controls)
            if case is not None:
                case = replace(case, after=tuple(earlier))
                earlier.append(case.id)
                is_harmful = isinstance(miss.value, str) and miss.words == "huge"
                (harmful if is_harmful else cases).append(case)
    return (*cases, *harmful, *_signs_of_life(harmful, refused))


def nearly(value: str) -> str:
    """Return a nearly valid value: another number in a size, else the word in capitals."""
    match = _DIMENSIONS.fullmatch(value)
    if match is None:
        return value.upper()
    side = int(match[3])
    return f"{match[1]}{match[2]}{side - (side % 100 or 10)}"


def _signs_of_life(harmful: Sequence[Case], refused: Sequence[Case]) -> Iterator[Case]:
    """Follow each request that may harm a server with one that any living server refuses."""
    plain = next((case for case in refused if case.id.endswith("-missing")), None)
    if plain is None:
        return
    for case in harmful:
        yield replace(
            plain,
            id=f"{plain.id}-after-{case.id}",
            depth=Depth.STANDARD,
            after=(plain.id, *case.after, case.id),
        )


def _near_misses(domain: Domain, rule: SchemaRule) -> Iterator[InvalidValue]:
    """Yield the near misses of a rule of one parameter, the most often accepted last."""
    name = str(rule.parameter)
    match rule.keyword:
        case "type":
            yield from _coerced(domain, name, domain.model.parameters[name])
        case "enum" | "const" | "pattern":
            yield from _outsiders(domain, name)
        case "maximum":
            # every image painted for it is billed
            depth = Depth.THOROUGH if name == _COUNT else Depth.STANDARD
            yield InvalidValue("huge", _HUGE, typical(domain, name), depth)
        case keyword if keyword in PIXEL_KEYWORDS:
            sizes = sizes_breaking(domain.model.parameters[name], keyword)
            for size in sizes[1:][-1:]:  # the nearest; the farthest is the coarse fault
                yield InvalidValue(f"barely-{PIXEL_KEYWORDS[keyword].words}", size)


def _coerced(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[InvalidValue]:
    """Yield valid values of another type, which coercing servers take."""
    types = types_of(schema)
    if "integer" in types:
        usual = typical(domain, name)
        # the cheapest number if it multiplies the price, else the usual one
        least = max(schema.get("minimum", 0), 1) if name == _COUNT else usual
        yield InvalidValue("true", True, usual)
        yield InvalidValue(f"string-{least}", str(least), least)
        if usual != least:
            yield InvalidValue(f"string-{usual}", str(usual), usual, Depth.THOROUGH)
    elif "boolean" in types:
        yield InvalidValue("string-true", "true", True)
        yield InvalidValue("1", 1, True)
    if "null" not in types:
        yield InvalidValue("null", None)  # may be mistaken for an absent parameter


def _outsiders(domain: Domain, name: str) -> Iterator[InvalidValue]:
    """Yield values outside an enumeration: another model's, a nearly valid and a huge one."""
    model = domain.model

    def is_refused(value: Any) -> bool:
        return domain.read({name: value}).expectation == "refused"

    borrowed = next(filter(is_refused, _values_of_other_models(domain, name)), None)
    if borrowed is not None:
        yield InvalidValue("of-another-model", borrowed)
    values = [*model.documented(name), *model.examples(name), *model.open_values(name)]
    values += model.parameters[name].get("enum", ())
    texts = [value for value in values if isinstance(value, str)]
    sizes = sorted(filter(_DIMENSIONS.fullmatch, texts), key=_squareness, reverse=True)
    near_miss = next(filter(is_refused, map(nearly, (*sizes, *texts))), None)
    if near_miss is not None:
        yield InvalidValue("near-miss", near_miss)
    if sizes:
        yield InvalidValue("huge", _DIMENSIONS.sub(rf"{_HUGE_SIDE}\g<2>{_HUGE_SIDE}", sizes[0]))


def _values_of_other_models(domain: Domain, name: str) -> Iterator[Any]:
    """Yield the values of other models for a parameter, those of the nearest model first.

    The last value of a model comes first, because its peculiar values are listed late.
    """
    model, edition = domain.model, domain.edition
    other_models = sorted(edition.models.values(), key=lambda other: other.family != model.family)
    for other in other_models:
        yield from reversed(other.documented(name))
        limits = other.pixel_limits(name)
        yield from [limits.edges()["square"]] if limits else []
    for family in edition.families.values():
        enum = family.template.parameters.get(name, {}).get("enum", ())
        yield from (value for value in reversed(enum) if value is not None)


def _squareness(size: str) -> tuple[bool, int]:
    """Rank squares first, then large sizes, whose neighbours are the most plausible."""
    width, height = (int(side) for side in re.findall(r"\d+", size))
    return width == height, width
