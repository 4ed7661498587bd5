"""What requests show beside verdicts: how long they took, what they cost, how often they failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from conformance.reports.costs import Money, total
from conformance.reports.grouping import group_by
from conformance.results.records import ExchangeRecord

UNAVAILABLE = "unavailable"
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


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that accepted requests took, as measured when they were sent."""

    count: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Availability:
    """How many requests were answered with a decision, of how many, and why the rest were not."""

    answered: int
    total: int
    reasons: Mapping[str, int]

    @property
    def rate(self) -> float:
        """The share that was answered, 0 to 1."""
        return self.answered / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Retries:
    """Requests that were answered at the first try, and what came of those that were sent again.

    Only requests count whose attempts are known; a cassette says them where there were several.
    """

    first: Rate
    failed: Rate  # attempts
    reasons: Mapping[str, int]  # statuses and texts of attempts that were followed by another

    @property
    def known(self) -> bool:
        """Return whether the attempts of any request are known."""
        return self.first.of > 0


@dataclass(frozen=True, slots=True)
class Quality:
    """What pictures of one quality took and cost."""

    name: str
    latency: Latency | None
    per_image: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """All measures of some requests."""

    latency: Latency | None
    price: Money | None
    availability: Availability
    retries: Retries
    qualities: tuple[Quality, ...]


def measures_of(exchanges: Sequence[ExchangeRecord]) -> Measures:
    """Measure requests that were sent, each of which is given once."""
    unanswered = (exchange for exchange in exchanges if exchange.outcome == UNAVAILABLE)
    missing = Counter(exchange.reason or exchange.outcome for exchange in unanswered)
    accepted = (exchange for exchange in exchanges if exchange.outcome == "accepted")
    generated = group_by(
        (exchange for exchange in accepted if exchange.expected in ("accepted", "open")),
        lambda exchange: exchange.asks.get("quality", "default"),
    )
    qualities = []
    for name, sent in generated.items():
        price = _price(sent)
        qualities.append(Quality(name, _latency(sent), price.per_image if price else None))
    return Measures(
        latency=_latency(exchanges),
        price=_price(exchanges),
        availability=Availability(len(exchanges) - missing.total(), len(exchanges), dict(missing)),
        retries=_retries(exchanges),
        qualities=tuple(qualities),
    )


def _latency(exchanges: Sequence[ExchangeRecord]) -> Latency | None:
    """Measure accepted requests; a refusal takes no painting and would flatter the rest."""
    accepted = (exchange.elapsed for exchange in exchanges if exchange.outcome == "accepted")
    seconds = sorted(elapsed for elapsed in accepted if elapsed is not None)
    if not seconds:
        return None
    nearest = -(-9 * len(seconds) // 10)  # the rank of p90: the first that 90 % do not exceed
    return Latency(len(seconds), median(seconds), seconds[nearest - 1])


def _price(exchanges: Sequence[ExchangeRecord]) -> Money | None:
    money = total(exchanges)
    return money if money.priced or money.guess else None


def _retries(exchanges: Sequence[ExchangeRecord]) -> Retries:
    reasons: Counter[str] = Counter()  # why each attempt but the last was followed by another
    first_tries = unanswered = all_attempts = known = 0
    for exchange in exchanges:
        if not exchange.attempts:
            continue  # a cassette that does not say
        known += 1
        # a run file may be anybody's: more failed attempts than attempts would be no rate
        attempts = max(exchange.attempts, 1 + len(exchange.retried))
        all_attempts += attempts
        first_tries += attempts == 1 and exchange.outcome != UNAVAILABLE
        unanswered += exchange.outcome == UNAVAILABLE
        for attempt in exchange.retried:
            lacking = attempt.said and attempt.said not in attempt.reason
            reasons[f"{attempt.reason}: {attempt.said}" if lacking else attempt.reason] += 1
        if not_kept := attempts - 1 - len(exchange.retried):
            reasons["not kept"] += not_kept
    failed = Rate(reasons.total() + unanswered, all_attempts)
    return Retries(Rate(first_tries, known), failed, dict(reasons.most_common()))
