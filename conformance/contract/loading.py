"""Loading an edition from its folder, and finding the folders."""

from __future__ import annotations

import fnmatch
import functools
import json
import os
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, SchemaError

from conformance.contract.checker import Checker, path_text
from conformance.contract.edition import Edition, ModelFamily
from conformance.contract.model import Model, RequestSchema, request_schema
from conformance.contract.pixels import PIXEL_KEYWORDS
from conformance.contract.records import (
    OUTSIDE_SOURCES,
    CitedSource,
    DocumentedExample,
    EditionError,
    Endpoint,
    Level,
    LevelOverride,
    OpenQuestion,
    read_citations,
)
from conformance.contract.schema_files import SchemaFiles, annotation_entries, digest_of
from conformance.errors import UnknownNameError
from conformance.lifecycle import Lifecycle, read_lifecycle
from conformance.version import DEFAULT_EDITION

EDITION_FILE = "edition.json"
EDITION_SCHEMA = "edition.schema.json"
PROMISES_FILE = "promises.json"
_EXAMPLES = "examples"
_TEXT = {"type": "string", "minLength": 1}
_FORMS = {
    "citations": Checker(
        {
            "type": "object",
            "required": ["source", "section", "level"],
            "properties": {
                "source": _TEXT,
                "section": _TEXT,
                "level": {"enum": list(Level)},
                "keywords": {"type": "array", "items": _TEXT},
            },
        }
    ),
    "open": Checker(
        {
            "type": "object",
            "required": ["question", "keywords"],
            "properties": {"question": _TEXT, "keywords": {"type": "object"}},
        }
    ),
    # no `true` in place of a schema, of which no case could be derived
    "properties": Checker({"type": "object", "additionalProperties": {"type": "object"}}),
    # cases name their value, which a list or an object cannot be
    "enum": Checker({"type": ["string", "number", "boolean", "null"]}),
    **dict.fromkeys(PIXEL_KEYWORDS, Checker({"type": "number", "minimum": 1})),
}
"""What an entry of an annotation, or the value of a keyword of ours, must look like."""

_UNSUPPORTED = Checker(
    {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["citations"],
            "properties": {"citations": {"type": "array"}},
        },
    }
)


@functools.cache
def schemas_directory() -> Path:
    """Find the schemas: inside an installed package, else at the root of the checkout."""
    package = Path(__file__).resolve().parents[1]
    bundled = package / "_schemas"
    return bundled if bundled.is_dir() else package.parent / "schemas"


def edition_ids() -> tuple[str, ...]:
    """List the editions that come with the suite, sorted."""
    paths = schemas_directory().glob(f"*/{EDITION_FILE}")
    return tuple(sorted(path.parent.name for path in paths))


def load_edition(name: str = DEFAULT_EDITION) -> Edition:
    """Load an edition by its id, or by the path of a folder that may be anywhere.

    Raises UnknownNameError, or EditionError for a faulty file.
    """
    return _read_once(edition_folder(name))


def read_edition(folder: Path) -> Edition:
    """Read an edition as it is now; raises EditionError for a faulty file."""
    files = SchemaFiles(folder)
    content = files.json(EDITION_FILE)
    home = folder.parent if (folder.parent / EDITION_SCHEMA).is_file() else schemas_directory()
    for fault in Checker(SchemaFiles(home).schema(EDITION_SCHEMA)).faults(content, limit=1):
        raise EditionError(
            f"{folder / EDITION_FILE}: {fault.message}; see schemas/{EDITION_SCHEMA}"
        )
    if content["id"] != folder.name:
        reason = f"id {content['id']!r} differs from the name of its folder"
        raise EditionError(f"{folder / EDITION_FILE}: {reason}")
    if folder.parent != schemas_directory():  # ours are tested, and every command reads them
        for name in schema_files(folder):
            if reason := _schema_fault(json.dumps(files.json(name))):
                raise EditionError(f"{folder / name}: {reason}")
    return _Loader(files, content).edition()


_read_once = functools.cache(read_edition)


def model_named(edition: Edition, name: str, location: str = "") -> Model:
    """Return the model that a user names; raises UnknownNameError.

    ``location`` says where the name was written, if that is not the command line.
    """
    model = edition.find(name)
    if model is None:
        raise unknown_model(edition, name, location)
    return model


def unknown_model(
    edition: Edition, name: str, location: str = "", other_names: Iterable[str] = ()
) -> UnknownNameError:
    """Return the error for a name, or a glob, of no model, with the editions that have one.

    ``other_names`` are known besides those of the edition.
    """
    where = f"edition {edition.id} ({location})" if location else f"edition {edition.id}"
    # a glob may match here, and the provider serve none of what it matches
    matches = fnmatch.filter(edition.models, name)
    ids = () if matches else editions_with(name)
    options = " or ".join(f"--edition {id_}" for id_ in ids)
    hint = f"it is in edition {' and '.join(ids)}: use {options}" if ids else ""
    return UnknownNameError("model", name, {*other_names, *edition.models}, where, hint)


def editions_with(name: str) -> tuple[str, ...]:
    """Return the editions of the suite that have a model: those that name it, else its family.

    Of a glob they are those that name a model that it matches.
    """
    editions = [load_edition(id_) for id_ in edition_ids()]
    ids = [edition.id for edition in editions if fnmatch.filter(edition.models, name)]
    if not ids and not any(character in name for character in "*?["):
        ids = [edition.id for edition in editions if edition.find(name)]
    return tuple(ids)


def edition_folder(name: str) -> Path:
    """Return the folder of an edition, absolute; raises UnknownNameError or EditionError."""
    root, known = schemas_directory(), edition_ids()
    if name in known:
        return root / name
    folder = Path(os.path.abspath(name))  # not resolved: a link has a name of its own
    if (folder / EDITION_FILE).is_file():
        # the id is the edition's name in reports: it must not mean ours and another one
        if folder.name in known and digest_of(folder) != digest_of(root / folder.name):
            raise EditionError(
                f"{folder}: {folder.name!r} is the id of an edition that comes with the suite, "
                "and reports would take one for the other; rename it (image-conformance edition "
                "new)"
            )
        return folder
    if "/" in name or os.sep in name:
        raise EditionError(f"{name} is no edition: no {EDITION_FILE} is there; name its folder")
    raise UnknownNameError("edition", name, known, str(root))


def schema_files(folder: Path) -> list[str]:
    """List the JSON Schemas of an edition by their paths in its folder."""
    names = (path.relative_to(folder) for path in folder.rglob("*.json"))
    schemas = (name.as_posix() for name in names if _EXAMPLES not in name.parts)
    return sorted(name for name in schemas if name not in (EDITION_FILE, PROMISES_FILE))


# A new edition has most of its files from the one before it, and `edition check` reads both.
@functools.lru_cache(maxsize=256)
def _schema_fault(text: str) -> str:
    """Return what is wrong with a JSON text as a schema, in one clause; empty if nothing is."""
    content = json.loads(text)
    fault = _keyword_fault(content)
    if fault:
        return fault
    for keyword, form in _FORMS.items():
        for entry in annotation_entries(content, keyword):
            if not form.accepts(entry):
                return (
                    f"{keyword} has {json.dumps(entry)[:200]}, which is not of the "
                    f"form that schemas/README.md describes"
                )
    for entry in annotation_entries(content, "open"):
        if fault := _keyword_fault(entry["keywords"]):
            return f"open: {fault}"
    if isinstance(content, dict) and not _UNSUPPORTED.accepts(content.get("unsupported", {})):
        return "unsupported has a parameter without citations; say which source calls it so"
    return ""


def _keyword_fault(schema: Any) -> str:
    """Return what JSON Schema says against some keywords; empty if nothing."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = path_text(tuple(error.absolute_path))
        return f"is no JSON Schema: {where}: {error.message[:200]}"
    return ""


class _Loader:
    """Builds one edition; schema files shared by several models are compiled once."""

    def __init__(self, files: SchemaFiles, content: dict[str, Any]) -> None:
        self.files = files
        self.content = content
        questions = msgspec.convert(content["open"], tuple[OpenQuestion, ...])
        self.questions = {question.id: question for question in questions}
        self._requests: dict[str, RequestSchema] = {}

    def edition(self) -> Edition:
        content = self.content
        positions = [position for entry in content["open"] for position in entry["positions"]]
        self._check_annotations(EDITION_FILE, {**content, "open": [], "citations": positions})
        sources = {id_: CitedSource(id_, **entry) for id_, entry in content["sources"].items()}
        return Edition(
            id=content["id"],
            title=content["title"],
            document=content["document"],
            published=content["published"],
            endpoint=Endpoint(**content["endpoint"]),
            models_path=content.get("models_path", ""),
            sources=ChainMap(sources, OUTSIDE_SOURCES),
            models={name: self._model(name, entry) for name, entry in content["models"].items()},
            families={
                name: self._family(name, entry) for name, entry in content["families"].items()
            },
            lifecycles={
                name: self._lifecycle(name, entry)
                for name, entry in content.get("lifecycle", {}).items()
            },
            open_questions=self.questions,
            withdrawn=content["clauses"]["withdrawn"],
            levels=msgspec.convert(content["clauses"]["levels"], dict[str, LevelOverride]),
            examples=tuple(
                DocumentedExample(
                    entry["id"],
                    entry["schema"],
                    self.files.json(entry["file"]),
                    read_citations(entry["citations"]),
                    entry.get("note", ""),
                )
                for entry in content["examples"]
            ),
            folder=self.files.folder,
            digest=digest_of(self.files.folder),
            request=self._request(content["request"]),
            parameters=frozenset(
                name
                for schema in self._requests.values()
                for name in (*schema.parameters, *schema.unsupported)
            ),
            _checkers={
                part: Checker(self._schema(file)) for part, file in answer_files(content).items()
            },
        )

    def _model(self, name: str, entry: dict[str, Any]) -> Model:
        citations = read_citations(entry["citations"])
        schema = self._request(entry["request"])
        return Model(name, entry["family"], entry["responses"], citations, schema)

    def _family(self, name: str, entry: dict[str, Any]) -> ModelFamily:
        template = self._model(name, {**entry, "family": name})
        try:
            return ModelFamily(re.compile(entry["pattern"]), template)
        except re.error as error:
            location = f"{self.files.folder / EDITION_FILE}: families.{name}.pattern"
            raise EditionError(f"{location} is no regular expression: {error}") from None

    def _lifecycle(self, name: str, entry: dict[str, Any]) -> Lifecycle:
        cited = read_citations(entry["citations"])[0]
        source = self.content["sources"][cited.source]
        try:
            return read_lifecycle(entry, f"{source['title']}, {cited.section}", source["retrieved"])
        except ValueError as error:
            location = f"{self.files.folder / EDITION_FILE}: lifecycle.{name}"
            raise EditionError(f"{location}: {error}") from None

    def _request(self, name: str) -> RequestSchema:
        if name not in self._requests:
            self._requests[name] = request_schema(self._schema(name))
        return self._requests[name]

    def _schema(self, name: str) -> dict[str, Any]:
        schema = self.files.schema(name)
        self._check_annotations(name, schema)
        return schema

    def _check_annotations(self, file: str, node: Any) -> None:
        """Refuse a citation or an open point that names what the edition does not have."""
        path = str(self.files.folder / file)
        for entry in annotation_entries(node, "citations"):
            if entry["source"] not in self.content["sources"]:
                raise UnknownNameError("source", entry["source"], self.content["sources"], path)
        for entry in annotation_entries(node, "open"):
            if entry["question"] not in self.questions:
                raise UnknownNameError("open question", entry["question"], self.questions, path)


def answer_files(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the schema files of answers by what they are of, from the content of edition.json."""
    files = {f"response {kind}": file for kind, file in content["responses"].items()}
    files |= {f"stream {event}": file for event, file in content.get("stream", {}).items()}
    other_files = {"error body": content["error"], "model list body": content.get("model_list", "")}
    return files | {part: file for part, file in other_files.items() if file}
