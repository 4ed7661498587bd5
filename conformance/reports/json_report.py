"""The summary as JSON, for other programs; its form is ``schemas/report.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from msgspec import structs

from conformance.parsing import without_commands
from conformance.reports.causes import Cause
from conformance.reports.grouping import Broken, Group
from conformance.reports.page.matrix import clauses_of, provenance
from conformance.reports.run_facts import run_facts
from conformance.reports.statistics import Family, ProviderFacts, provider_facts
from conformance.reports.summary import Row, Summary
from conformance.reports.wording import closing, notes
from conformance.results.reach import Kept

SCHEMA = 1
"""Version of the document's form."""


def document(summary: Summary) -> str:
    """Write a summary as one JSON object."""
    text = json.dumps(_document(summary), ensure_ascii=True, indent=1)
    return without_commands(text) + "\n"


def _document(summary: Summary) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "edition": structs.asdict(summary.merged.edition),
        "tools": list(summary.merged.tools),
        "conclusion": summary.conclusion.value,
        "sentence": closing(summary),
        "complete": summary.complete,
        "conforms": summary.headline.conforms,
        "reach": structs.asdict(summary.headline.total),
        "notes": notes(summary),
        "runs": [run_facts(each) for each in summary.merged.runs],
        "providers": [_provider(each, summary) for each in provider_facts(summary)],
        "columns": [_row(each) for each in summary.rows],
        "clauses": clauses_of(summary),
        "causes": [_cause(each) for each in summary.causes],
        "broken": [_broken(each) for each in summary.new],
        "known": [_broken(each) for each in summary.known],
        "undecided": [_group(each) for each in summary.undecided],
        "explained": [_group(each) for each in summary.explained],
        "not_claimed": [_group(each) for each in summary.not_claimed],
        "observations": [asdict(each) for each in summary.observations],
        "problems": list(summary.merged.problems),
    }


_PRICE = (
    "paid",
    "actual",
    "estimate",
    "estimated",
    "guess",
    "unpriced",
    "images",
    "per_image",
    "in_vain",
)


def _provider(provider: ProviderFacts, summary: Summary) -> dict[str, Any]:
    price = provider.price
    return {
        "id": provider.id,
        "title": provider.title,
        "origin": provenance(summary.origins, provider.id),
        "conclusion": provider.conclusion.value,
        "families": [_family(each) for each in provider.families],
        "total": _family(provider.total),
        "latency": asdict(provider.latency) if provider.latency else None,
        "price": {name: getattr(price, name) for name in _PRICE} if price else None,
        "availability": {**asdict(provider.availability), "rate": provider.availability.rate},
        "images": provider.images,
    }


def _family(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "models": list(family.models),
        "verdict": family.cell.state.label.lower(),
        "kept": _kept(family.kept),
        **_counts(family),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "model": row.model,
        "verdict": row.cell.state.label.lower(),
        "kept": _kept(row.kept),
        **_counts(row),
        "promises": {clause: cell.state.label.lower() for clause, cell in row.promises.items()},
        "judged_in": {clause: list(counts) for clause, counts in row.judged_in.items()},
    }


def _counts(counted: Row | Family) -> dict[str, int]:
    names = ("broken", "known", "undecided", "not_claimed")
    return {name: getattr(counted, name) for name in names}


def _kept(kept: Mapping[str, Kept]) -> dict[str, dict[str, int]]:
    return {level: structs.asdict(each) for level, each in kept.items()}


def _cause(cause: Cause) -> dict[str, Any]:
    names = ("provider", "id", "sentence", "cases", "judged", "musts", "models")
    about = {name: getattr(cause, name) for name in names}
    return {**about, "promises": [each.clause for each in cause.promises]}


def _broken(broken: Broken) -> dict[str, Any]:
    return {**asdict(broken), "verdict": broken.verdict.value}


def _group(group: Group) -> dict[str, Any]:
    return {**asdict(group), "verdict": group.verdict.value}
