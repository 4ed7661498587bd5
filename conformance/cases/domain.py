"""The domain of each parameter, and the groups of parameters that rules tie together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from conformance.cases.prompts import PROMPT, WORD
from conformance.cases.schema_keywords import (
    UnknownKeywordError,
    check_keywords,
    condition_names,
    conditions,
    couplings,
    types_of,
)
from conformance.contract import Edition, Expectation, Model, PixelLimits, RequestBody
from conformance.contract.checker import Checker

FIXED = frozenset({"model", "prompt"})
_MOST_PATTERNS = 20_000
_MOST_TOGETHER = 3
"""Parameters of a group that are combined where all together would make too many patterns."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value, null among them."""

    sample: Any


@dataclass(frozen=True, slots=True)
class Span:
    """A range of integers that the contract treats alike, inclusive; None is unbounded."""

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


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes in pixels within limits."""

    limits: PixelLimits

    @property
    def sample(self) -> str:
        """The smallest square, which is cheap to paint."""
        return self.limits.edges()["square"]


Region = Value | Span | Text | Sizes
Pattern = Mapping[str, Region]
"""A choice for a group of parameters; parameters without a region are not sent."""


def text_of(length: int) -> str:
    """Return harmless text of exactly `length` characters."""
    return (f"{WORD} " * (length // (len(WORD) + 1) + 1))[: length - 1] + WORD[0] if length else ""


def samples(pattern: Pattern) -> dict[str, Any]:
    """Return a body fragment that represents a pattern."""
    return {name: region.sample for name, region in pattern.items()}


class Domain:
    """The requests of one model, partitioned by its schema and the edition's reading."""

    def __init__(self, edition: Edition, model: Model) -> None:
        """Raise UnknownKeywordError if a schema has a keyword that no case would test."""
        check_keywords(model)
        self.edition = edition
        self.model = model
        self.base: dict[str, Any] = {"model": model.name, "prompt": PROMPT}
        self._read: dict[str, RequestBody] = {}
        self._checked: dict[tuple[int, str], bool] = {}
        schemas = (*conditions(model), *(e["keywords"] for e in model.request.get("open", ())))
        mentioned = (coupling.keys() for coupling in couplings(model))
        self._across = [
            (names, Checker(schema)) for names, schema in zip(mentioned, schemas, strict=True)
        ]
        self._alone: dict[tuple[str, str], bool] = {}
        self._allowed: dict[tuple[str, ...], tuple[Pattern, ...]] = {}
        self._regions = {name: self._partition(name) for name in self.optional}

    def read(self, fragment: Mapping[str, Any]) -> RequestBody:
        """Read the smallest request with these parameters added."""
        key = repr(fragment)
        if key not in self._read:
            self._read[key] = self.edition.read({**self.base, **fragment})
        return self._read[key]

    def accepted(self, fragment: Mapping[str, Any]) -> bool:
        """Return whether the smallest request with these parameters must be accepted."""
        return self.read(fragment).expectation == "accepted"

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The parameters that may be left out, in the order of the schema."""
        return tuple(name for name in self.model.parameters if name not in FIXED)

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The optional parameters, grouped by the rules across them."""
        groups = [{name} for name in self.optional]
        for coupling in couplings(self.model):
            touched = [group for group in groups if group & coupling.keys()]
            groups = [group for group in groups if group not in touched]
            groups.append(set().union(*touched))
        return tuple(self._ordered(group) for group in groups if group)

    def _ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=self.optional.index))

    def group(self, parameter: str) -> tuple[str, ...]:
        """Return the group of a parameter; empty for one that is always sent."""
        return next((group for group in self.groups if parameter in group), ())

    def regions(self, parameter: str) -> tuple[Region, ...]:
        """Return the regions of a parameter by its own schema."""
        return self._regions[parameter]

    def _partition(self, parameter: str) -> tuple[Region, ...]:
        schema = self.model.parameters[parameter]
        types = types_of(schema)
        regions: list[Region] = [Value(value) for value in self._listed(parameter, schema)]
        limits = self.model.sure_pixel_limits(parameter)
        if limits is not None:
            regions.append(Sizes(limits))
        if not regions:
            regions += [Value(flag) for flag in (False, True) if "boolean" in types]
            regions += self._spans(parameter, schema) if "integer" in types else []
            regions += _texts(self.model, parameter, schema) if "string" in types else []
        regions += [Value(None)] if "null" in types else []
        return tuple(regions)

    def _listed(self, parameter: str, schema: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values that the contract, or a source it leaves open, names one by one."""
        named = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
        named = named or [*self.model.examples(parameter), *self.model.open_values(parameter)]
        return tuple(value for value in named if value is not None)

    def _spans(self, parameter: str, schema: Mapping[str, Any]) -> list[Region]:
        low, high = schema.get("minimum", 0), schema.get("maximum")
        turns = {turn for coupling in couplings(self.model) for turn in coupling.get(parameter, ())}
        inside = sorted(turn for turn in turns if low < turn and (high is None or turn <= high))
        starts = [low, *inside]
        ends = [*(turn - 1 for turn in inside), high]
        return [Span(start, end) for start, end in zip(starts, ends, strict=True)]

    def patterns(self, group: tuple[str, ...]) -> Iterator[Pattern]:
        """Yield every choice for a group of parameters, the smallest first.

        Of a large group only a few parameters are combined.
        """
        yield from choices({name: self.regions(name) for name in group})

    def allowed(self, group: tuple[str, ...]) -> tuple[Pattern, ...]:
        """Return the accepted choices for a group, the smallest first."""
        if group not in self._allowed:
            every = self.patterns(group)
            self._allowed[group] = tuple(
                pattern for pattern in every if self.accepts(samples(pattern))
            )
        return self._allowed[group]

    def completed(
        self, parameter: str, value: Any, expectation: Expectation = "accepted"
    ) -> dict[str, Any] | None:
        """Return the smallest fragment with this value of which that is expected, or None."""
        if expectation == "accepted" and not self._acceptable(parameter, value):
            return None
        others = tuple(name for name in self.group(parameter) if name != parameter)
        for pattern in self.patterns(others):
            fragment = {parameter: value, **samples(pattern)}
            if expectation == "accepted" and not self.accepts(fragment):
                continue
            if self.read(fragment).expectation == expectation:
                return fragment
        return None

    def accepts(self, fragment: Mapping[str, Any]) -> bool:
        """Return like `accepted`, without reading what a single value rules out."""
        acceptable = all(self._acceptable(name, value) for name, value in fragment.items())
        allowed = acceptable and all(
            self._allows(index, fragment) for index in range(len(self._across))
        )
        return allowed and self.accepted(fragment)

    def _allows(self, index: int, fragment: Mapping[str, Any]) -> bool:
        """Return whether a rule or open question across parameters has nothing against them."""
        names, checker = self._across[index]
        part = {name: value for name, value in fragment.items() if name in names}
        key = index, repr(part)
        if key not in self._checked:
            self._checked[key] = checker.accepts({**self.base, **part})
        return self._checked[key]

    def _acceptable(self, parameter: str, value: Any) -> bool:
        """Return whether a value is not excluded, or left open, by what is said of it alone."""
        key = parameter, repr(value)
        if key not in self._alone:
            own = (e for e in self.model.schema.open_points if e.parameter == parameter)
            broken = self.read({parameter: value}).violations
            across = condition_names(self.model)
            self._alone[key] = not (
                any(point.touched_by({parameter: value}) for point in own)
                or any(violation.keyword not in across for violation in broken)
            )
        return self._alone[key]


T = TypeVar("T")


def choices(levels: Mapping[str, Sequence[T]]) -> Iterator[dict[str, T]]:
    """Yield every choice of values for some parameters, the smallest first.

    Where that would be too many, only a few parameters are combined.
    """
    most = _MOST_TOGETHER if too_many(levels) else len(levels)
    for size in range(most + 1):
        for names in itertools.combinations(levels, size):
            for chosen in itertools.product(*(levels[name] for name in names)):
                yield dict(zip(names, chosen, strict=True))


def too_many(levels: Mapping[str, Sequence[object]]) -> bool:
    """Return whether parameters have too many values to be combined all together."""
    return math.prod(len(values) + 1 for values in levels.values()) > _MOST_PATTERNS


def _texts(model: Model, parameter: str, schema: Mapping[str, Any]) -> list[Region]:
    if "pattern" in schema:  # a pattern for which no source has an example
        raise UnknownKeywordError(model.name, parameter, "pattern without named values")
    return [Text(schema.get("minLength", 0), schema.get("maxLength"))]
