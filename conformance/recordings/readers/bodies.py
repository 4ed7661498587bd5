"""Bodies as recorders keep them: as text, decoded JSON or base64, coded, or in files beside."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.cases.request import Headers
from conformance.exchange.transport.codings import (
    GZIP_MAGIC,
    CodingError,
    TooLargeError,
    codings_of,
    undo_codings,
)
from conformance.parsing import load_json
from conformance.parsing.images.media_types import sniff
from conformance.recordings.readers.members import first_present, mapping
from conformance.recordings.readers.model import CUT, MOST_BYTES, NOTHING_KEPT, Body, RecordingError
from conformance.recordings.readers.placeholders import interrupts_base64, is_placeholder

_TEXTS = ("body", "content", "text")
_VALUES = ("parsed_body", "json_body", "jsonBody", "body_json", "json")
_BASE64 = ("base64Body", "bodyAsBase64", "body_base64", "base64_body")
_FILES = ("bodyFileName", "_file", "body_file")
_HOLDER = frozenset({"string", "base64_string", "encoding"})  # of VCR.py and Ruby's VCR
_SHORT = 60  # bytes that may be a word which was decoded as if it were base64
_BEGINS_AS_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{24}")
_OMITTED = {"b64_json": "payloads", "url": "urls"}


@dataclass(frozen=True, slots=True)
class BodyFiles:
    """The folder of a recording: itself, and the `__files` that WireMock keeps beside or in it."""

    folder: Path

    def body(self, name: str) -> Body:
        """Read a file that a recording names; one that is not there was not kept.

        Nothing outside of these folders is read. Raises RecordingError for one that is too large.
        """
        for root in (self.folder, self.folder / "__files", self.folder.parent / "__files"):
            try:
                path = (root / name).resolve()
                if not (path.is_relative_to(root.resolve()) and path.is_file()):
                    continue
                with path.open("rb") as file:
                    data = file.read(MOST_BYTES + 1)
            except (OSError, ValueError, RuntimeError):
                continue
            _check_size(data)
            return Body(data)
        return CUT


def _check_size(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise RecordingError(f"a body is larger than the limit of {MOST_BYTES:,} bytes")


def body_of(half: Mapping[str, Any], files: BodyFiles) -> Body:
    """Read the body of a request or a response: the first member that may hold one counts."""
    member, file = first_present(half, *_TEXTS), first_present(half, *_FILES)
    # An empty text beside the name of a file stands for that file.
    if member is not None and not (member == "" and file):
        return _from_member(member)
    encoded = first_present(half, *_BASE64)
    if isinstance(encoded, str):
        return from_base64(encoded)
    if isinstance(file, str):
        return files.body(file)
    value = first_present(half, *_VALUES)
    return NOTHING_KEPT if value is None else from_value(value)


def _from_member(member: Any) -> Body:
    """Read text, decoded JSON, or one of the forms that docs/judging.md describes."""
    if isinstance(member, str | bytes):
        return from_text(member)
    if not isinstance(member, dict):
        return from_value(member)
    if member.keys() <= _HOLDER:
        encoded = member.get("base64_string")
        return from_base64(encoded) if isinstance(encoded, str) else from_text(member.get("string"))
    for name, read in _FORMS.items():
        if isinstance(member.get(name), str):
            return read(member[name])
    if isinstance(member.get("$sse"), list):
        return _framed_stream(member["$sse"])
    if any(name.startswith("$") for name in member):  # $multipart, $raw_bytes: not whole
        return CUT
    return from_value(member)


def from_text(value: Any) -> Body:
    """Take text or bytes as they stand; anything else is a body that was not kept."""
    if isinstance(value, bytes):
        # A word that was taken for base64 became a few odd bytes: encoded again, it is the word.
        short = base64.b64encode(value).decode() if len(value) <= _SHORT else ""
        return CUT if is_placeholder(short) else Body(value)
    return Body(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else NOTHING_KEPT


def from_base64(value: str) -> Body:
    """Decode base64 with line breaks, or a JSON array of such pieces as Polly.js writes it.

    Some recorders call plain text base64: it is taken as it stands. A placeholder in it says
    that the body was altered.
    """
    try:
        pieces = load_json(value) if value.lstrip().startswith("[") else [value]
        if not pieces or not all(isinstance(piece, str) for piece in pieces):
            raise ValueError
        decoded = [base64.b64decode("".join(piece.split()), validate=True) for piece in pieces]
    except ValueError:  # also what is no JSON and what is no base64
        damaged = _BEGINS_AS_BASE64.match(value) and interrupts_base64(value)
        return CUT if damaged else from_text(value)
    data = b"".join(decoded)
    sound = data.startswith(GZIP_MAGIC) or _is_plain(data)
    return Body(data) if sound or not interrupts_base64(value, proven=True) else CUT


def _from_hex(value: str) -> Body:
    try:
        return Body(bytes.fromhex(value))
    except ValueError:
        return CUT


_FORMS = {"$base64": from_base64, "$hex": _from_hex, "$raw": from_text}


def from_value(value: Any) -> Body:
    """Write decoded JSON anew: its values are those sent, its bytes are not."""
    lost: set[str] = set()
    text = json.dumps(_without_omissions(value, "", lost), ensure_ascii=False)
    return Body(text.encode(errors="replace"), frozenset(lost | {"text"}))


def _framed_stream(events: list[Any]) -> Body:
    """Frame events anew: their data is what was sent, their bytes are not."""
    lost: set[str] = set()
    lines = []
    for event in map(mapping, events):
        name, data = event.get("event"), _without_omissions(event.get("data"), "", lost)
        text = data if isinstance(data, str) else json.dumps(data)
        lines += [f"event: {name}"] if isinstance(name, str) else []
        lines += [*(f"data: {line}" for line in text.split("\n")), ""]
    body = ("\n".join(lines) + "\n").encode(errors="replace")
    return Body(body, frozenset(lost | {"text"}))


def _without_omissions(value: Any, name: str, lost: set[str]) -> Any:
    """Put a word in place of every payload that was taken out, and note which part it was."""
    if isinstance(value, dict):
        if "$omitted" in value:
            lost.add(_OMITTED.get(name, "body"))
            return "omitted"
        return {key: _without_omissions(inner, key, lost) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_omissions(inner, name, lost) for inner in value]
    if isinstance(value, bytes):  # `!!binary` of YAML, which JSON does not have
        return value.decode("utf-8", "replace")
    return value


def undo_coding(body: Body, headers: Headers) -> Body:
    """Undo a content coding that the recorder left in place.

    Raises RecordingError above the limit. Many recorders decode a body and keep the header, so
    the bytes decide. A coding that ends as it should proves that nothing inside was altered.
    """
    data = body.data
    if data is None or body.altered & {"body", "text"}:
        return body
    _check_size(data)
    codings = codings_of(value for name, value in headers if name.lower() == "content-encoding")
    codings = codings or (["gzip"] if data.startswith(GZIP_MAGIC) else [])
    if not codings or not data:
        return body
    try:
        return replace(body, data=undo_codings(data, codings, MOST_BYTES), proven=True)
    except TooLargeError:
        reason = f"a body decodes to more than the limit of {MOST_BYTES:,} bytes"
        raise RecordingError(reason) from None
    except CodingError:
        return body if _is_plain(data) else CUT


def _is_plain(data: bytes) -> bool:
    """Return whether bytes are text or an image, and so were decoded by the recorder."""
    if sniff(data) is not None:
        return True
    try:
        return "\ufffd" not in data.decode()
    except UnicodeDecodeError:
        return False
