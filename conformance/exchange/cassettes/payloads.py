"""Payloads of a cassette as real image files, each stored once and named by its content.

A body is stored with every payload replaced by a reference, ``@payload/<file>``. What is put
back is byte for byte what came: a base64 that is not the canonical spelling of its bytes
stays in the body as it is.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from pathlib import Path

import pybase64

from conformance.errors import ConformanceError
from conformance.output.files import write_whole
from conformance.parsing.images.media_types import extension, sniff

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
