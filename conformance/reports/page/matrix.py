"""What the page shows at once: columns, clauses, a verdict for each, as compact JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import to_builtins

from conformance.findings import BROKEN, SEVERITY, STATES, Finding, State
from conformance.reports.capabilities import MEANINGS
from conformance.reports.provenance import Origin
from conformance.reports.statistics import families_of
from conformance.reports.summary import Summary
from conformance.results.reach import LEVELS, Column
from conformance.results.records import ClauseRecord

NOTHING = "."  # nothing to judge: the clause does not bind, or found nothing to speak of
_SAID = 200  # characters of a message that can be searched for


def matrix(summary: Summary) -> dict[str, Any]:
    """Return the columns, the clauses in the order of the contract, and a letter for each cell."""
    clauses = clauses_of(summary)
    return {
        "words": [each.label for each in STATES],
        "symbols": [each.symbol for each in STATES],
        "meanings": [each.meaning for each in STATES],
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
    """Return every clause that something was judged by, as the headers describe it."""
    judged = {each.clause: each.level for each in summary.merged.findings}
    about: dict[str, dict[str, Any]] = {}
    for run in summary.merged.runs:
        for each in run.header.clauses:
            if each.id in judged:
                about.setdefault(each.id, _clause(each))
    for name, level in judged.items():
        about.setdefault(name, _clause(ClauseRecord(name, level, "", ())))
    return list(about.values())


def silent_clauses(summary: Summary) -> list[str]:
    """Name the clauses of the runs that found nothing to judge at all."""
    judged = {each.clause for each in summary.merged.findings}
    headers = (each.id for run in summary.merged.runs for each in run.header.clauses)
    return [name for name in dict.fromkeys(headers) if name not in judged]


def _clause(about: ClauseRecord) -> dict[str, Any]:
    return {
        "id": about.id,
        "chapter": about.id.split(".", 1)[0],
        "level": about.level,
        "statement": about.statement,
        "citations": to_builtins(about.citations),
    }


def _columns(summary: Summary) -> list[dict[str, Any]]:
    order = {name: rank for rank, name in enumerate(dict.fromkeys(p for p, _ in summary.columns))}
    families = families_of(summary.merged.runs)
    return [
        {
            "provider": order[row.provider],
            "model": row.model,
            "label": row.label,
            "family": families.get(row.model, row.model),
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
    cells = (row.promises.get(clause) for row in summary.rows)
    return "".join(NOTHING if cell is None else _letter(cell.state) for cell in cells)


def _letter(state: State) -> str:
    return chr(ord("a") + STATES.index(state))


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
    found: dict[tuple[str, Column], Finding] = {}
    for each in findings:
        if each.message:
            key = (each.clause, (each.provider, each.model))
            if key not in found or _rank(each) > _rank(found[key]):
                found[key] = each
    return found


def _rank(finding: Finding) -> tuple[bool, int]:
    new = finding.verdict in BROKEN and not finding.excused
    return new, SEVERITY[finding.verdict]
