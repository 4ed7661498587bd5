"""Planted content credentials: manifests written by hand, put into PNG, JPEG and WebP."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.pictures import encode, picture
from tests.pngs import chunk

KINDS = ("png", "jpeg", "webp")


def cbor(value: Any) -> bytes:
    """Write CBOR of the few types that manifests have here."""
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    return b"\xf6" if value is None else _head(0, value) if value >= 0 else _head(1, -1 - value)


def _head(major: int, number: int) -> bytes:
    return bytes([major << 5 | 26]) + struct.pack(">I", number)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def superbox(label: str, *boxes: bytes) -> bytes:
    description = box(b"jumd", bytes(16) + b"\x03" + label.encode() + b"\0")
    return box(b"jumb", description + b"".join(boxes))


def store(
    agent: str = "gpt-image",
    version: str = "2.0",
    *,
    generator: str = "OpenAI API",
    signature: bytes = b"signed",
    binding: tuple[list[tuple[int, int]], bytes] = ([], bytes(32)),
) -> bytes:
    """Write a manifest store whose own hashes are right; its signature never is."""
    ranges, digest = binding
    exclusions = [{"start": start, "length": length} for start, length in ranges]
    software = {"name": agent, "version": version}
    values = {
        "c2pa.hash.data": {"exclusions": exclusions, "alg": "sha256", "hash": digest},
        "c2pa.actions.v2": {"actions": [{"action": "c2pa.created", "softwareAgent": software}]},
    }
    assertions = {name: superbox(name, box(b"cbor", cbor(v))) for name, v in values.items()}
    claim = {
        "claim_generator_info": {"name": generator, "version": "1"},
        "dc:title": "image.png",
        "alg": "sha256",
        "created_assertions": [
            {
                "url": f"self#jumbf=c2pa.assertions/{name}",
                "hash": hashlib.sha256(assertion[8:]).digest(),
            }
            for name, assertion in assertions.items()
        ],
    }
    cose = cbor([cbor({1: -7}), {}, None, signature])
    boxes = [superbox("c2pa.assertions", *assertions.values())]
    boxes.append(superbox("c2pa.claim.v2", box(b"cbor", cbor(claim))))
    if signature:
        boxes.append(superbox("c2pa.signature", box(b"cbor", cose)))
    return superbox("c2pa", superbox("urn:c2pa:planted", *boxes))


def embed_store(kind: str, data: bytes, manifests: bytes) -> tuple[bytes, int, int]:
    """Put a store into an image; return the file, and where what was put in stands."""
    if kind == "png":
        piece, at = chunk(b"caBX", manifests), 33
    elif kind == "jpeg":
        piece, at = b"".join(_packets(manifests)), 2
    else:
        padded = manifests + b"\0" * (len(manifests) % 2)
        piece, at = b"C2PA" + struct.pack("<I", len(manifests)) + padded, len(data)
        data = data[:4] + struct.pack("<I", len(data) - 8 + len(piece)) + data[8:]
    return data[:at] + piece + data[at:], at, len(piece)


def _packets(manifests: bytes, size: int = 500) -> list[bytes]:
    """Cut a box into APP11 segments of one instance, each with the header of the box."""
    header, content = manifests[:8], manifests[8:]
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return [
        b"\xff\xeb" + struct.pack(">H2sHI", len(part) + 18, b"JP", 7, rank) + header + part
        for rank, part in enumerate(parts, 1)
    ]


def bare(kind: str) -> bytes:
    return encode(picture(), kind)


def image_with_manifest(kind: str, *names: str, **options: Any) -> bytes:
    """Return an image with credentials that are bound to it."""
    data = bare(kind)
    file, at, length = embed_store(kind, data, store(*names, **options))
    digest = hashlib.sha256(file[:at] + file[at + length :]).digest()
    options["binding"] = ([(at, length)], digest)
    for _ in range(3):  # until the length that is written is the length it then has
        file, at, length = embed_store(kind, data, store(*names, **options))
        digest = hashlib.sha256(file[:at] + file[at + length :]).digest()
        options["binding"] = ([(at, length)], digest)
    return embed_store(kind, data, store(*names, **options))[0]


def forged_image(kind: str, *names: str) -> bytes:
    """Return an image whose credentials were made for another one."""
    credentials = store(*names, binding=([], hashlib.sha256(b"another picture").digest()))
    return embed_store(kind, bare(kind), credentials)[0]


def edited_image(kind: str, *names: str) -> bytes:
    """Return an image with an assertion that was changed after the claim was made."""
    manifests = store(*names).replace(b"c2pa.created", b"c2pa.croated")
    return embed_store(kind, bare(kind), manifests)[0]


def unsigned_image(kind: str, *names: str) -> bytes:
    return image_with_manifest(kind, *names, signature=b"")


def damaged_image(kind: str, *names: str) -> bytes:
    """Return an image whose store has a box that ends beyond its end."""
    manifests = bytearray(store(*names))
    at = bytes(manifests).find(b"urn:c2pa") - 25
    manifests[at - 8 : at - 4] = b"\x7f\xff\xff\xff"
    return embed_store(kind, bare(kind), bytes(manifests))[0]


def none(kind: str, *_names: str) -> bytes:
    return bare(kind)


MAKERS: dict[str, Callable[..., bytes]] = {
    "claimed": image_with_manifest,
    "forged": forged_image,
    "edited": edited_image,
    "unsigned": unsigned_image,
    "damaged": damaged_image,
    "none": none,
}


_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype"


def signed_image(kind: str, data: bytes) -> bytes:
    """Return an image that c2pa-python signed, with a certificate made for it."""
    import c2pa

    action = {"action": "c2pa.created", "softwareAgent": {"name": "gpt-image", "version": "2.0"}}
    action["digitalSourceType"] = f"{_SOURCES}/trainedAlgorithmicMedia"
    manifest = {
        "title": "image.png",
        "claim_generator_info": [{"name": "OpenAI API", "version": "1.2"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    info = c2pa.C2paSignerInfo(b"es256", *_certificates(), None)
    output = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer:
        c2pa.Builder(manifest).sign(signer, f"image/{kind}", io.BytesIO(data), output)
    return output.getvalue()


@cache
def _certificates() -> tuple[bytes, bytes]:
    """Make an authority and a certificate of its; return both, and the certificate's key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = "Test Authority", "Open Pictures"
    pair = _certificate(subject, issuer, leaf, root), _certificate(issuer, issuer, root, root)
    chain = b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in pair)
    form = serialization.PrivateFormat.PKCS8
    key = leaf.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return chain, key


def _certificate(subject: str, issuer: str, key: Any, by: Any) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    authority, day = subject == issuer, datetime(2026, 1, 1, tzinfo=UTC)
    names = [
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
        for name in (subject, issuer)
    ]
    usage = x509.KeyUsage(not authority, *(False,) * 4, authority, authority, False, False)
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
    builder = builder.public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(day).not_valid_after(day + timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(authority, None), True)
    builder = builder.add_extension(usage, True)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False
    )
    if not authority:
        mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(mail, False)
    return builder.sign(by, hashes.SHA256())
