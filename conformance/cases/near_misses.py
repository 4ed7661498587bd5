"""Invalid values that lenient servers accept: coerced, borrowed, nearly valid, huge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.cases.domain import Domain
from conformance.cases.invalid import ABSENT
from conformance.cases.model import Depth
from conformance.cases.schema_keywords import types_of
from conformance.cases.valid import typical
from conformance.contract import PIXEL_KEYWORDS, SchemaRule, sizes_breaking

_COUNT = "n"
_HUGE = 10**20  # more than 64 bits hold
_HUGE_SIDE = 100_000  # pixels; no server has the memory for their square
_DIMENSIONS = re.compile(r"(\d+)(\D)(\d+)")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An invalid value, its words in the case id, and the valid value it may be mistaken for."""

    words: str
    value: Any
    right: Any = ABSENT
    depth: Depth = Depth.STANDARD

    @property
    def huge(self) -> bool:
        """Return whether the value may harm a server that accepts it."""
        return isinstance(self.value, str) and self.words == "huge"


def near_misses(domain: Domain, rule: SchemaRule) -> tuple[NearMiss, ...]:
    """Return the near misses of a rule of one parameter, the most often accepted last."""
    name = str(rule.parameter)
    match rule.keyword:
        case "type":
            return tuple(_coerced(domain, name, domain.model.parameters[name]))
        case "enum" | "const" | "pattern":
            return tuple(_outsiders(domain, name))
        case "maximum":
            # every image painted for it is billed
            depth = Depth.THOROUGH if name == _COUNT else Depth.STANDARD
            return (NearMiss("huge", _HUGE, typical(domain, name), depth),)
    if rule.keyword in PIXEL_KEYWORDS:
        words = f"barely-{PIXEL_KEYWORDS[rule.keyword].words}"
        sizes = sizes_breaking(domain.model.parameters[name], rule.keyword)
        return tuple(NearMiss(words, size) for size in sizes[1:][-1:])
    return ()


def borrowed(domain: Domain, name: str) -> Iterator[Any]:
    """Yield the values of other models for a parameter, those of the nearest model first.

    The last value of a model comes first, because its peculiar values are listed late.
    """
    model, edition = domain.model, domain.edition
    others = sorted(edition.models.values(), key=lambda other: other.family != model.family)
    for other in others:
        yield from reversed(other.documented(name))
        limits = other.pixel_limits(name)
        yield from [limits.edges()["square"]] if limits else []
    for family in edition.families.values():
        enum = family.template.parameters.get(name, {}).get("enum", ())
        yield from (value for value in reversed(enum) if value is not None)


def nearly(value: str) -> str:
    """Return a nearly valid value: another number in a size, else the word in capitals."""
    match = _DIMENSIONS.fullmatch(value)
    if match is None:
        return value.upper()
    side = int(match[3])
    return f"{match[1]}{match[2]}{side - (side % 100 or 10)}"


def _coerced(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[NearMiss]:
    types = types_of(schema)
    if "integer" in types:
        yield from _as_number(domain, name, schema)
    elif "boolean" in types:
        yield NearMiss("string-true", "true", True)
        yield NearMiss("1", 1, True)
    if "null" not in types:
        yield NearMiss("null", None)  # may be mistaken for an absent parameter


def _as_number(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[NearMiss]:
    usual = typical(domain, name)
    # the cheapest number if it multiplies the price, else the usual one
    least = max(schema.get("minimum", 0), 1) if name == _COUNT else usual
    yield NearMiss("true", True, usual)
    yield NearMiss(f"string-{least}", str(least), least)
    if usual != least:
        yield NearMiss(f"string-{usual}", str(usual), usual, Depth.THOROUGH)


def _outsiders(domain: Domain, name: str) -> Iterator[NearMiss]:
    other = next((value for value in borrowed(domain, name) if _refused(domain, name, value)), None)
    if other is not None:
        yield NearMiss("of-another-model", other)
    model = domain.model
    named = [*model.documented(name), *model.examples(name), *model.open_values(name)]
    named += model.parameters[name].get("enum", ())
    texts = [value for value in named if isinstance(value, str)]
    sized = sorted(filter(_DIMENSIONS.fullmatch, texts), key=_squareness, reverse=True)
    near = (nearly(value) for value in (*sized, *texts))
    near_miss = next((value for value in near if _refused(domain, name, value)), None)
    if near_miss is not None:
        yield NearMiss("near-miss", near_miss)
    if sized:
        yield NearMiss("huge", _DIMENSIONS.sub(rf"{_HUGE_SIDE}\g<2>{_HUGE_SIDE}", sized[0]))


def _squareness(size: str) -> tuple[bool, int]:
    """Rank squares first, then large sizes, whose neighbours are the most plausible."""
    width, height = (int(side) for side in re.findall(r"\d+", size))
    return width == height, width


def _refused(domain: Domain, name: str, value: Any) -> bool:
    return domain.read({name: value}).expectation == "refused"
