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
    """One limit: its field in `Limits`, its unit, its range, and what it is for."""

    field: str
    unit: str  # "bytes", "pixels", "seconds" or "redirects"
    least: float
    most: float
    meaning: str

    @property
    def default(self) -> float:
        """The value where none is given."""
        return float(getattr(Limits(), self.field))


_DAY = 24 * 60 * 60
_GIB = 1 << 30
LIMIT_OPTIONS = {
    "seconds": LimitOption(
        "total_seconds", "seconds", 0.01, _DAY, "one answer, or one image with all its redirects"
    ),
    "connect-seconds": LimitOption(
        "connect_seconds", "seconds", 0.01, _DAY, "name, connection and TLS of one request"
    ),
    "header": LimitOption(
        "header_bytes", "bytes", 1024, 16 << 20, "all of an answer that comes before its body"
    ),
    "body": LimitOption(
        "body_bytes", "bytes", 1024, 4 * _GIB, "one body, as sent, and again after decoding"
    ),
    "redirects": LimitOption("redirects", "redirects", 0, 50, "redirects of one image URL"),
    "pixels": LimitOption("pixels", "pixels", 1, 1_000_000_000, "one image that is decoded"),
    "images-seconds": LimitOption(
        "images_seconds", "seconds", 0.01, _DAY, "all images of one answer: no further is fetched"
    ),
    "images-bytes": LimitOption(
        "images_bytes", "bytes", 1024, 64 * _GIB, "all images of one answer: no further is fetched"
    ),
    "images-pixels": LimitOption(
        "images_pixels", "pixels", 1, 64_000_000_000, "all images of one answer: no more decoded"
    ),
}

LIMIT_HELP = f"what an answer may cost, repeatable; names: {', '.join(LIMIT_OPTIONS)}"

_VALUE = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_FACTORS = {
    "bytes": {
        "": 1, "B": 1, "kB": 1000, "MB": 10**6, "GB": 10**9,
        "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
    },
    "pixels": {"": 1, "k": 1000, "M": 10**6, "G": 10**9},
    "seconds": {"": 1, "s": 1, "min": 60, "h": 3600},
    "redirects": {"": 1},
}  # fmt: skip
_EXAMPLES = {
    "bytes": "16777216, 16MiB or 16MB",
    "pixels": "16000000 or 16M",
    "seconds": "0.5, 30 or 3min",
    "redirects": "0 or 5",
}


def read_limits(written: Iterable[str]) -> Limits:
    """Read ``NAME=VALUE`` texts; what is not named keeps its default.

    Raises `UnknownNameError` for another name, and `LimitError` for what is no such value.
    """
    chosen: dict[str, Any] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals:
            raise LimitError(f"--limit {each!r} has no value; write it as NAME=VALUE: body=16MiB")
        if name.strip() not in LIMIT_OPTIONS:
            raise UnknownNameError("limit", name, LIMIT_OPTIONS)
        option = LIMIT_OPTIONS[name.strip()]
        chosen[option.field] = _number(name.strip(), value.strip(), option)
    return replace(Limits(), **chosen)


def _number(name: str, value: str, option: LimitOption) -> float:
    match = _VALUE.fullmatch(value)
    factor = _FACTORS[option.unit].get(match[2]) if match else None
    if match is None or factor is None or len(value) > 40:
        raise LimitError(
            f"--limit {name}={value[:40]!r} is no number of {option.unit}; "
            f"write it as {_EXAMPLES[option.unit]}"
        )
    number = float(match[1]) * factor
    if option.unit in ("redirects", "pixels") and number != int(number):
        raise LimitError(f"--limit {name}={value} is no whole number of {option.unit}")
    if not option.least <= number <= option.most:
        least, most = f"{option.least:,}", f"{option.most:,}"
        raise LimitError(f"--limit {name}={value} is not between {least} and {most} {option.unit}")
    return number if option.unit == "seconds" else int(number)
