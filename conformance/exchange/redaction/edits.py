"""Edits of bytes, and how an edit of a decoded view is mapped back to the bytes.

A view is what a reader would make of the bytes: escapes undone, white space left out, pieces put
together. What is found in the view is replaced in the bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html.entities import html5
from itertools import islice

Decode = Callable[[re.Match[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Edit:
    """One place to be replaced."""

    start: int
    end: int
    replacement: bytes | None = None  # None stands for the placeholder of the key


def apply_edits(data: bytes, edits: Iterable[Edit], placeholder: Callable[[int], bytes]) -> bytes:
    """Return the bytes with each place replaced; `placeholder` takes the length of a place."""
    parts, end = [], 0
    for edit in merge_edits(edits):
        replacement = edit.replacement
        parts.append(data[end : edit.start])
        parts.append(placeholder(edit.end - edit.start) if replacement is None else replacement)
        end = edit.end
    return b"".join((*parts, data[end:])) if parts else data


def merge_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Return edits in order, none overlapping another; the placeholder of the key wins."""
    result: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        last = result[-1] if result else None
        if last is None or edit.start >= last.end:
            result.append(edit)
        # Two that overlap are one place, if either of them holds the key.
        elif last.replacement is None or edit.replacement is None:
            result[-1] = Edit(last.start, max(last.end, edit.end))
    return result


class Rewritten:
    """Bytes with every match of a pattern rewritten."""

    def __init__(self, data: bytes, pattern: re.Pattern[bytes], decode: Decode | bytes) -> None:
        self._source, self._pattern = data, pattern
        self._decode = (lambda _: decode) if isinstance(decode, bytes) else decode
        self.data = pattern.sub(decode, data)  # what is always the same takes a fifth of the time

    def map_back(self, edits: Sequence[Edit]) -> list[Edit]:
        """Return the edits of the view as edits of the bytes it was made from."""
        if not edits:
            return []
        starts, tokens = [-1], [(-1, 0, 0)]
        shift = 0  # how much shorter the view has become so far
        for match in self._pattern.finditer(self._source):
            start = match.start() - shift
            end = start + len(self._decode(match))
            shift = match.end() - end
            starts.append(start)
            tokens.append((end, match.start(), match.end()))

        def span(position: int) -> tuple[int, int]:
            """Return the bytes that a byte of the view was made from."""
            end, source_start, source_end = tokens[bisect_right(starts, position) - 1]
            if position < end:
                return source_start, source_end
            index = source_end + position - max(end, 0)
            return index, index + 1

        return [
            Edit(span(edit.start)[0], span(edit.end - 1)[1], edit.replacement) for edit in edits
        ]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of some bytes, and what a reader finds in it where that is something else."""

    start: int
    end: int
    unpacked: bytes | None = None


class Joined:
    """Parts of some bytes put together."""

    def __init__(self, data: bytes, segments: Sequence[Segment], between: bytes) -> None:
        texts: list[bytes] = []
        self._spans: list[tuple[int, int, Segment]] = []
        offset = 0
        for segment in segments:
            text = segment.unpacked
            texts.append(data[segment.start : segment.end] if text is None else text)
            self._spans.append((offset, offset + len(texts[-1]), segment))
            offset += len(texts[-1]) + len(between)
        self.data = between.join(texts)
        self._starts = [start for start, _, _ in self._spans]

    def map_back(self, edits: Sequence[Edit]) -> list[Edit]:
        """Return the edits as edits of the parts, one for each part that they touch."""
        result = []
        for edit in edits:
            begin = max(bisect_right(self._starts, edit.start) - 1, 0)
            for start, end, segment in islice(self._spans, begin, None):
                if start >= edit.end:
                    break
                if edit.start >= end:
                    continue
                if segment.unpacked is not None:  # no place of it is known: all of it goes
                    result.append(Edit(segment.start, segment.end))
                    continue
                first, last = max(edit.start, start), min(edit.end, end)
                is_whole = first == edit.start and last == edit.end
                replacement = edit.replacement if is_whole else None
                shift = segment.start - start
                result.append(Edit(first + shift, last + shift, replacement))
        return result


# --- Escapes of JSON, URLs and HTML, undone at once, however deeply they are nested ---

_WITHOUT_END = rb"&(?:amp;)*(?:#0*([0-9]{1,7})(?!;)|#x0*([0-9a-f]{1,6})(?!;))"
_PATTERN = (
    rb"(?<!\\)\\++(?:u\{0*([0-9a-f]{1,6})\}|u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})"
    rb"|([0-7]{3})|([nrt]))"
    rb"|%(?:25)*(?:u00)?([0-9a-f]{2})"
    rb"|&(?:amp;)*(?:#0*([0-9]{1,7});|#x0*([0-9a-f]{1,6});|([a-z][a-z0-9]{1,30};))"
)
BEGIN = re.compile(rb"[\\%&]")
"""What every escape begins with: looked for at once, where the patterns below take long."""

ESCAPE = re.compile(_PATTERN, re.IGNORECASE)
LAX = re.compile(_PATTERN + b"|" + _WITHOUT_END + rb"|\\++", re.IGNORECASE)
"""The same, and what is the last to be undone, as it may be half an escape that is escaped itself:
entities without their semicolon, and backslashes before `/`, a quote, or any letter."""

_OCTAL, _SPACE, _PERCENT, _DECIMAL, _NAME, _DECIMAL_WITHOUT_END = 5, 6, 7, 8, 10, 11
_BASES = {_OCTAL: 8, _DECIMAL: 10, _DECIMAL_WITHOUT_END: 10}


def unescape(match: re.Match[bytes]) -> bytes:
    """Return what an escape stands for, or the escape itself where it stands for nothing.

    Of a run of backslashes each pair is one that is escaped itself, as JSON within JSON has them.
    """
    group = match.lastindex
    if group is None:
        return b""
    if group > _SPACE:
        return _character(match, group)
    form = match[0].lstrip(b"\\")
    pairs, odd = divmod(len(match[0]) - len(form), 2)
    return b"\\" * pairs + (_character(match, group) if odd else form)


def _character(match: re.Match[bytes], group: int) -> bytes:
    value = match[group]
    if group == _PERCENT:
        return bytes((int(value, 16),))
    if group == _SPACE:
        return b"\n"
    if group == _NAME:
        character = html5.get(value.decode())
        return character.encode() if character else match[0]
    code = int(value, _BASES.get(group, 16))
    return chr(code).encode("utf-8", "surrogatepass") if code < 0x110000 else match[0]
