"""Read who signed, and with which algorithm, from a signature that nobody has verified."""

from __future__ import annotations

from collections.abc import Iterator

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
