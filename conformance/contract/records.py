"""The plain values of a contract: sources, citations, rules, questions and what breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from conformance.errors import ConformanceError


class EditionError(ConformanceError):
    """A file of an edition that cannot be used; the message names file, place and remedy."""


class Level(StrEnum):
    """How strongly a source demands something."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A document that an edition cites; `retrieved` is an ISO date."""

    id: str
    title: str
    url: str
    edition: str
    retrieved: str


OUTSIDE_SOURCES: dict[str, CitedSource] = {}
"""Documents of others, which clauses from outside cite; every edition has them beside its own."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One place in one source, and how strongly it speaks there."""

    source: str
    section: str
    level: Level


@dataclass(frozen=True, slots=True)
class SchemaRule:
    """One constraint of a request schema; `parameter` None is the whole body."""

    parameter: str | None
    keyword: str
    value: Any
    level: Level
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """What one source says to an open question, in our own words."""

    source: str
    says: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A point on which the sources disagree or are silent, and what the suite makes of it."""

    id: str
    question: str
    positions: tuple[Position, ...]
    consequence: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, relative to a base URL that ends in /v1."""

    method: str
    path: str
    content_type: str


@dataclass(frozen=True, slots=True)
class LevelOverride:
    """The level that an edition gives to a clause in place of its usual one."""

    level: Level
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class DocumentedExample:
    """A documented request or answer and the schema (file, with fragment) it must satisfy."""

    id: str
    schema: str
    content: Any
    citations: tuple[Citation, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A documented constraint that a request breaks; `rule` None when no schema states it."""

    parameter: str | None
    keyword: str
    message: str
    rule: SchemaRule | None


def read_citations(entries: list[dict[str, Any]]) -> tuple[Citation, ...]:
    """Turn the `citations` of a schema file into values."""
    return msgspec.convert(entries, tuple[Citation, ...])
