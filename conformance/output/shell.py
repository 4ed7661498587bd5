"""A request as a shell command that sends the same bytes and can run nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BARE = re.compile(r"[A-Za-z0-9_./:][A-Za-z0-9_./:-]*")
_GLOBBED = frozenset("[]{}")
# Half of a character, but for those that stand for a byte of a file name: no argument holds it.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def curl_line(method: str, url: str, headers: Sequence[str], body: str | bytes) -> str:
    """Return the curl command for a request; `headers` are shell words, already quoted."""
    words = ["curl", "-sS", "-X", quoted(method), "--url", quoted(url)]
    words += ["--globoff"] if _GLOBBED & set(url) else []
    words += [word for header in headers for word in ("-H", header)]
    data = _bytes(body)
    if b"\0" in data:  # which no argument of a program can hold
        return f"printf %b '{_octal(data, '0')}' | {' '.join(words)} --data-binary @-"
    return " ".join([*words, "--data-raw", quoted(data)] if data else words)


def bearer(variable: str) -> str:
    """Return the shell word of an authorization header whose key is an environment variable."""
    return f'"authorization: Bearer ${variable}"'


def quoted(value: str | bytes) -> str:
    """Return one shell word for a text or for any bytes but NUL.

    What cannot be seen is written as `$'...'`, which bash, zsh and ksh read.
    """
    data = _bytes(value)
    text = data.decode("utf-8", "surrogateescape")
    if _BARE.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "'\"'\"'") + "'"
    return f"$'{_octal(data)}'"


def _bytes(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return _HALF.sub("\ufffd", value).encode("utf-8", "surrogateescape")


def _octal(data: bytes, zero: str = "") -> str:
    """Escape all but plain ASCII; `zero` is what stands before the digits."""
    plain = set(range(0x20, 0x7F)) - set(b"\\'")
    return "".join(chr(byte) if byte in plain else f"\\{zero}{byte:03o}" for byte in data)
