"""The schema files of one edition: JSON from disk with `$ref`s resolved, and their digest."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.contract.records import EditionError
from conformance.output.files import write_text

_JOINED = frozenset({"citations", "open"})
"""Annotations that a referring schema adds to, rather than replaces."""


class SchemaFiles:
    """The files of one edition folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Any] = {}

    def json(self, name: str) -> Any:
        """Read one JSON file by its path in the folder; raises EditionError."""
        if name not in self._read:
            self._read[name] = read_json_file(self.folder / name)
        return self._read[name]

    def schema(self, name: str) -> dict[str, Any]:
        """Read one schema (`file.json` or `file.json#/$defs/name`) with its `$ref`s inlined."""
        file, _, pointer = name.partition("#")
        resolved = self._inline(self._at(file, pointer), file, ())
        if not isinstance(resolved, dict):
            raise EditionError(f"{self.folder / file} is no schema: it must be a JSON object")
        return {key: value for key, value in resolved.items() if key != "$defs"}

    def _at(self, file: str, pointer: str) -> Any:
        node = self.json(file)
        for step in pointer.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or step not in node:
                raise EditionError(f"{self.folder / file} has nothing at #{pointer}; mend the $ref")
            node = node[step]
        return node

    def _inline(self, node: Any, file: str, trail: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [self._inline(item, file, trail) for item in node]
        if not isinstance(node, dict):
            return node
        members = {
            key: self._inline(value, file, trail) for key, value in node.items() if key != "$ref"
        }
        if "$ref" not in node:
            return members
        merged = self._target(node["$ref"], file, trail)
        for key, value in members.items():
            if key in _JOINED:
                merged[key] = [*merged.get(key, []), *value]
            elif key in merged:  # one would hide the other
                raise EditionError(
                    f"{self.folder / file}: {key!r} stands both beside a $ref and in what it names;"
                    " keep one of them"
                )
            else:
                merged[key] = value
        return merged

    def _target(self, reference: str, file: str, trail: tuple[str, ...]) -> dict[str, Any]:
        """Return a copy of what a `$ref` names; ``trail`` are the references that led to it."""
        name, _, pointer = reference.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), name)) if name else file
        if target.startswith(("../", "/")) or "://" in reference:
            raise EditionError(f"{self.folder / file}: $ref {reference!r} leaves the edition")
        schema_id = f"{target}#{pointer}"
        if schema_id in trail:
            raise EditionError(f"{self.folder / file}: $ref {reference!r} refers to itself")
        resolved = self._inline(self._at(target, pointer), target, (*trail, schema_id))
        return dict(resolved)


def read_json_file(path: Path) -> Any:
    """Read one JSON file of ours; raises EditionError that names the file and the line."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EditionError(f"{path} is missing; add it or mend the name in edition.json") from None
    except (OSError, UnicodeDecodeError) as error:
        raise EditionError(f"{path} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        location = f"line {error.lineno}, column {error.colno}"
        raise EditionError(f"{path} is not JSON: {error.msg} at {location}") from None


_NAMES = frozenset({"properties", "$defs", "unsupported"})
"""Members whose members are named by the API, so that one may be called as an annotation is."""


def annotation_entries(node: Any, keyword: str, are_names: bool = False) -> Iterator[Any]:
    """Yield every entry of an annotation list (`citations` or `open`) anywhere in a schema.

    What stands in place of a list is an entry too: it is of no form that is described.
    """
    if isinstance(node, list):
        for item in node:
            yield from annotation_entries(item, keyword)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == keyword and not are_names:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from annotation_entries(value, keyword, key in _NAMES)


DIGEST_FILE = "digest.txt"  # beside an edition that is published; a folder without it is a draft


def digest_of(folder: Path) -> str:
    """Return the SHA-256 over all JSON files of an edition; layout and line ends do not count.

    Nor does which clauses judge a promise: a new clause of an old promise changes no contract.
    Raises EditionError for a file that is not JSON.
    """
    digest, files = hashlib.sha256(), SchemaFiles(folder)
    for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json")):
        content = files.json(name)
        if name == "promises.json":
            content = _without_clauses(content)
        text = json.dumps([name, content], sort_keys=True, separators=(",", ":"))
        digest.update(text.encode("ascii") + b"\n")
    return digest.hexdigest()


def frozen_digest(folder: Path) -> str | None:
    """Return the digest with which an edition was published; None for a draft."""
    try:
        return (folder / DIGEST_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def freeze(folder: Path) -> str:
    """Write the digest of an edition beside it, and return it."""
    digest = digest_of(folder)
    write_text(folder / DIGEST_FILE, f"{digest}\n")
    return digest


def _without_clauses(node: Any) -> Any:
    """Copy the promises of an edition without the clauses that judge them."""
    if isinstance(node, list):
        return [_without_clauses(item) for item in node]
    if isinstance(node, dict):
        return {name: _without_clauses(node[name]) for name in node if name != "clauses"}
    return node
