"""Limits as a user writes them: ``--limit body=16MiB --limit seconds=30``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.transport.limits import Limits


class LimitError(ConformanceError):
    """A limit that is written wrongly, or is out of its range."""


@dataclass(frozen=True, slots=True)
class LimitOption:
    """One limit: its field in `Limits`, its unit and its range."""

    field: str
    unit: str  # "bytes", "pixels", "seconds" or "redirects"
    least: float
    most: float


_DAY = 24 * 60 * 60
_GIB = 1 << 30
LIMIT_OPTIONS = {
    "seconds": LimitOption("total_seconds", "seconds", 0.01, _DAY),
    "connect-seconds": LimitOption("connect_seconds", "seconds", 0.01, _DAY),
    "header": LimitOption("header_bytes", "bytes", 1024, 16 << 20),
    "body": LimitOption("body_bytes", "bytes", 1024, 4 * _GIB),
    "redirects": LimitOption("redirects", "redirects", 0, 50),
    "pixels": LimitOption("pixels", "pixels", 1, 1_000_000_000),
    "images-seconds": LimitOption("images_seconds", "seconds", 0.01, _DAY),
    "images-bytes": LimitOption("images_bytes", "bytes", 1024, 64 * _GIB),
    "images-pixels": LimitOption("images_pixels", "pixels", 1, 64_000_000_000),
}
"""By the name on the command line; docs/security.md says what each is for."""

_VALUE = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_BYTES = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_UNITS: dict[str, tuple[dict[str, float], str]] = {
    "bytes": (_BYTES, "16777216, 16MiB or 16MB"),
    "pixels": ({"k": 1e3, "M": 1e6, "G": 1e9}, "16000000 or 16M"),
    "seconds": ({"s": 1, "min": 60, "h": 3600}, "0.5, 30 or 3min"),
    "redirects": ({}, "0 or 5"),
}
"""The factors that may stand behind a number, and how one is written."""


def read_limits(texts: Iterable[str]) -> Limits:
    """Read ``NAME=VALUE`` texts; what is not named keeps its default.

    Raises `UnknownNameError` for another name, and `LimitError` for what is no such value.
    """
    chosen: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise LimitError(f"--limit {text!r} has no value; write it as NAME=VALUE: body=16MiB")
        if name not in LIMIT_OPTIONS:
            raise UnknownNameError("limit", name, LIMIT_OPTIONS)
        option = LIMIT_OPTIONS[name]
        chosen[option.field] = _number(f"--limit {name}={value[:40]}", value, option)
    return replace(Limits(), **chosen)


def _number(option_text: str, value: str, option: LimitOption) -> float:
    match, unit = _VALUE.fullmatch(value), option.unit
    factors, examples = _UNITS[unit]
    factor = {"": 1, **factors}.get(match[2]) if match else None
    if match is None or factor is None or len(value) > 40:
        raise LimitError(f"{option_text!r} is no number of {unit}; write it as {examples}")
    number = float(match[1]) * factor
    if unit in ("redirects", "pixels") and number != int(number):
        raise LimitError(f"{option_text} is no whole number of {unit}")
    if not option.least <= number <= option.most:
        raise LimitError(
            f"{option_text} is not between {option.least:,} and {option.most:,} {unit}"
        )
    return number if unit == "seconds" else int(number)
