"""Read the content credentials (C2PA) of an image file; raises nothing, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from conformance.output.printing import printable
from conformance.parsing.credentials.carriers import manifest_store
from conformance.parsing.credentials.certificate import signature_facts
from conformance.parsing.credentials.jumbf import JUMBFFaultError, read_boxes
from conformance.parsing.credentials.manifest import Manifest, ManifestFaultError, last_part
from conformance.parsing.credentials.records import Credentials, Software, Standing
from conformance.parsing.credentials.validation import validated

MOST = 12  # entries of one list of a record
_LONGEST = 100  # characters of one text
_MOST_PARENTS = 4
_PARENTS = ("activeManifest", "c2pa_manifest")  # members of ingredients, newer and older


def read_credentials(kind: str | None, data: bytes) -> Credentials | None:
    """Return what the credentials of a picture say, or None if it carries none."""
    store = manifest_store(kind, data)
    if store is None:
        return None
    try:
        manifests = _manifests(store)
        credentials = _said(manifests)
    except (JUMBFFaultError, ManifestFaultError) as error:
        return Credentials(Standing.DAMAGED, fault=printable(str(error), _LONGEST))
    fault = _fault(manifests[0], data)
    if credentials.standing is Standing.CLAIMED and not fault:
        return validated(credentials, str(kind), data)
    standing = Standing.INVALID if fault else credentials.standing
    return structs.replace(credentials, standing=standing, fault=fault)


def _manifests(store: bytes) -> list[Manifest]:
    """Return the active manifest, which is the last of a store, and behind it its parents."""
    root = next((box for box in read_boxes(store) if box.label == "c2pa"), None)
    boxes = [box for box in root.boxes if box.type == b"jumb"] if root else []
    if not boxes:
        raise ManifestFaultError("the store has no manifest")
    by_label = {box.label: Manifest(box) for box in boxes}
    label, line = boxes[-1].label, dict[str, Manifest]()
    while label in by_label and label not in line and len(line) <= _MOST_PARENTS:
        line[label] = by_label[label]
        label = _parent(line[label])
    return list(line.values())


def _parent(manifest: Manifest) -> str:
    """Return the label of the manifest of the picture that this one was made from, or nothing."""
    for ingredient in manifest.assertions("c2pa.ingredient"):
        reference = next((ingredient[name] for name in _PARENTS if name in ingredient), None)
        if ingredient.get("relationship") == "parentOf" and isinstance(reference, dict):
            return last_part(reference.get("url"))
    return ""


def _said(manifests: list[Manifest]) -> Credentials:
    active = manifests[0]
    signature = signature_facts(active.signature)
    algorithm, signer = signature or ("", "")
    software = [program for manifest in manifests for program in _software(manifest)]
    ingredients = active.assertions("c2pa.ingredient")
    return Credentials(
        standing=Standing.UNSIGNED if signature is None else Standing.CLAIMED,
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
    named = [program for generator in generators if (program := _program(generator, ""))]
    whole = _program(manifest.claim.get("claim_generator"), "")
    yield from named or ([whole] if whole else [])
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
    actions = [action for listed in lists if isinstance(listed, list) for action in listed[:MOST]]
    return [action for action in actions if isinstance(action, dict)][:MOST]


def _fault(active: Manifest, data: bytes) -> str:
    """Return which of the hashes is wrong that need no key, or nothing."""
    changed = active.changed_assertion()
    if changed is not None:
        label = printable(changed, _LONGEST) or "without a label"
        return f"the assertion {label} is missing or not the one that was claimed"
    if active.is_for(data) is False:
        return "the picture is not the one that they were made for"
    return ""


def _text(value: Any) -> str:
    return printable(value, _LONGEST) if isinstance(value, str) else ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, values))))[:MOST]
