"""What two editions differ in, as typed records; the JSON form is generated from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Struct

from conformance.results.field_types import one_of

AREAS = {
    "endpoint": "Endpoint",
    "models": "Models",
    "lifecycle": "When models begin and end",
    "requests": "Requests that are decided otherwise",
    "parameters": "Parameters",
    "answers": "Answers",
    "clauses": "Clauses",
    "promises": "Promises",
    "open": "Open questions",
}
"""Where editions differ, in the order in which a reader wants to know, with the title of each."""

Area = Annotated[str, one_of(*AREAS)]
Kind = Annotated[str, one_of("added", "removed", "changed")]


class EditionFacts(Struct, frozen=True):
    """One of the two editions."""

    id: str
    title: str
    document: str
    published: str
    digest: str
    """SHA-256 over its files."""
    models: tuple[str, ...]


class EditionChange(Struct, frozen=True, kw_only=True):
    """One difference between two editions."""

    area: Area
    kind: Kind
    subject: str
    models: tuple[str, ...] = ()
    """On which it is; none where it is the same for all."""
    before: str = ""
    after: str = ""
    must: str = ""
    """What a provider that keeps the old edition must change for the new one; empty for nothing."""
    level: Annotated[str, one_of("MUST", "SHOULD", "MAY")] = "MUST"
    clauses: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()

    @property
    def breaking(self) -> bool:
        """Return whether a provider that keeps the old edition may break a MUST of the new one."""
        return bool(self.must) and self.level == "MUST"


class Changes(Struct, frozen=True, kw_only=True):
    """All differences, and whether any is breaking."""

    schema: Literal[1]
    old: EditionFacts
    new: EditionFacts
    breaking: bool
    in_common: tuple[str, ...]
    """The models that both editions read; of any other nothing is demanded."""
    changes: tuple[EditionChange, ...]

    def of(self, area: str) -> tuple[EditionChange, ...]:
        """Return the changes of an area."""
        return tuple(change for change in self.changes if change.area == area)

    @property
    def demands(self) -> tuple[EditionChange, ...]:
        """What a provider that keeps the old edition must change, MUST before SHOULD."""
        demanding = [change for change in self.changes if change.must]
        return tuple(sorted(demanding, key=lambda change: not change.breaking))


def edition_change(area: str, subject: str, before: str, after: str, **rest: Any) -> EditionChange:
    """Return a change, whose kind follows from its texts: nothing before is something added."""
    kind = "changed" if before and after else "added" if after else "removed"
    return EditionChange(area=area, kind=kind, subject=subject, before=before, after=after, **rest)


def changes_of(
    area: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[EditionChange]:
    """Yield what two editions say differently, by subject."""
    for subject in dict.fromkeys((*before, *after)):
        texts = before.get(subject, ""), after.get(subject, "")
        if texts[0] != texts[1]:
            yield edition_change(area, subject, *texts)


def text_of(value: Any) -> str:
    """Write a value of a schema in one line."""
    if isinstance(value, list | tuple):
        return ", ".join("null" if item is None else str(item) for item in value)
    if isinstance(value, str | date):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
