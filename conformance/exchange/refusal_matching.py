"""Compare the words of refusals with each other, and with the names and values of a request."""

from __future__ import annotations

import re
from typing import Any

from conformance.parsing import read_json

_MOST = 2000  # characters that are compared
_WITH_DIGITS = re.compile(r"[\w.:+-]*\d[\w.:+-]*")
"""A word with a digit in it: an id, a time, a number."""
_OF_ANYTHING = frozenset({"model", "prompt", "user", "image"})
"""Parameters whose names are words of which any refusal may speak."""
_ELISION = re.compile(r"\b[a-z]['\u2019](?=\w)", re.IGNORECASE)  # n'est names no n
_QUOTE = "['\"`\u2018\u2019\u201c\u201d\u00ab\u00bb\u300c\u300d]"
_NO_PLAIN_WORD = re.compile(r"(?=.*[a-z])(?=.*[\d_])\S+", re.IGNORECASE)


def without_numbers(text: str) -> str:
    """Return a text without ids, times and numbers, which differ in each answer."""
    return " ".join(_WITH_DIGITS.sub("#", text[:_MOST].lower()).split())


def speaks_of(text: str, name: str) -> bool:
    """Return whether a text contains a name as a whole word."""
    whole_name = rf"(?i)(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])"
    return re.search(whole_name, text[:_MOST]) is not None


def names_parameter(text: str, request: bytes) -> bool:
    """Return whether a text contains the name of a parameter that a request sets."""
    text = _ELISION.sub(" ", text[:_MOST])
    return any(speaks_of(text, name) for name in _parameters(request).keys() - _OF_ANYTHING)


def quotes_value(text: str, request: bytes) -> bool:
    """Return whether a text quotes a value of a request: in quotes, or beside its name.

    What is no plain word, such as `b64_json`, needs neither.
    """
    for name, value in _parameters(request).items():
        if isinstance(value, dict | list):
            continue
        rendered = "null" if value is None else str(value)[:200]  # as messages show it
        rendered = rendered.lower() if isinstance(value, bool) else rendered
        if not rendered or not speaks_of(text, rendered):
            continue
        quoted = re.search(rf"(?i){_QUOTE}{re.escape(rendered)}{_QUOTE}", text[:_MOST])
        if quoted or _NO_PLAIN_WORD.fullmatch(rendered) or speaks_of(text, name):
            return True
    return False


def _parameters(request: bytes) -> dict[str, Any]:
    """Return what a request asks for beside its model and the words of its prompt."""
    body = read_json(request).value if request else None
    members = body.items() if isinstance(body, dict) else ()
    return {
        str(name): value
        for name, value in members
        if name != "model" and not (name == "prompt" and isinstance(value, str))
    }
