"""What stood before the new run, by the last night that could tell, and what is missing now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.findings import DECIDED, Finding
from conformance.lifecycle import Standing
from conformance.parsing import printable
from conformance.reports.drift.model import ABSENT, Change, DriftError, Kind
from conformance.reports.formatting import counted, listed
from conformance.results.baselines import last_told
from conformance.results.editions import editions_of
from conformance.results.reach import Column
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from conformance.results.selection import selection_globs, selects
from conformance.results.standings import retired_in

NOT_ANSWERED = frozenset({"unavailable", "not served", "not run"})
"""Outcomes of an exchange that say nothing about how a provider answers."""


@dataclass(slots=True)
class Before:
    """The nights before, looked up by finding and by exchange."""

    findings: dict[str, Finding]  # by id: the last that could tell
    newest: set[str]  # ids of what the last night had at all
    answers: dict[str, list[ExchangeRecord]] = field(default_factory=dict)  # by path, in order


def before(bases: Sequence[Run]) -> Before:
    """Look up what the nights before showed; `bases` are in the order of their start.

    Of a finding the last that was decided counts, so that one night of outage does not hide
    what was known the night before it; of an exchange the last that was answered.
    """
    earlier = Before(last_told(bases), {finding.id for finding in bases[-1].findings})
    for run in bases:
        for exchange in run.exchanges.values():
            if exchange.outcome not in NOT_ANSWERED:
                earlier.answers.setdefault(exchange.path, []).append(exchange)
    return earlier


def check(bases: Sequence[Run], new: Run) -> None:
    """Refuse what cannot be compared; raises `DriftError` with the reason."""
    if not bases:
        raise DriftError("there is no run to compare with; name at least one BASE before NEW")
    for base in bases:
        if base.header.id == new.header.id:
            name = printable(new.header.id, 60)
            raise DriftError(f"BASE and NEW are the same run ({name}); name two runs")
        one, other = _editions(base, new)
        if one != other:
            before, now = printable(one, 60), printable(other, 60)
            raise DriftError(
                f"the runs judged different editions ({before} before, {now} now), so a changed "
                f"verdict may be the contract's doing; use compare"
            )
    known = {provider for base in bases for provider in providers_of(base)}
    if not known & providers_of(new):
        raise DriftError(
            f"the runs have no provider in common: {_listed(known)} before, "
            f"{_listed(providers_of(new))} now; to set providers side by side use compare"
        )


def _editions(base: Run, new: Run) -> tuple[str, str]:
    """Return the editions that judged a common provider differently, else those of the runs."""
    was, now = editions_of(base.header), editions_of(new.header)
    common = [(was[name], now[name]) for name in was if name in now]
    differing = (pair for pair in common if pair[0] != pair[1])
    return next(differing, common[0] if common else (base.header.edition.id, new.header.edition.id))


def providers_of(run: Run) -> set[str]:
    """Return the ids of the providers that a run was to judge."""
    return {provider.id for provider in run.header.providers}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(printable(name, 40) for name in sorted(names)) or "none"


@dataclass(frozen=True, slots=True)
class Absence:
    """A model that was judged before, and of which there is no finding now."""

    provider: str
    model: str
    findings: int  # decided before
    chosen: bool  # whether the new run was to judge any of them

    @property
    def name(self) -> str:
        """The model with its provider."""
        return f"{self.provider} {self.model}"

    @property
    def change(self) -> Change:
        """All that vanished with the model, as one change."""
        return Change(
            kind=Kind.INFORMATION,
            what="model",
            provider=self.provider,
            subject=self.model,
            before=f"{counted(self.findings, 'finding')} judged",
            after=ABSENT,
            models=(self.model,),
            count=self.findings,
        )


def absences(earlier: Before, new: Run) -> list[Absence]:
    """Return the absent models of the providers that the new run was to judge.

    Of a run that was cut off there are none: it ended before it reached them.
    """
    if new.interrupted:
        return []
    globs, planned = selection_globs(new), providers_of(new)
    there = {(finding.provider, finding.model) for finding in new.findings}
    counts: Counter[Column] = Counter()
    chosen: set[Column] = set()
    for finding in earlier.findings.values():
        column = finding.provider, finding.model
        if finding.verdict in DECIDED and finding.provider in planned and column not in there:
            counts[column] += 1
            if selects(globs, finding):
                chosen.add(column)
    return [Absence(*column, count, column in chosen) for column, count in counts.items()]


def retirements(last: Run, new: Run) -> Iterator[Change]:
    """Yield the models that have ended since the last night; what was promised of them is over."""
    before = retired_in(last)
    judged = {(finding.provider, finding.model) for finding in last.findings}
    for (provider, model), standing in retired_in(new).items():
        if (provider, model) in judged and (provider, model) not in before:
            end = standing.lifecycle.until or standing.day
            yield Change(
                kind=Kind.INFORMATION,
                what="model",
                provider=provider,
                subject=model,
                before="served",
                after=Standing(standing.lifecycle, max(standing.day, end)).words,
                models=(model,),
            )


def vanished_musts(earlier: Before, new: Run, said: Collection[str | Column]) -> Iterator[str]:
    """Name the MUSTs that the last night decided and that have no finding at all now.

    `said` are the providers and models of which it is said already that they are missing.
    """
    if new.interrupted:
        return
    globs, known = selection_globs(new), {clause.id for clause in new.header.clauses}
    planned = providers_of(new)
    there = {(finding.provider, finding.model, finding.clause) for finding in new.findings}
    gone: dict[Column, set[str]] = {}
    for finding in (earlier.findings[name] for name in earlier.newest):
        decided = finding.level == "MUST" and finding.verdict in DECIDED
        asked = finding.provider in planned and finding.clause in known and selects(globs, finding)
        promise = (finding.provider, finding.model, finding.clause)
        if decided and asked and promise not in there:
            gone.setdefault(promise[:2], set()).add(finding.clause)
    for (provider, model), clauses in sorted(gone.items()):
        if provider not in said and (provider, model) not in said:
            musts, names = counted(len(clauses), "MUST"), listed(sorted(clauses))
            yield f"{musts} of {provider} {model} judged before and not now: {names}"
