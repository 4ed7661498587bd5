"""Wrong values that a lax server takes for right ones: coerced, borrowed, nearly right, huge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.cases.invalid import ABSENT
from conformance.cases.model import Depth
from conformance.cases.schema_keywords import types_of
from conformance.cases.valid import typical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.cases.domain import Domain
    from conformance.contract import Rule

_COUNT = "n"
_HUGE = 10**20  # more than 64 bits hold
_HUGE_SIDE = 100_000  # pixels; no server has the memory for their square
_DIMENSIONS = re.compile(r"(\d+)(\D)(\d+)")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A wrong value, the words a case id has for it, and the right value it is taken for."""

    words: str
    value: Any
    right: Any = ABSENT
    depth: Depth = Depth.STANDARD

    @property
    def huge(self) -> bool:
        """Return whether a server may come to harm that takes it."""
        return isinstance(self.value, str) and self.words == "huge"


def near_misses(domain: Domain, rule: Rule) -> tuple[NearMiss, ...]:
    """List the near misses of a rule of one parameter, what real servers take most last."""
    name = str(rule.parameter)
    match rule.keyword:
        case "type":
            return tuple(_coerced(domain, name, domain.model.parameters[name]))
        case "enum" | "const" | "pattern":
            return tuple(_outsiders(domain, name))
        case "maximum":
            # each image that a server paints for it is paid
            depth = Depth.THOROUGH if name == _COUNT else Depth.STANDARD
            return (NearMiss("huge", _HUGE, typical(domain, name), depth),)
    return ()


def borrowed(domain: Domain, name: str) -> Iterator[Any]:
    """Yield the values that other models have for a parameter, those of the nearest model first.

    Of one model the last comes first: what is peculiar to it is mostly listed late.
    """
    model, edition = domain.model, domain.edition
    others = sorted(edition.models.values(), key=lambda each: each.family != model.family)
    for other in others:
        yield from reversed(other.documented(name))
    for family in edition.families.values():
        enum = family.template.parameters.get(name, {}).get("enum", ())
        yield from (value for value in reversed(enum) if value is not None)


def nearly(value: str) -> str:
    """Write a value as it is nearly right: another number of its form, else in capitals."""
    found = _DIMENSIONS.fullmatch(value)
    if found is None:
        return value.upper()
    side = int(found[3])
    return f"{found[1]}{found[2]}{side - (side % 100 or 10)}"


def _coerced(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[NearMiss]:
    types = types_of(schema)
    if "integer" in types:
        yield from _as_number(domain, name, schema)
    elif "boolean" in types:
        yield NearMiss("string-true", "true", True)
        yield NearMiss("1", 1, True)
    if "null" not in types:
        yield NearMiss("null", None)  # taken for what is left out


def _as_number(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[NearMiss]:
    usual = typical(domain, name)
    # the cheapest of numbers that multiply the price, and the plainest where it may cost more
    least = max(schema.get("minimum", 0), 1) if name == _COUNT else usual
    yield NearMiss("true", True, usual)
    yield NearMiss(f"string-{least}", str(least), least)
    if usual != least:
        yield NearMiss(f"string-{usual}", str(usual), usual, Depth.THOROUGH)


def _outsiders(domain: Domain, name: str) -> Iterator[NearMiss]:
    other = next((each for each in borrowed(domain, name) if _refused(domain, name, each)), None)
    if other is not None:
        yield NearMiss("of-another-model", other)
    model = domain.model
    named = [*model.documented(name), *model.open_values(name)]
    named += model.parameters[name].get("enum", ())
    texts = [each for each in named if isinstance(each, str)]
    sized = sorted(filter(_DIMENSIONS.fullmatch, texts), key=_squareness, reverse=True)
    near = (nearly(each) for each in (*sized, *texts))
    found = next((each for each in near if _refused(domain, name, each)), None)
    if found is not None:
        yield NearMiss("near-miss", found)
    if sized:
        yield NearMiss("huge", _DIMENSIONS.sub(rf"{_HUGE_SIDE}\g<2>{_HUGE_SIDE}", sized[0]))


def _squareness(size: str) -> tuple[bool, int]:
    """Rank squares above all else, and then the large: of them the next number is nearest."""
    width, height = (int(each) for each in re.findall(r"\d+", size))
    return width == height, width


def _refused(domain: Domain, name: str, value: Any) -> bool:
    return domain.read({name: value}).expectation == "refused"
