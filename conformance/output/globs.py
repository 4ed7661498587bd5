"""The names that a user selects: a glob, or several with commas between them."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase
from functools import lru_cache


@lru_cache(maxsize=256)  # a run asks thousands of times for the same few
def globs_of(text: str) -> tuple[str, ...]:
    """Return the globs of an option."""
    return tuple(glob.strip() for glob in text.split(","))


def matches(name: str, globs: str) -> bool:
    """Return whether one of the globs matches a name."""
    return any(fnmatchcase(name, glob) for glob in globs_of(globs))


def unmatched(globs: str, names: Collection[str]) -> str | None:
    """Return the first of the globs that matches no name: it is a mistake, beside any others."""
    return next(
        (glob for glob in globs_of(globs) if not any(fnmatchcase(name, glob) for name in names)),
        None,
    )
