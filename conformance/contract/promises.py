"""The promises of the documents of an edition, and what judges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.contract.checker import Checker, path_text
from conformance.contract.edition import Edition
from conformance.contract.loading import PROMISES_FILE, schemas_directory
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
    lines: frozenset[int]  # of the page; empty for what other documents say
    rules: tuple[str, ...]
    clauses: tuple[str, ...]
    open: tuple[str, ...]
    none: str

    @property
    def settled(self) -> bool:
        """Return whether it has clauses, an open question or a reason."""
        return bool(self.clauses or self.open or self.none)


@dataclass(frozen=True, slots=True)
class Promises:
    """All promises of an edition, and the lines of its page that promise nothing."""

    edition: str
    page_source: str  # empty for an edition of a document whose text is not at hand
    page_sha256: str
    silent: tuple[tuple[str, frozenset[int]], ...]
    all: tuple[DocumentedPromise, ...]

    def naming(self, clause: str) -> tuple[DocumentedPromise, ...]:
        """Return the promises that a clause judges."""
        return tuple(promise for promise in self.all if clause in promise.clauses)


def load_promises(edition: Edition) -> Promises:
    """Load the promises of an edition; raises EditionError for a missing or faulty file."""
    files = SchemaFiles(edition.folder)
    content = files.json(PROMISES_FILE)
    _check(edition.folder / PROMISES_FILE, content)
    page = content.get("page", {"source": "", "sha256": "", "silent": ()})
    return Promises(
        edition=content["edition"],
        page_source=page["source"],
        page_sha256=page["sha256"],
        silent=tuple((entry["kind"], _numbers(entry["lines"])) for entry in page["silent"]),
        all=tuple(_promise(entry) for entry in content["promises"]),
    )


def cited_places(edition: Edition) -> frozenset[tuple[str, str]]:
    """Return (source, section) of every citation in the files of an edition."""
    files = SchemaFiles(edition.folder)
    names = (path.relative_to(edition.folder) for path in edition.folder.rglob("*.json"))
    entries = (
        entry
        for name in names
        if name.name != PROMISES_FILE and "examples" not in name.parts
        for entry in annotation_entries(files.json(name.as_posix()), "citations")
    )
    return frozenset((entry["source"], entry["section"]) for entry in entries)


def _check(place: Path, content: Any) -> None:
    schema = SchemaFiles(schemas_directory()).schema(PROMISES_SCHEMA)
    for fault in Checker(schema).faults(content, limit=1):
        where = path_text(fault.path)
        raise EditionError(f"{place}: {where}: {fault.message}; see schemas/{PROMISES_SCHEMA}")


def _promise(entry: dict[str, Any]) -> DocumentedPromise:
    return DocumentedPromise(
        id=entry["id"],
        source=entry["source"],
        section=entry["section"],
        level=Level(entry["level"]),
        says=entry["says"],
        lines=_numbers(entry.get("lines", ())),
        rules=tuple(entry.get("rules", ())),
        clauses=tuple(entry.get("clauses", ())),
        open=tuple(entry.get("open", ())),
        none=entry.get("none", ""),
    )


def _numbers(spans: Iterable[str]) -> frozenset[int]:
    """Spell out spans of lines: "3-5" is 3, 4 and 5."""
    lines: set[int] = set()
    for span in spans:
        first, _, last = span.partition("-")
        lines.update(range(int(first), int(last or first) + 1))
    return frozenset(lines)
