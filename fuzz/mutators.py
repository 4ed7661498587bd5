"""Mutations that keep JSON in an input JSON, so that the fuzzer gets past the parsers."""

from __future__ import annotations

import json
import random
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 10**400, 2**63, -(2**63), 10**40, 1e308, 1e-300, "", " ",
    "\x00", "\x1b[2J", "\u202egnp", "\ud800", "\u2028", "http://169.254.169.254/", "http://[::1",
    "[", "{", "data:,", "@payload/" + "0" * 32 + ".png", "9" * 400,
    [], {}, [[]], [None], {"": None},
    {"$omitted": 1}, {"$base64": "="}, {"$sse": [1]}, float("nan"), float("inf"), "a" * 5000,
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00-23:59", "٣", "1e5",
)  # fmt: skip
"""Values that somebody did not think of."""

_SPLICES = (
    b"\n",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\x1b[2J",
    b"\\u0000",
    b"---\n",
    b": ",
)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change some JSON value within an input, or else its bytes."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    document = _mutate_json(data, dice) if dice.random() < 0.8 else None
    return (document if document is not None else _mutate_bytes(data, dice))[:max_size]


def _mutate_bytes(data: bytes, dice: random.Random) -> bytes:
    """Drop, double or replace a few bytes; libFuzzer's own ways are not to be had from here."""
    place, length = dice.randrange(len(data) + 1), dice.choice((1, 1, 2, 4, 16))
    middle = data[place : place + length]
    middle = dice.choice((b"", middle * 2, dice.randbytes(len(middle)), dice.choice(_SPLICES)))
    return data[:place] + middle + data[place + length :]


def _mutate_json(data: bytes, dice: random.Random) -> bytes | None:
    """Change one value in the JSON that starts at some brace; None where none does."""
    starts = [place for place, byte in enumerate(data[:20_000]) if byte in b"{["]
    if not starts:
        return None
    start = dice.choice(starts[:3] if dice.random() < 0.5 else starts)
    text = data[start:].decode("utf-8", "surrogateescape")
    try:
        value, length = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    text_changed = json.dumps(_change_value(value, dice), ensure_ascii=dice.random() < 0.9)
    end = len(text[:length].encode("utf-8", "surrogateescape"))
    return data[:start] + text_changed.encode("utf-8", "surrogatepass") + data[start + end :]


def _change_value(value: Any, dice: random.Random) -> Any:
    """Replace, drop, double or add one value somewhere inside."""
    holders = [holder for holder in _holders(value) if holder]
    if not holders or dice.random() < 0.02:
        return dice.choice(NASTY)
    holder = dice.choice(holders)
    key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    how = dice.randrange(6)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[str(dice.choice(NASTY))[:50]] = dice.choice(NASTY)
    elif how == 2 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 3:
        holder[key] = [holder[key]]
    else:
        holder[key] = dice.choice(NASTY)
    return value


def _holders(value: Any) -> list[Any]:
    holders, waiting = [], [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            holders.append(node)
            waiting += node.values() if isinstance(node, dict) else node
    return holders
