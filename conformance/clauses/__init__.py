"""The clauses of an edition: those written by hand, and those derived from its schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module

from conformance.clauses.derivation import derive_clauses
from conformance.clauses.extensions import load_installed
from conformance.clauses.registry import REGISTRY, Clause, cite, possible_in
from conformance.contract import Edition
from conformance.errors import ConformanceError, UnknownNameError
from conformance.output.globs import matches, unmatched

MODULES = (
    "authentication", "envelope", "envelope_json", "format", "url", "base64", "image", "count",
    "parameters", "defaults", "errors", "errors_status", "extras", "extras_usage", "models",
    "models_lifecycle", "stream", "stream_images",
)  # fmt: skip
"""The modules of the chapters, in the order in which people read them."""

CHAPTERS = tuple(dict.fromkeys(name.partition("_")[0] for name in MODULES))
"""The chapters in that order; the first word of a module is its chapter."""

for _name in MODULES:  # importing them registers the clauses
    import_module(f"conformance.clauses.{_name}")

_ORDER = {name: rank for rank, name in enumerate(MODULES)}


def clauses_of(edition: Edition) -> tuple[Clause, ...]:
    """Return the clauses of an edition, by chapter, at the levels that the edition gives them.

    Clauses from outside come last. A clause about a family, parameter or open question that the
    edition does not have is left out.

    Raises UnknownNameError when the edition withdraws or grades a clause that there is not,
    and ConformanceError when it has none of the sources of a clause.
    """
    load_installed()
    return _clauses_of(edition, len(REGISTRY))


@cache
def _clauses_of(edition: Edition, _registered: int) -> tuple[Clause, ...]:
    """Return the clauses; ``_registered`` tells calls apart before and after a plugin."""
    known = {clause.id: clause for clause in (*REGISTRY.values(), *derive_clauses(edition))}
    for name in (*edition.withdrawn, *edition.levels):
        if name not in known:
            raise UnknownNameError("clause", name, known, f"edition {edition.id}")
    possible = [
        clause
        for name, clause in known.items()
        if name not in edition.withdrawn and possible_in(clause.binds, edition)
    ]
    graded = [_grade(edition, clause) for clause in possible]
    return tuple(sorted(graded, key=lambda clause: _ORDER.get(clause.chapter, len(_ORDER))))


def select(clauses: Iterable[Clause], globs: str) -> tuple[Clause, ...]:
    """Keep the clauses that globs match; raises UnknownNameError for a glob that matches none."""
    known = {clause.id: clause for clause in clauses}
    if (stray := unmatched(globs, known)) is not None:
        raise UnknownNameError("clause", stray, known)
    return tuple(clause for name, clause in known.items() if matches(name, globs))


def _grade(edition: Edition, clause: Clause) -> Clause:
    """Return a clause at the edition's level, with the citations that the edition knows."""
    override = edition.levels.get(clause.id)
    level, own_citations = (override.level, override.citations) if override else (clause.level, ())
    citations = tuple(cite(cited.source, cited.section) for cited in own_citations) or tuple(
        cited for cited in clause.citations if cited.source in edition.sources
    )
    if not citations:
        sources = ", ".join(sorted({repr(cited.source) for cited in clause.citations}))
        raise ConformanceError(
            f"edition {edition.id}: clause {clause.id} cites {sources}, which the edition does not "
            "have; cite what promises it under `clauses.levels` of its edition.json, or withdraw "
            "the clause there"
        )
    return replace(clause, level=level, citations=citations)
