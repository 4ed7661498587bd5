"""Recording of generated requests as data, for replay of the properties.

A manifest beside the cassettes of a model says which property was checked on which example.
Replay draws nothing, so cassettes survive new versions of hypothesis, strategies and editions.
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
    FORMS,
    Example,
    manifest_path,
    manifest_text,
    read_manifest,
)
from conformance.exchange.model import Exchange
from conformance.exchange.source import Record, Source
from conformance.generated.properties import BrokenPromise, Check, Falsified
from conformance.output.files import write_whole


@dataclass(slots=True)
class DrawnSource:
    """Sends, records or plays generated requests, named by a digest of their body."""

    source: Source
    cassettes: list[str] = field(default_factory=list)
    answered: bool = True
    _repeats: Counter[str] = field(default_factory=Counter)
    _recorded: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Start an example; a repeated request within it is an exchange of its own."""
        self.cassettes, self.answered = [], True
        self._repeats.clear()

    def exchange(self, case: Case) -> Exchange:
        """Return the exchange of a request; requests recorded by this run are not sent again."""
        digest = hashlib.sha256(body_bytes(case)).hexdigest()[:12]
        self._repeats[digest] += 1
        number = self._repeats[digest]
        drawn_case = replace(case, id=f"{DRAWN}{digest}" + (f"-{number}" if number > 1 else ""))
        self.cassettes.append(drawn_case.id)
        source = self.source
        if drawn_case.path in self._recorded and isinstance(source, Record):  # shrinking repeats
            source = source.replay
        exchange = source.exchange(drawn_case)
        self.answered = self.answered and exchange.response is not None
        if exchange.response is not None:
            self._recorded.add(drawn_case.path)
        return replace(exchange, case=case.id)


@dataclass(slots=True)
class ExampleRecorder:
    """Records the examples of one property on one model."""

    library: CassetteLibrary
    model: str
    property_name: str
    source: DrawnSource
    examples: dict[str, Example] = field(default_factory=dict)

    def recording(self, check: Check) -> Check:
        """Return the check wrapped to record its examples."""
        name = getattr(check, "__name__", "")

        def recorded_check(example: Any) -> Iterable[BrokenPromise]:
            self.source.begin()
            broken = list(check(example))
            if self.source.answered:  # without an answer there is no cassette
                if name == "accepts_valid":
                    parts = {"body": example}
                else:
                    parts = {key: getattr(example, key) for key in FORMS[name].__struct_fields__}
                text = json.dumps(parts, sort_keys=True)
                values, cassettes = json.loads(json.dumps(parts)), tuple(self.source.cassettes)
                self.examples[text] = Example(self.property_name, name, values, cassettes)
            return broken

        return recorded_check

    def write(self) -> None:
        """Replace the recorded examples of the property, and delete unused cassettes."""
        path = manifest_path(self.library, self.model)
        earlier = read_manifest(path)
        examples = [item for item in earlier if item.property_name != self.property_name]
        examples += self.examples.values()
        write_whole(path, manifest_text(examples).encode(), self.library.directory.parent)
        used = {name for example in examples for name in example.cassettes}
        for cassette in path.parent.glob(f"{DRAWN}*.yaml"):
            if cassette.stem not in used:
                cassette.unlink()
        for orphan in self.library.orphans():
            orphan.unlink()


def try_all(
    examples: Iterable[Example], check_of: Callable[[str], Check], source: DrawnSource
) -> list[Falsified]:
    """Check a property on recorded examples; return the smallest for every broken promise."""
    smallest: dict[str, Falsified] = {}
    for example in examples:
        source.begin()
        broken = list(check_of(example.check)(example.argument))
        for promise in broken:
            others = tuple(dict.fromkeys(other.id for other in broken if other.id != promise.id))
            falsified = Falsified(promise, others)
            known = smallest.setdefault(promise.id, falsified)
            if len(repr(promise.request)) < len(repr(known.broken.request)):
                smallest[promise.id] = falsified
    return list(smallest.values())
