"""CBOR (RFC 8949) read within bounds, and who signed by a COSE signature, which is unverified."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

MOST_DEPTH = 32
MOST_ITEMS = 20_000
_ENDLESS = 31
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True}
_BREAK = object()


class CBORFaultError(Exception):
    """Why some bytes are no CBOR value, or none that is read here."""


def read_cbor(data: bytes) -> Any:
    """Return the first value in some bytes, without its tags; raises `CBORFaultError` only."""
    return _CBORReader(data).value(0)


class _CBORReader:
    """Reads values one behind the other, and counts them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    def value(self, depth: int) -> Any:
        value = self._item(depth)
        if value is _BREAK:
            raise CBORFaultError("a break stands where a value has to be")
        return value

    def _item(self, depth: int) -> Any:
        self._items += 1
        if depth > MOST_DEPTH or self._items > MOST_ITEMS:
            raise CBORFaultError("it has too many values or levels")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        length = None if info == _ENDLESS else self._argument(info)
        match major:
            case 2 | 3:
                return self._string(major, length, depth)
            case 4:
                return self._list(length, depth)
            case 5:  # whatever is no text and no number names no member here
                flat = self._list(None if length is None else 2 * length, depth)
                pairs = zip(flat[::2], flat[1::2], strict=False)
                return {name: value for name, value in pairs if isinstance(name, str | int)}
        if length is None:
            raise CBORFaultError("a number has no length")
        if major == 6:  # a tag, before its value
            return self.value(depth + 1)
        return length if major == 0 else -1 - length

    def _simple(self, info: int) -> Any:
        if info == _ENDLESS:
            return _BREAK
        if info in _FLOATS:
            (number,) = struct.unpack(_FLOATS[info], self._take(1 << info - 24))
            return number
        # A simple value in a byte of its own: none of them means anything here.
        if info == 24:
            self._take(1)
        return _SIMPLE.get(info)

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CBORFaultError("a length has a reserved form")
        return int.from_bytes(self._take(1 << info - 24), "big")

    def _string(self, major: int, length: int | None, depth: int) -> bytes | str:
        if length is not None:
            data = self._take(length)
            return data if major == 2 else data.decode("utf-8", "replace")
        pieces = self._list(None, depth)
        kind = bytes if major == 2 else str
        if not all(isinstance(piece, kind) for piece in pieces):
            raise CBORFaultError("a string has pieces of another type")
        return b"".join(pieces) if major == 2 else "".join(pieces)

    def _list(self, length: int | None, depth: int) -> list[Any]:
        if length is not None:
            self._room_for(length)
            return [self.value(depth + 1) for _ in range(length)]
        values = []
        while (value := self._item(depth + 1)) is not _BREAK:
            values.append(value)
        return values

    def _room_for(self, length: int) -> None:
        """Raise `CBORFaultError` unless that many bytes are left; an item has at least one."""
        if length > len(self._data) - self._at:
            raise CBORFaultError("it breaks off")

    def _take(self, length: int) -> bytes:
        self._room_for(length)
        self._at += length
        return self._data[self._at - length : self._at]


_ALGORITHMS = {
    -7: "ES256", -8: "EdDSA", -35: "ES384", -36: "ES512", -37: "PS256", -38: "PS384", -39: "PS512",
}  # fmt: skip
_ALGORITHM, _CHAIN = 1, (33, "x5chain")  # keys of COSE headers
_ORGANIZATION = b"\x55\x04\x0a"  # 2.5.4.10
_SEQUENCE, _OBJECT_ID, _VERSION = 0x30, 0x06, 0xA0
_MOST = 64  # elements within one element that are read


def signature_facts(signature: bytes) -> tuple[str, str] | None:
    """Return the algorithm and the organization of a COSE signature, or None for other bytes."""
    try:
        cose = read_cbor(signature)
        if not isinstance(cose, list) or len(cose) != 4 or not cose[3]:
            return None
        protected = read_cbor(cose[0]) if isinstance(cose[0], bytes) and cose[0] else {}
    except CBORFaultError:
        return None
    headers = [header for header in (protected, cose[1]) if isinstance(header, dict)]
    algorithm = next((header[_ALGORITHM] for header in headers if _ALGORITHM in header), None)
    chain = next((header[key] for header in headers for key in _CHAIN if key in header), None)
    name = _ALGORITHMS.get(algorithm, "") if isinstance(algorithm, int) else ""
    certificate = chain[0] if isinstance(chain, list) and chain else chain
    return name, _organization(certificate) if isinstance(certificate, bytes) else ""


def _organization(certificate: bytes) -> str:
    """Return the organization of the subject of a certificate, or nothing."""
    tag, content = next(_elements(certificate), (0, b""))
    elements = _elements(content) if tag == _SEQUENCE else ()
    certificate_body = next((inner for tag, inner in elements if tag == _SEQUENCE), b"")
    fields = list(_elements(certificate_body))
    # the subject is behind version, serial, algorithm, issuer and validity
    index = 5 if fields and fields[0][0] == _VERSION else 4
    subject = fields[index][1] if len(fields) > index else b""
    for _, attributes in _elements(subject):
        for _, attribute in _elements(attributes):
            parts = list(_elements(attribute))
            if len(parts) == 2 and parts[0] == (_OBJECT_ID, _ORGANIZATION):
                return parts[1][1].decode("utf-8", "replace")
    return ""


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of the elements of DER, as far as they are whole."""
    at = 0
    for _ in range(_MOST):
        if at + 2 > len(data):
            return
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
        if start + length > len(data):
            return
        yield tag, data[start : start + length]
        at = start + length
