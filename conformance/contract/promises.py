"""The promises of the documents of an edition, and what judges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from conformance.contract.checker import Checker
from conformance.contract.edition import Edition
from conformance.contract.loading import (
    EDITION_FILE,
    PROMISES_FILE,
    schema_files,
    schemas_directory,
)
from conformance.contract.records import EditionError, Level
from conformance.contract.schema_files import SchemaFiles, annotation_entries

PROMISES_SCHEMA = "promises.schema.json"


@dataclass(frozen=True, slots=True)
class DocumentedPromise:
    """One sentence that promises something, in our own words, and why it is judged or not."""

    id: str
    source: str
    section: str
    level: Level
    says: str
    lines: frozenset[int] = frozenset()  # of the page; empty for what other documents say
    rules: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    none: str = ""

    @property
    def settled(self) -> bool:
        """Return whether it has clauses, an open question or a reason."""
        return bool(self.clauses or self.open or self.none)


@dataclass(frozen=True, slots=True)
class Promises:
    """All promises of an edition."""

    edition: str
    all: tuple[DocumentedPromise, ...]

    def naming(self, clause: str) -> tuple[DocumentedPromise, ...]:
        """Return the promises that a clause judges."""
        return tuple(promise for promise in self.all if clause in promise.clauses)


def load_promises(edition: Edition) -> Promises:
    """Load the promises of an edition; raises EditionError for a missing or faulty file."""
    content = SchemaFiles(edition.folder).json(PROMISES_FILE)
    schema = SchemaFiles(schemas_directory()).schema(PROMISES_SCHEMA)
    for fault in Checker(schema).faults(content, limit=1):
        location = f"{edition.folder / PROMISES_FILE}: {fault.path}"
        raise EditionError(f"{location}: {fault.message}; see schemas/{PROMISES_SCHEMA}")
    entries = [
        {**entry, "lines": _numbers(entry.get("lines", ()))} for entry in content["promises"]
    ]
    return Promises(
        edition=content["edition"], all=msgspec.convert(entries, tuple[DocumentedPromise, ...])
    )


def cited_places(edition: Edition) -> frozenset[tuple[str, str]]:
    """Return (source, section) of every citation in the files of an edition."""
    files = SchemaFiles(edition.folder)
    return frozenset(
        (entry["source"], entry["section"])
        for name in (EDITION_FILE, *schema_files(edition.folder))
        for entry in annotation_entries(files.json(name), "citations")
    )


def _numbers(spans: Iterable[str]) -> frozenset[int]:
    """Spell out spans of lines: "3-5" is 3, 4 and 5."""
    lines: set[int] = set()
    for span in spans:
        first, _, last = span.partition("-")
        lines.update(range(int(first), int(last or first) + 1))
    return frozenset(lines)
