"""The parameter space of a model: documented values, and their valid combinations."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.cases.domain import Domain, Sizes, Span, Text, choices
from conformance.cases.prompts import WORD
from conformance.cases.valid import typical
from conformance.contract import Edition, Model

LEFT_OUT = None
"""The value of a parameter that is not sent; an explicit null is tried where requests are free."""

Row = tuple[Any, ...]
"""A value for every parameter of a space, in its order."""
Combination = tuple[tuple[int, Any], ...]
"""Values of a few parameters, each with the parameter's position."""


def values_at(positions: Iterable[int], row: Row) -> Row:
    """Return some values of a row."""
    return tuple(row[position] for position in positions)


@dataclass(frozen=True)
class Space:
    """Parameters with their values, and the rows that rules across parameters allow."""

    levels: Mapping[str, tuple[Any, ...]]
    rules: Mapping[tuple[str, ...], frozenset[Row]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of a row."""
        return tuple(self.levels)

    @cached_property
    def _positions(self) -> tuple[tuple[tuple[int, ...], frozenset[Row]], ...]:
        """The rules, by the positions of their parameters."""
        index = self.names.index
        return tuple((tuple(map(index, group)), rule) for group, rule in self.rules.items())

    def valid(self, row: Row) -> bool:
        """Return whether the rules allow a whole row."""
        return all(values_at(positions, row) in rule for positions, rule in self._positions)

    def feasible(self, strength: int) -> frozenset[Combination]:
        """Return every combination of `strength` parameters that some valid row has."""
        levels = tuple(self.levels.values())
        return frozenset(
            combination
            for positions in itertools.combinations(range(len(levels)), strength)
            for values in itertools.product(*values_at(positions, levels))
            if self._fits(combination := tuple(zip(positions, values, strict=True)))
        )

    def _fits(self, combination: Combination) -> bool:
        # Rules share no parameter: what each allows alone, all allow together.
        chosen = dict(combination)
        for positions, rule in self._positions:
            present = [
                (index, chosen[position])
                for index, position in enumerate(positions)
                if position in chosen
            ]
            if not any(all(choice[index] == value for index, value in present) for choice in rule):
                return False
        return True

    def combinations(self, row: Row, strength: int) -> Iterator[Combination]:
        """Return every combination of `strength` parameters in a row."""
        return itertools.combinations(enumerate(row), strength)

    def combinations_in(self, body: Mapping[str, Any], strength: int) -> Iterator[Combination]:
        """Return the combinations in a request body; values outside the space are ignored."""
        positioned = [
            (position, body.get(name))
            for position, (name, values) in enumerate(self.levels.items())
            if body.get(name) in values and not (name in body and body[name] is None)
        ]
        return itertools.combinations(positioned, strength)

    def row(self, body: Mapping[str, Any]) -> Row | None:
        """Return a body as a row; None if it has a value outside the space."""
        combination = next(self.combinations_in(body, len(self.names)), None)
        return None if combination is None else tuple(value for _, value in combination)

    def fragment(self, row: Row) -> dict[str, Any]:
        """Return what a row adds to the smallest request."""
        values = zip(self.names, row, strict=True)
        return {name: value for name, value in values if value is not LEFT_OUT}


def space_of(edition: Edition, model: Model) -> Space:
    """Derive the parameter space of a model from its schema.

    Only accepted values are combined. Raises UnknownKeywordError if the schema has a keyword
    that no case would test.
    """
    domain = Domain(edition, model)
    levels: dict[str, tuple[Any, ...]] = {}
    rules: dict[tuple[str, ...], frozenset[Row]] = {}
    for group in domain.groups:
        allowed = [
            tuple(fragment.get(name, LEFT_OUT) for name in group)
            for fragment in choices({name: _values(domain, name) for name in group})
            if domain.accepts(fragment)
        ]
        varied = {
            name: values
            for index, name in enumerate(group)
            if len(values := tuple(dict.fromkeys(choice[index] for choice in allowed))) > 1
        }
        levels |= varied
        if len(varied) > 1:
            indices = [group.index(name) for name in varied]
            rules[tuple(varied)] = frozenset(values_at(indices, choice) for choice in allowed)
    ordered = {name: levels[name] for name in domain.optional if name in levels}
    return Space(ordered, rules)


def _values(domain: Domain, name: str) -> tuple[Any, ...]:
    """Return every named value; for numbers the limits and a typical one, but few images."""
    regions = domain.regions[name]
    values: list[Any] = []
    for region in regions:
        value = region.sample
        if isinstance(region, Text) and region.shortest <= len(WORD) <= (
            region.longest or len(WORD)
        ):
            value = WORD  # as the documented cases have it
        if value is not None and not isinstance(value, dict):  # an object is tried alone
            values.append(value)
    for region in regions:
        if isinstance(region, Sizes):
            values += [region.limits.edges()[edge] for edge in ("widest", "tallest")]
    spans = [region for region in regions if isinstance(region, Span)]
    if spans:
        values.append(typical(domain, name))
        top = spans[-1].high
        if top is not None and name != "n":  # it multiplies the price
            values.append(top)
        values.sort()
    return tuple(dict.fromkeys(values))
