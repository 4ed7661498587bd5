"""Several runs as one: every finding once, every provider under one edition.

What a run says replaces what the run that it resumed had said of the same; whatever else an
earlier run says still stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from conformance.errors import ConformanceError
from conformance.findings import SEVERITY, UNDECIDED, Finding, Observation, Verdict
from conformance.output.printing import printable
from conformance.reports.contracts import EditionContract, contracts_of, lacking_in, tell_apart
from conformance.reports.grouping import group_by
from conformance.results.editions import by_edition
from conformance.results.reach import ColumnKey
from conformance.results.records import ProviderRecord
from conformance.results.run_file import Order, Run
from conformance.results.run_states import has_other_states

Owned = tuple[Finding, int]
"""A finding, and the place of the run that made it among the runs."""


class MergeError(ConformanceError):
    """Runs that cannot be shown in one report, and why."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The findings of some runs, each once, with the run it is of; and how many were repeated.

    `concluding` are the runs whose end counts: those that no other resumed, each with what it left
    standing of the runs that it took over.
    """

    runs: tuple[Run, ...]
    concluding: tuple[Run, ...]
    contracts: Mapping[str, EditionContract]  # by edition
    lacking: Mapping[str, Sequence[str]]  # by edition, the judged clauses that it does not have
    editions: Mapping[str, str]  # by provider
    tools: tuple[str, ...]
    findings: tuple[Finding, ...]
    owned: tuple[Owned, ...]
    """The same, each with its run, whose exchange alone is the proof of it."""
    observations: tuple[Observation, ...]
    problems: tuple[str, ...]
    repeated: int

    @property
    def providers(self) -> dict[str, ProviderRecord]:
        """The providers, as the last run that has each describes it."""
        return {provider.id: provider for run in self.runs for provider in run.header.providers}

    def contract(self, provider: str) -> EditionContract:
        """Return by what a provider was judged."""
        first = next(iter(self.contracts))
        return self.contracts[self.editions.get(provider, first)]

    def lacks(self, provider: str, clause: str) -> bool:
        """Return whether the edition of a provider does not have a clause that another has."""
        return clause in self.lacking[self.contract(provider).edition.id]

    def family(self, column: ColumnKey) -> str:
        """Return the family of a model; where its edition knows none, the model itself."""
        provider, model = column
        return self.contract(provider).edition.families.get(model, model)


def merge(runs: Sequence[Run]) -> Merged:
    """Put runs together; raises `MergeError` for none at all.

    Of a finding that several runs made, the worst is kept: an old failure is not to vanish
    behind a newer pass that happens to stand beside it. Only a run that resumed another
    replaces what that one had said.
    """
    if not runs:
        raise MergeError("there is no run to report on; name at least one run file")
    runs, notes = _leave_out_copies(runs)
    notes += [
        f"the end of run {printable(run.header.id, 60)} says something else than its findings, "
        f"which count; history may show what the end says"
        for run in runs
        if has_other_states(run)
    ]
    # before anything is put together: a provider of a report has one edition (ARCHITECTURE 43)
    runs = tell_apart(by_edition(runs))
    takeovers = Takeovers(runs)
    owned = [(finding, rank) for rank, run in enumerate(runs) for finding in run.findings]
    standing = list(filter(takeovers.stands, owned)) if takeovers else owned
    order = Order([run.header for run in runs])
    groups = group_by(standing, lambda pair: pair[0].id).values()
    worst = [
        max(group, key=lambda pair: (SEVERITY[pair[0].verdict], not pair[0].excused))
        for group in groups
    ]
    worst.sort(key=lambda pair: order.of_finding(pair[0]))
    observations = dict.fromkeys(observation for run in runs for observation in run.observations)
    concluding = list(_concluding(runs, standing, takeovers))
    contracts = contracts_of(runs)
    problems = [problem for run in concluding for problem in run.problems]
    return Merged(
        runs=tuple(runs),
        concluding=tuple(concluding),
        contracts=contracts,
        lacking=lacking_in(contracts, (finding.clause for finding, _ in worst)),
        editions={
            provider.id: run.header.edition.id for run in runs for provider in run.header.providers
        },
        tools=tuple(dict.fromkeys(run.header.tool for run in runs)),
        findings=tuple(finding for finding, _ in worst),
        owned=tuple(worst),
        observations=tuple(sorted(observations, key=order.of_observation)),
        problems=tuple(dict.fromkeys([*problems, *notes])),
        repeated=len(standing) - len(worst),
    )


def _concluding(
    runs: Sequence[Run], standing: Sequence[Owned], takeovers: Takeovers
) -> Iterator[Run]:
    """Yield the runs that no other resumed, with what still stands of those that they resumed."""
    for rank, run in enumerate(runs):
        resumed = takeovers.earlier[rank]
        if takeovers.later[rank]:
            continue  # its own end says nothing
        if not resumed:
            yield run
            continue
        findings = [finding for finding, owner in standing if owner == rank or owner in resumed]
        yield replace(run, findings=findings, order=[])


def _leave_out_copies(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Leave out what another file of the same run has as well, and say so."""
    kept: list[Run] = []
    repeats: list[str] = []
    # the whole file of a run comes before one that was cut off
    for run in sorted(runs, key=lambda run: (run.footer is None, -len(run.findings))):
        if any(_has_all_of(run, other) for other in kept):
            name = printable(run.header.id, 60)
            repeats.append(f"run {name} was named twice; it is counted once")
        else:
            kept.append(run)
    return [run for run in runs if any(run is other for other in kept)], repeats


def _has_all_of(run: Run, other: Run) -> bool:
    """Return whether a run is that other run, or what a copy of its file had up to some line."""
    return (
        run.header.id == other.header.id
        and run.footer in (None, other.footer)
        and all(other.exchanges.get(path) == sent for path, sent in run.exchanges.items())
        and set(run.findings) <= set(other.findings)
    )


class Takeovers:
    """Which of some runs resumed which, and so took over its findings; runs are known by place."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.later: defaultdict[int, set[int]] = defaultdict(set)
        """The runs that resumed a run."""
        self.earlier: defaultdict[int, set[int]] = defaultdict(set)
        """The runs that a run resumed."""
        # A run names all that it takes over from, and so more than any of them names: whatever a
        # damaged file says, no run is taken over by one that it took over itself.
        resumed = [frozenset(run.header.resumes) for run in runs]
        for later, earlier in product(range(len(runs)), repeat=2):
            if runs[earlier].header.id in resumed[later] and resumed[earlier] < resumed[later]:
                self.later[earlier].add(later)
                self.earlier[later].add(earlier)
        # the ranks of runs: by finding that is decided, by finding that is not run, by exchange
        self._judged_in: defaultdict[str, set[int]] = defaultdict(set)
        self._not_run_in: defaultdict[str, set[int]] = defaultdict(set)
        self._answered_in: defaultdict[str, set[int]] = defaultdict(set)
        for rank, run in enumerate(runs if self else ()):
            for finding in run.findings:
                if finding.verdict is Verdict.NOT_RUN:
                    self._not_run_in[finding.id].add(rank)
                else:
                    self._judged_in[finding.id].add(rank)
                    self._answered_in[finding.path].add(rank)
            for exchange in run.exchanges.values():
                if exchange.was_sent:
                    self._answered_in[exchange.path].add(rank)

    def __bool__(self) -> bool:
        return any(self.later.values())

    def stands(self, owned: Owned) -> bool:
        """Return whether no run that resumed its own has replaced a finding.

        What was not run replaces nothing. What was open is settled once its case was judged, even
        where the clause found nothing to judge in the answer.
        """
        finding, rank = owned
        later, judged = self.later[rank], self._judged_in[finding.id]
        if later & judged:
            return False
        if finding.verdict in UNDECIDED and later & self._answered_in[finding.path]:
            return False
        if finding.verdict is not Verdict.NOT_RUN:
            return True
        return not (self.earlier[rank] & judged or later & self._not_run_in[finding.id])
