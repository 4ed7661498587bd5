"""Drift: latency and price leave their usual range, and a single slow answer does not."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reports.drift import ChangeKind, drift
from conformance.reports.drift.outliers import LATENCY, PRICE, Measure, usual
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.nights import answers, night


def slept(day: int, *seconds: float) -> Run:
    records = answers(len(seconds))
    for record, each in zip(records, seconds, strict=True):
        record["elapsed"] = each
    return night(day, *records)


def paid(day: int, price: float | None, **changes: Any) -> Run:
    return night(day, *answers(price={"estimate": 9.0, "actual": price}, **changes))


def changed(bases: list[Run], new: Run) -> list[tuple[str, ChangeKind]]:
    return [(each.what, each.kind) for each in drift(bases, new).changes]


@pytest.mark.parametrize(
    ("values", "measure", "low", "high"),
    [
        ([8.0], LATENCY, 4.0, 16.0),
        ([0.01], LATENCY, -0.99, 1.01),
        ([0.04], PRICE, 0.032, 0.05),
        ([8.0, 8.0, 8.0, 8.0, 8.0], LATENCY, 6.0, 10.0),
        ([6.0, 7.0, 8.0, 9.0, 30.0], LATENCY, 8 - 5 * 1.4826, 8 + 5 * 1.4826),
    ],
    ids=["one-night", "one-fast-night", "one-price", "equal-nights", "nights-with-an-outlier"],
)
def test_usual_range(values: list[float], measure: Measure, low: float, high: float) -> None:
    found = usual(values, measure)
    assert [found.low, found.high] == pytest.approx([low, high])


def test_latency_of_twice_last_nights_is_news_with_its_range() -> None:
    (change,) = drift([slept(1, 8, 9, 10)], slept(2, 19, 20, 21)).changes
    assert (change.what, change.before, change.after) == ("latency", "9.0 s", "20.0 s")
    assert change.message == "median of 3; usual 4.5 s to 18.0 s (one night, factor 2)"


WEEK = [slept(day, 8, 9 + day / 100, 10) for day in range(1, 8)]
SLOWER = ("latency", ChangeKind.INFORMATION)


@pytest.mark.parametrize(
    ("bases", "new", "changes"),
    [
        (WEEK, slept(9, 12, 13, 14), [SLOWER]),
        (WEEK[-1:], slept(9, 12, 13, 14), []),
        ([slept(1, 20, 20, 20)], slept(2, 2, 2, 2), [SLOWER]),
        ([slept(1, 8, 8, 8)], slept(2, 8, 8, 60), [("slow answer", ChangeKind.NOISE)]),
        ([slept(1, 8, 8, 8)], slept(2, 8, 8, 15), []),
        ([slept(1, 8, 8, 8)], slept(2, 8, 8, 12.9), []),
    ],
    ids=["many-nights", "one-night", "faster", "one-slow-answer", "below-factor", "below-seconds"],
)
def test_latency_that_leaves_its_range_is_told(
    bases: list[Run], new: Run, changes: list[tuple[str, ChangeKind]]
) -> None:
    assert changed(bases, new) == changes


def test_refusals_do_not_count_towards_latency() -> None:
    refused = night(2, *answers(outcome="refused", elapsed=0.01))
    assert changed([slept(1, *[8.0] * 6)], refused) == []


@pytest.mark.parametrize(
    ("price", "told"),
    [(0.06, True), (0.049, False), (0.02, True), (None, False)],
    ids=["dearer", "about-the-same", "cheaper", "unknown"],
)
def test_price_that_was_paid_is_compared(price: float | None, told: bool) -> None:
    expected = [("price", ChangeKind.INFORMATION)] if told else []
    assert changed([paid(1, 0.04)], paid(2, price)) == expected


def test_estimates_of_our_own_are_no_news() -> None:
    before = night(1, *answers(price={"estimate": 1.0, "actual": None}))
    assert changed([before], paid(2, None)) == []


def test_new_case_does_not_shift_the_median() -> None:
    new = slept(2, 8, 8, 8)
    for number, record in enumerate(answers(9, elapsed=90.0)):
        new.add(runs.read({**record, "case": f"new-{number}"}, ExchangeRecord))
    assert changed([slept(1, 8, 8, 8)], new) == []


def test_range_is_not_a_regression() -> None:
    found = drift([slept(1, 8, 8)], slept(2, 80, 80))
    assert found.changes
    assert not found.regressions(unconfirmed_too=True)
