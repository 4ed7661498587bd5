"""Requests that were drawn once, kept as data: what replay runs the properties over.

Beside the cassettes of a model stands a manifest: which property was tried on which example.
Nothing is drawn in replay, so no other version of hypothesis, no other strategy and no other
edition makes a cassette useless.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.cases.model import Case
from conformance.cases.request import body_bytes
from conformance.exchange.cassettes.cassette import DRAWN, CassetteLibrary
from conformance.exchange.cassettes.example_manifest import (
    MEMBERS,
    SCHEMA,
    Example,
    example_to_json,
    manifest_path,
    read_manifest,
)
from conformance.exchange.model import Exchange
from conformance.exchange.source import Record, Source
from conformance.generated.failures import Broken, Check, Falsified
from conformance.output.files import write_whole


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
        path = manifest_path(self.library, self.model)
        others = [each for each in read_manifest(path) if each.of != self.of]
        whole = [*others, *self.examples.values()]
        entries = [example_to_json(each) for each in whole]
        text = json.dumps({"schema": SCHEMA, "examples": entries}, indent=1)
        write_whole(path, text.encode(), self.library.directory.parent)
        used = {name for each in whole for name in each.cassettes}
        for cassette in path.parent.glob(f"{DRAWN}*.yaml"):
            if cassette.stem not in used:
                cassette.unlink()
        for orphan in self.library.orphans():
            orphan.unlink()


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
    return {name: getattr(example, name) for name in MEMBERS if hasattr(example, name)}
