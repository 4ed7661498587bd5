"""Undoes escapes of JSON, URLs and HTML at once, however deeply they are nested."""

from __future__ import annotations

import re
from html.entities import html5

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
