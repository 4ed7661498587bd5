"""Several runs as one: every finding once, every provider under one edition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.errors import ConformanceError
from conformance.findings import SEVERITY, Finding, Observation
from conformance.parsing import printable
from conformance.reports.contracts import Contract, contracts_of, lacking_in, told_apart
from conformance.reports.grouping import group_by
from conformance.reports.resumed import Owned, Resumed, key
from conformance.results.editions import by_edition
from conformance.results.ordering import Order
from conformance.results.reach import Column
from conformance.results.run_file import Run


class MergeError(ConformanceError):
    """Runs that cannot be shown in one report, and why."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The findings of some runs, each once, with the run it is of; and how many were repeated.

    `concluding` are the runs whose end counts: those that no other went on with, each with what
    it left standing of the runs that it took over.
    """

    runs: tuple[Run, ...]
    concluding: tuple[Run, ...]
    contracts: Mapping[str, Contract]  # by edition
    lacking: Mapping[str, Sequence[str]]  # by edition, the judged clauses that it does not have
    editions: Mapping[str, str]  # by provider
    tools: tuple[str, ...]
    findings: tuple[Finding, ...]
    owners: tuple[int, ...]
    observations: tuple[Observation, ...]
    problems: tuple[str, ...]
    repeated: int

    @property
    def owned(self) -> Iterable[Owned]:
        """Every finding with its run, whose exchange alone is the proof of it."""
        return zip(self.findings, self.owners, strict=True)

    def contract(self, provider: str) -> Contract:
        """Return by what a provider was judged."""
        first = next(iter(self.contracts))
        return self.contracts[self.editions.get(provider, first)]

    def lacks(self, provider: str, clause: str) -> bool:
        """Return whether the edition of a provider does not have a clause that another has."""
        return clause in self.lacking[self.contract(provider).edition.id]

    def family(self, column: Column) -> str:
        """Return the family of a model; where its edition knows none, the model itself."""
        provider, model = column
        return self.contract(provider).edition.families.get(model, model)


def merge(runs: Sequence[Run]) -> Merged:
    """Put runs together; raises `MergeError` for none at all.

    Of a finding that several runs made, the worst is kept: an old failure is not to vanish
    behind a newer pass that happens to stand beside it. Only a run that went on with another
    says anew what that one had said.
    """
    if not runs:
        raise MergeError("there is no run to report on; name at least one run file")
    runs, twice = _distinct(runs)
    runs = told_apart(by_edition(runs))
    resumed = Resumed(runs)
    every = [(each, rank) for rank, run in enumerate(runs) for each in run.findings]
    every = list(filter(resumed.stands, every)) if resumed else every
    order = Order([run.header for run in runs])
    same = group_by(every, lambda owned: key(owned[0])).values()
    kept = [max(findings, key=_badness) for findings in same]
    kept.sort(key=lambda owned: order.of_finding(owned[0]))
    observations = dict.fromkeys(each for run in runs for each in run.observations)
    concluding = tuple(_concluding(runs, every, resumed))
    contracts = contracts_of(runs)
    problems = [each for run in concluding for each in run.problems]
    return Merged(
        runs=tuple(runs),
        concluding=concluding,
        contracts=contracts,
        lacking=lacking_in(contracts, (each.clause for each, _ in kept)),
        editions={each.id: run.header.edition.id for run in runs for each in run.header.providers},
        tools=tuple(dict.fromkeys(run.header.tool for run in runs)),
        findings=tuple(each for each, _ in kept),
        owners=tuple(rank for _, rank in kept),
        observations=tuple(sorted(observations, key=order.of_observation)),
        problems=tuple(dict.fromkeys([*problems, *twice])),
        repeated=len(every) - len(kept),
    )


def _distinct(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Leave out what another file of the same run has as well, and say so."""
    kept: list[Run] = []
    twice: list[str] = []
    for run in sorted(runs, key=lambda each: (each.footer is None, -len(each.findings))):
        if any(_has_all_of(run, other) for other in kept):
            name = printable(run.header.id, 60)
            twice.append(f"run {name} was named twice; it is counted once")
        else:
            kept.append(run)
    return [run for run in runs if any(run is each for each in kept)], twice


def _has_all_of(run: Run, other: Run) -> bool:
    """Return whether a run is that other run, or what a copy of its file had up to some line."""
    return (
        run.header.id == other.header.id
        and run.footer in (None, other.footer)
        and all(other.exchanges.get(name) == each for name, each in run.exchanges.items())
        and set(run.findings) <= set(other.findings)
    )


def _concluding(runs: Sequence[Run], standing: Sequence[Owned], resumed: Resumed) -> Iterable[Run]:
    for rank, run in enumerate(runs):
        taken = resumed.of(rank)
        if not resumed.is_taken_over(rank):
            mine = [each for each, owner in standing if owner == rank or owner in taken]
            yield replace(run, findings=mine, order=[]) if taken else run


def _badness(owned: Owned) -> tuple[int, bool]:
    return SEVERITY[owned[0].verdict], not owned[0].excused
