"""What covering every pair costs: ours, a covering array that knows no prices, and the floor."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.measuring import Row
from conformance.cases.covering import LEFT_OUT, Space, covering_rows, covertable_rows

MOST_REQUESTS = 28
MOST_USD = 1.90
USD = {"low": 0.006, "medium": 0.053, "high": 0.211, "auto": 0.053}
"""An image, by quality; `auto` as medium."""

_BACKGROUND = (LEFT_OUT, "transparent", "opaque", "auto")
_FORMAT = (LEFT_OUT, "png", "jpeg", "webp")
_COMPRESSION = (LEFT_OUT, 0, 50, 100)
ONE_OR_TWO = (LEFT_OUT, 1, 2)
ALWAYS_ONE = (LEFT_OUT, 1, "null")
"""Three ways to ask for a single image: left out, in words, and as null."""

APART = (
    (("output_format", LEFT_OUT), ("output_format", "png")),
    tuple(("output_compression", value) for value in _COMPRESSION[1:]),
)
"""Five values of which no request can have two: compression needs jpeg or webp."""


def space(images: Sequence[Any] = ONE_OR_TWO) -> Space:
    """Return the nine parameters of a gpt-image request: 31,104 valid combinations, 418 pairs."""
    tied = ("background", "output_format", "output_compression")
    choices = itertools.product(_BACKGROUND, _FORMAT, _COMPRESSION)
    return Space(
        {
            "size": ("auto", "1024x1024", "1536x1024", "1024x1536"),
            "quality": tuple(USD),
            "background": _BACKGROUND,
            "output_format": _FORMAT,
            "output_compression": _COMPRESSION,
            "moderation": (LEFT_OUT, "low", "auto"),
            "n": tuple(images),
            "stream": (LEFT_OUT, True, False),
            "user": (LEFT_OUT, "lantern"),
        },
        {tied: frozenset(choice for choice in choices if _goes_together(*choice))},
    )


def _goes_together(background: object, format_: object, compression: object) -> bool:
    clear = background != "transparent" or format_ in (LEFT_OUT, "png", "webp")
    return clear and (compression is LEFT_OUT or format_ in ("jpeg", "webp"))


def price(row: Sequence[Any]) -> float:
    """Price a row: an image of its quality, times `n`; US dollars."""
    quality, images = row[1], row[6]
    return USD[quality] * (images if isinstance(images, int) else 1)


def total(rows: Sequence[Sequence[Any]], of: Callable[[Sequence[Any]], float] = price) -> float:
    """Sum the prices of rows; US dollars."""
    return sum(of(row) for row in rows)


def floor(images: Sequence[Any]) -> float:
    """Return a price that no array can beat, in US dollars.

    Each quality meets the values of `APART` in as many requests of its own, and in one of them
    the most images.
    """
    most = max(image if isinstance(image, int) else 1 for image in images)
    return sum(USD.values()) * (len(APART[0]) + len(APART[1]) - 1 + most)


def measure() -> list[Row]:
    """Cover all pairs, of requests for one or two images and of requests for one."""
    return [row for images in (ONE_OR_TWO, ALWAYS_ONE) for row in _compare(images)]


def _compare(images: Sequence[Any]) -> list[Row]:
    nine = space(images)
    ours, plain = covering_rows(nine, 2, price), covertable_rows(nine, 2, lambda _: 0.0)
    pairs = {combination for row in ours for combination in nine.combinations(row, 2)}
    usd, least = total(ours), floor(images)
    totals = f"{len(ours)} requests, {len(pairs)} pairs, USD {usd:.3f}"
    count = "one or two images" if images == ONE_OR_TWO else "one image"
    plainly = f"plain covering: {len(plain)} requests, USD {total(plain):.3f}"

    def row(what: str, against: str, ratio: float, bound: float) -> Row:
        return Row(f"{what}, {count} a request", totals, against, ratio, bound, at_least=False)

    return [
        row("requests", f"limit {MOST_REQUESTS}", len(ours) / MOST_REQUESTS, 1),
        row("price", f"limit USD {MOST_USD:.2f}", usd / MOST_USD, 1),
        row("price", plainly, usd / total(plain), 1),
        row("price", f"proven floor: USD {least:.3f}", usd / least, 1.05),
    ]
