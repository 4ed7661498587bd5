"""Errors that a user can cause; the message says what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_LISTED = 8


class ConformanceError(Exception):
    """A user's mistake: the command ends with one sentence and exit code 2."""


class UnknownNameError(ConformanceError):
    """An unknown name; the message says where it is known, else suggests the nearest known one."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], where: str = "", hint: str = ""
    ) -> None:
        location = f" in {where}" if where else ""
        super().__init__(f"unknown {kind} {name!r}{location}; {hint or nearest(name, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint: the most similar known name, or the first known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return "known: " + (", ".join(names[:_MOST_LISTED]) or "none") + more
