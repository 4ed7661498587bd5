"""Latency and price out of their usual range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from conformance.reports.drift.baseline import Key, exchange_key
from conformance.reports.drift.model import Change, Kind
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

ENOUGH = 5
"""Nights from which a range of their own is known; with fewer a factor must do."""

SPREADS = 5
"""How many robust standard deviations (1.4826 times the median absolute deviation) are usual."""

SLOW_FACTOR, SLOW_SECONDS = 3.0, 5.0
"""A single answer is slow beyond so many times its own latency before, and so much longer."""

_ROBUST = 1.4826

Read = Callable[[ExchangeRecord], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of an exchange, and how much of it may change unremarked."""

    what: str
    unit: str
    factor: float  # from a single night
    share: float  # of the median, at least, from many nights
    least: float  # in its unit, at least
    read: Read

    def write(self, value: float) -> str:
        """Write a value with its unit."""
        return f"{value:.4f} USD" if self.unit == "USD" else f"{value:.1f} s"


def _elapsed(exchange: ExchangeRecord) -> float | None:
    return exchange.elapsed


def _price(exchange: ExchangeRecord) -> float | None:
    """What the answer's usage says that it cost; an estimate of our own says nothing new."""
    return exchange.price.actual if exchange.price else None


LATENCY = Measure("latency", "s", factor=2.0, share=0.25, least=1.0, read=_elapsed)
PRICE = Measure("price", "USD", factor=1.25, share=0.1, least=0.0001, read=_price)


@dataclass(frozen=True, slots=True)
class Range:
    """What is usual, and by what it is known."""

    low: float
    high: float
    middle: float
    how: str

    def holds(self, value: float) -> bool:
        """Whether a value is usual."""
        return self.low <= value <= self.high


def usual(values: Sequence[float], measure: Measure) -> Range:
    """Give the usual range of a median, from the medians of some nights.

    From `ENOUGH` nights: their median ± `SPREADS` robust deviations, but never narrower than
    the measure's share. From fewer: the last of them times and divided by its factor.
    """
    if len(values) < ENOUGH:
        last = values[-1]
        room = max(last * (measure.factor - 1), measure.least)
        low = min(last / measure.factor, last - measure.least)
        return Range(low, last + room, last, f"one night, factor {measure.factor:g}")
    middle = median(values)
    deviation = _ROBUST * median(abs(each - middle) for each in values)
    room = max(SPREADS * deviation, measure.share * middle, measure.least)
    return Range(middle - room, middle + room, middle, f"{len(values)} nights")


def range_changes(bases: Sequence[Run], new: Run) -> list[Change]:
    """Give medians of latency and price that left their range, and single slow answers."""
    changes = [each for measure in (LATENCY, PRICE) for each in _out_of_range(measure, bases, new)]
    moved = {(each.provider, each.subject) for each in changes if each.what == "latency"}
    return changes + [
        each for each in _slow(bases[-1], new) if (each.provider, each.subject) not in moved
    ]


def _out_of_range(measure: Measure, bases: Sequence[Run], new: Run) -> Iterator[Change]:
    """Compare medians by provider and model, over the cases that both sides have."""
    now = _values(new, measure)
    nights = [_values(base, measure) for base in bases]
    for column, cases in _columns(now).items():
        history = [median(both) for night in nights if (both := _of(night, column, cases))]
        if not history:
            continue
        mine = {key for night in nights for key in _keys(night, column)}
        here = [value for key, value in cases.items() if key in mine]
        range_ = usual(history, measure)
        if here and not range_.holds(median(here)):
            yield _changed(measure, column, range_, median(here), len(here))


def _changed(
    measure: Measure, column: tuple[str, str], range_: Range, value: float, count: int
) -> Change:
    low, high = (measure.write(max(each, 0)) for each in (range_.low, range_.high))
    return Change(
        kind=Kind.INFORMATION,
        what=measure.what,
        provider=column[0],
        subject=column[1],
        before=measure.write(range_.middle),
        after=measure.write(value),
        models=(column[1],),
        count=count,
        message=f"median of {count}; usual {low} to {high} ({range_.how})",
    )


def _values(run: Run, measure: Measure) -> dict[Key, float]:
    """Measure the answers that were what was asked for; others take their own time."""
    found = {}
    for each in run.exchanges.values():
        value = measure.read(each)
        if value is not None and each.outcome == "accepted":
            found[exchange_key(each)] = value
    return found


def _columns(values: Mapping[Key, float]) -> dict[tuple[str, str], dict[Key, float]]:
    found: dict[tuple[str, str], dict[Key, float]] = {}
    for key, value in values.items():
        found.setdefault((key[0], key[1]), {})[key] = value
    return found


def _of(
    night: Mapping[Key, float], column: tuple[str, str], cases: Mapping[Key, float]
) -> list[float]:
    return [night[key] for key in _keys(night, column) if key in cases]


def _keys(night: Mapping[Key, float], column: tuple[str, str]) -> list[Key]:
    return [key for key in night if key[:2] == column]


def _slow(base: Run, new: Run) -> Iterator[Change]:
    """Give models with single answers that took far longer than the same case did before."""
    before, now = _values(base, LATENCY), _values(new, LATENCY)
    slow: dict[tuple[str, str], list[Key]] = {}
    for key, value in now.items():
        was = before.get(key)
        if was is not None and value > max(SLOW_FACTOR * was, was + SLOW_SECONDS):
            slow.setdefault((key[0], key[1]), []).append(key)
    for column, keys in slow.items():
        worst = max(keys, key=now.__getitem__)
        yield Change(
            kind=Kind.NOISE,
            what="slow answer",
            provider=column[0],
            subject=column[1],
            before=LATENCY.write(before[worst]),
            after=LATENCY.write(now[worst]),
            models=(column[1],),
            cases=tuple(key[2] for key in keys),
            count=len(keys),
        )
