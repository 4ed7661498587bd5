"""Reads untrusted TOML within bounds."""

from __future__ import annotations

import math
import re
import tomllib
from typing import Any

MOST_BYTES = 256 * 1024
_DEPTH = 20
_PART = r"""(?:[\w-]{1,100}+|"[^"\n]{0,100}+"|'[^'\n]{0,100}+')[ \t]{0,9}+"""
_DOTTED = re.compile(rf"(?:{_PART}\.[ \t]{{0,9}}+){{{_DEPTH * 2}}}")
_MOST = 2**53  # what JSON readers take for the same whole number


class TOMLFaultError(ValueError):
    """Why a TOML file is not read: a predicate."""


def load_toml(data: bytes) -> dict[str, Any]:
    """Read a TOML file; raises `TOMLFaultError`."""
    if len(data) > MOST_BYTES:
        raise TOMLFaultError(f"is larger than {MOST_BYTES:,} bytes")
    # tomllib takes quadratic time for dotted keys; what is no UTF-8 it does not get to see
    if _DOTTED.search(data.decode("utf-8-sig", "replace")):
        raise TOMLFaultError(f"nests deeper than {_DEPTH} levels")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise TOMLFaultError("nests too deep") from None
    except ValueError as error:  # also a number of more digits than Python turns into one
        raise TOMLFaultError(f"is not TOML: {error}") from None
    waiting: list[tuple[Any, int]] = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEPTH:
            raise TOMLFaultError(f"nests deeper than {_DEPTH} levels")
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(member, depth + 1) for member in inner]
        elif isinstance(value, int) and abs(value) > _MOST:
            raise TOMLFaultError(f"has a whole number beyond {_MOST:,}")
        elif isinstance(value, float) and not math.isfinite(value):
            raise TOMLFaultError(f"has the number {value}")
    return document
