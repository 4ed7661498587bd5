"""Covering arrays: few rows, and few dear ones, in which every combination is tried."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from covertable.main import Controller

from conformance.cases.parameter_space import Combination, Row, Space

if TYPE_CHECKING:
    from collections.abc import Mapping

Price = Callable[[Row], float]

_SALTS = ("0", "6", "1", "2")  # each gives another array to start from
_STEPS = 20_000


def covering_rows(
    space: Space,
    strength: int,
    price: Price,
    covered: Collection[Combination] = (),
    presets: Sequence[Row] = (),
) -> list[Row]:
    """Find rows that have every feasible combination which is not covered already.

    covertable makes the arrays; each is then made cheaper by changing one value at a time
    wherever nothing becomes uncovered, and the cheapest counts. ``presets`` are the rows
    that are sent anyway. The same arguments give the same rows. The cheapest comes first.
    """
    strength = min(strength, len(space.names))
    needed = space.feasible(strength) - frozenset(covered)
    if not strength or not needed:
        return []
    found = [
        _Array(space, strength, price, needed, start).cheapened(dice)
        for salt in _SALTS
        for dice in [random.Random(salt)]  # noqa: S311 - the same rows each time, and no secret
        for start in [_made(space, strength, price, presets, salt)]
    ]
    best = min(found, key=lambda rows: (round(sum(map(price, rows)), 6), len(rows)))
    return sorted(best, key=lambda row: (price(row), str(row)))


def plain_rows(space: Space, strength: int) -> list[Row]:
    """Give covertable's own array, without regard to price."""
    return _made(space, strength, lambda _: 0.0, (), "")


def _made(
    space: Space, strength: int, price: Price, presets: Sequence[Row], salt: str
) -> list[Row]:
    controller = Controller(
        {name: list(values) for name, values in space.levels.items()},
        strength=strength,
        constraints=list(_constraints(space)),
        presets=[dict(zip(space.names, row, strict=True)) for row in presets],
        weights=_weights(space, price),
        salt=salt,
    )
    rows = [tuple(each[name] for name in space.names) for each in controller.make()]
    known = set(presets)
    return [row for row in rows if row not in known]


def _constraints(space: Space) -> Iterator[dict[str, Any]]:
    """Tell covertable what goes together: whole groups, and their pairs, which it can prune by."""
    for group, rule in space.rules.items():
        for size in sorted({2, len(group)}):
            for names in itertools.combinations(group, size):
                places = [group.index(name) for name in names]
                allowed = frozenset(tuple(each[at] for at in places) for each in rule)
                yield {
                    "operator": "fn",
                    "requires": list(names),
                    "evaluate": lambda row, names=names, allowed=allowed: (
                        tuple(row[name] for name in names) in allowed
                    ),
                }


def _weights(space: Space, price: Price) -> Mapping[str, Mapping[int, float]]:
    """Prefer the cheapest value wherever any would do."""
    plain = tuple(values[0] for values in space.levels.values())
    return {
        name: {
            index: 1 / (1 + price((*plain[:at], value, *plain[at + 1 :])))
            for index, value in enumerate(values)
        }
        for at, (name, values) in enumerate(space.levels.items())
    }


class _Array:
    """Rows, and how often each needed combination is in them."""

    def __init__(
        self,
        space: Space,
        strength: int,
        price: Price,
        needed: frozenset[Combination],
        rows: Sequence[Row],
    ) -> None:
        self._space, self._price = space, price
        self._needed = needed
        self._strength = strength
        self._known: dict[Row, float] = {}
        self.rows = list(rows)
        self._counts = Counter(each for row in rows for each in self._in(row))

    def cheapened(self, chance: random.Random) -> list[Row]:
        """Walk through arrays that cover as much, none dearer than the one before."""
        for row in sorted(self.rows, key=self._cost, reverse=True):
            self._drop_if_idle(row)
        levels = list(self._space.levels.values())
        for _ in range(_STEPS if self.rows else 0):
            row = chance.choice(self.rows)
            at = chance.randrange(len(levels))
            self._try(row, at, chance.choice(levels[at]))
        return self.rows

    def _try(self, row: Row, at: int, value: Any) -> None:
        changed = (*row[:at], value, *row[at + 1 :])
        if (
            changed == row
            or not self._space.valid(changed)
            or self._cost(changed) > self._cost(row)
        ):
            return
        lost = [each for each in self._with(row, at) if each in self._needed]
        if any(self._counts[each] < 2 for each in lost):  # the only row that has it
            return
        self._counts.subtract(lost)
        self._counts.update(each for each in self._with(changed, at) if each in self._needed)
        self.rows[self.rows.index(row)] = changed
        self._drop_if_idle(changed)

    def _drop_if_idle(self, row: Row) -> None:
        own = list(self._in(row))
        if all(self._counts[each] > 1 for each in own):
            self.rows.remove(row)
            self._counts.subtract(own)

    def _in(self, row: Row) -> Iterator[Combination]:
        found = self._space.combinations(row, self._strength)
        return (each for each in found if each in self._needed)

    def _with(self, row: Row, at: int) -> Iterator[Combination]:
        return (tuple((place, row[place]) for place in each) for each in self._places[at])

    @cached_property
    def _places(self) -> list[list[tuple[int, ...]]]:
        width = range(len(self._space.names))
        every = list(itertools.combinations(width, self._strength))
        return [[each for each in every if at in each] for at in width]

    def _cost(self, row: Row) -> float:
        if row not in self._known:
            self._known[row] = self._price(row)
        return self._known[row]
