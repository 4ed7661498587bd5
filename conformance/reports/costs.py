"""What requests came to, in US dollars: the one place where a report adds money up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.results.records import ExchangeRecord, PriceRecord
from conformance.results.run_file import Run

_ROUNDING = 1e-5  # US dollars; what sums of amounts that were rounded may be off by


@dataclass(frozen=True, slots=True)
class Money:
    """US dollars of some requests: what usage says, what a known price says, and guesses."""

    actual: float = 0.0
    estimate: float = 0.0
    guess: float = 0.0
    priced: int = 0  # requests that have a price
    unpriced: int = 0  # answers whose price nobody knows
    images: int = 0  # of those that have a price
    in_vain: float = 0.0  # of what was paid: attempts that may be billed, and came to no answer

    @property
    def paid(self) -> float:
        """What is known to have been paid, or known by a price; guesses are left out."""
        return round(self.actual + self.estimate, 6)

    @property
    def estimated(self) -> bool:
        """Return whether a price list stands behind any of it."""
        return self.estimate > 0

    @property
    def per_image(self) -> float | None:
        """What an image cost on the average; what was paid in vain bought none."""
        return (self.paid - self.in_vain) / self.images if self.images else None

    def __add__(self, other: Money) -> Money:
        """Add up, each kind by itself."""
        return Money(
            round(self.actual + other.actual, 6),
            round(self.estimate + other.estimate, 6),
            round(self.guess + other.guess, 6),
            self.priced + other.priced,
            self.unpriced + other.unpriced,
            self.images + other.images,
            round(self.in_vain + other.in_vain, 6),
        )


def total(exchanges: Iterable[ExchangeRecord]) -> Money:
    """Add up the money of exchanges; what was never sent cost nothing."""
    return sum((money_of(exchange) for exchange in exchanges if exchange.was_sent), Money())


def sent_once(runs: Sequence[Run]) -> list[ExchangeRecord]:
    """Return all that was sent, each once: a run that resumes another keeps its exchanges."""
    own: dict[tuple[object, ...], ExchangeRecord] = {}
    before: dict[tuple[object, ...], ExchangeRecord] = {}
    for run in runs:
        for exchange in run.exchanges.values():
            if exchange.was_sent:
                sent = before if taken_over(run, exchange) else own
                key = (exchange.run or run.header.id, exchange.path, exchange.sent_at)
                sent.setdefault(key, exchange)
    return [*own.values(), *(exchange for key, exchange in before.items() if key not in own)]


def money_of(exchange: ExchangeRecord) -> Money:
    """Return what one exchange cost, with all that was sent again for it."""
    price, images = exchange.price, len(exchange.images)
    if price is None or price.spent is None:
        return Money(unpriced=int(images > 0))
    spent = price.spent
    actual = spent.actual or 0.0
    known = bool(actual or spent.estimate) or not spent.guess
    return Money(
        actual,
        spent.estimate,
        spent.guess,
        priced=int(known),
        unpriced=int(not known),
        images=images * known,
        in_vain=_in_vain(exchange, price, actual + spent.estimate),
    )


def _in_vain(exchange: ExchangeRecord, price: PriceRecord, paid: float) -> float:
    """Return how much of what was paid went to attempts without an answer."""
    if exchange.response is None or not 200 <= exchange.response.status < 300:
        return paid
    last = price.estimate if price.actual is None else price.actual
    return 0.0 if last is None else _more(paid, last)


def taken_over(run: Run, exchange: ExchangeRecord) -> bool:
    """Return whether an earlier run sent it, which this one resumed."""
    return exchange.run not in (None, run.header.id)


@dataclass(frozen=True, slots=True)
class RunMoney:
    """What one run cost: its own requests, those it took over, and what has no exchange."""

    own: Money | None
    """None where the run does not say."""
    before: Money
    elsewhere: float
    """US dollars of requests that are in the ledger and in no exchange: lost, or a control."""


def spending(run: Run) -> RunMoney:
    """Add up a run's exchanges, and compare them with the ledger's sums in the footer."""
    exchanges = run.exchanges.values()
    before = total(exchange for exchange in exchanges if taken_over(run, exchange))
    own = total(exchange for exchange in exchanges if not taken_over(run, exchange))
    spent = run.footer.spent if run.footer else None
    if spent is None:
        return RunMoney(own if own.priced or own.unpriced else None, before, 0.0)
    ledger = (spent.actual or 0.0) + spent.estimate + spent.guess
    return RunMoney(own, before, _more(ledger, own.paid + own.guess))


def _more(whole: float, part: float) -> float:
    return round(whole - part, 6) if whole - part > _ROUNDING else 0.0
