"""The wait that a provider asks for: `Retry-After` (RFC 9110), read with suspicion."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conformance.exchange.model import Exchange

MOST_ATTEMPTS = 4
LONGEST_WAIT = 120.0  # seconds; who asks for more is not waited for

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")


def retry_after(exchange: Exchange) -> float | None:
    """Return the seconds an answer asks to wait; None if it does not, or if it is unreadable.

    A date is taken from the answer's own `Date` where that is there: clocks differ, and jump.
    """
    response = exchange.response
    value = (response.header("retry-after") or "").strip() if response else ""
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _moment(value)
    if response is None or until is None:
        return None
    answered = _moment(response.header("date") or "")
    start = answered or datetime.fromtimestamp(exchange.sent_at, UTC)
    return max(0.0, (until - start).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
