"""Whom the certificate of a signature names, and by which algorithm was signed; unverified."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from conformance.parsing.credentials.cbor import CBORFaultError, read_cbor

_ALGORITHMS = {
    -7: "ES256",
    -8: "EdDSA",
    -35: "ES384",
    -36: "ES512",
    -37: "PS256",
    -38: "PS384",
    -39: "PS512",
}
_ALGORITHM, _CHAIN = 1, (33, "x5chain")  # keys of COSE headers
_ORGANIZATION = b"\x55\x04\x0a"  # 2.5.4.10
_SEQUENCE, _OBJECT_ID, _VERSION = 0x30, 0x06, 0xA0
_MOST = 64  # attributes of a name

Element = tuple[int, bytes]


def signature_facts(signature: bytes) -> tuple[str, str] | None:
    """Return the algorithm and the organization of a COSE signature, or None if it is none."""
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
    return _algorithm(algorithm), _organization(chain)


def _algorithm(number: Any) -> str:
    return _ALGORITHMS.get(number, "") if isinstance(number, int) else ""


def _organization(chain: Any) -> str:
    """Return the organization of the subject of the first certificate, or nothing."""
    first = chain[0] if isinstance(chain, list) and chain else chain
    if not isinstance(first, bytes):
        return ""
    return next(_organizations(_subject(list(_inner(_signed_part(first))))), "")


def _signed_part(data: bytes) -> bytes:
    """Return the content of the part of a certificate that its issuer signed."""
    for tag, content in islice(_elements(data), 1):
        if tag == _SEQUENCE:
            return next((inner for tag, inner in _elements(content) if tag == _SEQUENCE), b"")
    return b""


def _inner(data: bytes) -> Iterator[Element]:
    return islice(_elements(data), _MOST)


def _subject(fields: list[Element]) -> bytes:
    """Return the subject: behind version, serial, algorithm, issuer and validity."""
    place = 5 if fields and fields[0][0] == _VERSION else 4
    return fields[place][1] if len(fields) > place else b""


def _organizations(name: bytes) -> Iterator[str]:
    for _, attributes in _inner(name):
        for _, attribute in _inner(attributes):
            parts = list(_inner(attribute))
            if len(parts) == 2 and parts[0] == (_OBJECT_ID, _ORGANIZATION):
                yield parts[1][1].decode("utf-8", "replace")


def _elements(data: bytes) -> Iterator[Element]:
    """Yield tag and content of the elements of DER, as far as they are whole."""
    at = 0
    while at + 2 <= len(data):
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
        if start + length > len(data):
            return
        yield tag, data[start : start + length]
        at = start + length
