"""The digest of an edition: one line that says which contract it was, whatever its name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from conformance.contract.schema_files import SchemaFiles
from conformance.output.files import write_text

DIGEST_FILE = "digest.txt"
"""Beside an edition that is published; a folder without it is a draft."""


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
