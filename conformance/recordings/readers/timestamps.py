"""When something was recorded, in each way that recorders write it."""

from __future__ import annotations

import math
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


def seconds_of(value: Any) -> float | None:
    """Give a number as a finite float; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _moment(value: Any) -> float | None:
    if isinstance(value, int | float):
        return seconds_of(value)
    if not isinstance(value, str):
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value.strip()[:100])
            return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
