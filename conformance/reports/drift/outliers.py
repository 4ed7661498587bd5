"""Latency and price out of their usual range, and what fails now and then, but more than before.

A clause that is broken in a share of its exchanges, and requests that must be sent again, would,
judged case by case, by chance be a regression, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import median

from conformance.findings import BROKEN, Finding, Verdict
from conformance.output.counting import dollars
from conformance.reports.costs import sent_once
from conformance.reports.drift.model import ChangeKind, DriftChange
from conformance.reports.grouping import group_by
from conformance.reports.measures import Rate, Retries, measures_of
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
    format: Callable[[float], str]
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
    "latency",
    "{:.1f} s".format,
    factor=2.0,
    share=0.25,
    least=1.0,
    read=lambda exchange: exchange.elapsed,
)
PRICE = Measure(  # as usage says: an estimate of our own says nothing new
    "price",
    dollars,
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
        low, high = (measure.format(max(end, 0)) for end in (range_.low, range_.high))
        yield DriftChange(
            kind=ChangeKind.INFORMATION,
            what=measure.what,
            provider=column[0],
            subject=column[1],
            before=measure.format(range_.middle),
            after=measure.format(value),
            models=(column[1],),
            count=len(comparable),
            message=f"median of {len(comparable)}; usual {low} to {high} ({range_.how})",
        )


def _slow(base: Run, new: Run) -> Iterator[DriftChange]:
    """Yield models with single answers that took far longer than the same case did before."""
    before = LATENCY.values(base)
    for column, cases in LATENCY.values(new).items():
        old = before.get(column, {})
        limits = {case: max(SLOW_FACTOR * time, time + SLOW_SECONDS) for case, time in old.items()}
        slow = {case: value for case, value in cases.items() if value > limits.get(case, inf)}
        if slow:
            worst = max(slow, key=slow.__getitem__)
            yield DriftChange(
                kind=ChangeKind.NOISE,
                what="slow answer",
                provider=column[0],
                subject=column[1],
                before=LATENCY.format(old[worst]),
                after=LATENCY.format(slow[worst]),
                models=(column[1],),
                cases=tuple(slow),
                count=len(slow),
            )


Subject = tuple[str, str, str]
"""A clause on a model of a provider."""


_LAST = 3
"""Requests in a row of which none was answered; a live run gives up after more."""


@dataclass(slots=True)
class _Tally:
    """The exchanges of one clause on one model, those that broke it, and an example of them."""

    hits: int = 0
    of: int = 0
    flaky: bool = False
    broken: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding and the exchanges that were made again for it."""
        exchanges = 1 + (finding.repeats or 0)  # each repeat is an exchange of its own
        if finding.verdict is Verdict.FLAKY and finding.rate is not None:
            self.hits += round(finding.rate * exchanges)
            self.flaky = True
        elif finding.verdict in BROKEN:
            self.hits += exchanges
        elif finding.verdict is not Verdict.PASS:
            return
        self.of += exchanges
        if finding.verdict is not Verdict.PASS:
            self.broken.append(finding)

    @property
    def rate(self) -> Rate:
        """How often it was broken."""
        return Rate(self.hits, self.of)


def became_unreliable(bases: Sequence[Run], new: Run) -> list[DriftChange]:
    """Return what fails now and then, and surely more often than on the nights before."""
    return [*_clauses(bases, new), *_requests(bases, new)]


def subject_of(finding: Finding) -> Subject:
    """Return the clause of a finding, on its model."""
    return finding.provider, finding.model, finding.clause


def subjects_of(changes: Iterable[DriftChange]) -> frozenset[Subject]:
    """Return the clauses on models that some changes are about: no single case of them decides."""
    return frozenset(
        (change.provider, model, change.subject) for change in changes for model in change.models
    )


def _clauses(bases: Sequence[Run], new: Run) -> Iterator[DriftChange]:
    """Yield the clauses of which a finding was flaky, and more are broken than were before."""
    before, now = _tallies(bases), _tallies([new])
    for subject, tally in now.items():
        earlier = before.get(subject, _Tally())
        if tally.flaky and _is_worse(earlier.rate, tally.rate):
            provider, model, clause = subject
            yield DriftChange(
                kind=ChangeKind.UNRELIABLE,
                what="reliability",
                provider=provider,
                subject=clause,
                level=tally.broken[0].level,
                before=share_of(earlier.rate),
                after=share_of(tally.rate),
                models=(model,),
                cases=tuple(dict.fromkeys(finding.case for finding in tally.broken)),
                count=len(tally.broken),
                message=tally.broken[0].message,
                confirmed=True,
            )


def _tallies(runs: Iterable[Run]) -> dict[Subject, _Tally]:
    tallies: dict[Subject, _Tally] = {}
    for run in runs:
        for finding in run.findings:
            if not finding.excused:
                tallies.setdefault(subject_of(finding), _Tally()).add(finding)
    return tallies


def _is_worse(before: Rate, now: Rate) -> bool:
    """Return whether the intervals of two rates leave no doubt; what was not judged is no rate."""
    return before.of > 0 and now.interval[0] > before.interval[1]


def _requests(bases: Sequence[Run], new: Run) -> Iterator[DriftChange]:
    """Yield providers of which more attempts fail than did before.

    Where all of them fail, or the last before the run ended, it is an outage, which leaves the
    night undecided.
    """
    before, now = _retries(bases), _retries([new])
    unanswering = _unanswering_at_the_end(new)
    for provider, retries in now.items():
        earlier = before.get(provider)
        is_outage = retries.failed.hits == retries.failed.of or provider in unanswering
        if earlier is not None and not is_outage and _is_worse(earlier.failed, retries.failed):
            yield DriftChange(
                kind=ChangeKind.UNRELIABLE,
                what="reliability",
                provider=provider,
                subject="requests",  # and no clause
                before=share_of(earlier.failed),
                after=share_of(retries.failed),
                count=retries.failed.hits,
                message="; ".join(f"{why} ({count})" for why, count in retries.reasons.items()),
                confirmed=True,
            )


def _unanswering_at_the_end(run: Run) -> set[str]:
    """Return the providers that answered none of the last requests before the rest was not sent.

    That a part was not run does not say so alone: a budget, or the user, may have ended the run.
    """
    not_run = {finding.provider for finding in run.findings if finding.verdict is Verdict.NOT_RUN}
    sent = (
        exchange for exchange in run.exchanges.values() if exchange.sent_at and exchange.was_sent
    )
    in_order = sorted(sent, key=lambda exchange: str(exchange.sent_at))
    by_provider = group_by(in_order, lambda exchange: exchange.provider)
    return {
        name
        for name in not_run & by_provider.keys()
        if all(exchange.outcome == "unavailable" for exchange in by_provider[name][-_LAST:])
    }


def _retries(runs: Sequence[Run]) -> Mapping[str, Retries]:
    providers = group_by(sent_once(runs), lambda exchange: exchange.provider)
    return {name: measures_of(sent).retries for name, sent in providers.items()}


def share_of(rate: Rate) -> str:
    """Write a rate with its interval, as what failed of what was tried."""
    low, high = rate.interval
    return f"{rate.hits} of {rate.of} failed ({low:.0%} to {high:.0%})"
