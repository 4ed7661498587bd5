"""The manifest of drawn requests that were recorded: which property was tried on which example.

It stands beside the cassettes of a model, and is what replay reads instead of drawing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import DRAWN, CassetteLibrary
from conformance.output.printing import printable
from conformance.parsing import load_json
from conformance.parsing.json_data import BOUNDS

SCHEMA = 1
"""Version of the manifest's form."""

MANIFEST = "drawn.json"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "accepts_valid": ("body",),
    "refuses_invalid": ("body", "control"),
    "follows_format": ("bodies",),
    "is_stateless": ("body", "other"),
    "treats_unknown_alike": ("name", "texts"),
}
"""The methods of `Explorer` that try an example, and the members of an example that each needs."""

_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("body", "control", "other"), lambda value: isinstance(value, dict)),
    "bodies": lambda value: _is_list_of(dict, value),
    "name": lambda value: isinstance(value, str),
    "texts": lambda value: (
        _is_list_of(list, value) and all(len(x) == 2 and _is_list_of(str, x) for x in value)
    ),
}
MEMBERS = tuple(_SHAPES)
_CASSETTE = re.compile(rf"{DRAWN}[0-9a-f]{{12}}(?:-[0-9]{{1,4}})?")


class ManifestError(ConformanceError):
    """A manifest of drawn requests that cannot be read."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example of one property, and the cassettes of its requests."""

    property_name: str
    check: str
    values: Any
    cassettes: tuple[str, ...]

    @property
    def argument(self) -> Any:
        """Return what the check takes: the body itself, or the parts of the example by name."""
        return (
            self.values["body"] if self.check == "accepts_valid" else SimpleNamespace(**self.values)
        )


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


def read_manifest(path: Path) -> Iterator[Example]:
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            document = load_json(file.read(BOUNDS.characters + 1), BOUNDS)
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']!r}, not {SCHEMA}")
        yield from [_from_json(entry) for entry in document["examples"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = printable(f"{type(error).__name__}: {error}", 200)
        raise ManifestError(
            f"{path}: is no manifest of drawn requests: {reason}; record them anew with "
            f"--record-mode rewrite --explore"
        ) from None


def example_to_json(example: Example) -> dict[str, Any]:
    return {
        "property": example.property_name,
        "check": example.check,
        "example": example.values,
        "cassettes": list(example.cassettes),
    }


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _from_json(entry: Mapping[str, Any]) -> Example:
    """Read an example; raises KeyError, TypeError or ValueError for anything else."""
    if entry["check"] not in _NEEDED:
        raise ValueError(f"unknown check {entry['check']!r}")
    values, names = dict(entry["example"]), tuple(entry["cassettes"])
    for name in _NEEDED[entry["check"]]:
        if not _SHAPES[name](values[name]):
            raise ValueError(f"its {name} is {type(values[name]).__name__}, which it cannot be")
    for name in names:  # it becomes the name of a file
        if not _CASSETTE.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a cassette")
    return Example(str(entry["property"]), entry["check"], values, names)


def recorded_providers(cassettes: Path) -> list[str]:
    """Return every provider with a folder of cassettes."""
    return sorted(path.name for path in cassettes.glob("*") if any(path.glob("*/*.yaml")))
