"""What a run file says first: what was run, against whom, by which version, within what bounds."""

from __future__ import annotations

import platform
from dataclasses import asdict
from math import isinf
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.providers import Deviation, Provider
from conformance.runner.whole_plan import plan_of
from conformance.version import tool

if TYPE_CHECKING:
    from conformance.runner.session import Session


def header_of(session: Session) -> dict[str, Any]:
    """Give the first line of a run file."""
    return about(session) | _terms(session) | {"plan": plan_of(session)}


def about(session: Session) -> dict[str, Any]:
    """Say what is run, against whom, by which version."""
    return {
        "id": f"{session.started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
        "tool": tool(),
        "python": platform.python_version(),
        "edition": _about_edition(session.edition, session.providers),
        "started": session.started.isoformat(timespec="seconds"),
        "selection": _selection(session),
        "providers": [_about_provider(each, session.options.mode) for each in session.providers],
        "clauses": [about_clause(each, session.edition) for each in session.clauses],
    }


def about_clause(clause: Clause, edition: Edition) -> dict[str, Any]:
    """Give what the header of a run file says of a clause."""
    citations = []
    for each in clause.citations:
        source = edition.sources[each.source]
        citations.append(
            {
                "source": each.source,
                "section": each.section,
                "title": source.title,
                "url": source.url,
                "edition": source.edition,
                "retrieved": source.retrieved,
            }
        )
    return {
        "id": clause.id,
        "level": clause.level.value,
        "statement": clause.statement,
        "citations": citations,
    }


def _terms(session: Session) -> dict[str, Any]:
    """Say what a live run may spend, and which runs it goes on with."""
    options, terms = session.options, dict[str, Any]()
    if options.budget is not None or options.max_requests is not None:
        usd = None if options.budget is None or isinf(options.budget) else options.budget
        terms["budget"] = {"usd": usd, "requests": options.max_requests}
    if session.resumed is not None:
        terms["resumes"] = list(session.resumed.ids)
    return terms


def _selection(session: Session) -> dict[str, Any]:
    options = session.options
    chosen: dict[str, Any] = {
        "clauses": options.clauses,
        "models": options.models,
        "cases": options.cases,
    }
    if options.strength is not None:
        chosen["strength"] = options.strength
    if options.depth is not None:
        chosen["depth"] = options.depth.value
    return chosen


def _about_edition(edition: Edition, providers: tuple[Provider, ...]) -> dict[str, Any]:
    models = sorted({each for one in providers for each in one.models})
    return {
        "id": edition.id,
        "title": edition.title,
        "document": edition.document,
        "published": edition.published,
        "families": {name: edition.model(name).family for name in models if name in edition.models},
    }


def _about_deviation(deviation: Deviation) -> dict[str, Any]:
    dates = {"since": deviation.since.isoformat(), "expires": deviation.expires.isoformat()}
    return {**asdict(deviation), **dates}


def _about_provider(provider: Provider, mode: str) -> dict[str, Any]:
    prices = provider.prices
    told = {"source": prices.source, "date": prices.date}
    return {
        "id": provider.id,
        "title": provider.title,
        "base_url": provider.base_url,
        "mode": mode,
        "key_variable": provider.key_variable,
        "models": dict(provider.models),
        "deviations": [_about_deviation(each) for each in provider.deviations],
        "not_claimed": [asdict(each) for each in provider.not_claimed],
    } | ({"prices": told} if prices.source and not prices.free else {})
