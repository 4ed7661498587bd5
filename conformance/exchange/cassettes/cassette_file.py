"""The file of a cassette: read within bounds, by the reader that `judge` uses, and checked.

vcrpy gets requests, responses and metadata of the types that it takes for granted; what is of
another type is one sentence that names the interaction and the member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Any

from conformance.errors import ConformanceError
from conformance.exchange.model import Attempt, Failure
from conformance.parsing import YAMLBounds, YAMLFaultError, printable, read_yaml

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one cassette; its pictures stand in files of their own."""

_BOUNDS = YAMLBounds(bytes=MOST_BYTES, characters=MOST_BYTES)
_LATEST = 253402300799  # seconds since the epoch at the end of the year 9999


class CassetteFileError(ConformanceError):
    """Why a file is no cassette: a predicate, with the place in it."""


@dataclass(frozen=True, slots=True)
class CassetteMetadata:
    """What a cassette says of itself."""

    recorded_at: float  # seconds since the Unix epoch
    elapsed: float | None  # seconds
    target: str
    failures: Mapping[str, Failure]
    attempts: int | None = None  # where more than one was made
    retried: tuple[Attempt, ...] = ()
    images_retried: Mapping[str, tuple[Attempt, ...]] = field(default_factory=dict)  # by URL


def read_cassette(path: Path) -> dict[str, Any]:
    """Read a cassette, and make sure that its interactions are as vcrpy plays them.

    Raises `CassetteFileError`, and OSError as open does.
    """
    # One byte more than allowed shows that there is more.
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise CassetteFileError(f"is larger than {MOST_BYTES:,} bytes")
    try:
        document = read_yaml(data, bounds=_BOUNDS)
    except YAMLFaultError as error:
        raise CassetteFileError(f"is damaged{error.place}: {error.reason}") from None
    interactions = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(interactions, list):
        raise CassetteFileError("is no cassette: it has no list of interactions")
    for number, interaction in enumerate(interactions, start=1):
        where = f"is damaged: interaction {number}"
        _check(interaction, f"{where}:", {"request": _is(dict), "response": _is(dict)})
        request, response = interaction["request"], interaction["response"]
        _check(request, f"{where}: request.", _REQUEST)
        # vcrpy would take it for an argument.
        if unknown := sorted(set(request) - set(_REQUEST)):
            raise CassetteFileError(f"{where}: request has {printable(unknown[0], 40)!r}")
        _check(response, f"{where}: response.", _RESPONSE)
    return dict(document)


def read_metadata(data: Any) -> CassetteMetadata:
    """Return what a cassette says of itself; raises `CassetteFileError`."""
    _check(data, "is damaged: metadata.", _METADATA)
    return CassetteMetadata(
        datetime.fromisoformat(data["recorded_at"]).timestamp(),
        data["elapsed"],
        data["target"],
        {url: Failure(**failure) for url, failure in data["failures"].items()},
        data.get("attempts"),
        tuple(Attempt(**attempt) for attempt in data.get("retried", ())),
        {
            url: tuple(Attempt(**attempt) for attempt in attempts)
            for url, attempts in data.get("images_retried", {}).items()
        },
    )


Check = Callable[[Any], bool]


def _check(value: Any, where: str, members: Mapping[str, Check]) -> None:
    """Raise `CassetteFileError` unless an object has these members, each of its type."""
    if not isinstance(value, dict):
        raise CassetteFileError(f"{where.rstrip('.:')} is no object")
    for name, fits in members.items():
        optional = name.endswith("?")
        name = name.removesuffix("?")
        if name not in value and not optional:
            raise CassetteFileError(f"{where}{name} is missing")
        if name in value and not fits(value[name]):
            rendered = printable(repr(value[name])[:200], 60)
            raise CassetteFileError(f"{where}{name} is {rendered}, which it cannot be")


def _is(*types: type) -> Check:
    return lambda value: isinstance(value, types)


def _number(least: float, most: float, *types: type) -> Check:
    """Return a check for numbers within a range, which a boolean never passes."""
    return lambda value: type(value) in types and least <= value < most


def _values(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _attempts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(attempt, dict)
        and set(attempt) == {"status", "reason", "said"}
        and isinstance(attempt["reason"], str)
        and isinstance(attempt["said"], str)
        and (attempt["status"] is None or _status_code(attempt["status"]))
        for attempt in value
    )


def _moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).timestamp() >= 0
    except (ValueError, OverflowError, OSError):
        return False


_status_code = _number(1, 1000, int)
_seconds = _number(0, _LATEST, int, float)
_REQUEST: Mapping[str, Check] = {
    "method": _is(str),
    "uri": _is(str),
    "body": _is(str, bytes, NoneType),
    "headers": _values(lambda value: isinstance(value, str) or _texts(value)),
}
_RESPONSE: Mapping[str, Check] = {
    "status": lambda value: isinstance(value, dict) and _status_code(value.get("code")),
    "headers": _values(_texts),
    "body": lambda value: isinstance(value, dict) and isinstance(value.get("string"), str | bytes),
    "payloads?": _is(bool),
}
_METADATA: Mapping[str, Check] = {
    "edition": _is(str),
    "recorded_at": _moment,
    "elapsed": lambda value: value is None or _seconds(value),
    "target": _is(str),
    "tool": _is(str),
    "failures": _values(
        lambda value: _values(_is(str))(value) and set(value) == {"kind", "message"}
    ),
    "attempts?": _number(1, 1000, int),
    "retried?": _attempts,
    "images_retried?": _values(_attempts),
}
