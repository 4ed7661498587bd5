"""The manifests of a C2PA store: claims, assertions, and whether their hashes are right.

A store is boxes of JUMBF (ISO 19566-5) in boxes, which are read within bounds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count, islice
from typing import Any

from conformance.parsing.credentials.cbor import CBORFaultError, read_cbor
from conformance.parsing.json_text import read_json

_CLAIMS = ("c2pa.claim", "c2pa.claim.v2")
_KINDS = frozenset({"c2pa.actions", "c2pa.hash.data", "c2pa.ingredient"})
_REFERENCES = ("assertions", "created_assertions", "gathered_assertions")
_SUFFIX = re.compile(r"(\.v\d+)?(__.*)?\Z", re.DOTALL)  # version and number of a label
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_MOST = 200  # assertions of a claim
_MOST_READ = 1 << 20  # bytes of the assertions of a claim that are read; pictures are none of them
_RANGES = 100  # parts of a file that a hash leaves out
_MOST_DEPTH = 8
_MOST_BOXES = 4000
_LABELLED = 2  # the bit of a description's toggles


class ManifestFaultError(Exception):
    """What makes a manifest, or the boxes that it stands in, unreadable here."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, its bytes without the header, and what a superbox has within it."""

    type: bytes
    content: memoryview
    label: str = ""
    boxes: tuple[Box, ...] = ()

    def labelled(self, *labels: str) -> Box | None:
        """Return the first box within it that has one of these labels."""
        return next((box for box in self.boxes if box.label in labels), None)

    def of_type(self, *types: bytes) -> Box | None:
        """Return the first box within it that has one of these types."""
        return next((box for box in self.boxes if box.type in types), None)


def read_boxes(data: bytes) -> tuple[Box, ...]:
    """Return the boxes that some bytes hold; raises `ManifestFaultError` only."""
    return _read_boxes(memoryview(data), count(), 0)


def _read_boxes(data: memoryview, numbers: Iterator[int], depth: int) -> tuple[Box, ...]:
    """Read boxes one behind the other; `numbers` counts those of all levels together."""
    boxes, at = [], 0
    while at < len(data):
        if next(numbers) >= _MOST_BOXES or depth > _MOST_DEPTH:
            raise ManifestFaultError("it has too many boxes or levels")
        start, length = at + 8, int.from_bytes(data[at : at + 4], "big")
        if length == 1:  # the length proper has eight bytes, behind the type
            start, length = at + 16, int.from_bytes(data[at + 8 : at + 16], "big")
        end = at + length if length else len(data)
        if not start <= end <= len(data):
            raise ManifestFaultError(f"the box at byte {at} does not end within what it stands in")
        box = Box(bytes(data[at + 4 : at + 8]), data[start:end])
        if box.type == b"jumb":
            inner = _read_boxes(box.content, numbers, depth + 1)
            box = replace(box, label=_label(inner), boxes=inner)
        boxes.append(box)
        at = end
    return tuple(boxes)


def _label(boxes: tuple[Box, ...]) -> str:
    """Return the label that a description box has behind its UUID and its toggles."""
    description = boxes[0].content if boxes and boxes[0].type == b"jumd" else b""
    if len(description) < 17 or not description[16] & _LABELLED:
        return ""
    text, _, _ = bytes(description[17 : 17 + 1000]).partition(b"\0")
    return text.decode("utf-8", "replace")


@dataclass(frozen=True)
class Manifest:
    """One manifest, of which only those assertions count that its claim names."""

    box: Box

    @cached_property
    def claim(self) -> Mapping[Any, Any]:
        """The claim; raises `ManifestFaultError`."""
        box = self.box.labelled(*_CLAIMS)
        value = _value(box) if box else None
        if not isinstance(value, dict):
            raise ManifestFaultError("a manifest has no claim that can be read")
        return value

    @property
    def signature(self) -> bytes:
        """The bytes of the signature, or none."""
        box = self.box.labelled("c2pa.signature")
        inner = box.of_type(b"cbor") if box else None
        return bytes(inner.content) if inner else b""

    def assertions(self, kind: str) -> Iterator[Mapping[Any, Any]]:
        """Yield the assertions of one kind, in any version, that are objects."""
        return (value for name, value in self._read if name == kind)

    @cached_property
    def _read(self) -> list[tuple[str, Mapping[Any, Any]]]:
        """The assertions that are read here, each once, with its kind."""
        by_kind = [(_SUFFIX.sub("", box.label), box) for _, box in self._referenced.values() if box]
        boxes = [(kind, box) for kind, box in by_kind if kind in _KINDS]
        if sum(len(box.content) for _, box in boxes) > _MOST_READ:
            raise ManifestFaultError(f"a manifest has assertions of more than {_MOST_READ:,} bytes")
        values = [(kind, _value(box)) for kind, box in boxes]
        return [(kind, value) for kind, value in values if isinstance(value, dict)]

    @cached_property
    def _referenced(self) -> Mapping[str, tuple[Mapping[Any, Any], Box | None]]:
        """The claim's references to assertions by label, each label once, with its box."""
        store = self.box.labelled("c2pa.assertions")
        by_label = {box.label: box for box in store.boxes} if store else {}
        lists = [self.claim.get(member) for member in _REFERENCES]
        references = chain(*(entries for entries in lists if isinstance(entries, list)))
        objects = [item for item in islice(references, _MOST) if isinstance(item, dict)]
        # A label that is claimed twice counts once, or a claim could have it hashed for ever.
        by_name = {last_part(reference.get("url")): reference for reference in objects}
        return {label: (reference, by_label.get(label)) for label, reference in by_name.items()}

    def _hash(self, member: Mapping[Any, Any]) -> Any:
        """Return the hash function that a member names, or else the claim; None if unknown."""
        name = member.get("alg", self.claim.get("alg", "sha256"))
        return _HASHES.get(name) if isinstance(name, str) else None

    def changed_assertion(self) -> str | None:
        """Return the label of an assertion that is missing or was changed, or None."""
        for label, (reference, box) in self._referenced.items():
            # What an unknown hash function would say is not held against anybody.
            hash_of = self._hash(reference)
            if box is None or (hash_of and hash_of(box.content).digest() != reference.get("hash")):
                return label
        return None

    def is_for(self, data: bytes) -> bool | None:
        """Return whether a file is the one that the manifest was made for; None if it is unknown.

        The hash is over the file without the ranges in which the manifest itself stands.
        """
        binding = next(self.assertions("c2pa.hash.data"), {})
        hash_of, ranges = self._hash(binding), _ranges(binding.get("exclusions", []))
        if not binding or hash_of is None or ranges is None:
            return None
        digest, at, view = hash_of(), 0, memoryview(data)
        for start, length in ranges:
            digest.update(view[at : max(at, start)])
            at = max(at, start + length)
        digest.update(view[at:])
        return bool(digest.digest() == binding.get("hash"))


def _ranges(exclusions: Any) -> list[tuple[int, int]] | None:
    if not isinstance(exclusions, list) or len(exclusions) > _RANGES:
        return None
    ranges = []
    for exclusion in exclusions:
        if not isinstance(exclusion, dict):
            return None
        start, length = exclusion.get("start"), exclusion.get("length")
        if type(start) is not int or type(length) is not int or start < 0 or length < 0:
            return None
        ranges.append((start, length))
    return sorted(ranges)


def last_part(url: Any) -> str:
    """Return the label at the end of a JUMBF address, or nothing."""
    return url.rpartition("/")[2] if isinstance(url, str) else ""


def _value(box: Box) -> Any:
    """Return what a superbox holds as CBOR or JSON; None if it is neither, or broken."""
    inner = box.of_type(b"cbor", b"json")
    if inner is None:
        return None
    try:
        content = bytes(inner.content)
        return read_json(content).value if inner.type == b"json" else read_cbor(content)
    except CBORFaultError:
        return None
