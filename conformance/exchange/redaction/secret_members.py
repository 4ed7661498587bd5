"""Redacts members of JSON whose name says that their value is a credential.

The text is not parsed and serialized again: its faults are judged, so all but the value stays.
"""

from __future__ import annotations

import json
import re

from conformance.exchange.redaction.credentials import REDACTED, is_code, is_secret_name

_TOKEN = re.compile(
    rb'("(?:[^"\\]++|\\.)*+"?)(\s*+:)?|([{\[])|([}\]])|(,)|([^\s"{}\[\],:]++)', re.DOTALL
)
_NUMBER = re.compile(rb"-?\d{6,40}")
_LABELS = frozenset({"name", "key", "header", "field", "k"})
_LABELLED = frozenset({"value", "val", "v", "content"})
_LIKELY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).{8,}", re.DOTALL)
_DEEPEST = 4  # JSON in strings of JSON
_LONGEST = 1 << 20  # bytes of a string that is looked into


def without_members(text: bytes, depth: int = _DEEPEST) -> bytes:
    """Return text without the values of secret members, and of all that is within them."""
    if b'"' not in text:
        return text
    reading, parts, end = _Reading(depth), [], 0
    for match in _TOKEN.finditer(text):
        instead = reading.token(match)
        if instead is not None:
            parts += [text[end : match.start()], instead]
            end = match.end()
    return b"".join((*parts, text[end:])) if parts else text


class _Reading:
    """Tracks the position in JSON text, and whether the value there is secret."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._within: list[bool] = [False]
        self._labels = [""]  # of each list or object that is open: what names its next value
        self._secret = False
        self._name = ""

    def token(self, match: re.Match[bytes]) -> bytes | None:
        """Return the replacement of the next token, or None to keep it."""
        string, colon, opening, closing, comma, scalar = match.groups()
        if string is not None and colon is not None:
            self._name = _read(string) or ""
            self._secret = self._within[-1] or is_secret_name(self._name)
        elif string is not None:
            return self._string(string)
        elif opening:
            self._within.append(self._secret)
            self._labels.append("")
            self._name = ""
        elif closing or comma:
            if closing and len(self._within) > 1:
                self._within.pop()
                self._labels.pop()
            self._name = ""
            self._secret = self._within[-1]
        elif scalar and self._secret and _NUMBER.fullmatch(scalar):
            return b"0"
        return None

    def _string(self, string: bytes) -> bytes | None:
        value = _read(string) if len(string) <= _LONGEST else None
        labelled = self._is_labelled(value or "")
        if self._secret or labelled:
            # `"code": "invalid_api_key"` is judged, so that it has to stay
            is_plain = value is not None and not self._within[-1] and is_code(self._name, value)
            return None if value == "" or is_plain else f'"{REDACTED}"'.encode()
        if value is None or not self._depth or '"' not in value:
            return None
        before = value.encode("utf-8", "surrogatepass")
        after = without_members(before, self._depth - 1)
        return None if after == before else json.dumps(after.decode("utf-8", "replace")).encode()

    def _is_labelled(self, value: str) -> bool:
        """Return whether the string before names this: `{"name": …, "value": …}`, `[name, …]`."""
        label, name = self._labels[-1], self._name.lower()
        if not name or name in _LABELS:
            self._labels[-1] = value[:100]
        follows = " " not in value if not name else name in _LABELLED
        return follows and is_secret_name(label) and _LIKELY.fullmatch(value) is not None


def _read(string: bytes) -> str | None:
    try:
        value = json.loads(string, strict=False)
    except ValueError:
        return string.strip(b'"').decode("utf-8", "replace")
    return value if isinstance(value, str) else None
