"""How an edition is made: a copy of another, and whether it can be published as it stands."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console

from conformance.cases.documented import cases_for
from conformance.contract import Edition, EditionError, edition_ids, load_edition
from conformance.contract.checker import Checker
from conformance.contract.loading import (
    EDITION_FILE,
    PROMISES_FILE,
    edition_folder,
    read_edition,
    schema_files,
)
from conformance.contract.promises import load_promises
from conformance.contract.schema_files import (
    DIGEST_FILE,
    SchemaFiles,
    frozen_digest,
    read_json_file,
)
from conformance.documentation.traceability import trace
from conformance.editions.document_differences import (
    document_differences,
    unnamed_citations,
    unnamed_models,
)
from conformance.editions.openapi import read_document
from conformance.editions.requests import common_models
from conformance.errors import ConformanceError
from conformance.output.counting import write_count
from conformance.output.tables import Paper

_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_STRUCTURE = frozenset({"$schema", "$id", "$defs", "$ref", "title", "description", "properties"})
_ANNOTATIONS = frozenset({"allOf", "citations", "open", "unsupported", "examples", "$comment"})
_BASE = "https://image-conformance.invalid"


class NewEditionError(EditionError):
    """An edition that cannot be written where it was to be."""


def new_edition(old: str, new: str) -> Edition:
    """Write a copy of an edition as a folder, whose name is the new id, and load it.

    The new folder is there whole or not at all. Raises NewEditionError for a name that is no id,
    and where something is already.
    """
    source = load_edition(old)
    folder = Path(os.path.abspath(new))
    _check(folder, new)
    # written aside and moved at once: half an edition would load, and be judged by
    part = folder.with_name(f".{uuid4().hex}.part")
    try:
        for path in sorted(source.folder.rglob("*")):
            # a copy is a draft, which has no digest yet
            if not path.is_file() or path.name == DIGEST_FILE or path.name.startswith("."):
                continue
            name = path.relative_to(source.folder).as_posix()
            target = part / _rename(name, source.id, folder.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".json":
                # in strings of several words only the whole id: another name may begin with it
                text = _STRING.sub(lambda match: _rename(match[0], source.id, folder.name), text)
            target.write_text(text, encoding="utf-8")
        part.rename(folder)
    except OSError as error:
        raise NewEditionError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_edition(folder)


def _check(folder: Path, new: str) -> None:
    if not _ID.fullmatch(folder.name):
        raise NewEditionError(
            f"{new}: {folder.name!r} cannot be the id of an edition; write small letters, digits, "
            "'.' and '-', as in openai-2027-03"
        )
    if folder.name in edition_ids():
        raise NewEditionError(f"{folder.name} comes with the suite; choose another id")
    if os.path.lexists(folder):
        raise NewEditionError(f"{folder}: is there already, and nothing is overwritten")
    if not folder.parent.is_dir():
        raise NewEditionError(f"{folder.parent}: is no folder; make it first")


def _rename(text: str, old: str, new: str) -> str:
    """Put the new id in place of the old one, but not within a longer id or word."""
    after = r"(?![\w.-])" if " " in text else r"(?![A-Za-z0-9])"
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}{after}", lambda _: new, text)


@dataclass(frozen=True, slots=True)
class CheckedEdition:
    """The result of a check: faults, differences to a document, and notes for a reader."""

    edition: Edition
    faults: tuple[str, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    document: Path | None


def check_edition(folder: str, document: Path | None = None) -> CheckedEdition:
    """Check an edition, by folder or id, and hold it against an OpenAPI document if there is one.

    Raises EditionError for a folder that cannot be loaded, and DocumentError for a document that
    cannot be read.
    """
    edition = read_edition(edition_folder(folder))
    notes = [*unnamed_citations(edition, load_promises(edition))]
    differences: tuple[str, ...] = ()
    if document is not None:
        content = read_document(document, edition)
        differences = tuple(document_differences(edition, content))
        notes += unnamed_models(edition, content)
    return CheckedEdition(
        edition=edition,
        faults=tuple(dict.fromkeys(faults(edition))),  # one mistake may stop several checks
        differences=differences,
        notes=tuple(notes),
        document=document,
    )


def faults(edition: Edition) -> Iterator[str]:
    """Yield what is wrong beyond what keeps an edition from being loaded, one sentence each."""
    for name in schema_files(edition.folder):
        yield from _schema_faults(edition, name)
    files = SchemaFiles(edition.folder)
    for example in edition.examples:
        for fault in Checker(files.schema(example.schema)).faults(example.content, limit=1):
            yield f"{EDITION_FILE}: the example {example.id} breaks its schema: {fault.message}"
    for model in map(edition.model, common_models(edition, edition)):
        if edition.read({"model": model.name, "prompt": "a boat"}).expectation != "accepted":
            yield f"{EDITION_FILE}: {model.name}: its request schema does not accept its own name"
            continue
        try:
            cases_for(edition, model, lead=True)
        except ConformanceError as error:
            yield str(error)
    try:
        yield from (f"{PROMISES_FILE}: {gap}" for gap in trace(edition).gaps)
    except ConformanceError as error:
        yield str(error)
    published = frozen_digest(edition.folder)
    if published not in (None, edition.digest):
        yield f"{DIGEST_FILE}: the edition was changed after it was published; make a new one"


def print_checked(checked: CheckedEdition, console: Console) -> None:
    """Print the result of a check, one sentence a line."""
    paper, edition = Paper(console), checked.edition
    for title, sentences, style in (
        ("Faults", checked.faults, "bold red"),
        (f"What {checked.document} says differently", checked.differences, "yellow"),
        ("Models that a source does not name", checked.notes, "dim"),
    ):
        if sentences:
            paper.line((f"{title} ({len(sentences)})", style))
            for sentence in sentences:
                paper.line(sentence, indent=2)
            console.print()
    models, promises = len(edition.models), len(load_promises(edition).all)
    digest = frozen_digest(edition.folder)
    state = f"published, digest {digest[:12]}" if digest else "a draft"
    size = f"{write_count(models, 'model')}, {write_count(promises, 'promise')}"
    result = write_count(len(checked.faults), "fault")
    if checked.document is not None:
        result += f", {write_count(len(checked.differences), 'difference')}"
    paper.line((f"{edition.id} ({state}): {size}; {result}", "bold"))


def _schema_faults(edition: Edition, name: str) -> Iterator[str]:
    content = read_json_file(edition.folder / name)
    if content.get("$id") != f"{_BASE}/{edition.id}/{name}":
        yield f"{name}: its $id is not {_BASE}/{edition.id}/{name}"
    files = SchemaFiles(edition.folder)
    parts = [name, *(f"{name}#/$defs/{part}" for part in content.get("$defs", {}))]
    for part in parts:
        schema = files.schema(part)
        yield from (f"{path} has no citation" for path in _uncited_constraints(schema, part))
        yield from (f"{path}, which is not there" for path in _stale_citations(schema, part))


def _uncited_constraints(node: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the constraints that no citation beside them is the source of."""
    cited = {word for entry in node.get("citations", []) for word in entry.get("keywords", [])}
    known = cited | _STRUCTURE | _ANNOTATIONS
    yield from (f"{path}: {keyword}" for keyword in node if keyword not in known)
    for name, member in node.get("properties", {}).items():
        yield from _uncited_constraints(member, f"{path}.{name}")
    for index, member in enumerate(node.get("allOf", [])):
        yield from _uncited_constraints(member, f"{path}.allOf[{index}]")
    if isinstance(node.get("items"), dict):
        yield from _uncited_constraints(node["items"], f"{path}[]")


def _stale_citations(node: Any, path: str) -> Iterator[str]:
    """Yield the citations that name a keyword which the schema beside them does not have."""
    if isinstance(node, list):
        for member in node:
            yield from _stale_citations(member, path)
    elif isinstance(node, dict):
        entries = node.get("citations")
        for entry in entries if isinstance(entries, list) else []:
            words = (word for word in entry.get("keywords", ()) if word not in node)
            yield from (f"{path}: {entry['section']!r} is cited for {word}" for word in words)
        for name, member in node.items():
            yield from _stale_citations(member, f"{path}.{name}")
