"""What a provider makes of a value that it is asked for: the words of the capability table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conformance.reports.contracts import NOT_IN_EDITION


class Word(StrEnum):
    """What became of a value, from worst to best; the last three decide nothing."""

    CRASHES = "crashes"
    REFUSED = "refused"
    IGNORED = "ignored"
    ALTERED = "altered"
    ACCEPTED = "accepted"
    HONOURED = "honoured"
    UNDECIDED = "undecided"
    NOT_ASKED = "not asked"
    NOT_IN_EDITION = NOT_IN_EDITION


@dataclass(frozen=True, slots=True)
class Meaning:
    """How reports show a word, and what it says."""

    symbol: str
    style: str  # of Rich
    text: str


# fmt: off
MEANINGS = {
    Word.HONOURED: Meaning("✓", "green",
        "accepted, and the answer shows that it is what was asked for"),
    Word.ACCEPTED: Meaning("+", "default",
        "accepted; whether it took effect, no answer shows or this one did not"),
    Word.ALTERED: Meaning("≠", "yellow",
        "accepted, but what came is neither what was asked for nor what comes without it"),
    Word.IGNORED: Meaning("⊘", "yellow",
        "accepted, but what came is what comes where the parameter is left out"),
    Word.REFUSED: Meaning("✗", "red",
        "an error, while a request without it was accepted, or one that names it"),
    Word.CRASHES: Meaning("!", "bold red",
        "no error and no image (5xx, silence, an empty success), while others were accepted"),
    Word.UNDECIDED: Meaning("?", "magenta",
        "asked, but what came says nothing of this value: the cell says why"),
    Word.NOT_ASKED: Meaning("-", "dim", "not asked: the cell says why"),
    Word.NOT_IN_EDITION: Meaning("∉", "dim",
        "another edition names this value; that of this provider does not"),
}
# fmt: on
"""Every word in the order of legends."""

SILENT = frozenset({Word.NOT_ASKED, Word.NOT_IN_EDITION})
"""The words of a value that nobody asked for."""

DECIDED = frozenset(Word) - {Word.UNDECIDED} - SILENT


def worst_word(words: Iterable[Word]) -> Word:
    """Return the worst of some words: what was decided before what was not."""
    return min(words, key=list(Word).index, default=Word.NOT_ASKED)
