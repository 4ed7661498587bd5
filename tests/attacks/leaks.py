"""Whether a key is in some bytes: a search of its own, that shares nothing with redaction."""

from __future__ import annotations

import base64
import binascii
import html
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

_ESCAPED = re.compile(rb"[\\\\%&]")
_UNICODE = re.compile(rb"(?<!\\)\\++(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2}))")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(rb"[0-9a-fA-F]{24,}")
_ROUNDS = 4  # of one escape over the other


def leak(data: bytes, key: str) -> str | None:
    """Return in which form a key is in some bytes, or None; no key has a line break in it."""
    return next(filter(None, (_leak(line, key) for line in data.split(b"\n"))), None)


@lru_cache(maxsize=1 << 16)  # most lines of a page are the same in every page
def _leak(data: bytes, key: str) -> str | None:
    secret = key.removeprefix("sk-").lower().encode()
    plain = data.lower()
    forms = {
        "plain": plain,
        "backwards": plain[::-1],
        "without its NULs": plain.replace(b"\0", b""),
        "escaped": _unescape(data).lower(),
    }
    for name, text in forms.items():
        if secret in text:
            return name
    return _find_encoded(data, secret)


def _unescape(data: bytes) -> bytes:
    before = b"" if _ESCAPED.search(data) else data
    for _ in range(_ROUNDS):
        if data == before:
            break
        before = data
        data = _UNICODE.sub(lambda match: bytes([int(match[1] or match[2], 16)]), data)
        data = unquote_to_bytes(data)
        if b"&#" in data or b"&amp;" in data:
            data = html.unescape(data.decode("latin-1")).encode("utf-8")
    return data


def _find_encoded(data: bytes, secret: bytes) -> str | None:
    for match in _HEX.finditer(data):
        if secret in binascii.unhexlify(match[0][: len(match[0]) // 2 * 2]).lower():
            return "as digits"
    for match in _BASE64.finditer(data):
        if len(match[0]) * 3 < len(secret) * 4:
            continue  # it has no room for the key
        text = match[0].replace(b"-", b"+").replace(b"_", b"/")
        for shift in range(4):
            cut = text[shift:]
            cut = cut[: len(cut) - len(cut) % 4]
            if secret in base64.b64decode(cut).lower():
                return "as base64"
    return None
