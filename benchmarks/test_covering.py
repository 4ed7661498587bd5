"""Nine parameters and 31,104 valid combinations: every pair, for little more than can be."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from benchmarks.covering import (
    ALWAYS_ONE,
    APART,
    MOST_REQUESTS,
    MOST_USD,
    ONE_OR_TWO,
    USD,
    floor,
    measure,
    price,
    space,
    total,
)
from conformance.cases.covering import covering_rows

BOTH = pytest.mark.parametrize("images", [ONE_OR_TWO, ALWAYS_ONE], ids=["1-or-2", "1"])


@BOTH
def test_space_is_that_of_the_issue(images: Any) -> None:
    nine = space(images)
    rows = itertools.product(*nine.levels.values())
    assert len(nine.names) == 9
    assert sum(map(nine.valid, rows)) == 31_104
    assert len(nine.feasible(2)) == 418


@BOTH
def test_all_pairs_are_covered_near_the_floor(images: Any) -> None:
    nine = space(images)
    rows = covering_rows(nine, 2, price)
    assert {
        combination for row in rows for combination in nine.combinations(row, 2)
    } == nine.feasible(2)
    assert len(rows) <= MOST_REQUESTS
    assert floor(images) <= total(rows) <= 1.02 * floor(images)


def test_price_is_within_the_limit_where_a_request_asks_for_one_image() -> None:
    assert total(covering_rows(space(ALWAYS_ONE), 2, price)) <= MOST_USD


def test_no_array_of_requests_for_two_images_keeps_the_limit() -> None:
    """The floor is one: each quality meets five values that exclude each other, and two images."""
    nine = space(ONE_OR_TWO)
    at = nine.names.index
    values = [(at(name), value) for group in APART for name, value in group]
    feasible = nine.feasible(2)
    assert len(values) == 5
    pairs = itertools.combinations(values, 2)
    assert not any(tuple(sorted(pair, key=lambda choice: choice[0])) in feasible for pair in pairs)
    for choice in [*values, (at("n"), 2)]:
        assert all(((at("quality"), quality), choice) in feasible for quality in USD)
    assert floor(ONE_OR_TWO) == pytest.approx(6 * sum(USD.values()))
    assert floor(ONE_OR_TWO) > MOST_USD


def test_benchmark_says_what_was_not_met() -> None:
    rows = measure()
    missed = [(row.what, row.against) for row in rows if not row.met]
    assert missed == [("price, one or two images a request", "limit USD 1.90")]
