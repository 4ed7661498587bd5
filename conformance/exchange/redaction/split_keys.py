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
        letters = re.escape(
            b"".join(sorted({bytes((one,)) for key in self._needles for one in key}))
        )
        self._token = re.compile(rb"[A-Za-z0-9" + letters + rb"]+")

    def spans(self, text: bytes) -> list[Span]:
        """Return where the pieces stand; `text` is in lower case, without the undivided key."""
        result: list[Span] = []
        for needle in self._needles:
            for _ in range(_MOST):
                spans = _long_pieces(text, needle) or self._short_pieces(text, needle)
                if not spans:
                    break
                result += spans
                text = _blanked(text, spans)
        return result

    def _short_pieces(self, text: bytes, needle: bytes) -> list[Span]:
        """Find pieces that stand alone, down to single letters."""
        if len(text) > _LONGEST or needle[:1] not in text or needle[-1:] not in text:
            return []
        back: dict[
            int, tuple[int, Span]
        ] = {}  # how far the key is covered: from where, and by what
        for match in self._token.finditer(text):
            token = match[0]
            if token not in needle:
                first = _overlap(token, needle)  # the end of a longer word may begin the key
                if first:
                    back.setdefault(first, (0, (match.end() - first, match.end())))
                _finish(back, match, needle)
            else:
                _go_on(back, match, needle)
            if len(needle) in back:
                return _traced(back, len(needle))
        return []


def _long_pieces(text: bytes, needle: bytes) -> list[Span]:
    start = text.find(needle[:_PIECE])
    for _ in range(_MOST):
        if start < 0:
            break
        spans = _chained(text, needle, start)
        if spans:
            return spans
        start = text.find(needle[:_PIECE], start + 1)
    return []


def _chained(text: bytes, needle: bytes, start: int) -> list[Span]:
    spans: list[Span] = []
    covered = 0
    while start >= 0:
        length = _agreement(text, start, needle[covered:])
        spans.append((start, start + length))
        covered += length
        if covered == len(needle):
            return spans
        start = text.find(needle[covered : covered + _PIECE], start + length)
    return []


def _agreement(text: bytes, start: int, rest: bytes) -> int:
    """Return how many bytes at a place are those of the rest of a key."""
    here = text[start : start + len(rest)]
    pairs = enumerate(zip(here, rest, strict=False))
    return next((length for length, (one, other) in pairs if one != other), len(here))


def _overlap(token: bytes, needle: bytes) -> int:
    longest = min(len(token), len(needle) - 1)
    return next((n for n in range(longest, 1, -1) if token.endswith(needle[:n])), 0)


def _go_on(back: dict[int, tuple[int, Span]], match: re.Match[bytes], needle: bytes) -> None:
    token = match[0]
    for covered in sorted({0, *back}, reverse=True):
        if needle.startswith(token, covered):
            back.setdefault(covered + len(token), (covered, match.span()))


def _finish(back: dict[int, tuple[int, Span]], match: re.Match[bytes], needle: bytes) -> None:
    """Let the beginning of a longer word end the key, where more than a letter is left of it."""
    for covered in list(back):
        rest = needle[covered:]
        if len(rest) > 1 and match[0].startswith(rest):
            back.setdefault(len(needle), (covered, (match.start(), match.start() + len(rest))))


def _traced(back: dict[int, tuple[int, Span]], covered: int) -> list[Span]:
    spans = []
    while covered:
        covered, span = back[covered]
        spans.append(span)
    return spans[::-1]


def _blanked(text: bytes, spans: list[Span]) -> bytes:
    blank = bytearray(text)
    for start, end in spans:
        blank[start:end] = bytes(end - start)
    return bytes(blank)
