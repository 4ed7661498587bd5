"""Whether two refusals say the same: their words without what differs from request to request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.exchange.outcome import Outcome

_MOST = 2000  # characters that are compared
_WITH_DIGITS = re.compile(r"[\w.:+-]*\d[\w.:+-]*")
"""A word with a digit in it: an id, a time, a number."""


def same_refusal(one: Outcome, other: Outcome) -> bool:
    """Return whether two requests were turned down with the same status and the same words."""
    return one.status == other.status and same_words(one.said) == same_words(other.said)


def same_words(said: str) -> str:
    """Return a text without ids, times and numbers, so that a request id hides no match."""
    return " ".join(_WITH_DIGITS.sub("#", said[:_MOST].lower()).split())
