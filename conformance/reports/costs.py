"""What requests and runs cost, in US dollars: the one place where a report adds money up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from msgspec.structs import astuple

from conformance.findings import DECIDED
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

_ROUNDING = 1e-5  # US dollars; what sums of amounts that were rounded may be off by


class Money(Struct, frozen=True):
    """US dollars of some requests: what usage says, what a known price says, and guesses."""

    actual: float = 0.0
    estimate: float = 0.0
    guess: float = 0.0
    priced: int = 0  # requests that have a price
    unpriced: int = 0  # answers whose price nobody knows
    images: int = 0  # of those that have a price
    in_vain: float = 0.0  # of what was paid: attempts that may be billed, and got no answer

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
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Money(*(round(mine + its, 6) for mine, its in pairs))


def total(exchanges: Iterable[ExchangeRecord]) -> Money:
    """Add up the money of exchanges; what was never sent cost nothing."""
    return sum((money_of(exchange) for exchange in exchanges if exchange.was_sent), Money())


def sent_once(runs: Sequence[Run]) -> list[ExchangeRecord]:
    """Return all that was sent, each once: a run that resumes another keeps its exchanges."""
    # where both files are there, the record of the run that sent it counts
    own_records: dict[tuple[object, ...], ExchangeRecord] = {}
    earlier_records: dict[tuple[object, ...], ExchangeRecord] = {}
    for run in runs:
        for exchange in run.exchanges.values():
            if exchange.was_sent:
                records = earlier_records if taken_over(run, exchange) else own_records
                key = (exchange.run or run.header.id, exchange.path, exchange.sent_at)
                records.setdefault(key, exchange)
    before = (exchange for key, exchange in earlier_records.items() if key not in own_records)
    return [*own_records.values(), *before]


def money_of(exchange: ExchangeRecord) -> Money:
    """Return what one exchange cost, with all that was sent again for it."""
    price, images = exchange.price, len(exchange.images)
    if price is None or price.spent is None:
        return Money(unpriced=int(images > 0))
    spent = price.spent
    actual = spent.actual or 0.0
    in_vain = paid = actual + spent.estimate
    if exchange.response is not None and 200 <= exchange.response.status < 300:
        last = price.estimate if price.actual is None else price.actual
        in_vain = 0.0 if last is None else _excess(paid, last)  # attempts before the answer
    known = bool(paid) or not spent.guess  # a guess only keeps the budget
    return Money(
        actual,
        spent.estimate,
        spent.guess,
        priced=int(known),
        unpriced=int(not known),
        images=images * known,
        in_vain=in_vain,
    )


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
    if spent is None:  # without a ledger's sums, what a run paid is known by its exchanges alone
        return RunMoney(own if own.priced or own.unpriced else None, before, 0.0)
    ledger = (spent.actual or 0.0) + spent.estimate + spent.guess
    return RunMoney(own, before, _excess(ledger, own.paid + own.guess))


def _excess(amount: float, part: float) -> float:
    return round(amount - part, 6) if amount - part > _ROUNDING else 0.0


class RunFacts(Struct, frozen=True):
    """One run: times in seconds, money in US dollars; None is not known."""

    id: str
    providers: tuple[str, ...]
    tool: str
    started: str
    wall: float | None
    complete: bool
    interrupted: bool
    ended: bool
    findings: int
    decided: int
    exchanges: int
    seed: int | None
    spent: float | None
    actual: float | None
    estimate: float | None
    estimated: bool
    guess: float
    unpriced: int  # answers
    taken_over: float  # spent by the runs that it took over
    elsewhere: float  # spent for requests that have no exchange
    requests: int | None
    budget: float | None
    resumes: tuple[str, ...]


def newest_first(runs: Iterable[Run]) -> list[RunFacts]:
    """Return the facts of every run, the newest first."""
    return sorted(map(run_facts, runs), key=lambda run: run.started, reverse=True)


def run_facts(run: Run) -> RunFacts:
    """Return how long a run took, what it cost and how it ended."""
    header, footer, money = run.header, run.footer, spending(run)
    own = money.own or Money()
    return RunFacts(
        id=header.id,
        providers=tuple(provider.id for provider in header.providers),
        tool=header.tool,
        started=header.started,
        wall=_seconds(header.started, footer.finished) if footer else None,
        complete=run.complete,
        interrupted=run.interrupted,
        ended=footer is not None,
        findings=len(run.findings),
        decided=sum(finding.verdict in DECIDED for finding in run.findings),
        exchanges=len(run.exchanges),
        seed=header.seed,
        spent=own.paid if money.own else None,
        actual=own.actual if money.own else None,
        estimate=own.estimate if money.own else None,
        estimated=own.estimated,
        guess=own.guess,
        unpriced=own.unpriced,
        taken_over=money.before.paid,
        elsewhere=money.elsewhere,
        requests=footer.spent.requests if footer and footer.spent else None,
        budget=header.budget.usd if header.budget else None,
        resumes=header.resumes,
    )


def _seconds(started: str, finished: str) -> float | None:
    try:
        elapsed = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return None
    seconds = elapsed.total_seconds()
    return seconds if seconds >= 0 else None  # a clock that was set back measures nothing
