"""What the page shows at once: columns, clauses, a verdict for each, as compact JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import to_builtins

from conformance.findings import BROKEN, GREY, SEVERITY, STATES, Finding, State
from conformance.reports.capabilities import MEANINGS
from conformance.reports.contracts import NOT_IN_EDITION
from conformance.reports.provenance import Origin
from conformance.reports.summary import Summary
from conformance.results.reach import LEVELS, Column
from conformance.results.records import ClauseRecord

_NOTHING = "."  # nothing to judge: the clause does not bind, or found nothing to speak of
_LACKING = State(
    *(NOT_IN_EDITION, "", "∉", "dim", GREY),
    "the edition that this provider was judged by has no such promise: it is in no total",
)
_SAID = 200  # characters of a message that can be searched for
_SHOWN = (*STATES, _LACKING)


def matrix(summary: Summary) -> dict[str, Any]:
    """Return the columns, the clauses in the order of the contract, and a letter for each cell."""
    clauses = clauses_of(summary)
    return {
        "words": [each.label for each in _SHOWN],
        "symbols": [each.symbol for each in _SHOWN],
        "meanings": [each.meaning for each in _SHOWN],
        "lacking": NOT_IN_EDITION,
        "capability": {
            "words": list(MEANINGS),
            "symbols": [each.symbol for each in MEANINGS.values()],
            "meanings": [each.text for each in MEANINGS.values()],
        },
        "levels": list(LEVELS),
        "providers": _providers(summary),
        "runs": [run.header.started for run in summary.merged.runs],
        "columns": _columns(summary),
        "clauses": clauses,
        "cells": [_letters(each["id"], summary) for each in clauses],
        **_said(summary, [each["id"] for each in clauses]),
    }


def clauses_of(summary: Summary) -> list[dict[str, Any]]:
    """Return every clause that something was judged by, as the headers describe it.

    What the editions say of it differently is there edition by edition as well.
    """
    judged = {each.clause: each.level for each in summary.merged.findings}
    said: dict[str, dict[str, ClauseRecord]] = {}
    for edition, contract in summary.merged.contracts.items():
        for each in contract.clauses.values():
            if each.id in judged:
                said.setdefault(each.id, {})[edition] = each
    for name, level in judged.items():
        said.setdefault(name, {"": ClauseRecord(name, level, "", ())})
    return [_clause(editions) for editions in said.values()]


def silent_clauses(summary: Summary) -> list[str]:
    """Name the clauses of the runs that found nothing to judge at all."""
    judged = {each.clause for each in summary.merged.findings}
    named = (name for contract in summary.merged.contracts.values() for name in contract.clauses)
    return [name for name in dict.fromkeys(named) if name not in judged]


def _clause(editions: Mapping[str, ClauseRecord]) -> dict[str, Any]:
    first, *others = editions.values()
    shown = {"id": first.id, "chapter": first.id.split(".", 1)[0], **_said_of(first)}
    if any(other != first for other in others):
        shown["editions"] = {edition: _said_of(each) for edition, each in editions.items()}
    return shown


def _said_of(about: ClauseRecord) -> dict[str, Any]:
    return {
        "level": about.level,
        "statement": about.statement,
        "citations": to_builtins(about.citations),
    }


def _columns(summary: Summary) -> list[dict[str, Any]]:
    order = {name: rank for rank, name in enumerate(dict.fromkeys(p for p, _ in summary.columns))}
    return [
        {
            "provider": order[row.provider],
            "model": row.model,
            "label": row.label,
            "family": summary.merged.family(row.column),
            "standing": row.standing.words if row.standing else "",
        }
        for row in summary.rows
    ]


def _providers(summary: Summary) -> list[dict[str, Any]]:
    about = {
        provider.id: provider for run in summary.merged.runs for provider in run.header.providers
    }
    return [
        {
            "id": name,
            "title": about[name].title if name in about else name,
            "edition": summary.merged.contract(name).edition.id,
            "origin": "; ".join(provenance(summary.origins, name)),
            "short": ", ".join(dict.fromkeys(each.kind for each in _mine(summary.origins, name))),
            "deviations": to_builtins(about[name].deviations) if name in about else [],
        }
        for name in dict.fromkeys(provider for provider, _ in summary.columns)
    ]


def provenance(origins: Iterable[Origin], provider: str) -> list[str]:
    """Say of a provider, in words, where its column comes from."""
    return [f"{each.how}, from {each.where}" for each in _mine(origins, provider)]


def _mine(origins: Iterable[Origin], provider: str) -> list[Origin]:
    return [each for each in origins if each.provider == provider]


def _letters(clause: str, summary: Summary) -> str:
    """Return a row of the matrix: a letter a column, `a` for the first of `STATES`."""
    letters = ""
    for row in summary.rows:
        state = row.promises[clause].cell.state if clause in row.promises else None
        if state is None and summary.merged.lacks(row.provider, clause):
            state = _LACKING
        letters += chr(ord("a") + _SHOWN.index(state)) if state else _NOTHING
    return letters


def _said(summary: Summary, clauses: Sequence[str]) -> dict[str, Any]:
    """Return the message of the worst finding of each cell that has one; equal texts once."""
    columns = {column: rank for rank, column in enumerate(summary.columns)}
    rows = {clause: rank for rank, clause in enumerate(clauses)}
    texts: dict[str, int] = {}
    said: dict[int, dict[int, int]] = {}
    for (clause, column), finding in _worst(summary.merged.findings).items():
        text = texts.setdefault(finding.message[:_SAID], len(texts))
        said.setdefault(rows[clause], {})[columns[column]] = text
    return {"texts": list(texts), "said": said}


def _worst(findings: Iterable[Finding]) -> dict[tuple[str, Column], Finding]:
    worst: dict[tuple[str, Column], Finding] = {}
    for each in findings:
        if each.message:
            key = (each.clause, (each.provider, each.model))
            if key not in worst or _rank(each) > _rank(worst[key]):
                worst[key] = each
    return worst


def _rank(finding: Finding) -> tuple[bool, int]:
    """Return how bad a finding is: what is newly broken outranks all."""
    return finding.verdict in BROKEN and not finding.excused, SEVERITY[finding.verdict]
