"""Finds one key in every spelling: plain, escaped, encoded, split, and nested.

Spellings of the key are not listed; the bytes are decoded instead (escapes, white space, base64,
digits, compression, nested in each other), and searched for the key itself (ARCHITECTURE 6).
"""

from __future__ import annotations

import binascii
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import accumulate

import pybase64

from conformance.exchange.model import REDACTED_KEY
from conformance.exchange.redaction.edits import (
    BEGIN,
    ESCAPE,
    LAX,
    Edit,
    Joined,
    Rewritten,
    Segment,
    apply_edits,
    merge_edits,
    unescape,
)
from conformance.exchange.redaction.image_metadata import metadata, with_checksums
from conformance.exchange.redaction.split_keys import SplitKey
from conformance.parsing.images.media_types import sniff

DEPTH = 4  # encodings one within the other
_ROUNDS = 6  # of escapes one within the other
_LONG = 4096  # characters; a longer run of base64 is a picture, and holds no words
_TEXT = 8192  # bytes; a shorter text is searched as it is
_RUN = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{%d,}+" % _LONG)
_SLASH = re.compile(rb"\\+/")
_SPACE = re.compile(rb"\s+|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad")
_MEMBER = re.compile(rb'"([^"\\]{1,100})"\s*+:\s*+"([^"]{1,4096})"')
_NUMBER = re.compile(rb"(?:0x)?([0-9a-f]{1,3})", re.IGNORECASE)
_DENSE = bytes(
    0x30 if byte in b"0123456789abcdefABCDEFxX \t\r\n\v\f,:;-" else 0 for byte in range(256)
)
"""Shows at once where nothing but digits stands, which regular expressions are slow to tell."""

_LONGEST = 1 << 18  # characters of base64 that is looked into wherever it may begin
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ANY_WINDOW = 47  # zlib's word for: gzip or zlib, whichever it is
_INFLATED = 1 << 20  # bytes of what is compressed within base64
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
SHORT_FILLER = b"sk!key!!"  # stands where the placeholder has no room


def filler(length: int) -> bytes:
    """Return what replaces the key in binary data, exactly as long."""
    text = REDACTED_KEY.encode()
    return (text if length >= len(text) else SHORT_FILLER).ljust(length, b"-")[:length]


@cache
def echo_forms(key: str) -> tuple[bytes, ...]:
    """Return the bytes that show a key or its placeholder in a body, as text and in base64."""
    text = _bytes(key)
    forms = [text]
    for shift in range(3):
        coded = pybase64.b64encode(b"\0" * shift + text)
        forms.append(coded[4 if shift else 0 : len(coded) - (4 if (shift + len(text)) % 3 else 0)])
    return (*forms, *(echo_forms(SHORT_FILLER.decode()) if key == REDACTED_KEY else ()))


class Spellings:
    """Finds one key."""

    def __init__(self, key: str) -> None:
        # without its prefix, where the rest is long enough to be no ordinary word
        bare = key.removeprefix("sk-")
        secret = bare if len(bare) >= 16 else key
        self._needles = _needles(key, secret)
        self._pieces = SplitKey((key, secret) if secret != key else (key,))
        size = len(_bytes(secret))
        # Shorter runs have no room for the secret part of the key.
        self._base64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % (size * 4 // 3))
        self._dense = b"0" * (2 * size - 1)
        self._numbers = re.compile(
            rb"(?:(?:0x)?[0-9a-f]{1,3}[\s,:;-]{1,3}){%d,}(?:0x)?[0-9a-f]{1,3}" % (size - 1), re.I
        )
        self._digits = re.compile(rb"(?:[0-9A-Fa-f]{2}){%d,}[0-9A-Fa-f]?" % size)

    def edits(self, data: bytes, depth: int = DEPTH) -> list[Edit]:
        """Return every place of some text that holds the key."""
        result = self._find_key(data)
        # An escaped slash cuts a long run of base64 into runs that look like words.
        if len(data) > _TEXT and b"\\/" in data:
            slashes = Rewritten(data, _SLASH, b"/")
            return merge_edits(result + slashes.map_back(self._find_in_text(slashes.data, depth)))
        return merge_edits(result + self._find_in_text(data, depth))

    def between(self, lines: Sequence[bytes]) -> list[list[Edit]]:
        """Return for each line the places with parts of a key that is divided among the lines."""
        result: list[list[Edit]] = [[] for _ in lines]
        starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        for edit in self.edits(b"\n".join(lines)):
            for index, line in enumerate(lines):
                start, end = edit.start - starts[index], edit.end - starts[index]
                if start < len(line) and end > 0:
                    result[index].append(Edit(max(start, 0), min(end, len(line))))
        return result

    def _find_in_text(self, data: bytes, depth: int) -> list[Edit]:
        """Search long base64 as pictures, and the text around it as text."""
        if len(data) <= _TEXT:
            return self._find_escaped(data, depth)
        result: list[Edit] = []
        for run in _RUN.finditer(data):
            digits = self._digits.match(data, run.start(), run.end())
            result += self._find_hexadecimal(digits, depth) if digits else ()
            if digits is None or digits.end() < run.end():
                result += self._find_base64(run, depth)
        words = Rewritten(data, _RUN, b"\0")
        return result + words.map_back(self._find_escaped(words.data, depth))

    def _find_escaped(self, data: bytes, depth: int) -> list[Edit]:
        """Search text as it is, and with its escapes undone round after round."""
        result = self._find_encoded(data, depth) + self._find_pieces(data)
        views: list[Rewritten] = []
        for _ in range(_ROUNDS):
            if not BEGIN.search(data):  # most texts have no escape
                break
            view = Rewritten(data, ESCAPE, unescape)
            if view.data == data:  # nothing is surely an escape; what may be half of one comes last
                view = Rewritten(data, LAX, unescape)
            if view.data == data:
                break
            views.append(view)
            data = view.data
            edits = self._find_key(data) + self._find_encoded(data, depth) + self._find_pieces(data)
            for view in reversed(views):
                edits = view.map_back(edits)
            result += edits
        return result

    def _find_encoded(self, data: bytes, depth: int) -> list[Edit]:
        """Search what is encoded in text, also where it is wrapped over lines."""
        result = self._find_in_runs(data, depth)
        close = Rewritten(data, _SPACE, b"")
        if close.data != data:
            result += self._find_in_view(close, depth)
        # the events of a stream bring a text in pieces, under one name
        pieces: dict[bytes, list[Segment]] = {}
        for match in _MEMBER.finditer(data):
            pieces.setdefault(match[1], []).append(Segment(*match.span(2)))
        for segments in pieces.values():
            if len(segments) > 1:
                result += self._find_in_view(Joined(data, segments, b""), depth)
        return result

    def _find_in_view(self, view: Rewritten | Joined, depth: int) -> list[Edit]:
        """Search a view for the key itself, and for runs that may encode it."""
        return view.map_back(self._find_key(view.data) + self._find_in_runs(view.data, depth))

    def _find_in_runs(self, data: bytes, depth: int) -> list[Edit]:
        if not depth:
            return []
        result = [
            edit for run in self._base64.finditer(data) for edit in self._find_base64(run, depth)
        ]
        if self._dense not in data.translate(_DENSE):  # most texts: no digits enough for a key
            return result
        for run in self._digits.finditer(data):
            result += self._find_hexadecimal(run, depth)
        for run in self._numbers.finditer(data):
            result += self._find_numbers(run, depth)
        return result

    def _find_numbers(self, run: re.Match[bytes], depth: int) -> Iterator[Edit]:
        """Look for the key in a list of numbers, one for each letter."""
        numbers = list(_NUMBER.finditer(run[0]))
        for base in (10, 16):
            data = bytes(_letter(number[1], base) for number in numbers)
            for edit in self._find_decoded(data, depth):
                first, last = numbers[edit.start], numbers[edit.end - 1]
                yield Edit(run.start() + first.start(), run.start() + last.end())

    def _find_base64(self, run: re.Match[bytes], depth: int) -> Iterator[Edit]:
        """Look for the key in a run of base64, wherever in it the base64 begins."""
        text = run[0].translate(_FROM_URL_SAFE)
        plain = len(text) > _LONGEST  # nothing but the key itself is searched for
        for shift in range(4):
            body = text[shift:]
            body = body[: len(body) - (len(body) % 4 == 1)]
            data = pybase64.b64decode(body + b"=" * (-len(body) % 4))
            at = run.start() + shift
            if shift == 0 and sniff(data) not in (None, "svg"):  # SVG is text, and read as such
                plain = True
                yield from self._redact_picture(run, data)
                continue
            edits = self._find_key(data) if plain else self._find_decoded(data, depth)
            for edit in edits:
                first, last = edit.start // 3 * 4, min((edit.end + 2) // 3 * 4, len(body))
                yield Edit(at + first, at + last)

    def _redact_picture(self, run: re.Match[bytes], data: bytes) -> Iterator[Edit]:
        """Redact a picture and encode it again, so that it is a picture still."""
        redacted = self.picture(data)
        if redacted == data:
            return
        pairs = enumerate(zip(data, redacted, strict=True))
        changed = [index for index, (one, other) in pairs if one != other]
        first, last = changed[0] // 3 * 3, changed[-1] // 3 * 3 + 3
        encoded = pybase64.b64encode(redacted[first:last]).rstrip(b"=")
        if b"-" in run[0] or b"_" in run[0]:
            encoded = encoded.translate(_TO_URL_SAFE)
        start = run.start() + first // 3 * 4
        yield Edit(start, start + len(encoded), encoded)

    def _find_hexadecimal(self, run: re.Match[bytes], depth: int) -> Iterator[Edit]:
        for shift in range(2):
            text = run[0][shift:]
            data = binascii.unhexlify(text[: len(text) // 2 * 2])
            for edit in self._find_decoded(data, depth):
                at = run.start() + shift
                yield Edit(at + 2 * edit.start, at + 2 * edit.end)

    def _find_decoded(self, data: bytes, depth: int) -> list[Edit]:
        """Search what was decoded, and what it holds where it is compressed."""
        if data.startswith(_COMPRESSED):
            with suppress(zlib.error):
                inflated = zlib.decompressobj(_ANY_WINDOW).decompress(data, _INFLATED)
                if self.edits(inflated, depth - 1):
                    return [Edit(0, len(data))]
        return self.edits(data, depth - 1)

    def picture(self, data: bytes) -> bytes:
        """Return an image file of the same length without the key."""
        kind = sniff(data)
        parts = Joined(data, metadata(kind, data), b"\n")
        edits = self._find_key(data) + parts.map_back(self.edits(parts.data))
        if not edits:
            return data
        redacted = apply_edits(data, [Edit(edit.start, edit.end) for edit in edits], filler)
        return with_checksums(data, redacted) if kind == "png" else redacted

    def _find_key(self, data: bytes) -> list[Edit]:
        """Search for the key itself, whatever its case, backwards, and in wide letters."""
        result = []
        folded = data.lower()
        for needle in self._needles:
            start = folded.find(needle)
            while start >= 0:
                end = start + len(needle)
                result.append(Edit(start, end))
                start = folded.find(needle, end)
        return result

    def _find_pieces(self, data: bytes) -> list[Edit]:
        """Search for the pieces of a key that is divided."""
        folded = data.lower()
        blanked = apply_edits(folded, self._find_key(folded), bytes)
        return [Edit(*span) for span in self._pieces.spans(blanked)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # as the environment may hold it


def _needles(key: str, secret: str) -> list[bytes]:
    """Return what to search lower-case text for: the key with and without its prefix."""
    needles: list[bytes] = []
    for word in dict.fromkeys((key, secret)):
        letters = [bytes((letter,)) for letter in _bytes(word).lower()]
        for gap in (b"", b"\0", b"\0\0\0"):  # UTF-8, UTF-16, UTF-32
            needles += [gap.join(letters), gap.join(reversed(letters))]
    escaped = json.dumps(secret)[1:-1]
    if escaped != secret and secret.isascii():  # a key with quotes or backslashes in it
        needles += [escaped.lower().encode(), secret.replace("\\", "").lower().encode()]
    return needles


def _letter(digits: bytes, base: int) -> int:
    """Return the number that some digits write, or 0 if it is no byte."""
    try:
        value = int(digits, base)
    except ValueError:
        return 0
    return value if value < 256 else 0
