"""Whether a request may be sent again, and after how long."""

from __future__ import annotations

import random

from tenacity import RetryCallState, wait_exponential_jitter

from conformance.exchange.model import Attempt, Exchange
from conformance.exchange.outcome import LONGEST_WAIT, outcome_of, retry_after, undecided
from conformance.output.printing import printable

NEVER_SENT = frozenset({"connect", "dns"})
"""Failures before the first byte of the request: nothing can have been billed."""

_REPEATABLE = NEVER_SENT | {"timeout", "disconnect", "protocol"}
_backoff = wait_exponential_jitter(multiplier=0.5, max=30, jitter=0.5)


def attempt_of(exchange: Exchange) -> Attempt:
    """Return what is kept of an exchange that was made again."""
    outcome = outcome_of(exchange)
    return Attempt(outcome.status, printable(outcome.reason, 200), printable(outcome.said, 200))


def should_retry(exchange: Exchange) -> bool:
    """Return whether a request may be sent once more.

    A generation whose answer was lost may have been billed, so it is not; one that was never
    sent is. Where the account is at its end, or the model gone, no waiting helps; and a status
    that no standard knows does not say that it would.
    """
    if exchange.response is None:
        kind = exchange.failure.kind if exchange.failure else ""
        return kind in (_REPEATABLE if exchange.request.method == "GET" else NEVER_SENT)
    status = exchange.response.status
    if not 400 <= status <= 599:
        return False
    cause = outcome_of(exchange).cause
    if not undecided(status) and cause != "rate-limit":  # which some answer with a 400 or a 403
        return False
    if cause in ("not served", "quota"):
        return False
    seconds = retry_after(exchange)
    return seconds is None or seconds <= LONGEST_WAIT


def wait(state: RetryCallState) -> float:
    """Return the seconds until the next attempt: as the provider asks, else ever longer."""
    exchange = state.outcome.result() if state.outcome else None
    seconds = retry_after(exchange) if isinstance(exchange, Exchange) else None
    if seconds is None:
        return float(_backoff(state))
    return seconds + random.uniform(0, 0.25)  # noqa: S311 - requests should not come back at once
