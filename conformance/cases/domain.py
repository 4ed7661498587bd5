"""What each parameter may be, and which parameters can only be chosen together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.cases.prompts import PROMPT, WORD
from conformance.cases.schema_keywords import (
    UnknownKeywordError,
    check_keywords,
    couplings,
    types_of,
)

if TYPE_CHECKING:
    from conformance.contract import Asked, Edition, Model

FIXED = frozenset({"model", "prompt"})
_MOST_PATTERNS = 20_000


@dataclass(frozen=True, slots=True)
class Value:
    """One value, null among them."""

    sample: Any


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers that the contract treats alike, both ends included; None is no end."""

    low: int
    high: int | None

    @property
    def sample(self) -> int:
        """One of them."""
        return self.low


@dataclass(frozen=True, slots=True)
class Text:
    """Free text of a length in characters."""

    shortest: int
    longest: int | None

    @property
    def sample(self) -> str:
        """One such text."""
        return text_of(max(self.shortest, min(len(WORD), self.longest or len(WORD))))


Region = Value | Span | Text
Pattern = Mapping[str, Region]
"""A choice for parameters that hang together; what it does not name is not sent."""


def text_of(length: int) -> str:
    """Write benign text of exactly so many characters."""
    return (f"{WORD} " * (length // (len(WORD) + 1) + 1))[: length - 1] + WORD[0] if length else ""


def samples(pattern: Pattern) -> dict[str, Any]:
    """Give a body fragment that stands for a whole pattern."""
    return {name: region.sample for name, region in pattern.items()}


class Domain:
    """The requests of one model, as its schema and the edition's reading tell them apart."""

    def __init__(self, edition: Edition, model: Model) -> None:
        """Raise UnknownKeywordError where a schema says what no request would try."""
        check_keywords(model)
        self.edition = edition
        self.model = model
        self.base: dict[str, Any] = {"model": model.name, "prompt": PROMPT}
        self._allowed: dict[tuple[str, ...], tuple[Pattern, ...]] = {}
        self._regions = {name: self._told_apart(name) for name in self.optional}

    def read(self, fragment: Mapping[str, Any]) -> Asked:
        """Read the plainest request with these parameters added."""
        return self.edition.read({**self.base, **fragment})

    def accepted(self, fragment: Mapping[str, Any]) -> bool:
        """Say whether the contract has the plainest request with these parameters accepted."""
        return self.read(fragment).expectation == "accepted"

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The parameters that may be left out, in the order of the schema."""
        return tuple(name for name in self.model.parameters if name not in FIXED)

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The optional parameters, those that a rule ties together in one group."""
        groups = [{name} for name in self.optional]
        for coupling in couplings(self.model):
            touched = [each for each in groups if each & coupling.keys()]
            groups = [each for each in groups if each not in touched]
            groups.append(set().union(*touched))
        return tuple(self._ordered(each) for each in groups if each)

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=self.optional.index))

    def group(self, parameter: str) -> tuple[str, ...]:
        """The parameters tied to one, itself among them; none for one that is always sent."""
        return next((each for each in self.groups if parameter in each), ())

    def regions(self, parameter: str) -> tuple[Region, ...]:
        """Tell apart what a parameter may be, by its own schema alone."""
        return self._regions[parameter]

    def _told_apart(self, parameter: str) -> tuple[Region, ...]:
        schema = self.model.parameters[parameter]
        types = types_of(schema)
        found: list[Region] = [Value(each) for each in self._listed(parameter, schema)]
        if not found:
            found += [Value(flag) for flag in (False, True) if "boolean" in types]
            found += self._spans(parameter, schema) if "integer" in types else []
            found += _texts(self.model, parameter, schema) if "string" in types else []
        found += [Value(None)] if "null" in types else []
        return tuple(found)

    def _listed(self, parameter: str, schema: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values that are named one by one, by the contract or by a source it leaves open."""
        named = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
        named = named or [*self.model.open_values(parameter)]
        return tuple(each for each in named if each is not None)

    def _spans(self, parameter: str, schema: Mapping[str, Any]) -> list[Region]:
        low, high = schema.get("minimum", 0), schema.get("maximum")
        turns = {turn for each in couplings(self.model) for turn in each.get(parameter, ())}
        inside = sorted(turn for turn in turns if low < turn and (high is None or turn <= high))
        starts = [low, *inside]
        ends = [*(turn - 1 for turn in inside), high]
        return [Span(start, end) for start, end in zip(starts, ends, strict=True)]

    def patterns(self, group: tuple[str, ...]) -> Iterator[Pattern]:
        """Give every choice for a group of parameters, the smallest first."""
        regions = {name: self.regions(name) for name in group}
        for size in range(len(group) + 1):
            for names in itertools.combinations(group, size):
                for chosen in itertools.product(*(regions[name] for name in names)):
                    yield dict(zip(names, chosen, strict=True))

    def allowed(self, group: tuple[str, ...]) -> tuple[Pattern, ...]:
        """Give the choices for a group that the contract has accepted, the smallest first."""
        if group not in self._allowed:
            if math.prod(len(self.regions(name)) + 1 for name in group) > _MOST_PATTERNS:
                place = f"the rules across {', '.join(group)}"
                raise UnknownKeywordError(self.model.name, place, "too many values at once")
            every = self.patterns(group)
            self._allowed[group] = tuple(each for each in every if self.accepted(samples(each)))
        return self._allowed[group]

    def completed(self, parameter: str, value: Any) -> dict[str, Any] | None:
        """Give the smallest accepted fragment that sends this value, None when there is none."""
        others = tuple(name for name in self.group(parameter) if name != parameter)
        for pattern in self.patterns(others):
            fragment = {parameter: value, **samples(pattern)}
            if self.accepted(fragment):
                return fragment
        return None


def _texts(model: Model, parameter: str, schema: Mapping[str, Any]) -> list[Region]:
    if "pattern" in schema:  # a pattern that no source gives an example of
        raise UnknownKeywordError(model.name, parameter, "pattern without named values")
    return [Text(schema.get("minLength", 0), schema.get("maxLength"))]
