"""The manifest of drawn requests that were recorded: which property was tried on which example.

It stands beside the cassettes of a model, and is what replay reads instead of drawing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, convert, defstruct, to_builtins

from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import DRAWN, CassetteLibrary
from conformance.output.printing import printable
from conformance.parsing import load_json
from conformance.parsing.json_text import BOUNDS

SCHEMA = 1  # version of the manifest's form

MANIFEST = "drawn.json"
_BODY = dict[str, Any]
_MEMBERS: Mapping[str, list[tuple[str, Any]]] = {
    "accepts_valid": [("body", _BODY)],
    "refuses_invalid": [("body", _BODY), ("control", _BODY)],
    "follows_format": [("bodies", list[_BODY])],
    "is_stateless": [("body", _BODY), ("other", _BODY)],
    "treats_unknown_alike": [("name", str), ("texts", list[tuple[str, str]])],
}
FORMS = {check: defstruct(check, members) for check, members in _MEMBERS.items()}
"""What an example has, by the method of `Explorer` that tries it."""

_CASSETTE = rf"\A{DRAWN}[0-9a-f]{{12}}(?:-[0-9]{{1,4}})?\Z"  # it becomes the name of a file


class ManifestError(ConformanceError):
    """A manifest of drawn requests that cannot be read."""


class Example(Struct, frozen=True, rename={"property_name": "property", "values": "example"}):
    """One example of one property, and the cassettes of its requests."""

    property_name: str
    check: str
    values: dict[str, Any]
    cassettes: tuple[Annotated[str, Meta(pattern=_CASSETTE)], ...]

    @property
    def argument(self) -> Any:
        """What the check takes: the body itself, or the parts of the example by name."""
        form = convert(self.values, FORMS[self.check])
        return self.values["body"] if self.check == "accepts_valid" else form


class _Manifest(Struct, frozen=True):
    schema: Literal[1]
    examples: tuple[Example, ...]


def recorded_examples(library: CassetteLibrary, model: str) -> dict[str, list[Example]]:
    """Return what was recorded for a model, by property; raises `ManifestError`."""
    examples: dict[str, list[Example]] = {}
    for example in read_manifest(manifest_path(library, model)):
        examples.setdefault(example.property_name, []).append(example)
    return examples


def recorded_cassettes(library: CassetteLibrary) -> set[Path]:
    """Return the cassettes that any manifest of a provider names; raises `ManifestError`."""
    return {
        path.with_name(f"{name}.yaml")
        for path in library.directory.glob(f"*/{MANIFEST}")
        for example in read_manifest(path)
        for name in example.cassettes
    }


def manifest_path(library: CassetteLibrary, model: str) -> Path:
    return library.directory / model / MANIFEST


def read_manifest(path: Path) -> tuple[Example, ...]:
    """Read the examples of a manifest, none where there is none; raises `ManifestError`."""
    if not path.is_file():
        return ()
    try:
        with path.open("rb") as file:
            document = load_json(file.read(BOUNDS.characters + 1), BOUNDS)
        examples = convert(document, _Manifest).examples
        for example in examples:
            convert(example.values, FORMS[example.check])
    except (OSError, KeyError, ValueError) as error:
        reason = printable(f"{type(error).__name__}: {error}", 200)
        raise ManifestError(
            f"{path}: is no manifest of drawn requests: {reason}; record them anew with "
            f"--record-mode rewrite --explore"
        ) from None
    return examples


def manifest_text(examples: Sequence[Example]) -> str:
    """Return the text of a manifest."""
    return json.dumps({"schema": SCHEMA, "examples": to_builtins(examples)}, indent=1)


def recorded_providers(cassettes: Path) -> list[str]:
    """Return every provider with a folder of cassettes."""
    return sorted(path.name for path in cassettes.glob("*") if any(path.glob("*/*.yaml")))
