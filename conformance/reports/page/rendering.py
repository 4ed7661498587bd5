"""The page written: what it shows at once, as compact JSON values, and its template.

Jinja escapes, and a policy allows our own script and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Template
from markupsafe import Markup
from msgspec import to_builtins

from conformance.findings import BROKEN, GREY, SEVERITY, STATES, Finding, State
from conformance.output.printing import printable, without_commands
from conformance.reports import wording
from conformance.reports.capabilities.answers import MEANINGS
from conformance.reports.contracts import NOT_IN_EDITION
from conformance.reports.costs import newest_first
from conformance.reports.page.evidence import proofs
from conformance.reports.provenance import Origin
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Summary
from conformance.reports.templating import TEMPLATES, environment
from conformance.results.reach import LEVELS, ColumnKey
from conformance.results.records import ClauseRecord

_SCRIPTS = (
    "elements.js", "filters.js", "matrix.js", "evidence.js", "capabilities.js", "gallery.js",
    "sorting.js", "start.js",
)  # fmt: skip
_STYLES = ("page.css", "capabilities.css")
_LONGEST = 1000  # characters of one foreign text
_NOTHING = "."  # nothing to judge: the clause does not bind, or applies to nothing in the answers
_LACKING = State(
    label=NOT_IN_EDITION,
    letter="",
    symbol="∉",
    style="dim",
    colour=GREY,
    meaning="the edition that this provider was judged by has no such promise: it is in no total",
)
_LONGEST_MESSAGE = 200  # characters of a message that can be searched for
_SHOWN = (*STATES, _LACKING)


def page(summary: Summary) -> str:
    """Write a summary as one HTML file that needs nothing but itself."""
    style, script = ("".join(map(_asset, names)) for names in (_STYLES, _SCRIPTS))
    evidence = proofs(summary)
    values = {
        "summary": summary,
        "tables": summary.capabilities,
        "edition_of": lambda provider: wording.edition_of(provider, summary),
        "offers": summary.offers,
        "impact": summary.impact,
        "levels": [level for level in LEVELS if any(level in row.kept for row in summary.rows)],
        "providers": provider_facts(summary),
        "origins": {name: provenance(summary.origins, name) for name, _ in summary.columns},
        "runs": newest_first(summary.merged.runs),
        "silent": silent_clauses(summary),
        "policy": _policy(style, script),
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own files
        "data": as_json(matrix(summary)),
        "pictures": as_json(evidence.pictures),
        "evidence": evidence,
    }
    return _template().render(values)


def as_json(value: object) -> Markup:
    """Write JSON for a script element; nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    escapes = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}
    safe = without_commands(text).translate(escapes)
    return Markup(safe)  # noqa: S704 - made safe in the line above


def cell_link(clause: str, provider: str, model: str) -> str:
    """Return the fragment that opens the evidence of a cell; `filters.js` reads it."""
    parts = (quote(name, safe="", errors="replace") for name in (clause, provider, model))
    return f"#cell={'/'.join(parts)}"


def _policy(style: str, script: str) -> str:
    """Return the policy, which allows our own script and style alone (ARCHITECTURE 16)."""
    digests = (hashlib.sha256(text.encode()).digest() for text in (style, script))
    of_style, of_script = (base64.b64encode(digest).decode("ascii") for digest in digests)
    return (
        f"default-src 'none'; style-src 'sha256-{of_style}'; script-src 'sha256-{of_script}'; "
        f"img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


@cache
def _asset(name: str) -> str:
    return (TEMPLATES / "page" / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    templates = environment(_escape)
    templates.globals["cell_link"] = cell_link
    return templates.get_template("page.html.jinja")


def _escape(value: object) -> object:
    """Escape what could hide or turn text around; the environment escapes HTML after it."""
    return value if isinstance(value, Markup) else printable(str(value), _LONGEST)


def matrix(summary: Summary) -> dict[str, Any]:
    """Return the columns, the clauses in the order of the contract, and a letter for each cell."""
    clauses = clauses_of(summary)
    return {
        "words": [state.label for state in _SHOWN],
        "symbols": [state.symbol for state in _SHOWN],
        "meanings": [state.meaning for state in _SHOWN],
        "lacking": NOT_IN_EDITION,
        "capability": {
            "words": list(MEANINGS),
            "symbols": [meaning.symbol for meaning in MEANINGS.values()],
            "meanings": [meaning.text for meaning in MEANINGS.values()],
        },
        "levels": list(LEVELS),
        "providers": _providers(summary),
        "runs": [run.header.started for run in summary.merged.runs],
        "columns": _columns(summary),
        "clauses": clauses,
        "cells": [_letters(clause["id"], summary) for clause in clauses],
        **_messages(summary, [clause["id"] for clause in clauses]),
    }


def clauses_of(summary: Summary) -> list[dict[str, Any]]:
    """Return every clause that something was judged by, as the headers describe it.

    Where editions differ in it, what each of them says is there as well.
    """
    judged = {finding.clause: finding.level for finding in summary.merged.findings}
    records: dict[str, dict[str, ClauseRecord]] = {}
    for edition, contract in summary.merged.contracts.items():
        for record in contract.clauses.values():
            if record.id in judged:
                records.setdefault(record.id, {})[edition] = record
    for name, level in judged.items():
        records.setdefault(name, {"": ClauseRecord(name, level, "", ())})
    clauses = []
    for name, editions in records.items():
        first, *others = editions.values()
        clause = {"id": name, "chapter": name.split(".", 1)[0], **_as_values(first)}
        if any(other != first for other in others):
            clause["editions"] = {id_: _as_values(record) for id_, record in editions.items()}
        clauses.append(clause)
    return clauses


def _as_values(record: ClauseRecord) -> dict[str, Any]:
    citations = to_builtins(record.citations)
    return {"level": record.level, "statement": record.statement, "citations": citations}


def silent_clauses(summary: Summary) -> list[str]:
    """Name the clauses of the runs that found nothing to judge at all."""
    judged = {finding.clause for finding in summary.merged.findings}
    names = (name for contract in summary.merged.contracts.values() for name in contract.clauses)
    return [name for name in dict.fromkeys(names) if name not in judged]


def _columns(summary: Summary) -> list[dict[str, Any]]:
    providers = dict.fromkeys(provider for provider, _ in summary.columns)
    order = {name: rank for rank, name in enumerate(providers)}
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
    records = summary.merged.providers
    return [
        {
            "id": name,
            "title": records[name].title if name in records else name,
            "edition": summary.merged.contract(name).edition.id,
            "origin": "; ".join(provenance(summary.origins, name)),
            "short": ", ".join(
                dict.fromkeys(origin.kind for origin in summary.origins if origin.provider == name)
            ),
            "deviations": to_builtins(records[name].deviations) if name in records else [],
        }
        for name in dict.fromkeys(provider for provider, _ in summary.columns)
    ]


def provenance(origins: Iterable[Origin], provider: str) -> list[str]:
    """Say of a provider, in words, where its column comes from."""
    origins_of_provider = (origin for origin in origins if origin.provider == provider)
    return [f"{origin.how}, from {origin.where}" for origin in origins_of_provider]


def _letters(clause: str, summary: Summary) -> str:
    """Return a row of the matrix: a letter a column, `a` for the first of `STATES`."""
    letters = ""
    for row in summary.rows:
        state = row.promises[clause].cell.state if clause in row.promises else None
        if state is None and summary.merged.lacks(row.provider, clause):
            state = _LACKING
        letters += chr(ord("a") + _SHOWN.index(state)) if state else _NOTHING
    return letters


def _messages(summary: Summary, clauses: Sequence[str]) -> dict[str, Any]:
    """Return the message of the worst finding of each cell that has one; equal texts once."""

    def rank(finding: Finding) -> tuple[bool, int]:  # what is newly broken outranks all
        return finding.verdict in BROKEN and not finding.excused, SEVERITY[finding.verdict]

    worst: dict[tuple[str, ColumnKey], Finding] = {}
    for finding in summary.merged.findings:
        cell = finding.clause, finding.column
        if finding.message and (cell not in worst or rank(finding) > rank(worst[cell])):
            worst[cell] = finding
    columns = {column: rank for rank, column in enumerate(summary.columns)}
    rows = {clause: rank for rank, clause in enumerate(clauses)}
    texts: dict[str, int] = {}
    text_ranks: dict[int, dict[int, int]] = {}
    for (clause, column), finding in worst.items():
        text = texts.setdefault(finding.message[:_LONGEST_MESSAGE], len(texts))
        text_ranks.setdefault(rows[clause], {})[columns[column]] = text
    return {"texts": list(texts), "said": text_ranks}
