"""Foreign text, made safe for terminals, logs and reports."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters, marks and symbols that Python calls printable although nothing of them is seen."""


def printable(text: str, limit: int = 300) -> str:
    """Escape what could steer a terminal or hide text, and cut to ``limit`` characters.

    Control characters, ANSI sequences, newlines, direction overrides, invisible characters
    and lone surrogates become backslash escapes. A cut ends in an ellipsis with the number
    of characters left out; that note counts towards the limit, so that printing twice
    changes nothing. Backslashes stay single for the same reason. A limit too small for the
    note yields the note alone.
    """
    if len(text) <= limit and _harmless(text):
        return text
    pieces = [_escape(char) for char in text[: max(limit, 0) + 1]]
    if len(text) <= limit and sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    return _cut(pieces, len(text), limit)


def _cut(pieces: list[str], total: int, limit: int) -> str:
    room = limit - len(_note(total))
    kept = 0
    while kept < len(pieces) and (room := room - len(pieces[kept])) >= 0:
        kept += 1
    return "".join(pieces[:kept]) + _note(total - kept)


def _note(left_out: int) -> str:
    return f"… ({left_out} more characters)"


def _escape(char: str) -> str:
    return char if _harmless(char) else char.encode("unicode_escape").decode("ascii")


def _harmless(text: str) -> bool:
    return text.isprintable() and (text.isascii() or not _UNSEEN.search(text))
