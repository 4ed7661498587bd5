"""Covering arrays: few and cheap rows in which every combination occurs."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from covertable.main import Controller

from conformance.cases.parameter_space import Combination, Row, Space, values_at

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
    controller = Controller(
        {name: list(values) for name, values in space.levels.items()},
        strength=strength,
        constraints=list(_constraints(space)),
        presets=[dict(zip(space.names, row, strict=True)) for row in presets],
        weights=_weights(space, price),
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


def _weights(space: Space, price: Price) -> Mapping[str, Mapping[int, float]]:
    """Weight values by price: the cheapest is preferred where any would do."""
    first_values = tuple(values[0] for values in space.levels.values())
    return {
        name: {
            index: 1 / (1 + price((*first_values[:position], value, *first_values[position + 1 :])))
            for index, value in enumerate(values)
        }
        for position, (name, values) in enumerate(space.levels.items())
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
