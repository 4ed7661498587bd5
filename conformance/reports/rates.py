"""Rates with the interval within which they are to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something occurred, with its 95 % interval by Wilson's score."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end, from 0 to 1; of nothing at all, everything is possible."""
        if not self.of:
            return 0.0, 1.0
        share, total, square = self.hits / self.of, self.of, _Z * _Z
        middle = share + square / (2 * total)
        room = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total))
        scale = 1 + square / total
        return max((middle - room) / scale, 0.0), min((middle + room) / scale, 1.0)

    @property
    def share(self) -> float:
        """The share, from 0 to 1."""
        return self.hits / self.of if self.of else 0.0
