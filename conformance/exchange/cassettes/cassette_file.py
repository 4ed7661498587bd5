"""The file of a cassette: read within bounds, by the reader that `judge` uses, and checked.

vcrpy gets requests and responses of the types that it takes for granted; what is of another type
is one sentence that names the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from conformance.errors import ConformanceError
from conformance.exchange.model import Attempt, Failure
from conformance.parsing import YAMLBounds, YAMLFaultError, printable, read_yaml

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one cassette; its pictures stand in files of their own."""

_BOUNDS = YAMLBounds(bytes=MOST_BYTES, characters=MOST_BYTES)
_LATEST = 253402300799  # seconds since the epoch at the end of the year 9999

T = TypeVar("T")


class CassetteFileError(ConformanceError):
    """Why a file is no cassette: a predicate, with the place in it."""


class RecordedStatus(Struct, frozen=True):
    """The status of a response."""

    code: Annotated[int, Meta(ge=1, lt=1000)]


class RecordedBody(Struct, frozen=True):
    """The body of a response: a text or bytes, which msgspec does not tell apart."""

    string: Any


# what vcrpy does not know, it would take for an argument
class PlayedRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request as vcrpy has it; the body is a text, bytes or null."""

    method: str
    uri: str
    body: Any
    headers: dict[str, str | list[str]]


class PlayedResponse(Struct, frozen=True):
    """A response as vcrpy has it, and whether payloads were taken out of its body."""

    status: RecordedStatus
    headers: dict[str, list[str]]
    body: RecordedBody
    payloads: bool = False


class Interaction(Struct, frozen=True):
    """A request and its response."""

    request: PlayedRequest
    response: PlayedResponse


class CassetteFile(Struct, frozen=True):
    """A cassette: what vcrpy plays, and metadata, which are read once they are known to fit."""

    interactions: list[Interaction]
    metadata: Any = None


class CassetteMetadata(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a cassette says of itself."""

    schema: int
    edition: str
    provider: str = ""
    case: str = ""
    target: str
    tool: str
    recorded_at: str  # ISO 8601
    elapsed: Annotated[float, Meta(ge=0, lt=_LATEST)] | None  # seconds
    failures: Mapping[str, Failure]
    attempts: Annotated[int, Meta(ge=1, lt=1000)] | None = None  # where more than one was made
    retried: tuple[Attempt, ...] = ()
    images_retried: Mapping[str, tuple[Attempt, ...]] = {}  # by URL

    @property
    def moment(self) -> float:
        """When it was recorded, in seconds since the Unix epoch."""
        return datetime.fromisoformat(self.recorded_at).timestamp()


def read_cassette(path: Path) -> CassetteFile:
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
    cassette = _converted(document, CassetteFile)
    for interaction in cassette.interactions:
        sent, body = interaction.request.body, interaction.response.body.string
        if not (isinstance(sent, str | bytes | None) and isinstance(body, str | bytes)):
            raise CassetteFileError("is damaged: a body is neither text nor bytes")
    return cassette


def read_metadata(data: Any) -> CassetteMetadata:
    """Return what a cassette says of itself; raises `CassetteFileError`."""
    metadata = _converted(data, CassetteMetadata)
    try:
        if metadata.moment >= 0:
            return metadata
    except (ValueError, OverflowError, OSError):
        pass
    moment = printable(metadata.recorded_at, 60)
    raise CassetteFileError(f"is damaged: recorded_at is {moment!r}, which is no time")


def _converted(data: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise CassetteFileError(f"is damaged: {printable(str(error), 200)}") from None
