"""A verdict that got worse is confirmed before it is called a regression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from conformance.cases.model import Case
from conformance.clauses.subject import Context
from conformance.exchange.model import Exchange
from conformance.findings import BROKEN, DECIDED, SEVERITY, Finding, Verdict
from conformance.results.baselines import (
    RunFilter,
    last_decided,
    nights_of,
    read_baseline,
    sort_by_start,
)
from conformance.results.case_result import CaseResult

Findings = Mapping[str, Finding]  # the findings of one case, by clause


@dataclass(frozen=True, slots=True)
class Confirmer:
    """The latest decided verdicts of earlier runs, and how often a worse one is repeated."""

    before: Mapping[str, Verdict]
    times: int

    @classmethod
    def read(cls, path: Path, run_filter: RunFilter, times: int) -> Confirmer:
        """Take the verdicts of a run file, or of the nights of a folder that fit.

        A night of outage does not hide the verdicts of the night before it. Raises `RunFileError`
        for what is no run file, `OtherRunError` for one of another provider or edition, and
        `NightsError` for a folder without a run that fits.
        """
        nights = nights_of(path, run_filter) if path.is_dir() else [read_baseline(path, run_filter)]
        last = last_decided(sort_by_start(nights))
        return cls({name: finding.verdict for name, finding in last.items()}, times)

    def worse(self, findings: Findings) -> list[str]:
        """Name the clauses whose verdict is worse than before, where those are to be repeated."""
        return [
            finding.clause
            for finding in findings.values()
            if self.times and self._got_worse(finding)
        ]

    def confirm(self, findings: Findings, repeat: Callable[[], Findings | None]) -> Findings:
        """Repeat an exchange whose verdicts got worse; mark those that are not alike each time.

        `repeat` makes the exchange once more and judges it; None where it cannot be sent.
        """
        worse = self.worse(findings)
        broken: dict[str, list[bool]] = {clause: [] for clause in worse}
        for _ in range(self.times if worse else 0):
            repeated = repeat()
            if repeated is None:
                break
            # a repeat that was not decided neither confirms nor denies
            for clause in worse:
                verdict = repeated[clause].verdict if clause in repeated else None
                if verdict in DECIDED:
                    broken[clause].append(verdict in BROKEN)
        marked = {clause: _with_repeats(findings[clause], broken[clause]) for clause in worse}
        return {**findings} | marked

    def _got_worse(self, finding: Finding) -> bool:
        before = self.before.get(finding.id)
        if before not in DECIDED or finding.verdict not in BROKEN or finding.excused:
            return False
        return SEVERITY[finding.verdict] > SEVERITY[before]


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A judged case whose verdicts got worse, until all first requests of the run are made."""

    confirmer: Confirmer
    case: Case  # as it was sent
    context: Context
    exchange: Exchange  # without its answer
    result: CaseResult


def _with_repeats(finding: Finding, broken: list[bool]) -> Finding:
    """Say how often a broken promise was broken again."""
    if not broken:
        return finding
    if all(broken):
        return replace(finding, repeats=len(broken))
    times, exchanges = 1 + sum(broken), 1 + len(broken)
    message = f"broken in {times} of {exchanges} exchanges: {finding.message}"
    rate = round(times / exchanges, 4)
    return replace(finding, verdict=Verdict.FLAKY, message=message, rate=rate, repeats=len(broken))
