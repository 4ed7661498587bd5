"""The file of a cassette: read within bounds, by the reader that `judge` uses, and checked.

vcrpy gets requests and responses of the types that it takes for granted; what is of another type
is one sentence that names the place.

Payloads stand beside it as image files, each once and named by its content. What is put back is
byte for byte what came: base64 that is no canonical spelling of its bytes stays in the body.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import pybase64
from msgspec import Meta, Struct

from conformance.errors import ConformanceError
from conformance.exchange.model import Attempt, Failure, StatusCode
from conformance.output.files import write_whole
from conformance.output.printing import printable
from conformance.parsing import YAMLBounds, YAMLFaultError, read_yaml
from conformance.parsing.images.media_types import extension, sniff

MOST_BYTES = 256 * 1024 * 1024  # bytes of one cassette; its pictures stand in files of their own

_BOUNDS = YAMLBounds(bytes=MOST_BYTES, characters=MOST_BYTES)
_LATEST = 253402300799  # seconds since the epoch at the end of the year 9999

T = TypeVar("T")


class CassetteFileError(ConformanceError):
    """Why a file is no cassette: a predicate, with the place in it."""


# A misspelt member is refused, here and below: what it was to say would be left out of the verdict.
class RecordedStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """The status of a response."""

    code: StatusCode
    message: Any = ""  # the reason phrase, which nobody judges


class RecordedBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a response: a text or bytes, which msgspec does not tell apart."""

    string: Any


class PlayedRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request as vcrpy has it; the body is a text, bytes or null."""

    method: str
    uri: str
    body: Any
    headers: dict[str, str | list[str]]


class PlayedResponse(Struct, frozen=True, forbid_unknown_fields=True):
    """A response as vcrpy has it, and whether payloads were taken out of its body."""

    status: RecordedStatus
    headers: dict[str, list[str]]
    body: RecordedBody
    payloads: bool = False


class Interaction(Struct, frozen=True, forbid_unknown_fields=True):
    """A request and its response."""

    request: PlayedRequest
    response: PlayedResponse


class CassetteFile(Struct, frozen=True):
    """A cassette: what vcrpy plays, and metadata, which are read once they are known to fit."""

    interactions: list[Interaction]
    metadata: Any = None


class CassetteMetadata(
    Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True
):
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
    # lists, since a tuple would be written as Python's own, which no safe reader of YAML takes
    retried: list[Attempt] = []
    images_retried: Mapping[str, list[Attempt]] = {}  # by URL

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


_LEAST = 512  # characters of base64; a shorter payload stays in the body
_BASE64 = re.compile(rb"(?<=\")[A-Za-z0-9+/]{%d,}={0,2}(?=\")" % _LEAST)
_REFERENCE = re.compile(rb"@payload/([0-9a-f]{32}\.[a-z0-9]{1,8})")


class PayloadMissingError(ConformanceError):
    """A cassette whose image file is missing or was changed."""


class Payloads:
    """The image files beside the cassettes of one provider."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def store(self, data: bytes) -> str:
        """Write bytes once, to a file named by their content; return its name."""
        digest = hashlib.sha256(data).hexdigest()[:32]
        name = f"{digest}.{extension(sniff(data) or 'bin')}"
        path = self.directory / name
        # Many answers have the same picture.
        if not path.exists():
            write_whole(path, data, self.directory.parent.parent)
        return name

    def load(self, name: str) -> bytes:
        """Read a payload; raises `PayloadMissingError` when it is gone or was changed."""
        path = self.directory / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise PayloadMissingError(f"{path}: {error.strerror}; record it again") from None
        if not name.startswith(hashlib.sha256(data).hexdigest()[:32]):
            raise PayloadMissingError(f"{path}: is not the image that was recorded")
        return data

    def files(self) -> list[Path]:
        """All payload files."""
        return sorted(self.directory.glob("*.*"))

    def take_out(self, body: bytes) -> bytes:
        """Replace the payloads of a body by references to files."""
        if is_binary(body):
            return b"@payload/" + self.store(body).encode()
        if b"@payload/" in body:
            return body  # a provider that writes our references is recorded as it is
        return _BASE64.sub(self._reference, body)

    def put_back(self, body: bytes) -> bytes:
        """Replace references by payloads; a body that begins with one was an image itself."""
        if body.startswith(b"@payload/"):
            match = _REFERENCE.fullmatch(body)
            return self.load(match[1].decode()) if match else body
        return _REFERENCE.sub(lambda match: pybase64.b64encode(self.load(match[1].decode())), body)

    def _reference(self, match: re.Match[bytes]) -> bytes:
        text = match[0]
        try:
            data = pybase64.b64decode(text, validate=True)
        except binascii.Error:
            return text
        # Only the canonical spelling can be put back byte for byte.
        if pybase64.b64encode(data) != text:
            return text
        return b"@payload/" + self.store(data).encode()


def referred_to(text: str) -> set[str]:
    """Name the payloads that a cassette refers to."""
    return {name.decode() for name in _REFERENCE.findall(text.encode())}


def is_binary(body: bytes) -> bool:
    """Return whether a body is binary, and so belongs in a file of its own."""
    return sniff(body) not in (None, "svg") or b"\0" in body[:1024]
