"""What the words of refusals say: whether two are the same, and whether they have a name."""

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


def speaks_of(text: str, name: str) -> bool:
    """Return whether a text has a name as a whole word."""
    whole_name = rf"(?i)(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])"
    return re.search(whole_name, text[:_MOST]) is not None
