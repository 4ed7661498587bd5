"""Latency and price out of their usual range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from conformance.reports.drift.model import ChangeKind, DriftChange
from conformance.results.reach import ColumnKey
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

ENOUGH = 5
"""Nights from which a range of their own is known; with fewer a factor must do."""

SPREADS = 5
"""How many robust standard deviations (1.4826 times the median absolute deviation) are usual."""

SLOW_FACTOR, SLOW_SECONDS = 3.0, 5.0
"""A single answer is slow beyond so many times its own latency before, and so much longer."""

_ROBUST = 1.4826

Values = dict[ColumnKey, dict[str, float]]
"""What was measured, by model and case."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of an exchange, and how much of it may change without being reported."""

    what: str
    format: str
    factor: float  # from a single night
    share: float  # of the median, at least, from many nights
    least: float  # in its unit, at least
    read: Callable[[ExchangeRecord], float | None]

    def values(self, run: Run) -> Values:
        """Measure the answers that were what was asked for; others take their own time."""
        measured: Values = {}
        for exchange in run.exchanges.values():
            value = self.read(exchange)
            if value is not None and exchange.outcome == "accepted":
                measured.setdefault(exchange.column, {})[exchange.case] = value
        return measured


LATENCY = Measure(
    "latency", "{:.1f} s", factor=2.0, share=0.25, least=1.0, read=lambda exchange: exchange.elapsed
)
PRICE = Measure(  # as usage says: an estimate of our own says nothing new
    "price",
    "{:.4f} USD",
    factor=1.25,
    share=0.1,
    least=0.0001,
    read=lambda exchange: exchange.price.actual if exchange.price else None,
)


@dataclass(frozen=True, slots=True)
class Range:
    """What is usual, and by what it is known."""

    low: float
    high: float
    middle: float
    how: str


def usual(values: Sequence[float], measure: Measure) -> Range:
    """Return the usual range of a median, from the medians of some nights.

    From `ENOUGH` nights: their median ± `SPREADS` robust deviations, but never narrower than
    the measure's share. From fewer: the last of them times and divided by its factor.
    """
    if len(values) < ENOUGH:
        last = values[-1]
        margin = max(last * (measure.factor - 1), measure.least)
        low = min(last / measure.factor, last - measure.least)
        return Range(low, last + margin, last, f"one night, factor {measure.factor:g}")
    middle = median(values)
    deviation = _ROBUST * median(abs(value - middle) for value in values)
    margin = max(SPREADS * deviation, measure.share * middle, measure.least)
    return Range(middle - margin, middle + margin, middle, f"{len(values)} nights")


def range_changes(bases: Sequence[Run], new: Run) -> list[DriftChange]:
    """Return medians of latency and price that left their range, and single slow answers."""
    changes = [change for measure in (LATENCY, PRICE) for change in _outliers(measure, bases, new)]
    # where all of a model is slower, its single answers are nothing else
    moved = {(change.provider, change.subject) for change in changes if change.what == "latency"}
    return changes + [
        change for change in _slow(bases[-1], new) if (change.provider, change.subject) not in moved
    ]


def _outliers(measure: Measure, bases: Sequence[Run], new: Run) -> Iterator[DriftChange]:
    """Compare medians by provider and model, over the cases that both sides have."""
    nights = [measure.values(base) for base in bases]
    for column, cases in measure.values(new).items():
        nights_of_model = [night[column] for night in nights if column in night]
        common = [[night[case] for case in night if case in cases] for night in nights_of_model]
        medians = [median(values) for values in common if values]
        if not medians:
            continue
        known = {case for night in nights_of_model for case in night}  # a new case moves no median
        comparable = [value for case, value in cases.items() if case in known]
        range_, value = usual(medians, measure), median(comparable)
        if range_.low <= value <= range_.high:
            continue
        low, high = (measure.format.format(max(end, 0)) for end in (range_.low, range_.high))
        yield DriftChange(
            kind=ChangeKind.INFORMATION,
            what=measure.what,
            provider=column[0],
            subject=column[1],
            before=measure.format.format(range_.middle),
            after=measure.format.format(value),
            models=(column[1],),
            count=len(comparable),
            message=f"median of {len(comparable)}; usual {low} to {high} ({range_.how})",
        )


def _slow(base: Run, new: Run) -> Iterator[DriftChange]:
    """Yield models with single answers that took far longer than the same case did before."""
    before = LATENCY.values(base)
    for column, cases in LATENCY.values(new).items():
        old_values = before.get(column, {})
        slow = {
            case: value
            for case, value in cases.items()
            if case in old_values
            and value > max(SLOW_FACTOR * old_values[case], old_values[case] + SLOW_SECONDS)
        }
        if slow:
            worst = max(slow, key=slow.__getitem__)
            yield DriftChange(
                kind=ChangeKind.NOISE,
                what="slow answer",
                provider=column[0],
                subject=column[1],
                before=LATENCY.format.format(old_values[worst]),
                after=LATENCY.format.format(slow[worst]),
                models=(column[1],),
                cases=tuple(slow),
                count=len(slow),
            )
