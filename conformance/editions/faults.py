"""What is wrong with the folder of an edition, beyond what keeps it from being loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases import cases_for
from conformance.contract import Edition
from conformance.contract.checker import Checker
from conformance.contract.frozen import DIGEST_FILE, frozen_digest
from conformance.contract.loading import EDITION_FILE, PROMISES_FILE, schema_files
from conformance.contract.schema_files import SchemaFiles, read_json_file
from conformance.documentation.traceability import trace
from conformance.editions.requests import common_models
from conformance.errors import ConformanceError

_STRUCTURE = frozenset({"$schema", "$id", "$defs", "$ref", "title", "description", "properties"})
_ANNOTATIONS = frozenset({"allOf", "citations", "open", "unsupported", "examples", "$comment"})
_BASE = "https://image-conformance.invalid"


def faults(edition: Edition) -> Iterator[str]:
    """Yield every fault in one sentence, with the file that it is in."""
    for name in schema_files(edition.folder):
        yield from _schema_faults(edition, name)
    yield from _example_faults(edition)
    for model in map(edition.model, common_models(edition, edition)):
        if edition.read({"model": model.name, "prompt": "a boat"}).expectation != "accepted":
            yield f"{EDITION_FILE}: {model.name}: its request schema does not accept its own name"
            continue
        try:
            cases_for(edition, model, lead=True)
        except ConformanceError as error:
            yield str(error)
    yield from _gaps(edition)
    published = frozen_digest(edition.folder)
    if published not in (None, edition.digest):
        yield f"{DIGEST_FILE}: the edition was changed after it was published; make a new one"


def _schema_faults(edition: Edition, name: str) -> Iterator[str]:
    content = read_json_file(edition.folder / name)
    if content.get("$id") != f"{_BASE}/{edition.id}/{name}":
        yield f"{name}: its $id is not {_BASE}/{edition.id}/{name}"
    files = SchemaFiles(edition.folder)
    parts = [name, *(f"{name}#/$defs/{part}" for part in content.get("$defs", {}))]
    for part in parts:
        schema = files.schema(part)
        yield from (f"{place} has no citation" for place in _uncited(schema, part))
        yield from (f"{place}, which is not there" for place in _stale(schema, part))


def _uncited(node: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the constraints that no citation beside them is the source of."""
    cited = {word for each in node.get("citations", []) for word in each.get("keywords", [])}
    known = cited | _STRUCTURE | _ANNOTATIONS
    yield from (f"{place}: {keyword}" for keyword in node if keyword not in known)
    for name, member in node.get("properties", {}).items():
        yield from _uncited(member, f"{place}.{name}")
    for index, member in enumerate(node.get("allOf", [])):
        yield from _uncited(member, f"{place}.allOf[{index}]")
    if isinstance(node.get("items"), dict):
        yield from _uncited(node["items"], f"{place}[]")


def _stale(node: Any, place: str) -> Iterator[str]:
    """Yield the citations that name a keyword which the schema beside them does not have."""
    if isinstance(node, list):
        for member in node:
            yield from _stale(member, place)
    elif isinstance(node, dict):
        entries = node.get("citations")
        for entry in entries if isinstance(entries, list) else []:
            words = (word for word in entry.get("keywords", ()) if word not in node)
            yield from (f"{place}: {entry['section']!r} is cited for {word}" for word in words)
        for name, member in node.items():
            yield from _stale(member, f"{place}.{name}")


def _example_faults(edition: Edition) -> Iterator[str]:
    files = SchemaFiles(edition.folder)
    for example in edition.examples:
        for fault in Checker(files.schema(example.schema)).faults(example.content, limit=1):
            yield f"{EDITION_FILE}: the example {example.id} breaks its schema: {fault.message}"


def _gaps(edition: Edition) -> Iterator[str]:
    try:
        yield from (f"{PROMISES_FILE}: {gap}" for gap in trace(edition).gaps)
    except ConformanceError as error:
        yield str(error)
