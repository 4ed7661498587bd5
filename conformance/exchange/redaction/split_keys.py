"""Finds a key that is split over events, header lines, members or image metadata."""

from __future__ import annotations

import re

_PIECE = 4  # characters by which a piece is recognised within other text
_SHORTEST = 16  # characters; the pieces of a shorter key are ordinary words
_MOST = 8  # times that one text is searched
_LONGEST = 1 << 17  # bytes of words that are searched for pieces of a letter each
_WORDS = re.compile(r"(?:[a-z]+|[A-Z]+)(?:[^A-Za-z0-9]+(?:[a-z]+|[A-Z]+))*")

Span = tuple[int, int]


class SplitKey:
    """Finds a key that is divided, in order, with anything between its pieces."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """Take the spellings of one key; one that is made of plain words has no pieces."""
        usable = [key for key in keys if len(key) >= _SHORTEST and not _WORDS.fullmatch(key)]
        self._needles = [key.lower().encode("utf-8", "surrogateescape") for key in usable]
        self._needles += [needle[::-1] for needle in self._needles]
        letters = re.escape(bytes(sorted(set(b"".join(self._needles)))))
        self._token = re.compile(rb"[A-Za-z0-9" + letters + rb"]+")

    def spans(self, text: bytes) -> list[Span]:
        """Return where the pieces stand; `text` is in lower case, without the undivided key."""
        result: list[Span] = []
        for needle in self._needles:
            for _ in range(_MOST):  # it may come several times; what was found is blanked
                spans = _long_pieces(text, needle) or self._short_pieces(text, needle)
                if not spans:
                    break
                result += spans
                blanked = bytearray(text)
                for start, end in spans:
                    blanked[start:end] = bytes(end - start)
                text = bytes(blanked)
        return result

    def _short_pieces(self, text: bytes, needle: bytes) -> list[Span]:
        """Find pieces that stand alone, down to single letters.

        `back` tells how far the key is covered: from where on, and by which piece.
        """
        # Every word is compared with every rest of the key, which takes too long in a long text.
        if len(text) > _LONGEST or needle[:1] not in text or needle[-1:] not in text:
            return []
        back: dict[int, tuple[int, Span]] = {}
        for match in self._token.finditer(text):
            token, (start, end) = match[0], match.span()
            if token in needle:
                for covered in sorted({0, *back}, reverse=True):
                    if needle.startswith(token, covered):
                        back.setdefault(covered + len(token), (covered, (start, end)))
            else:
                _join_longer_word(back, token, start, needle)
            if len(needle) in back:  # the whole key is covered
                break
        spans, covered = [], len(needle)
        while covered in back:
            covered, span = back[covered]
            spans.append(span)
        return spans[::-1]


def _join_longer_word(
    back: dict[int, tuple[int, Span]], word: bytes, start: int, needle: bytes
) -> None:
    """Let the end of a word begin the key, and its beginning end it: more than one letter each."""
    for length in range(min(len(word), len(needle) - 1), 1, -1):
        if word.endswith(needle[:length]):
            end = start + len(word)
            back.setdefault(length, (0, (end - length, end)))
            break
    for covered in list(back):
        rest = needle[covered:]
        if len(rest) > 1 and word.startswith(rest):
            back.setdefault(len(needle), (covered, (start, start + len(rest))))


def _long_pieces(text: bytes, needle: bytes) -> list[Span]:
    start = text.find(needle[:_PIECE])
    for _ in range(_MOST):
        if start < 0:
            break
        spans = _chain_pieces(text, needle, start)
        if spans:
            return spans
        start = text.find(needle[:_PIECE], start + 1)
    return []


def _chain_pieces(text: bytes, needle: bytes, start: int) -> list[Span]:
    spans: list[Span] = []
    covered = 0
    while start >= 0:
        end = covered
        while end < len(needle) and text.startswith(needle[covered : end + 1], start):
            end += 1
        stop = start + end - covered
        spans.append((start, stop))
        if end == len(needle):
            return spans
        covered, start = end, text.find(needle[end : end + _PIECE], stop)
    return []
