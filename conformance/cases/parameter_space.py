"""What there is to combine: the documented values of parameters, and which go together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.cases.domain import Domain, Region, Span, Text
from conformance.cases.prompts import WORD
from conformance.cases.valid import typical

if TYPE_CHECKING:
    from conformance.contract import Edition, Model

LEFT_OUT = None
"""The value of a parameter that is not sent. Null is documented to mean the same, and is tried
where requests are free."""

Row = tuple[Any, ...]
"""A value for every parameter of a space, in its order."""
Combination = tuple[tuple[int, Any], ...]
"""Values of a few parameters, each with the parameter's position."""


@dataclass(frozen=True)
class Space:
    """Parameters with the values to combine, and the choices that their rules allow."""

    levels: Mapping[str, tuple[Any, ...]]
    rules: Mapping[tuple[str, ...], frozenset[Row]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of a row."""
        return tuple(self.levels)

    @cached_property
    def _positions(self) -> tuple[tuple[tuple[int, ...], frozenset[Row]], ...]:
        index = self.names.index
        return tuple((tuple(map(index, group)), rule) for group, rule in self.rules.items())

    def valid(self, row: Row) -> bool:
        """Whether the rules allow a whole row."""
        return all(tuple(row[at] for at in place) in rule for place, rule in self._positions)

    def feasible(self, strength: int) -> frozenset[Combination]:
        """Give every combination of so many parameters that some valid row has."""
        return frozenset(
            combination
            for places in itertools.combinations(range(len(self.names)), strength)
            for values in itertools.product(*(self.levels[self.names[at]] for at in places))
            if self._fits(combination := tuple(zip(places, values, strict=True)))
        )

    def _fits(self, combination: Combination) -> bool:
        # rules share no parameter: what each allows alone, all allow together
        chosen = dict(combination)
        for place, rule in self._positions:
            known = [(at, chosen[where]) for at, where in enumerate(place) if where in chosen]
            if not any(all(each[at] == value for at, value in known) for each in rule):
                return False
        return True

    def combinations(self, row: Row, strength: int) -> Iterator[Combination]:
        """Give every combination of so many parameters in a row."""
        return itertools.combinations(enumerate(row), strength)

    def combinations_in(self, body: Mapping[str, Any], strength: int) -> Iterator[Combination]:
        """Give those that a request body has; values that are not in the space make none."""
        found = [
            (at, body.get(name))
            for at, (name, values) in enumerate(self.levels.items())
            if body.get(name) in values and not (name in body and body[name] is None)
        ]
        return itertools.combinations(found, strength)

    def row(self, body: Mapping[str, Any]) -> Row | None:
        """Give the row that a body is, None where it has a value that is not in the space."""
        found = next(self.combinations_in(body, len(self.names)), None)
        return None if found is None else tuple(value for _, value in found)

    def fragment(self, row: Row) -> dict[str, Any]:
        """Give what a row adds to the plainest request."""
        return {
            name: value
            for name, value in zip(self.names, row, strict=True)
            if value is not LEFT_OUT
        }


def space_of(edition: Edition, model: Model) -> Space:
    """Derive what there is to combine for one model, from its schema alone.

    Only what the contract has accepted is combined. Raises UnknownKeywordError where the
    schema says what no request would try.
    """
    domain = Domain(edition, model)
    levels: dict[str, tuple[Any, ...]] = {}
    rules: dict[tuple[str, ...], frozenset[Row]] = {}
    for group in domain.groups:
        allowed = _allowed(domain, group)
        kept = {
            name: values
            for at, name in enumerate(group)
            if len(values := tuple(dict.fromkeys(each[at] for each in allowed))) > 1
        }
        levels |= kept
        if len(kept) > 1:
            places = [group.index(name) for name in kept]
            rules[tuple(kept)] = frozenset(tuple(each[at] for at in places) for each in allowed)
    ordered = {name: levels[name] for name in domain.optional if name in levels}
    return Space(ordered, rules)


def _allowed(domain: Domain, group: tuple[str, ...]) -> list[Row]:
    choices = itertools.product(*((LEFT_OUT, *_values(domain, name)) for name in group))
    return [
        choice
        for choice in choices
        if domain.accepted(
            {name: each for name, each in zip(group, choice, strict=True) if each is not LEFT_OUT}
        )
    ]


def _plain(region: Region) -> Any:
    fits = isinstance(region, Text) and region.shortest <= len(WORD) <= (
        region.longest or len(WORD)
    )
    return WORD if fits else region.sample  # as the documented cases have it


def _values(domain: Domain, name: str) -> tuple[Any, ...]:
    """Every named value; of numbers the ends and a typical one, but few images at a time."""
    regions = domain.regions(name)
    values = [_plain(each) for each in regions if each.sample is not None]
    spans = [each for each in regions if isinstance(each, Span)]
    if spans:
        values.append(typical(domain, name))
        top = spans[-1].high
        if top is not None and name != "n":  # it multiplies the price
            values.append(top)
        values.sort()
    return tuple(dict.fromkeys(values))
