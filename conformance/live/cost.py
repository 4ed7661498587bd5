"""What one request costs: planned, at the most, and in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.cases.model import Case, Operation
from conformance.contract import Edition
from conformance.exchange.answer import COMPLETED, Answer
from conformance.exchange.model import Exchange, Price, Spending
from conformance.exchange.outcome import outcome_of
from conformance.live.retries import NEVER_SENT
from conformance.parsing import read_json
from conformance.providers import Provider
from conformance.providers.prices import FREE, Estimate

MOST_IMAGES = 16
"""Images that are set aside for at most: who accepts `n` of a million does not make them."""

_NOTHING_REACHED = NEVER_SENT | {"tls", "bad-url", "bad-scheme"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request costs if all goes as it should, and at the most."""

    planned: Estimate
    most: Estimate

    @property
    def reserve(self) -> float:
        """US dollars to set aside for a refusal that is billed all the same."""
        return self.most.usd - self.planned.usd


def cost_of(case: Case, provider: Provider, edition: Edition) -> Cost:
    """Price a case: what must be refused is free, but a provider may answer it and bill it.

    A gateway that checks no key has an account of its own behind it.
    """
    model = edition.model(case.model)
    planned = provider.prices.estimate(case, model)
    if case.operation is not Operation.GENERATE:
        return Cost(planned, planned)
    dearest = provider.prices.if_answered(_painted_body(case), model)
    return Cost(planned, max(planned, dearest, key=lambda estimate: estimate.usd))


def counted_estimate(exchange: Exchange, cost: Cost) -> Estimate:
    """Return what a request counts for where no usage says better; in doubt the dearer.

    A request that was sent may have been billed, answered or not, and so may a server's failure.
    """
    if exchange.response is None:
        kind = exchange.failure.kind if exchange.failure else ""
        return FREE if kind in _NOTHING_REACHED else cost.most
    status = exchange.response.status
    # what a server made before it failed may be billed all the same, for a mistake as well
    has_failed = status >= 500 or status == 408
    if 200 <= status < 300 or (has_failed and outcome_of(exchange).cause != "not served"):
        # a mistake that was painted costs what a valid request would
        return cost.planned if cost.planned.usd else cost.most
    return FREE


def price_of(estimate: Estimate, actual: float | None) -> Price:
    """Return what a request cost, and how well that is known."""
    list_price = estimate.usd if estimate.known else None
    if actual is not None:
        return Price(list_price, actual, Spending(actual, 0.0, 0.0))
    if estimate.known:
        return Price(list_price, None, Spending(None, estimate.usd, 0.0))
    return Price(None, None, Spending(None, 0.0, estimate.usd))


def price_of_all(exchanges: Sequence[Exchange]) -> Price | None:
    """Return the price of the last of some exchanges, with what all of them cost."""
    price = exchanges[-1].price
    spent = [
        exchange.price.spent for exchange in exchanges if exchange.price and exchange.price.spent
    ]
    return replace(price, spent=sum(spent, Spending(None, 0.0, 0.0))) if price and spent else price


def usage_of(exchange: Exchange) -> object:
    """Return the `usage` of an answer, or of the event that completes a stream; else None."""
    if exchange.response is None or not 200 <= exchange.response.status < 300:
        return None
    answer = Answer(exchange)
    if not answer.streams:
        return (answer.object or {}).get("usage")
    # a stream says it in the event that completes it
    finished = (event.item.get("usage") for event in answer.events if event.called(COMPLETED))
    return next((usage for usage in finished if usage is not None), None)


def _painted_body(case: Case) -> Mapping[str, Any]:
    """Return what a lax server may paint of a case, within what it may be expected to."""
    body = case.body
    if body is None:
        value = read_json(case.raw).value if case.raw is not None else None
        body = value if isinstance(value, dict) else {}
    n = body.get("n")
    if isinstance(n, str) and n.isascii() and n.isdigit():  # it may be taken for a number
        n = int(n) if len(n) < len(str(10 * MOST_IMAGES)) else MOST_IMAGES
    return {**body, "n": min(n, MOST_IMAGES)} if isinstance(n, int) else body
