"""What stood before the new run, by the last night that decided it, and what is missing now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.findings import DECIDED, Finding
from conformance.lifecycle import Standing
from conformance.output.counting import join_names, write_count
from conformance.parsing import printable
from conformance.reports.drift.model import ChangeKind, DriftChange, DriftError
from conformance.results.baselines import last_decided
from conformance.results.editions import editions_of
from conformance.results.reach import ColumnKey
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from conformance.results.selection import selection_globs, selects
from conformance.results.standings import retired_in

NOT_ANSWERED = frozenset({"unavailable", "not served", "not run"})
"""Outcomes of an exchange that say nothing about how a provider answers."""


@dataclass(slots=True)
class Baseline:
    """The nights before, by finding and by exchange."""

    findings: dict[str, Finding]  # by id: the last that was decided
    newest: set[str]  # ids of what the last night had at all
    answers: dict[str, list[ExchangeRecord]] = field(default_factory=dict)  # by path, in order


def baseline_of(bases: Sequence[Run]) -> Baseline:
    """Return what the nights before showed; `bases` are in the order of their start.

    Of a finding the last that was decided counts, so that one night of outage does not hide
    what was known the night before it; of an exchange the last that was answered.
    """
    baseline = Baseline(last_decided(bases), {finding.id for finding in bases[-1].findings})
    for run in bases:
        for exchange in run.exchanges.values():
            if exchange.outcome not in NOT_ANSWERED:
                baseline.answers.setdefault(exchange.path, []).append(exchange)
    return baseline


def check(bases: Sequence[Run], new: Run) -> None:
    """Refuse what cannot be compared; raises `DriftError` with the reason."""
    if not bases:
        raise DriftError("there is no run to compare with; name at least one BASE before NEW")
    for base in bases:
        if base.header.id == new.header.id:
            name = printable(new.header.id, 60)
            raise DriftError(f"BASE and NEW are the same run ({name}); name two runs")
        was, now = editions_of(base.header), editions_of(new.header)
        # runs without a common provider are refused for their editions first, where those differ
        editions = [(was[name], now[name]) for name in was if name in now] or [
            (base.header.edition.id, new.header.edition.id)
        ]
        for old, current in editions:
            if old != current:
                raise DriftError(
                    f"the runs judged different editions ({printable(old, 60)} before, "
                    f"{printable(current, 60)} now), so a changed verdict may be the contract's "
                    f"doing; use compare"
                )
    known, planned = set().union(*map(providers_of, bases)), providers_of(new)
    if not known & planned:
        before, after = (
            ", ".join(printable(name, 40) for name in sorted(names)) or "none"
            for names in (known, planned)
        )
        raise DriftError(
            f"the runs have no provider in common: {before} before, {after} now; to set providers "
            f"side by side use compare"
        )


def providers_of(run: Run) -> set[str]:
    """Return the ids of the providers that a run was to judge."""
    return {provider.id for provider in run.header.providers}


Counts = dict[ColumnKey, int]
"""Findings that were decided before, by model."""


def absences(baseline: Baseline, new: Run) -> tuple[Counts, Counts]:
    """Return the models of which nothing is found any more: those asked for, and those left out.

    Only providers count that the new run was to judge. A run that was cut off misses none: it
    ended before it reached them.
    """
    if new.interrupted:
        return {}, {}
    globs, planned = selection_globs(new), providers_of(new)
    present = {finding.column for finding in new.findings}
    counts: Counter[ColumnKey] = Counter()
    selected: set[ColumnKey] = set()
    for finding in baseline.findings.values():
        was_judged = finding.verdict in DECIDED and finding.provider in planned
        if was_judged and finding.column not in present:
            counts[finding.column] += 1
            if selects(globs, finding):
                selected.add(finding.column)
    missing = {column: count for column, count in counts.items() if column in selected}
    return missing, {column: counts[column] for column in counts if column not in selected}


def retirements(last: Run, new: Run) -> Iterator[DriftChange]:
    """Yield the models that have ended since the last night; what was promised of them is over."""
    judged = {finding.column for finding in last.findings} - retired_in(last).keys()
    for (provider, model), standing in retired_in(new).items():
        if (provider, model) in judged:
            end = standing.lifecycle.until or standing.day
            yield DriftChange(
                kind=ChangeKind.INFORMATION,
                what="model",
                provider=provider,
                subject=model,
                before="served",
                after=Standing(standing.lifecycle, max(standing.day, end)).words,
                models=(model,),
            )


def vanished_musts(
    baseline: Baseline, new: Run, reported: Collection[str | ColumnKey]
) -> Iterator[str]:
    """Name the MUSTs that the last night decided and that have no finding at all now.

    `reported` are the providers and models that are reported as missing already.
    """
    if new.interrupted:
        return
    globs, known = selection_globs(new), {clause.id for clause in new.header.clauses}
    planned = providers_of(new)
    present = {(finding.column, finding.clause) for finding in new.findings}
    vanished: dict[ColumnKey, set[str]] = {}
    for finding in (baseline.findings[name] for name in baseline.newest):
        decided = finding.level == "MUST" and finding.verdict in DECIDED
        expected = (
            finding.provider in planned and finding.clause in known and selects(globs, finding)
        )
        if decided and expected and (finding.column, finding.clause) not in present:
            vanished.setdefault(finding.column, set()).add(finding.clause)
    for (provider, model), clauses in sorted(vanished.items()):
        if provider not in reported and (provider, model) not in reported:
            musts, names = write_count(len(clauses), "MUST"), join_names(sorted(clauses))
            yield f"{musts} of {provider} {model} judged before and not now: {names}"
