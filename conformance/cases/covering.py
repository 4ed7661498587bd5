"""The valid combinations of documented values, and few and cheap rows in which each occurs."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from covertable.main import Controller

from conformance.cases.domain import WORD, Domain, Sizes, Span, Text, choices
from conformance.cases.valid import typical
from conformance.contract import Edition, Model

LEFT_OUT = None
"""The value of a parameter that is not sent; an explicit null is tried where requests are free."""

Row = tuple[Any, ...]  # a value for every parameter of a space, in its order
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


Price = Callable[[Row], float]

_SALTS = ("0", "6", "1", "2")  # one start array per salt
_STEPS = 20_000


def covering_rows(
    space: Space,
    strength: int,
    price: Price,
    covered: Collection[Combination] = (),
    presets: Sequence[Row] = (),
) -> list[Row]:
    """Return rows, the cheapest first, with every feasible combination not yet covered.

    covertable builds the arrays. A walk then lowers the price, one value at a time, as long as no
    combination is lost (ARCHITECTURE 19), and the cheapest array wins. ``presets`` are rows that
    are sent anyway. The result is deterministic.
    """
    strength = min(strength, len(space.names))
    needed = space.feasible(strength) - frozenset(covered)
    if not strength or not needed:
        return []
    arrays = []
    for salt in _SALTS:  # where a walk ends depends on where it begins
        dice = random.Random(salt)  # noqa: S311 - the same rows each time, and no secret
        start = covertable_rows(space, strength, price, presets, salt)
        arrays.append(_Array(space, strength, price, needed, start).cheapen(dice))
    best = min(arrays, key=lambda rows: (round(sum(map(price, rows)), 6), len(rows)))
    return sorted(best, key=lambda row: (price(row), str(row)))


def covertable_rows(
    space: Space, strength: int, price: Price, presets: Sequence[Row] = (), salt: str = ""
) -> list[Row]:
    """Return covertable's own array beside the presets; dear values weigh less in it."""
    first = tuple(values[0] for values in space.levels.values())
    weights = {  # by price: the cheapest is preferred where any would do
        name: {
            index: 1 / (1 + price((*first[:position], value, *first[position + 1 :])))
            for index, value in enumerate(values)
        }
        for position, (name, values) in enumerate(space.levels.items())
    }
    controller = Controller(
        {name: list(values) for name, values in space.levels.items()},
        strength=strength,
        constraints=list(_constraints(space)),
        presets=[dict(zip(space.names, row, strict=True)) for row in presets],
        weights=weights,
        salt=salt,
    )
    rows = (tuple(row[name] for name in space.names) for row in controller.make())
    return [row for row in rows if row not in presets]


def _constraints(space: Space) -> Iterator[dict[str, Any]]:
    """Yield constraints for covertable: whole groups, and their pairs, which prune its search."""
    for group, rule in space.rules.items():
        for size in sorted({2, len(group)}):
            for names in itertools.combinations(group, size):
                indices = [group.index(name) for name in names]
                allowed = frozenset(values_at(indices, choice) for choice in rule)
                yield {
                    "operator": "fn",
                    "requires": list(names),
                    "evaluate": lambda row, names=names, allowed=allowed: (
                        tuple(row[name] for name in names) in allowed
                    ),
                }


class _Array:
    """Rows with the number of rows that contain each needed combination."""

    def __init__(
        self,
        space: Space,
        strength: int,
        price: Price,
        needed: frozenset[Combination],
        rows: Sequence[Row],
    ) -> None:
        self._space, self._cost = space, cache(price)
        self._needed = needed
        self._strength = strength
        self.rows = list(rows)
        self._counts = Counter(combination for row in rows for combination in self._needed_in(row))

    def cheapen(self, dice: random.Random) -> list[Row]:
        """Walk through equally covering arrays without ever raising the price (a plateau walk)."""
        for row in sorted(self.rows, key=self._cost, reverse=True):
            self._drop_if_idle(row)
        levels = list(self._space.levels.values())
        for _ in range(_STEPS if self.rows else 0):
            row = dice.choice(self.rows)
            position = dice.randrange(len(levels))
            self._try(row, position, dice.choice(levels[position]))
        return self.rows

    def _try(self, row: Row, position: int, value: Any) -> None:
        """Change one value of a row, if that costs no more and loses no combination."""
        changed = (*row[:position], value, *row[position + 1 :])
        if changed == row or not self._space.valid(changed):
            return
        if self._cost(changed) > self._cost(row):
            return
        lost = self._needed_with(row, position)
        if any(self._counts[combination] < 2 for combination in lost):  # the only row that has it
            return
        self._counts.subtract(lost)
        self._counts.update(self._needed_with(changed, position))
        self.rows[self.rows.index(row)] = changed
        self._drop_if_idle(changed)

    def _drop_if_idle(self, row: Row) -> None:
        combinations = self._needed_in(row)
        if all(self._counts[combination] > 1 for combination in combinations):
            self.rows.remove(row)
            self._counts.subtract(combinations)

    def _needed_in(self, row: Row) -> list[Combination]:
        combinations = self._space.combinations(row, self._strength)
        return [combination for combination in combinations if combination in self._needed]

    def _needed_with(self, row: Row, position: int) -> list[Combination]:
        """Return the needed combinations that a row's value at one position is part of."""
        combinations = (
            tuple((index, row[index]) for index in positions)
            for positions in self._positions_with[position]
        )
        return [combination for combination in combinations if combination in self._needed]

    @cached_property
    def _positions_with(self) -> list[list[tuple[int, ...]]]:
        """For each position, the positions of the combinations that it is part of."""
        width = range(len(self._space.names))
        tuples = list(itertools.combinations(width, self._strength))
        return [[positions for positions in tuples if index in positions] for index in width]
