"""The order in which runs are read: that of their headers, never that in which answers came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from conformance.findings import Finding, Observation
from conformance.results.records import ExchangeRecord, RunHeader

_NUMBER = re.compile(r"[0-9]+")
_Name = TypeVar("_Name", str, tuple[str, str])
_ColumnRank = tuple[int, str, int, str]


class Order:
    """The order in which headers name providers, models and clauses; workers report in any."""

    def __init__(self, headers: Sequence[RunHeader]) -> None:
        providers = [provider for header in headers for provider in header.providers]
        self._providers = _ranks(provider.id for provider in providers)
        self._columns = _ranks(
            (provider.id, model) for provider in providers for model in provider.models
        )
        self._clauses = _ranks(clause.id for header in headers for clause in header.clauses)
        self._values = _ranks(
            pair for header in headers for value in header.values for pair in value.asks
        )

    def of_column(self, record: Finding | Observation | ExchangeRecord) -> _ColumnRank:
        """Return the place of a provider and model; names that no header has come last."""
        provider, model = record.provider, record.model
        rank = self._columns.get((provider, model), len(self._columns))
        return self._providers.get(provider, len(self._providers)), provider, rank, model

    def of_exchange(self, exchange: ExchangeRecord) -> tuple[_ColumnRank, int, list[int], str]:
        """Return its place by provider, model and case.

        What asks for least is the best example, and values have the order of the contract.
        """
        values = [self._values.get(pair, len(self._values)) for pair in exchange.asks.items()]
        name = _NUMBER.sub(lambda number: number[0].zfill(8), exchange.case)  # corpus-9, corpus-10
        return self.of_column(exchange), len(values), sorted(values), name

    def of_finding(self, finding: Finding) -> tuple[_ColumnRank, str, int, str]:
        """Return its place by provider, model, case and clause."""
        clause = self._clauses.get(finding.clause, len(self._clauses))
        return self.of_column(finding), finding.case, clause, finding.clause

    def of_observation(self, observation: Observation) -> tuple[_ColumnRank, str, str]:
        """Return its place by provider, model, kind and case."""
        return self.of_column(observation), observation.id, observation.case


def _ranks(names: Iterable[_Name]) -> dict[_Name, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}
