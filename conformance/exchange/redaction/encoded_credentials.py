"""Credentials of others within base64 that is itself text, such as a configuration or a header."""

from __future__ import annotations

import re
from collections.abc import Callable

import pybase64

from conformance.exchange.redaction.credentials import REDACTED

_RUN = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,4095}={0,2}(?![A-Za-z0-9+/_=-])")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_DEEPEST = 2  # base64 in base64


def without_encoded(text: bytes, cleaned: Callable[[bytes], bytes], depth: int = _DEEPEST) -> bytes:
    """Return text without the base64 that `cleaned` takes something out of, once it is undone."""

    def instead(match: re.Match[bytes]) -> bytes:
        told = _told(match[0])
        if told is None:
            return match[0]
        clean = cleaned(told)
        if clean == told and depth > 1:
            clean = without_encoded(told, cleaned, depth - 1)
        return match[0] if clean == told else REDACTED.encode()

    return _RUN.sub(instead, text)


def _told(run: bytes) -> bytes | None:
    """Return the text that a run of base64 is, or None for what is no text."""
    body = run.rstrip(b"=").translate(_STANDARD)
    if len(body) % 4 == 1:
        return None
    data = pybase64.b64decode(body + b"=" * (-len(body) % 4))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return data if all(one.isprintable() or one in "\t\r\n" for one in text) else None
