"""Base64 as RFC 4648 section 4 has it: standard alphabet, canonical padding, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pybase64

from conformance.output.printing import printable

_DATA_PREFIX = re.compile(r"\s{0,16}data:[^,]{0,256},", re.IGNORECASE)
_WHITESPACE = re.compile(r"[ \t\r\n\f\v]")
_URL_SAFE = re.compile(r"[-_]")
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")
_TIDY = str.maketrans("-_", "+/", " \t\r\n\f\v")


@dataclass(frozen=True, slots=True)
class Base64Reading:
    """The bytes of a base64 text, and one sentence on how it breaks the rules.

    ``fault`` is a predicate ("has whitespace at offset 76"), for any subject before it.
    ``kind`` is one of ``not-a-string``, ``empty``, ``data-prefix``, ``alphabet``,
    ``whitespace``, ``url-safe``, ``length``, ``padding`` and ``trailing-bits``. ``data`` may
    be set together with a fault: it is what a forgiving reader would make of the text. Text
    with characters of no base64 alphabet is not read at all.
    """

    data: bytes | None
    fault: str | None = None
    kind: str | None = None


def read_base64(text: object) -> Base64Reading:
    """Decode base64 (RFC 4648 section 4) strictly, and forgivingly beside the fault."""
    if not isinstance(text, str):
        return Base64Reading(None, f"is no string but {type(text).__name__}", "not-a-string")
    if not text:
        return Base64Reading(None, "is an empty string", "empty")
    data = _decode(text)
    if data is None:
        return _diagnose(text)
    # Only the last digits can spell the same bytes in another way.
    if pybase64.b64encode(data[-(len(data) % 3 or 3) :]) != text[-4:].encode():
        bits = f"ends in {text[-4:]!r}, whose unused bits are not zero"
        return Base64Reading(data, bits, "trailing-bits")
    return Base64Reading(data)


def _decode(text: str) -> bytes | None:
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is the refusal of non-ASCII
        return None


def _diagnose(text: str) -> Base64Reading:
    """Name the first fault of a text, and decode it up to its first padding nevertheless."""
    prefix = _DATA_PREFIX.match(text)
    tidy = (text[prefix.end() :] if prefix else text).translate(_TIDY)
    foreign = _FOREIGN.search(tidy)
    digits = tidy.split("=", 1)[0]
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]  # alone, the last carries no byte
    data = None if foreign else _decode(digits + "=" * (-len(digits) % 4)) or None
    bare = text.rstrip("=")
    if prefix:
        kind = "data-prefix"
        fault = f'starts with "{printable(prefix[0], 80)}", a data URL and not base64 alone'
    elif foreign:
        kind, offset = "alphabet", text.index(foreign[0])
        fault = f'has "{printable(foreign[0])}" at offset {offset}, which is not base64'
    elif space := _WHITESPACE.search(text):
        kind, fault = "whitespace", f"has whitespace at offset {space.start()}"
    elif letter := _URL_SAFE.search(text):
        kind = "url-safe"
        fault = f"has {letter[0]!r} of the URL-safe alphabet at offset {letter.start()}"
    elif "=" not in bare and len(bare) % 4 == 1:
        kind, fault = "length", f"has {len(bare)} digits; no number of bytes encodes to that"
    else:
        kind = "padding"
        fault = f"is padded wrongly: {len(text)} characters ending in {text[-4:]!r}"
    return Base64Reading(data, fault, kind)
