"""The domain of each parameter, and the groups of parameters that rules tie together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from conformance.cases.model import Case
from conformance.cases.schema_keywords import (
    UnknownKeywordError,
    check_keywords,
    condition_names,
    couplings,
    types_of,
)
from conformance.contract import Edition, Expectation, Model, RequestBody
from conformance.contract.checker import Checker
from conformance.contract.pixels import PixelLimits

PROMPT = "A green bicycle leaning against a yellow brick wall, flat illustration."
"""The prompt of the documented cases, so that a case and its control differ in one field."""
WORD = "lantern"  # fills what must have a certain length

FIXED = frozenset({"model", "prompt"})
_MOST_PATTERNS = 20_000
_MOST_TOGETHER = 3
"""Parameters of a group that are combined where all together would make too many patterns."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value; it may be null."""

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

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.low <= value and (self.high is None or value <= self.high)


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
        # thousands of fragments are tried, most of them of parts that were read before
        self._read: dict[str, RequestBody] = {}
        self._checked: dict[tuple[int, str], bool] = {}
        self._acceptable_values: dict[tuple[str, str], bool] = {}
        self._allowed: dict[tuple[str, ...], tuple[Pattern, ...]] = {}
        self._across = [(names, Checker(schema)) for schema, names in couplings(model)]
        # of each optional parameter, by its own schema
        self.regions = {name: self._partition(name) for name in self.optional}

    def case(self, id_: str, fragment: Mapping[str, Any], **rest: Any) -> Case:
        """Return the case that adds parameters to the smallest request, which images answer."""
        body = {**self.base, **fragment}
        return Case(id_, self.model.name, body=body, billed=True, **rest)

    def read(self, fragment: Mapping[str, Any]) -> RequestBody:
        """Read the smallest request with these parameters added."""
        key = repr(fragment)
        if key not in self._read:
            self._read[key] = self.edition.read({**self.base, **fragment})
        return self._read[key]

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The parameters that may be left out, in the order of the schema."""
        return tuple(name for name in self.model.parameters if name not in FIXED)

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The optional parameters, grouped by the rules across them."""
        groups = [{name} for name in self.optional]
        for names, _ in self._across:
            touched = [group for group in groups if group & names.keys()]
            groups = [group for group in groups if group not in touched]
            groups.append(set().union(*touched))
        return tuple(tuple(sorted(group, key=self.optional.index)) for group in groups if group)

    def group(self, parameter: str) -> tuple[str, ...]:
        """Return the group of a parameter; empty for one that is always sent."""
        return next((group for group in self.groups if parameter in group), ())

    def _partition(self, parameter: str) -> tuple[Region, ...]:
        schema = self.model.parameters[parameter]
        types = types_of(schema)
        # what the contract, or a source it leaves open, names one by one
        values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
        values = values or [*self.model.examples(parameter), *self.model.open_values(parameter)]
        regions: list[Region] = [Value(value) for value in values if value is not None]
        limits = self.model.sure_pixel_limits(parameter)
        if limits is not None:
            regions.append(Sizes(limits))
        if not regions:
            regions += [Value(flag) for flag in (False, True) if "boolean" in types]
            regions += self._spans(parameter, schema) if "integer" in types else []
            if "string" in types and "pattern" in schema:  # and no source has an example
                raise UnknownKeywordError(
                    self.model.name, parameter, "pattern without named values"
                )
            if "string" in types:
                regions.append(Text(schema.get("minLength", 0), schema.get("maxLength")))
        regions += [Value(None)] if "null" in types else []
        return tuple(regions)

    def _spans(self, parameter: str, schema: Mapping[str, Any]) -> list[Region]:
        """Split a range where a rule across parameters may begin to decide differently."""
        low, high = schema.get("minimum", 0), schema.get("maximum")
        thresholds = set[int]().union(*(names.get(parameter, ()) for names, _ in self._across))
        inside = sorted(n for n in thresholds if low < n and (high is None or n <= high))
        starts = [low, *inside]
        ends = [*(start - 1 for start in inside), high]
        return [Span(start, end) for start, end in zip(starts, ends, strict=True)]

    def patterns(self, group: tuple[str, ...]) -> Iterator[Pattern]:
        """Yield every choice for a group of parameters, the smallest first.

        Of a large group only a few parameters are combined.
        """
        yield from choices({name: self.regions[name] for name in group})

    def allowed(self, group: tuple[str, ...]) -> tuple[Pattern, ...]:
        """Return the accepted choices for a group, the smallest first."""
        if group not in self._allowed:
            self._allowed[group] = tuple(
                pattern for pattern in self.patterns(group) if self.accepts(samples(pattern))
            )
        return self._allowed[group]

    def complete(
        self, parameter: str, value: Any, expectation: Expectation = "accepted"
    ) -> dict[str, Any] | None:
        """Return the smallest fragment with this value and expectation, None if there is none."""
        if expectation == "accepted" and not self._acceptable(parameter, value):
            return None
        other_names = tuple(name for name in self.group(parameter) if name != parameter)
        for pattern in self.patterns(other_names):
            fragment = {parameter: value, **samples(pattern)}
            if expectation == "accepted" and not self.accepts(fragment):
                continue
            if self.read(fragment).expectation == expectation:
                return fragment
        return None

    def accepts(self, fragment: Mapping[str, Any]) -> bool:
        """Return whether the smallest request with these parameters must be accepted.

        What one value or one rule excludes is not read, which takes much longer.
        """
        if not all(self._acceptable(name, value) for name, value in fragment.items()):
            return False
        for index, (names, checker) in enumerate(self._across):
            part = {name: value for name, value in fragment.items() if name in names}
            key = index, repr(part)
            if key not in self._checked:
                self._checked[key] = checker.accepts({**self.base, **part})
            if not self._checked[key]:
                return False
        return self.read(fragment).expectation == "accepted"

    def _acceptable(self, parameter: str, value: Any) -> bool:
        """Return whether a value is neither excluded nor left open by its own schema."""
        key = parameter, repr(value)
        if key not in self._acceptable_values:
            points = self.model.schema.open_points
            violations = self.read({parameter: value}).violations
            rule_names = condition_names(self.model)
            self._acceptable_values[key] = not (
                any(p.parameter == parameter and p.touched_by({parameter: value}) for p in points)
                or any(violation.keyword not in rule_names for violation in violations)
            )
        return self._acceptable_values[key]


T = TypeVar("T")


def choices(levels: Mapping[str, Sequence[T]]) -> Iterator[dict[str, T]]:
    """Yield every choice of values for some parameters, the smallest first.

    Where that would be too many, only a few parameters are combined.
    """
    patterns = math.prod(len(values) + 1 for values in levels.values())
    largest = len(levels) if patterns <= _MOST_PATTERNS else _MOST_TOGETHER
    for size in range(largest + 1):
        for names in itertools.combinations(levels, size):
            for chosen in itertools.product(*(levels[name] for name in names)):
                yield dict(zip(names, chosen, strict=True))
