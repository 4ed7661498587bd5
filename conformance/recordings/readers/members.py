"""Members of a record, read in every way that recorders write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from conformance.cases.request import Headers, first_header

_YEAR_3000 = 32_503_680_000  # seconds since the epoch


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return a string, or an empty one in place of anything else."""
    return value if isinstance(value, str) else ""


def first_present(members: Mapping[str, Any], *names: str) -> Any:
    """Return the first of some members that is there and not null."""
    return next((members[name] for name in names if members.get(name) is not None), None)


def headers_of(value: Any) -> Headers:
    """Read headers: an object of strings or of lists, a list of pairs, a list of objects.

    The objects have `name` (or `key`) and `value`. Pseudo-headers of HTTP/2 are left out.
    """
    pairs: list[tuple[Any, Any]] = []
    for name, member in value.items() if isinstance(value, dict) else ():
        pairs += [(name, item) for item in (member if isinstance(member, list) else [member])]
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            pairs.append((item.get("name", item.get("key")), item.get("value")))
        elif isinstance(item, list) and len(item) == 2:
            pairs.append((item[0], item[1]))
    return tuple(
        (name, str(item))
        for name, item in pairs
        if isinstance(name, str) and name and name[0] != ":"
        if isinstance(item, str | int) and not isinstance(item, bool)
    )


def status_of(value: Any) -> int | None:
    """Read a status that stands as a number, as its digits, or as `200 OK`.

    Recorders write 0 or -1 where no answer came: any number that is no status is 0.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 100 <= value < 1000 else 0
    digits = text(value).partition(" ")[0]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) == 3 else None


def moment_of(value: Any, headers: Headers) -> float:
    """Return seconds since the epoch, from ISO 8601, an HTTP date or a number.

    Falls back on the Date header; 0 for an unknown time.
    """
    for candidate in (value, first_header(headers, "date")):
        moment = _moment(candidate)
        # Later ones are milliseconds, or a mistake.
        if moment is not None and 0 < moment < _YEAR_3000:
            return moment
    return 0.0


def seconds_of(value: Any) -> float | None:
    """Return a number as a finite float; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None


def _moment(value: Any) -> float | None:
    if not isinstance(value, str):
        return seconds_of(value)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value.strip()[:100])
            return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
