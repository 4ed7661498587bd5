"""The summary as JSON, for other programs; its form is ``schemas/report.schema.json``."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from conformance.reports.capabilities.rendering import as_json
from conformance.reports.contracts import NOT_IN_EDITION
from conformance.reports.costs import run_facts
from conformance.reports.formatting import json_document
from conformance.reports.merging import Merged
from conformance.reports.page.rendering import clauses_of, provenance
from conformance.reports.side_by_side import as_json as offers_as_json
from conformance.reports.side_by_side import retries_as_json
from conformance.reports.statistics import Family, ProviderFacts, provider_facts
from conformance.reports.summary import Row, Summary
from conformance.reports.wording import closing, notes, providers_by_edition
from conformance.results.standings import record_of

SCHEMA = 1
"""Version of the document's form."""


def document(summary: Summary) -> str:
    """Write a summary as one JSON object."""
    merged = summary.merged
    editions = [
        {
            "providers": providers,
            "lacking": merged.lacking[name],
            **to_builtins(merged.contracts[name].edition),
        }
        for name, providers in providers_by_edition(summary).items()
    ]
    (first, *others) = merged.contracts.values()
    runs = [to_builtins(run_facts(run)) for run in merged.runs]
    for facts in runs:
        del facts["decided"]  # the reach of the report says more of that
    value = {
        "schema": SCHEMA,
        "edition": None if others else to_builtins(first.edition),
        "editions": editions,
        "tools": merged.tools,
        "conclusion": summary.conclusion,
        "sentence": closing(summary),
        "complete": summary.complete,
        "conforms": summary.headline.conforms,
        "reach": to_builtins(summary.headline.total),
        "notes": notes(summary),
        "runs": runs,
        "providers": [_provider(facts, summary) for facts in provider_facts(summary)],
        "capabilities": as_json(summary.capabilities),
        "offers": offers_as_json(summary.offers),
        "columns": [_row(row, merged) for row in summary.rows],
        "clauses": clauses_of(summary),
        "causes": [
            {**to_builtins(cause), "promises": [promise.clause for promise in cause.promises]}
            for cause in summary.causes
        ],
        "broken": to_builtins(summary.new),
        "known": to_builtins(summary.known),
        "undecided": to_builtins(summary.undecided),
        "explained": to_builtins(summary.explained),
        "not_claimed": to_builtins(summary.not_claimed),
        "observations": to_builtins(summary.observations),
        "painters": [
            {**to_builtins(painters), "sentence": painters.sentence}
            for painters in summary.painters
        ],
        "client_impact": to_builtins(summary.impact),
        "problems": merged.problems,
    }
    return json_document(value)


_PRICE = (
    "paid", "actual", "estimate", "estimated", "guess", "unpriced", "images", "per_image",
    "in_vain",
)  # fmt: skip


def _provider(provider: ProviderFacts, summary: Summary) -> dict[str, Any]:
    measures = provider.measures
    price, availability = measures.price, measures.availability
    return {
        "id": provider.id,
        "title": provider.title,
        "edition": provider.edition,
        "origin": provenance(summary.origins, provider.id),
        "conclusion": provider.conclusion,
        "families": [_family(family) for family in provider.families],
        "total": _family(provider.total),
        "latency": to_builtins(measures.latency),
        "price": {name: getattr(price, name) for name in _PRICE} if price else None,
        "availability": {**to_builtins(availability), "rate": availability.rate},
        "retries": retries_as_json(measures.retries),
        "images": provider.images,
    }


def _family(family: Family) -> dict[str, Any]:
    return {"name": family.name, "models": family.models, **_counts(family)}


def _row(row: Row, merged: Merged) -> dict[str, Any]:
    edition = merged.contract(row.provider).edition.id
    lacking = dict.fromkeys(merged.lacking[edition], NOT_IN_EDITION)
    promises = row.promises.items()
    verdicts = {name: promise.cell.state.label.lower() for name, promise in promises}
    lifecycle = None
    if standing := row.standing:
        words = {"state": standing.state, "words": standing.words}
        lifecycle = {**words, **to_builtins(record_of(standing))}
    return {
        "provider": row.provider,
        "model": row.model,
        "edition": edition,
        "read_as": row.read_as,
        **_counts(row),
        "promises": verdicts | lacking,
        "judged_in": {name: (promise.judged, promise.findings) for name, promise in promises},
        "lifecycle": lifecycle,
    }


def _counts(facts: Row | Family) -> dict[str, Any]:
    names = ("broken", "known", "undecided", "not_claimed")
    return {
        "verdict": facts.cell.state.label.lower(),
        "kept": to_builtins(facts.kept),
        **{name: getattr(facts, name) for name in names},
    }
