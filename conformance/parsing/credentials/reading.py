"""Read the content credentials (C2PA) of an image file; raises nothing, whatever the bytes are."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from msgspec import structs

from conformance.output.printing import printable
from conformance.parsing.credentials.cbor import signature_facts
from conformance.parsing.credentials.manifest import (
    Manifest,
    ManifestFaultError,
    last_part,
    read_boxes,
)
from conformance.parsing.credentials.records import Credentials, CredentialStatus, Software
from conformance.parsing.images.containers import jpeg_segments, png_chunks, riff_chunks

READABLE = frozenset({"png", "jpeg", "webp"})  # types of images in which credentials are looked for

_MOST_CHUNKS = 20_000
_MOST_STORE = 16 << 20
_APP11 = 0xEB
_PACKET = 8  # bytes before the box of an APP11 segment: "JP", instance, sequence
MOST = 12  # entries of one list of a record
_LONGEST = 100  # characters of one text
_MOST_PARENTS = 4
_PARENTS = ("activeManifest", "c2pa_manifest")  # members of ingredients, newer and older
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_ABOUT_SIGNER = ("signingCredential.", "timeStamp.")
"""With these begin failures that say nothing against the picture: an expired certificate."""


def read_credentials(kind: str | None, data: bytes) -> Credentials | None:
    """Return what the credentials of a picture say, or None if it carries none."""
    match kind:
        case "png":
            stores = _chunks(png_chunks(data), b"caBX", data)
        case "webp":
            stores = _chunks(riff_chunks(data), b"C2PA", data)
        case "jpeg":
            stores = _boxes_in_jpeg(data)
        case _:
            return None
    store = next((store for store in stores if len(store) <= _MOST_STORE), None)
    if store is None:
        return None
    try:
        manifests = _manifests(store)
        credentials = _read_claims(manifests)
    except ManifestFaultError as error:
        return Credentials(CredentialStatus.DAMAGED, fault=printable(str(error), _LONGEST))
    fault = ""  # of the hashes that need no key
    changed = manifests[0].changed_assertion()
    if changed is not None:
        label = printable(changed, _LONGEST) or "without a label"
        fault = f"the assertion {label} is missing or not the one that was claimed"
    elif manifests[0].is_for(data) is False:
        fault = "the picture is not the one that they were made for"
    # What these hashes prove wrong needs no validator, whoever signed it (ARCHITECTURE 42).
    if fault:
        return structs.replace(credentials, standing=CredentialStatus.INVALID, fault=fault)
    if credentials.standing is CredentialStatus.CLAIMED:
        return _validate(credentials, kind, data)
    return credentials


def _chunks(
    chunks: Iterator[tuple[bytes, int, int]], chunk_name: bytes, data: bytes
) -> Iterator[bytes]:
    for name, start, end in islice(chunks, _MOST_CHUNKS):
        if name == chunk_name:
            yield data[start:end]


def _boxes_in_jpeg(data: bytes) -> Iterator[bytes]:
    """Put each box together whose packets have one instance number, in their sequence."""
    packets: dict[bytes, list[tuple[int, int, int]]] = {}
    for code, start, end in islice(jpeg_segments(data), _MOST_CHUNKS):
        if code == _APP11 and data[start : start + 2] == b"JP" and end - start > _PACKET + 8:
            sequence = int.from_bytes(data[start + 4 : start + 8], "big")
            instance = data[start + 2 : start + 4]
            packets.setdefault(instance, []).append((sequence, start + _PACKET, end))
    for pieces in packets.values():
        parts: list[bytes] = []
        for _, start, end in sorted(pieces):  # every packet but the first repeats the box's header
            header = 16 if data[start : start + 4] == b"\0\0\0\1" else 8
            parts.append(data[start + header if parts else start : end])
        box = b"".join(parts)
        if box[4:8] == b"jumb" and b"c2pa" in box[:64]:
            yield box


def _manifests(store: bytes) -> list[Manifest]:
    """Return the active manifest, which is the last of a store, and behind it its parents."""
    root = next((box for box in read_boxes(store) if box.label == "c2pa"), None)
    boxes = [box for box in root.boxes if box.type == b"jumb"] if root else []
    if not boxes:
        raise ManifestFaultError("the store has no manifest")
    by_label = {box.label: Manifest(box) for box in boxes}
    label, ancestry = boxes[-1].label, dict[str, Manifest]()
    # A manifest may name itself as its parent.
    while label in by_label and label not in ancestry and len(ancestry) <= _MOST_PARENTS:
        ancestry[label] = manifest = by_label[label]
        label = ""
        for ingredient in manifest.assertions("c2pa.ingredient"):
            reference = next((ingredient[name] for name in _PARENTS if name in ingredient), None)
            if ingredient.get("relationship") == "parentOf" and isinstance(reference, dict):
                label = last_part(reference.get("url"))
                break
    return list(ancestry.values())


def _read_claims(manifests: list[Manifest]) -> Credentials:
    """Return what the active manifest says, and the programs that its parents name as well."""
    active = manifests[0]
    signature = signature_facts(active.signature)
    algorithm, signer = signature or ("", "")
    software = [program for manifest in manifests for program in _software(manifest)]
    ingredients = active.assertions("c2pa.ingredient")
    return Credentials(
        standing=CredentialStatus.UNSIGNED if signature is None else CredentialStatus.CLAIMED,
        software=tuple(dict.fromkeys(software))[:MOST],
        signer=_text(signer),
        algorithm=algorithm,
        title=_text(active.claim.get("dc:title")),
        source_types=_texts(action.get("digitalSourceType") for action in _actions(active)),
        ingredients=_texts(
            ingredient.get("dc:title", ingredient.get("title")) for ingredient in ingredients
        ),
    )


def _software(manifest: Manifest) -> Iterator[Software]:
    """Yield who made the claim, then who did what, by name."""
    information = manifest.claim.get("claim_generator_info")
    generators = information if isinstance(information, list) else [information]
    programs = [program for generator in generators if (program := _program(generator, ""))]
    sole_program = _program(manifest.claim.get("claim_generator"), "")
    yield from programs or ([sole_program] if sole_program else [])
    for action in _actions(manifest):
        agent = _program(action.get("softwareAgent"), _text(action.get("action")) or "action")
        if agent:
            yield agent


def _program(value: Any, action: str) -> Software | None:
    if isinstance(value, dict):
        name, version = _text(value.get("name")), _text(value.get("version"))
        return Software(name, version, action) if name else None
    return Software(_text(value), action=action) if _text(value) else None


def _actions(manifest: Manifest) -> Sequence[Mapping[Any, Any]]:
    lists = (assertion.get("actions") for assertion in manifest.assertions("c2pa.actions"))
    actions = [action for items in lists if isinstance(items, list) for action in items[:MOST]]
    return [action for action in actions if isinstance(action, dict)][:MOST]


def _text(value: Any) -> str:
    return printable(value, _LONGEST) if isinstance(value, str) else ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, values))))[:MOST]


def _validate(claimed: Credentials, kind: str, data: bytes) -> Credentials:
    """Return credentials as they stand after validation; as they are, without a validator."""
    library = _library()
    if library is None:
        return claimed
    try:
        # Offline: neither the host of a manifest nor the signer learns of the run.
        context = library.Context(library.Settings.from_dict(_OFFLINE))
        with library.Reader(f"image/{kind}", io.BytesIO(data), context=context) as reader:
            state = reader.get_validation_state()
            results = reader.get_validation_results() or {}
            signature = (reader.get_active_manifest() or {}).get("signature_info") or {}
    except (library.C2paError, ValueError) as error:
        fault = printable(f"the validator cannot read them: {error}", 100)
        return structs.replace(claimed, standing=CredentialStatus.DAMAGED, fault=fault)
    if state in ("Valid", "Trusted"):
        signer = printable(str(signature.get("issuer") or claimed.signer), 100)
        return structs.replace(
            claimed, standing=CredentialStatus.SIGNED, signer=signer, trusted=state == "Trusted"
        )
    failures = results.get("activeManifest", {}).get("failure", [])
    codes = [str(failure.get("code")) for failure in failures]
    against = [code for code in codes if not code.startswith(_ABOUT_SIGNER)]
    fault = printable(", ".join(against or codes) or "the validator does not say why", 100)
    only_signer = bool(codes) and not against
    standing = CredentialStatus.CLAIMED if only_signer else CredentialStatus.INVALID
    return structs.replace(claimed, standing=standing, fault=fault)


@cache
def _library() -> Any:
    """Return c2pa-python, or None: it is the extra `credentials`, and brings 50 MB."""
    try:
        import c2pa
    except (ImportError, OSError):
        return None
    return c2pa
