"""Types of the members of a run file, with the bounds that every reader of JSON agrees on."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

_MOST = 2**53 - 1  # beyond it JSON readers disagree about whole numbers

Whole = Annotated[int, Meta(ge=-_MOST, le=_MOST)]
Count = Annotated[int, Meta(ge=0, le=_MOST)]


def one_of(*words: str) -> Meta:
    """Restrict a text to some words, listed in the JSON Schema as an enumeration."""
    return Meta(pattern=rf"\A(?:{'|'.join(words)})\Z", extra_json_schema={"enum": list(words)})
