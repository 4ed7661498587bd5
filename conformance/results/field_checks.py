"""Checks of the fields of a run file, nested ones as well.

A file of another's making may hold anything anywhere: a number of 400 digits, an object in the
place of a text. A report adds up, compares and sorts what it is given, so all of it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]

_MOST = 2**53  # beyond it JSON readers disagree about whole numbers


def text(value: Any) -> bool:
    """Return whether a value is a text."""
    return isinstance(value, str)


def texts(value: Any) -> bool:
    """Return whether a value is a list of texts."""
    return isinstance(value, list) and all(map(text, value))


def truth(value: Any) -> bool:
    """Return whether a value is true or false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """Return whether a value is a whole number that every reader of JSON takes for the same."""
    return type(value) is int and -_MOST < value < _MOST


def count(value: Any) -> bool:
    """Return whether a value is a whole number that is not negative."""
    return whole(value) and value >= 0


def number(value: Any) -> bool:
    """Return whether a value is a number; what JSON cannot say is refused before."""
    return whole(value) or type(value) is float


def amount(value: Any) -> bool:
    """Return whether a value is a number that is not negative."""
    return number(value) and value >= 0


def headers(value: Any) -> bool:
    """Return whether a value is a list of pairs of texts."""
    return isinstance(value, list) and all(texts(each) and len(each) == 2 for each in value)


def or_null(check: Check) -> Check:
    """Allow null as well."""
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    """Want a list of such values."""
    return lambda value: isinstance(value, list) and all(map(check, value))


def by_name(check: Check) -> Check:
    """Want an object of such values, under any names."""
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def shaped(members: Mapping[str, Check]) -> Check:
    """Want an object with these members, of which those with a `?` may be absent."""
    wanted = [(name.removesuffix("?"), name.endswith("?"), each) for name, each in members.items()]

    def check(value: Any) -> bool:
        return isinstance(value, dict) and all(
            right(value[name]) if name in value else optional for name, optional, right in wanted
        )

    return check


MONEY = shaped({"actual": or_null(amount), "estimate": amount, "guess": amount})
PRICE = shaped({"estimate": or_null(amount), "actual": or_null(amount), "spent?": MONEY})
FAILURE = or_null(shaped({"kind": text, "message": text}))
SELECTION = shaped(
    {**dict.fromkeys(("clauses?", "models?", "cases?"), text), "strength?": or_null(count)}
)
BUDGET = shaped({"usd?": or_null(amount), "requests?": or_null(count)})
PRICES = shaped({"source": text, "date": text})
CLAIM = shaped({"clause": text, "models": texts, "reason": text})
DOWNLOAD = shaped(
    {
        "url": text,
        "status?": or_null(whole),
        "headers?": headers,
        "bytes?": or_null(count),
        "failure?": FAILURE,
    }
)
IMAGE = shaped(
    {
        "index": count,
        "member": text,
        "type?": or_null(text),
        **dict.fromkeys(("width?", "height?", "frames?", "bytes?"), or_null(count)),
        **dict.fromkeys(("alpha?", "complete?"), or_null(truth)),
        "sha256?": or_null(text),
        "thumbnail?": lambda value: text(value) and value.startswith("data:image/"),
    }
)
SPENT = shaped(
    {"estimate?": or_null(amount), "actual?": or_null(amount), "guess?": amount, "requests?": count}
)
