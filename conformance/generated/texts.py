"""Hypothesis strategies for text: harmless by construction, in many scripts, up to the limit."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.cases.prompts import (
    COMBINING,
    EMOJI,
    MANNERS,
    PLACES,
    RIGHT_TO_LEFT,
    SCRIPTS,
    STYLES,
    SUBJECTS,
)

_LONGEST_PHRASE = 120  # characters; what phrases() can reach

Texts = st.SearchStrategy[str]


def phrases() -> Texts:
    """Draw a short harmless description of a picture."""
    # the first takes as few draws as any: shrinking prefers few, and then what comes first
    simple = st.sampled_from(SUBJECTS).map("A {}".format)
    plain = st.builds(
        "A {} {} {}, {}".format,
        *(st.sampled_from(words) for words in (MANNERS, SUBJECTS, PLACES, STYLES)),
    )
    foreign = st.sampled_from((*SCRIPTS, *RIGHT_TO_LEFT, *COMBINING))
    mixed = st.builds("{} {} {}".format, st.sampled_from(EMOJI), foreign, st.sampled_from(EMOJI))
    return st.one_of(simple, plain, foreign, mixed, st.builds("{}, {}".format, foreign, plain))


def texts(shortest: int, longest: int | None) -> Texts:
    """Draw harmless text within these lengths in characters, both ends included."""
    limits = {shortest, shortest if longest is None else longest} - {0}
    exact = [texts_of(st.just(length)) for length in sorted(limits)]
    if shortest <= 1 and (longest is None or longest >= _LONGEST_PHRASE):
        return st.one_of(phrases(), phrases(), *exact)
    upper = shortest + _LONGEST_PHRASE if longest is None else min(longest, 2 * _LONGEST_PHRASE)
    return st.one_of(*exact, texts_of(st.integers(shortest, max(shortest, upper))))


def texts_of(lengths: st.SearchStrategy[int]) -> Texts:
    """Draw plain words of an exact length.

    Only ASCII: a server may count bytes, UTF-16 units or code points, and may normalise
    first; no source says which, so a text at a limit must have the same length in all.
    """
    words = st.lists(st.sampled_from((*SUBJECTS, *MANNERS)), min_size=1, max_size=6)
    return st.builds(_fill, words, lengths)


def _fill(words: list[str], length: int) -> str:
    phrase = ", ".join(words) + ", "
    text = (phrase * (length // len(phrase) + 1))[:length]
    return text[:-1] + "s" if text else ""  # no blank at the end that a server might strip
