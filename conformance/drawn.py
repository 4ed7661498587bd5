"""Requests that were drawn once, kept as data: what replay runs the properties over.

Beside the cassettes of a model stands a manifest: which property was tried on which example.
Nothing is drawn in replay, so no other version of hypothesis, no other strategy and no other
edition makes a cassette useless.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from conformance.cases.model import Case
from conformance.cases.request import body_bytes
from conformance.errors import ConformanceError
from conformance.exchange.cassette import DRAWN, CassetteLibrary
from conformance.exchange.model import Exchange
from conformance.exchange.source import Record, Source
from conformance.falsified import Broken, Check, Falsified
from conformance.strict import load_json, printable
from conformance.writing import write_whole

SCHEMA = 1
"""Version of the manifest's form."""

MANIFEST = "drawn.json"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "honours": ("body",),
    "refuses": ("body", "control"),
    "formats": ("bodies",),
    "forgets": ("body", "other"),
    "places": ("name", "texts"),
}
"""The methods of `Explorer` that try an example, and the members of an example that each needs."""

_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("body", "control", "other"), lambda value: isinstance(value, dict)),
    "bodies": lambda value: _all(dict, value),
    "name": lambda value: isinstance(value, str),
    "texts": lambda value: _all(list, value) and all(len(x) == 2 and _all(str, x) for x in value),
}
_MEMBERS = tuple(_SHAPES)
_CASSETTE = re.compile(rf"{DRAWN}[0-9a-f]{{12}}(?:-[0-9]{{1,4}})?")


class ManifestError(ConformanceError):
    """A manifest of drawn requests that cannot be read."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example of one property, and the cassettes of its requests."""

    of: str  # the property
    check: str
    values: Any
    cassettes: tuple[str, ...]

    @property
    def drawn(self) -> Any:
        """Give what the check takes: the body itself, or the parts of the example by name."""
        return self.values["body"] if self.check == "honours" else SimpleNamespace(**self.values)


@dataclass(slots=True)
class DrawnSource:
    """Sends, records or plays drawn requests, each under a name made of what it says."""

    source: Source
    cassettes: list[str] = field(default_factory=list)
    answered: bool = True
    _seen: Counter[str] = field(default_factory=Counter)
    _made: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Start an example: the same request twice in it is two exchanges."""
        self.cassettes, self.answered = [], True
        self._seen.clear()

    def exchange(self, case: Case) -> Exchange:
        """Give the exchange of a drawn request; what this run has recorded is not sent again."""
        named = replace(case, id=self._name(case))
        self.cassettes.append(named.id)
        source = self.source
        if named.path in self._made and isinstance(source, Record):
            source = source.replay
        exchange = source.exchange(named)
        self.answered = self.answered and exchange.response is not None
        if exchange.response is not None:
            self._made.add(named.path)
        return replace(exchange, case=case.id)

    def _name(self, case: Case) -> str:
        digest = hashlib.sha256(body_bytes(case)).hexdigest()[:12]
        self._seen[digest] += 1
        again = self._seen[digest]
        return f"{DRAWN}{digest}" + (f"-{again}" if again > 1 else "")


@dataclass(slots=True)
class Keeper:
    """Keeps the examples of one property on one model, as they are tried."""

    library: CassetteLibrary
    model: str
    of: str  # the property
    source: DrawnSource
    examples: dict[str, Example] = field(default_factory=dict)

    def keeping(self, check: Check) -> Check:
        """Give a check that does the same, and remembers what it was tried on."""
        name = getattr(check, "__name__", "")

        def kept(example: Any) -> Iterable[Broken]:
            self.source.begin()
            found = list(check(example))
            if self.source.answered:  # else it has no cassette to be judged by
                values = _values(example, name)
                made = Example(self.of, name, values, tuple(self.source.cassettes))
                self.examples[json.dumps(values, sort_keys=True)] = made
            return found

        return kept

    def write(self) -> None:
        """Put the examples in the place of the property's former ones, and drop their cassettes."""
        path = _manifest(self.library, self.model)
        others = [each for each in _read(path) if each.of != self.of]
        whole = [*others, *self.examples.values()]
        entries = [_to_json(each) for each in whole]
        text = json.dumps({"schema": SCHEMA, "examples": entries}, indent=1)
        write_whole(path, text.encode(), self.library.directory.parent)
        used = {name for each in whole for name in each.cassettes}
        for cassette in path.parent.glob(f"{DRAWN}*.yaml"):
            if cassette.stem not in used:
                cassette.unlink()
        for orphan in self.library.orphans():
            orphan.unlink()


def recorded_examples(library: CassetteLibrary, model: str) -> dict[str, list[Example]]:
    """Give what was recorded for a model, by property; raises `ManifestError`."""
    found: dict[str, list[Example]] = {}
    for each in _read(_manifest(library, model)):
        found.setdefault(each.of, []).append(each)
    return found


def recorded_cassettes(library: CassetteLibrary) -> set[Path]:
    """Give the cassettes that any manifest of a provider names; raises `ManifestError`."""
    return {
        path.with_name(f"{name}.yaml")
        for path in library.directory.glob(f"*/{MANIFEST}")
        for each in _read(path)
        for name in each.cassettes
    }


def try_all(
    examples: Iterable[Example], check_of: Callable[[str], Check], source: DrawnSource
) -> list[Falsified]:
    """Try a property on recorded examples; the smallest that breaks a promise is told."""
    found: dict[str, Falsified] = {}
    for example in examples:
        source.begin()
        broken = list(check_of(example.check)(example.drawn))
        for each in broken:
            others = tuple(dict.fromkeys(x.id for x in broken if x.id != each.id))
            told = Falsified(each, others)
            known = found.setdefault(each.id, told)
            if len(repr(each.request)) < len(repr(known.broken.request)):
                found[each.id] = told
    return list(found.values())


def _values(example: Any, check: str) -> dict[str, Any]:
    """Give an example as plain JSON values."""
    parts = {"body": example} if check == "honours" else _parts(example)
    values: dict[str, Any] = json.loads(json.dumps(parts))
    return values


def _parts(example: Any) -> dict[str, Any]:
    return {name: getattr(example, name) for name in _MEMBERS if hasattr(example, name)}


def _manifest(library: CassetteLibrary, model: str) -> Path:
    return library.directory / model / MANIFEST


def _read(path: Path) -> Iterator[Example]:
    if not path.is_file():
        return
    try:
        document = load_json(path.read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']!r}, not {SCHEMA}")
        yield from [_from_json(each) for each in document["examples"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        told = printable(f"{type(error).__name__}: {error}", 200)
        raise ManifestError(
            f"{path}: is no manifest of drawn requests: {told}; record them anew with "
            f"--record-mode rewrite --explore"
        ) from None


def _to_json(example: Example) -> dict[str, Any]:
    return {
        "property": example.of,
        "check": example.check,
        "example": example.values,
        "cassettes": list(example.cassettes),
    }


def _all(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def _from_json(entry: Mapping[str, Any]) -> Example:
    """Read an example; raises KeyError, TypeError or ValueError for what is none."""
    if entry["check"] not in _NEEDED:
        raise ValueError(f"unknown check {entry['check']!r}")
    values, names = dict(entry["example"]), tuple(entry["cassettes"])
    for name in _NEEDED[entry["check"]]:
        if not _SHAPES[name](values[name]):
            raise ValueError(f"its {name} is {type(values[name]).__name__}, which it cannot be")
    for each in names:  # it becomes the name of a file
        if not _CASSETTE.fullmatch(each):
            raise ValueError(f"{each!r} is no name of a cassette")
    return Example(str(entry["property"]), entry["check"], values, names)
