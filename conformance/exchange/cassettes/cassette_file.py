"""The file of a cassette: read within bounds, by the reader that `judge` uses, and checked.

vcrpy gets requests, responses and metadata of the types that it takes for granted; what is of
another type is one sentence that names the interaction and the member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.errors import ConformanceError
from conformance.exchange.model import Failure
from conformance.parsing import YAMLBounds, YAMLFaultError, printable, read_yaml

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one cassette; its pictures stand in files of their own."""

_BOUNDS = YAMLBounds(bytes=MOST_BYTES, characters=MOST_BYTES)
_LATEST = 253402300799  # seconds since the epoch at the end of the year 9999


class CassetteFileError(ConformanceError):
    """Why a file is no cassette: a predicate, with the place in it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a cassette says of itself."""

    edition: str
    recorded_at: float  # seconds since the Unix epoch
    elapsed: float | None  # seconds
    target: str
    tool: str
    failures: Mapping[str, Failure]
    attempts: int | None = None  # where more than one was made


def read_cassette(path: Path) -> dict[str, Any]:
    """Read a cassette as vcrpy's serializers give it.

    Raises `CassetteFileError`, and OSError as open does.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise CassetteFileError(f"is larger than {MOST_BYTES:,} bytes")
    try:
        document = read_yaml(data, bounds=_BOUNDS)
    except YAMLFaultError as error:
        raise CassetteFileError(f"is damaged{error.place}: {error.reason}") from None
    for number, each in enumerate(_interactions(document), start=1):
        where = f"is damaged: interaction {number}"
        _checked(each, f"{where}:", {"request": _object, "response": _object})
        _checked(each["request"], f"{where}: request.", _REQUEST)
        if unknown := sorted(set(each["request"]) - set(_REQUEST)):
            raise CassetteFileError(f"{where}: request has {printable(unknown[0], 40)!r}")
        _checked(each["response"], f"{where}: response.", _RESPONSE)
        body = dict(each["response"]["body"])  # an alias may share it, and it will be changed
        each["response"] = {**each["response"], "body": body}
    return dict(document)


def _interactions(document: Any) -> list[Any]:
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise CassetteFileError("is no cassette: it has no list of interactions")
    interactions: list[Any] = document["interactions"]
    return interactions


_FAILURE = {"kind", "message"}
Check = Callable[[Any], bool]


def _checked(value: Any, where: str, members: Mapping[str, Check]) -> None:
    """Raise `CassetteFileError` unless an object has these members, each of its type."""
    if not isinstance(value, dict):
        raise CassetteFileError(f"{where.rstrip('.:')} is no object")
    for name, right in members.items():
        optional = name.endswith("?")
        name = name.removesuffix("?")
        if name not in value and not optional:
            raise CassetteFileError(f"{where}{name} is missing")
        if name in value and not right(value[name]):
            shown = printable(repr(value[name])[:200], 60)
            raise CassetteFileError(f"{where}{name} is {shown}, which it cannot be")


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _bytes(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _headers(value: Any) -> bool:
    """Return whether headers are as vcrpy writes them: lists, and in a request also texts."""
    return isinstance(value, dict) and all(
        isinstance(each, str) or (isinstance(each, list) and all(map(_text, each)))
        for each in value.values()
    )


def _lists(value: Any) -> bool:
    return _headers(value) and not any(isinstance(each, str) for each in value.values())


def _status(value: Any) -> bool:
    return isinstance(value, dict) and type(value.get("code")) is int and 0 < value["code"] < 1000


def _body(value: Any) -> bool:
    return isinstance(value, dict) and _bytes(value.get("string"))


def _seconds(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value < _LATEST)


def _failures(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, dict) and set(each) == _FAILURE and all(map(_text, each.values()))
        for each in value.values()
    )


def _moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).timestamp() >= 0
    except (ValueError, OverflowError, OSError):
        return False


_REQUEST: Mapping[str, Check] = {
    "method": _text,
    "uri": _text,
    "body": lambda value: value is None or _bytes(value),
    "headers": _headers,
}
_RESPONSE: Mapping[str, Check] = {
    "status": _status,
    "headers": _lists,
    "body": _body,
    "payloads?": lambda value: isinstance(value, bool),
}
_METADATA: Mapping[str, Check] = {
    "edition": _text,
    "recorded_at": _moment,
    "elapsed": _seconds,
    "target": _text,
    "tool": _text,
    "failures": _failures,
    "attempts?": lambda value: type(value) is int and 0 < value < 1000,
}


def read_metadata(data: Any) -> Recorded:
    """Return what a cassette says of itself; raises `CassetteFileError`."""
    _checked(data, "is damaged: metadata.", _METADATA)
    failures = {url: Failure(**each) for url, each in data["failures"].items()}
    recorded_at = datetime.fromisoformat(data["recorded_at"]).timestamp()
    return Recorded(
        data["edition"],
        recorded_at,
        data["elapsed"],
        data["target"],
        data["tool"],
        failures,
        data.get("attempts"),
    )
