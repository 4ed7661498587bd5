"""What two editions differ in, as typed records; the JSON form is generated from them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from conformance.results.field_types import one_of

AREAS = (
    "endpoint",
    "models",
    "lifecycle",
    "requests",
    "parameters",
    "answers",
    "clauses",
    "promises",
    "open",
)
"""Where editions differ, in the order in which a reader wants to know."""

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


class Change(Struct, frozen=True, kw_only=True):
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
    changes: tuple[Change, ...]

    def of(self, area: str) -> tuple[Change, ...]:
        """Return the changes of an area."""
        return tuple(change for change in self.changes if change.area == area)

    @property
    def demands(self) -> tuple[Change, ...]:
        """What a provider that keeps the old edition must change, MUST before SHOULD."""
        wanted = [change for change in self.changes if change.must]
        return tuple(sorted(wanted, key=lambda change: not change.breaking))
