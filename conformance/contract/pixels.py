"""Sizes in pixels: what JSON Schema cannot say of `WIDTHxHEIGHT`, interpreted here alone.

The keywords stand in the schema of a parameter and hold for strings of that form; any other
string, such as `auto`, they pass over. Each measures by how much a size is beyond its bound.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

Sides = tuple[int, int]
Measure = Callable[[int, int, int], int]

_SIZE = re.compile(r"([1-9][0-9]{0,8})x([1-9][0-9]{0,8})")
_MOST_WIDTHS = 500  # widths that are looked at where every one of thousands is legal
_UNBOUNDED = 16_384
"""Longest side that is tried in pixels where the contract bounds neither sides nor pixels."""


@dataclass(frozen=True, slots=True)
class PixelKeyword:
    """One keyword: how far a size is beyond its bound, and how that is said."""

    measure: Measure
    says: str  # what is wrong with a size
    words: str  # the same as part of a case id


PIXEL_KEYWORDS: Mapping[str, PixelKeyword] = {
    "sidesMultipleOf": PixelKeyword(
        lambda width, height, bound: width % bound + height % bound,
        "whose sides are not both multiples of",
        "uneven",
    ),
    "longestSide": PixelKeyword(
        lambda width, height, bound: max(width, height) - bound,
        "whose longer side is more than",
        "too-long",
    ),
    "widestRatio": PixelKeyword(
        lambda width, height, bound: max(width, height) - bound * min(width, height),
        "whose longer side is more times the shorter one than",
        "too-narrow",
    ),
    "minPixels": PixelKeyword(
        lambda width, height, bound: bound - width * height,
        "which has fewer pixels than",
        "too-small",
    ),
    "maxPixels": PixelKeyword(
        lambda width, height, bound: width * height - bound,
        "which has more pixels than",
        "too-large",
    ),
}


def sides_of(size: object) -> Sides | None:
    """Return width and height in pixels of a size such as `1024x1024`, else None."""
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    return None if match is None else (int(match[1]), int(match[2]))


def size_text(sides: Sides) -> str:
    """Return a size as a request spells it."""
    return f"{sides[0]}x{sides[1]}"


def beyond(keyword: str, size: object, bound: int) -> bool:
    """Return whether a size breaks a keyword; what is no size breaks none."""
    sides = sides_of(size)
    return sides is not None and PIXEL_KEYWORDS[keyword].measure(*sides, bound) > 0


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """The pixel keywords of one parameter; None is no bound."""

    sidesMultipleOf: int | None = None  # noqa: N815 - the names are those of the keywords
    longestSide: int | None = None  # noqa: N815
    widestRatio: int | None = None  # noqa: N815
    minPixels: int | None = None  # noqa: N815
    maxPixels: int | None = None  # noqa: N815

    def breaks(self, sides: Sides) -> tuple[str, ...]:
        """List the keywords that a size breaks."""
        return tuple(
            name
            for name, keyword in PIXEL_KEYWORDS.items()
            if (bound := getattr(self, name)) is not None and keyword.measure(*sides, bound) > 0
        )

    def heights(self, width: int) -> range:
        """Return the heights that are legal beside a width."""
        step = self.sidesMultipleOf or 1
        ratio = self.widestRatio or _UNBOUNDED
        # -(-a // b) divides and rounds up
        low = max(1, -(-width // ratio), -(-(self.minPixels or 1) // width))
        high = min(self._longest, width * ratio)
        if self.maxPixels is not None:
            high = min(high, self.maxPixels // width)
        legal = width % step == 0 and width <= self._longest
        return range(-(-low // step) * step, high + 1 if legal else 0, step)

    # Equal limits share what is cached: a model makes its limits anew for every question.
    @lru_cache(maxsize=64)  # noqa: B019 - few limits, and they live as long as the edition
    def widths(self) -> Sequence[int]:
        """Return the widths beside which some height is legal."""
        step = self.sidesMultipleOf or 1
        multiples = range(step, self._longest + 1, step)
        return tuple(width for width in multiples if self.heights(width))

    @lru_cache(maxsize=64)  # noqa: B019 - as above
    def edges(self) -> Mapping[str, str]:
        """Return the legal sizes at the limits by name, those with few pixels first."""
        ends: list[Sides] = []
        for width in self.widths():
            heights = self.heights(width)
            ends += [(width, heights[0]), (width, heights[-1])]
            ends += [(width, width)] if width in heights else []

        def best(key: Callable[[Sides], tuple[float, ...]]) -> str:
            return size_text(min(ends, key=key))

        return {
            "square": best(lambda sides: (max(sides) / min(sides), sides[0] * sides[1])),
            "widest": best(lambda sides: (sides[1] / sides[0], sides[0] * sides[1])),
            "tallest": best(lambda sides: (sides[0] / sides[1], sides[0] * sides[1])),
            "smallest": best(lambda sides: (sides[0] * sides[1], *sides)),
            "largest": best(lambda sides: (-sides[0] * sides[1], -sides[0])),
        }

    @lru_cache(maxsize=256)  # noqa: B019 - as above
    def breaking(self, keyword: str) -> Sequence[str]:
        """Return sizes that break this keyword and no other, from the farthest to the nearest."""
        bound = getattr(self, keyword)
        # of sizes that are as far beyond, the one with the fewest pixels comes first
        measured = sorted(
            (-PIXEL_KEYWORDS[keyword].measure(*sides, bound), sides[0] * sides[1], sides)
            for sides in _candidates(self, keyword)
            if self.breaks(sides) == (keyword,)
        )
        return tuple(size_text(sides) for _, _, sides in measured)

    @property
    def _longest(self) -> int:
        if self.longestSide is not None:
            return self.longestSide
        if self.maxPixels is None or self.widestRatio is None:
            return _UNBOUNDED
        return min(_UNBOUNDED, math.isqrt(self.maxPixels * self.widestRatio))


def pixel_limits(schema: Mapping[str, Any]) -> PixelLimits | None:
    """Return the pixel limits in the schema of a parameter, None if it has none."""
    bounds = {name: schema[name] for name in PIXEL_KEYWORDS if name in schema}
    return PixelLimits(**bounds) if bounds else None


def sure_pixel_limits(schema: Mapping[str, Any]) -> PixelLimits | None:
    """Return the limits within which no open question disputes a size, None if there are none."""
    disputed = ({**entry["keywords"]} for entry in schema.get("open", ()))
    return pixel_limits(ChainMap(*disputed, {**schema}))


def sizes_breaking(schema: Mapping[str, Any], keyword: str) -> Sequence[str]:
    """Return sizes that break one keyword and no other, from the farthest to the nearest.

    They are sizes that no open question disputes, if there are such; none without limits.
    """
    limits, sure_limits = pixel_limits(schema), sure_pixel_limits(schema)
    if limits is None or sure_limits is None:
        return ()
    bound = getattr(limits, keyword)
    return replace(sure_limits, **{keyword: bound}).breaking(keyword) or limits.breaking(keyword)


def _candidates(limits: PixelLimits, keyword: str) -> Iterator[Sides]:
    """Yield sizes on both sides of the limit that a keyword sets."""
    if keyword == "sidesMultipleOf":
        # every remainder beside one legal size: nothing else about it is at a limit
        width, height = sides_of(limits.edges()["square"]) or (0, 0)
        near = itertools.product(range(limits.sidesMultipleOf or 1), repeat=2)
        yield from ((width + right, height + down) for right, down in near)
        return
    lifted = replace(limits, **{keyword: None})
    widths = lifted.widths()
    for width in widths[:: 1 + len(widths) // _MOST_WIDTHS]:
        legal, otherwise_legal = limits.heights(width), lifted.heights(width)
        beside = (
            {legal[0] - otherwise_legal.step, legal[-1] + otherwise_legal.step} if legal else set()
        )
        for height in {
            otherwise_legal[0],
            otherwise_legal[-1],
            *(side for side in beside if side in otherwise_legal),
        }:
            yield width, height
