"""Errors that a user of the suite can cause; each message says what, where and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_LISTED = 8


class ConformanceError(Exception):
    """A mistake that ends the command with one plain sentence and exit code 2."""


class UnknownNameError(ConformanceError):
    """A name that is not among those known, with the nearest one that is."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = sorted(known)
        place = f" in {where}" if where else ""
        super().__init__(f"unknown {kind} {name!r}{place}; {nearest(name, names)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is meant most likely, or list the first of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return "known: " + (", ".join(names[:_MOST_LISTED]) or "none") + more
