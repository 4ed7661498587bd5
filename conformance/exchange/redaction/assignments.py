"""Credentials of others beside their name in text: `KEY=value`, `Cookie: a=b`, attributes.

The name says what they are; a value without a digit and a letter is a word, and stays.
"""

from __future__ import annotations

import re

from conformance.exchange.redaction.credentials import REDACTED, is_secret_name, kept_placeholder

_TOLD = re.compile(
    rb"(?:api[ _-]?key|access[ _-]?key|secret|token|password|passwd|signature|credential"
    rb"|session[ _-]?id)s?"
    rb"(?:(?:\s{1,9}(?:is|provided|was|id))?\s{0,9}[=:]\s{0,9}|\s{1,9}(?:is|was)\s{1,9})"
    rb"(?:\\?[\"'])?",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(rb"(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{1,100})\s?=\s?(?:\\?[\"'])?")
_ATTRIBUTE = re.compile(
    rb"(?:name|id|property)=\\?[\"']?([A-Za-z0-9_.-]{1,100})\\?[\"']?\s{1,9}"
    rb"(?:[A-Za-z-]{1,30}=[^\s<>]{0,99}\s{1,9}){0,9}(?:value|content)=\\?[\"']?",
    re.IGNORECASE,
)
_VALUE = re.compile(rb"[^\s\"'\\,;&<>{}\[\]]{8,512}")
_SIZE = re.compile(rb"[0-9]{2,5}x[0-9]{2,5}\b")
_COOKIE = re.compile(
    rb"((?<![A-Za-z0-9-])(?:set-)?cookie:[ \t]?)[^\s\"\\<>][^\"\\\r\n<>]{7,4000}", re.IGNORECASE
)
_USER = re.compile(
    rb"((?<![A-Za-z0-9-])(?:-u|--user)[ =]\\?[\"']?)[^\s\"'\\:]{1,200}:[^\s\"'\\]{1,200}"
)
_LABELLED = re.compile(
    rb'((\\{0,9})"value\2"\s{0,9}:\s{0,9}\2")([^"\\]{8,4000})'
    rb'(\2"\s{0,9},\s{0,9}\2"(?:name|key)\2"\s{0,9}:\s{0,9}\2"([A-Za-z0-9_.-]{1,100})\2")'
)
_REDACTED = REDACTED.encode()


def without_assignments(text: bytes) -> bytes:
    """Return text without the values that stand beside the name of a credential."""
    for pattern in (_TOLD, _ASSIGNED, _ATTRIBUTE):
        text = _without_values(text, pattern)
    text = _LABELLED.sub(_labelled, text)
    return _USER.sub(rb"\1REDACTED", _COOKIE.sub(rb"\1REDACTED", text))


def _without_values(text: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """Take out what follows a name; the name alone is searched for, which takes no square."""
    parts, end = [], 0
    for name in pattern.finditer(text):
        if name.start() < end or (name.re.groups and not is_secret_name(name[1].decode())):
            continue
        value = _VALUE.match(text, name.end())
        if value is not None and _is_likely(value[0]):
            parts += [text[end : value.start()], kept_placeholder(value)]
            end = value.end()
    return b"".join((*parts, text[end:])) if parts else text


def _is_likely(value: bytes) -> bool:
    if _SIZE.match(value) or value.startswith(_REDACTED):
        return False
    return bool(re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value))


def _labelled(match: re.Match[bytes]) -> bytes:
    return match[1] + _REDACTED + match[4] if is_secret_name(match[5].decode()) else match[0]
