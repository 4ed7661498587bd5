"""What the exchanges of a provider show beside its verdicts: time, price, availability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.reports.costs import sent_once
from conformance.reports.grouping import group_by
from conformance.reports.measures import Measures, measures_of
from conformance.reports.summary import Row, Summary
from conformance.results.conclusion import Conclusion
from conformance.results.reach import Cell, Kept, Promise, sum_by_level, worst_cell


@dataclass(frozen=True, slots=True)
class Family:
    """The models of one family: the promises kept, counted model by model."""

    name: str
    models: tuple[str, ...]
    kept: Mapping[str, Kept]
    promises: tuple[Promise, ...]
    cell: Cell
    broken: int
    known: int
    undecided: int
    not_claimed: int
    open_ended: bool


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """One provider, over all its models."""

    id: str
    title: str
    edition: str
    conclusion: Conclusion
    families: tuple[Family, ...]
    total: Family
    measures: Measures
    prices: str  # where the prices of estimates are from; empty where that is not known
    images: int


def provider_facts(summary: Summary) -> list[ProviderFacts]:
    """Return the facts of every provider that has a row, in the order of the rows."""
    merged, facts = summary.merged, []
    exchanges = group_by(sent_once(merged.runs), lambda exchange: exchange.provider)
    titles = {origin.provider: origin.title for origin in summary.origins}
    for name, rows in group_by(summary.rows, lambda row: row.provider).items():
        families = group_by(rows, lambda row: merged.family(row.column))
        sent = exchanges.get(name, [])
        price_sources = [  # where the prices of estimates are from; those of the last run count
            f"{record.prices.source}; as of {record.prices.date}"
            for run in merged.runs
            for record in run.header.providers
            if record.id == name and record.prices is not None
        ]
        facts.append(
            ProviderFacts(
                id=name,
                title=titles.get(name, name),
                edition=merged.contract(name).edition.id,
                conclusion=summary.conclusions.get(name, Conclusion.NOT_JUDGED),
                families=tuple(
                    _family(family, rows_of_family) for family, rows_of_family in families.items()
                ),
                total=_family("all", rows),
                measures=measures_of(sent),
                prices=price_sources[-1] if price_sources else "",
                images=sum(len(exchange.images) for exchange in sent),
            )
        )
    return facts


def _family(name: str, rows: Sequence[Row]) -> Family:
    return Family(
        name=name,
        models=tuple(row.model for row in rows),
        kept=sum_by_level(count for row in rows for count in row.kept.items()),
        promises=tuple(promise for row in rows for promise in row.promises.values()),
        cell=worst_cell(row.cell for row in rows),
        broken=sum(row.broken for row in rows),
        known=sum(row.known for row in rows),
        undecided=sum(row.undecided for row in rows),
        not_claimed=sum(row.not_claimed for row in rows),
        open_ended=any(row.open_ended for row in rows),
    )
