"""What a run file says first: what was run, against whom, by which version, within what bounds."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import lru_cache
from math import isinf
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import convert, structs, to_builtins

from conformance.cases.documented import cases_for
from conformance.cases.values import askable_values
from conformance.clauses.registry import Clause
from conformance.contract import OUTSIDE_SOURCES, Edition, Model
from conformance.lifecycle import ENDLESS
from conformance.providers import Provider
from conformance.providers.asked import readings
from conformance.results.records import (
    SCHEMA,
    BudgetRecord,
    CitationRecord,
    ClaimRecord,
    ClauseRecord,
    DeviationRecord,
    EditionRecord,
    PriceListRecord,
    ProviderRecord,
    RunHeader,
    SelectionRecord,
    ValueRecord,
)
from conformance.results.standings import record_of
from conformance.runner.whole_plan import plan_of
from conformance.version import tool

if TYPE_CHECKING:
    from conformance.runner.session import Session


def header_of(session: Session) -> RunHeader:
    """Return the first line of a run file."""
    usd, requests, resumed = session.options.budget, session.options.max_requests, session.resumed
    usd_limit = None if usd is None or isinf(usd) else usd  # what nobody limited has no record
    return structs.replace(
        header_without_plan(session),
        budget=None if usd is None and requests is None else BudgetRecord(usd_limit, requests),
        resumes=resumed.ids if resumed else (),
        plan=plan_of(session),
    )


def header_without_plan(session: Session) -> RunHeader:
    """Return what is run, against whom, by which version; not what it may cost or resumes."""
    options = session.options
    return RunHeader(
        schema=SCHEMA,
        id=f"{session.started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
        tool=tool(),
        python=platform.python_version(),
        edition=about_edition(
            session.edition, (name for provider in session.providers for name in provider.models)
        ),
        started=session.started.isoformat(timespec="seconds"),
        day=session.today.isoformat(),
        selection=SelectionRecord(
            options.clauses,
            options.models,
            options.cases,
            options.strength,
            options.depth.value if options.depth else None,
        ),
        providers=tuple(_about_provider(provider, session) for provider in session.providers),
        clauses=tuple(about_clause(clause, session.edition) for clause in session.clauses),
        values=values_of(
            session.edition,
            dict.fromkeys(model for provider in session.providers for model in provider.models),
        ),
    )


def values_of(
    edition: Edition, models: Iterable[str], planned: bool = True
) -> tuple[ValueRecord, ...]:
    """Return the values of parameters that the contract names, and those that the plan asks for."""
    known = [model for name in models if (model := edition.find(name)) is not None]
    return tuple(value for model in known for value in _values_of_model(edition, model, planned))


@lru_cache(maxsize=64)
def _values_of_model(edition: Edition, model: Model, planned: bool) -> tuple[ValueRecord, ...]:
    cases = cases_for(edition, model, lead=False) if planned else ()
    return tuple(
        ValueRecord(value.model, value.asks, value.standing, value.depth and value.depth.value)
        for value in askable_values(edition, model, cases)
    )


def about_clause(clause: Clause, edition: Edition) -> ClauseRecord:
    """Return what the header of a run file says of a clause."""
    citations = []
    for citation in clause.citations:
        source = edition.sources[citation.source]
        citations.append(
            CitationRecord(
                source=citation.source,
                section=citation.section,
                title=source.title,
                url=source.url,
                edition=source.edition,
                retrieved=source.retrieved,
            )
        )
    outside = any(citation.source in OUTSIDE_SOURCES for citation in clause.citations)
    return ClauseRecord(clause.id, clause.level.value, clause.statement, tuple(citations), outside)


def about_edition(edition: Edition, models: Iterable[str]) -> EditionRecord:
    """Return what a run file says of the edition that its models are judged by."""
    known = {name: edition.find(name) for name in sorted(set(models))}
    return EditionRecord(
        id=edition.id,
        title=edition.title,
        document=edition.document,
        published=edition.published,
        digest=edition.digest,
        families={name: model.family for name, model in known.items() if model is not None},
        read_as=readings(known, edition),
    )


def _about_provider(provider: Provider, session: Session) -> ProviderRecord:
    prices = provider.prices
    has_prices = prices.source and not prices.free
    standings = {name: session.standing(provider, name) for name in provider.models}
    return ProviderRecord(
        id=provider.id,
        title=provider.title,
        base_url=provider.base_url,
        mode=session.options.mode,
        key_variable=provider.key_variable,
        models=dict(provider.models),
        deviations=convert(to_builtins(provider.deviations), tuple[DeviationRecord, ...]),
        not_claimed=convert(to_builtins(provider.not_claimed), tuple[ClaimRecord, ...]),
        prices=PriceListRecord(prices.source, prices.date) if has_prices else None,
        lifecycle={
            name: record_of(standing)
            for name, standing in standings.items()
            if standing.lifecycle is not ENDLESS
        },
    )
