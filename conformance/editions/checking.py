"""Whether a folder is an edition that can be published, and what a document says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from conformance.contract import Edition
from conformance.contract.frozen import frozen_digest
from conformance.contract.loading import edition_folder, read_edition
from conformance.contract.promises import load_promises
from conformance.editions.document_differences import document_differences, unnamed_models
from conformance.editions.faults import faults
from conformance.editions.mentions import unnamed_citations
from conformance.editions.openapi import read_document
from conformance.reports.console_text import Paper
from conformance.reports.formatting import counted


@dataclass(frozen=True, slots=True)
class CheckedEdition:
    """What was found: faults, differences to a document, and what a reader had better look at."""

    edition: Edition
    faults: tuple[str, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    document: Path | None

    @property
    def is_good(self) -> bool:
        """Return whether nothing is wrong, and the document says nothing differently."""
        return not self.faults and not self.differences


def check_edition(folder: str, document: Path | None = None) -> CheckedEdition:
    """Check an edition, by folder or id, and hold it against an OpenAPI document if there is one.

    Raises EditionError for a folder that cannot be loaded, and DocumentError for a document that
    cannot be read.
    """
    edition = read_edition(edition_folder(folder))
    read = read_document(document, edition) if document is not None else None
    notes = [*unnamed_citations(edition, load_promises(edition))]
    if read is not None:
        notes += unnamed_models(edition, read)
    return CheckedEdition(
        edition=edition,
        faults=tuple(dict.fromkeys(faults(edition))),  # one mistake may stop several checks
        differences=tuple(document_differences(edition, read)) if read is not None else (),
        notes=tuple(notes),
        document=document,
    )


def print_checked(checked: CheckedEdition, console: Console) -> None:
    """Print what was found, a sentence a line."""
    _CheckPage(console).print(checked)


class _CheckPage(Paper):
    def print(self, checked: CheckedEdition) -> None:
        edition = checked.edition
        self._list("Faults", checked.faults, "bold red")
        self._list(f"What {checked.document} says differently", checked.differences, "yellow")
        self._list("Models that a source does not name", checked.notes, "dim")
        models, promises = len(edition.models), len(load_promises(edition).all)
        digest = frozen_digest(edition.folder)
        state = f"published, digest {digest[:12]}" if digest else "a draft"
        size = f"{counted(models, 'model')}, {counted(promises, 'promise')}"
        result = counted(len(checked.faults), "fault")
        if checked.document is not None:
            result += f", {counted(len(checked.differences), 'difference')}"
        self._line((f"{edition.id} ({state}): {size}; {result}", "bold"))

    def _list(self, title: str, sentences: Sequence[str], style: str) -> None:
        if not sentences:
            return
        self._line((f"{title} ({len(sentences)})", style))
        for sentence in sentences:
            self._line(sentence, indent=2)
        self._console.print()
