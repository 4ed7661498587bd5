"""When something was recorded, in each way that recorders write it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conformance.exchange.model import Headers, first_header


def moment_of(value: Any, headers: Headers = ()) -> float:
    """Give seconds since the epoch, from ISO 8601, an HTTP date or a number.

    Falls back on the Date header; 0 for an unknown time.
    """
    for each in (value, first_header(headers, "date")):
        found = _moment(each)
        if found is not None and 0 < found < 32_503_680_000:  # the year 3000
            return found
    return 0.0


def _moment(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value.strip()[:100])
            return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
