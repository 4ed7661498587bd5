"""What requests came to, in US dollars: the one place where a report adds money up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.findings import Verdict
from conformance.results.run_file import Run

Exchange = Mapping[str, Any]
"""An exchange as a run file keeps it."""

_ROUNDING = 1e-5  # US dollars; what sums of amounts that were rounded may be off by
_BILLED_ERRORS = frozenset({408})  # all other statuses from 400 to 499 are refusals


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
        """Whether a price list stands behind any of it."""
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


def total(exchanges: Iterable[Exchange]) -> Money:
    """Add up what exchanges came to; what was never sent came to nothing."""
    return sum((money_of(each) for each in exchanges if was_sent(each)), Money())


def sent_once(runs: Sequence[Run]) -> list[Exchange]:
    """Give all that was sent, each once: a run that went on with another keeps its exchanges."""
    own: dict[tuple[object, ...], Exchange] = {}
    before: dict[tuple[object, ...], Exchange] = {}
    for run in runs:
        for each in filter(was_sent, run.exchanges.values()):
            found = before if taken_over(run, each) else own
            found.setdefault((_sender(run, each), *_facts(each)), each)
    known = {_facts(each) for each in own.values()}
    return [
        *own.values(),
        *(
            each
            for (sender, *facts), each in before.items()
            if (sender, *facts) not in own and (sender or tuple(facts) not in known)
        ),
    ]


def _sender(run: Run, exchange: Exchange) -> object:
    """Say which run sent an exchange; None where an older file took it over and does not tell."""
    return exchange.get("run") or (None if taken_over(run, exchange) else run.header["id"])


def _facts(exchange: Exchange) -> tuple[object, ...]:
    return tuple(exchange.get(name) for name in ("provider", "model", "case", "sent_at", "elapsed"))


def was_sent(exchange: Exchange) -> bool:
    """Whether a request was sent at all; what was only planned cost nothing."""
    return bool(exchange["outcome"] != Verdict.NOT_RUN)


def money_of(exchange: Exchange) -> Money:
    """Say what one exchange came to, with all that was sent again for it."""
    price = exchange.get("price")
    images = len(exchange.get("images") or [])
    if not isinstance(price, dict):
        return Money(unpriced=int(images > 0))
    spent = price.get("spent")
    actual, estimate, guess = _kept_apart(spent) if isinstance(spent, dict) else _older(exchange)
    if actual is None and estimate is None and guess is None:
        return Money(unpriced=int(images > 0))
    known = bool(actual or estimate) or not guess
    sums = actual or 0.0, estimate or 0.0, guess or 0.0
    in_vain = _in_vain(exchange, sums[0] + sums[1])
    return Money(*sums, int(known), int(not known), images * known, in_vain)


def _in_vain(exchange: Exchange, paid: float) -> float:
    """Say how much of what an exchange came to went to attempts without an answer."""
    status = (exchange.get("response") or {}).get("status")
    if not isinstance(status, int) or not 200 <= status < 300:
        return paid
    price = exchange["price"]
    last = number(price.get("actual"), price.get("estimate"))
    return _more(paid, last) if last is not None else 0.0


def _kept_apart(spent: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    return number(spent.get("actual")), number(spent.get("estimate")), number(spent.get("guess"))


def _older(exchange: Exchange) -> tuple[float | None, float | None, None]:
    """Read a file that keeps only the plan's estimate: what was refused came to nothing."""
    actual = number(exchange["price"].get("actual"))
    if actual is not None:
        return actual, None, None
    status = (exchange.get("response") or {}).get("status")
    refused = isinstance(status, int) and 400 <= status < 500 and status not in _BILLED_ERRORS
    return None, 0.0 if refused else number(exchange["price"].get("estimate")), None


def taken_over(run: Run, exchange: Exchange) -> bool:
    """Whether an earlier run sent it, and this one only went on from there."""
    if exchange.get("run") is not None:
        return bool(exchange["run"] != run.header["id"])
    sent_at = exchange.get("sent_at")
    resumes = bool(run.header.get("resumes"))
    return resumes and isinstance(sent_at, str) and sent_at < str(run.header["started"])


@dataclass(frozen=True, slots=True)
class RunMoney:
    """What one run came to: its own requests, those it took over, and what has no exchange."""

    own: Money | None
    """None where the run does not tell."""
    before: Money
    elsewhere: float
    """US dollars of requests that are in the ledger and in no exchange: lost, or a control."""


def spending(run: Run) -> RunMoney:
    """Add up a run's exchanges, and compare them with the ledger's sums in the footer."""
    sent = [each for each in run.exchanges.values() if was_sent(each)]
    before = total(each for each in sent if taken_over(run, each))
    own = total(each for each in sent if not taken_over(run, each))
    footer = (run.footer or {}).get("spent")
    if not isinstance(footer, dict):
        return RunMoney(own if own.priced or own.unpriced else None, before, 0.0)
    if "guess" in footer:
        sums = (number(footer.get(each)) or 0.0 for each in ("actual", "estimate", "guess"))
        return RunMoney(own, before, _more(sum(sums), own.paid + own.guess))
    return RunMoney(_by_older_footer(own, footer), before, 0.0)


def _by_older_footer(own: Money, footer: Mapping[str, Any]) -> Money:
    """Tell the guesses that an older footer has in its sum; the exchanges tell the rest."""
    listed, actual = number(footer.get("estimate")) or 0.0, number(footer.get("actual"))
    whole = listed if actual is None else actual
    if own.unpriced:
        return own + Money(guess=_more(whole, own.paid))
    if own.priced:
        return own
    return Money(estimate=listed) if actual is None else Money(actual=actual)


def _more(whole: float, part: float) -> float:
    return round(whole - part, 6) if whole - part > _ROUNDING else 0.0


def number(*values: object) -> float | None:
    """Give the first of some values that is a number."""
    return next(
        (
            float(each)
            for each in values
            if isinstance(each, int | float) and not isinstance(each, bool)
        ),
        None,
    )
