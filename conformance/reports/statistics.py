"""What the exchanges of a provider tell beside its verdicts: time, price, availability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.reports.costs import sent_once
from conformance.reports.measures import Measures, measures_of
from conformance.reports.merging import Merged
from conformance.reports.summary import Row, Summary
from conformance.results.conclusion import Conclusion
from conformance.results.reach import NOTHING, Cell, Kept, by_level, worst_cell
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run


@dataclass(frozen=True, slots=True)
class Family:
    """The models of one family: the promises kept, counted model by model."""

    name: str
    models: tuple[str, ...]
    kept: Mapping[str, Kept]
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


def provider_facts(summary: Summary) -> tuple[ProviderFacts, ...]:
    """Tell of every provider that has a row, in the order of the rows."""
    exchanges = _exchanges(summary.merged.runs)
    titles = {each.provider: each.title for each in summary.origins}
    rows: dict[str, list[Row]] = {}
    for row in summary.rows:
        rows.setdefault(row.provider, []).append(row)
    return tuple(
        ProviderFacts(
            id=name,
            title=titles.get(name, name),
            edition=summary.merged.contract(name).edition.id,
            conclusion=summary.conclusions.get(name, Conclusion.NOT_JUDGED),
            families=tuple(_families(mine, summary.merged)),
            total=_family("all", mine),
            measures=measures_of(exchanges.get(name, [])),
            prices=_prices(summary.merged.runs, name),
            images=sum(len(each.images) for each in exchanges.get(name, [])),
        )
        for name, mine in rows.items()
    )


def _exchanges(runs: Sequence[Run]) -> dict[str, list[ExchangeRecord]]:
    """Return the requests of each provider that were sent, each once."""
    found: dict[str, list[ExchangeRecord]] = {}
    for each in sent_once(runs):
        found.setdefault(each.provider, []).append(each)
    return found


def _families(rows: Sequence[Row], merged: Merged) -> Iterable[Family]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(merged.family((row.provider, row.model)), []).append(row)
    return (_family(name, mine) for name, mine in found.items())


def _family(name: str, rows: Sequence[Row]) -> Family:
    kept: dict[str, Kept] = {}
    for row in rows:
        for level, each in row.kept.items():
            kept[level] = kept.get(level, NOTHING) + each
    return Family(
        name=name,
        models=tuple(row.model for row in rows),
        kept=by_level(kept),
        cell=worst_cell(row.cell for row in rows),
        broken=sum(row.broken for row in rows),
        known=sum(row.known for row in rows),
        undecided=sum(row.undecided for row in rows),
        not_claimed=sum(row.not_claimed for row in rows),
        open_ended=any(row.open_ended for row in rows),
    )


def _prices(runs: Sequence[Run], provider: str) -> str:
    """Say where the prices of the last run that has any are from."""
    found = ""
    for run in runs:
        for each in run.header.providers:
            if each.id == provider and each.prices is not None:
                found = f"{each.prices.source}; as of {each.prices.date}"
    return found
