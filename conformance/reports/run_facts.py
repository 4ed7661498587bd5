"""What a report says of a run as such: how long it took, what it cost, whether it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from conformance.findings import DECIDED
from conformance.reports.costs import Money, spending
from conformance.results.run_file import Run


class RunFacts(Struct, frozen=True):
    """One run: times in seconds, money in US dollars; None is not known."""

    id: str
    providers: tuple[str, ...]
    tool: str
    started: str
    wall: float | None
    complete: bool
    interrupted: bool
    ended: bool
    findings: int
    decided: int
    exchanges: int
    seed: int | None
    spent: float | None
    actual: float | None
    estimate: float | None
    estimated: bool
    guess: float
    unpriced: int  # answers
    taken_over: float  # spent by the runs that it took over
    elsewhere: float  # spent for requests that have no exchange
    requests: int | None
    budget: float | None
    resumes: tuple[str, ...]


def newest_first(runs: Iterable[Run]) -> list[RunFacts]:
    """Return the facts of every run, the newest first."""
    return sorted(map(run_facts, runs), key=lambda run: run.started, reverse=True)


def run_facts(run: Run) -> RunFacts:
    """Return how long a run took, what it cost and how it ended."""
    header, footer, money = run.header, run.footer, spending(run)
    own = money.own or Money()
    return RunFacts(
        id=header.id,
        providers=tuple(provider.id for provider in header.providers),
        tool=header.tool,
        started=header.started,
        wall=_seconds(header.started, footer.finished) if footer else None,
        complete=run.complete,
        interrupted=run.interrupted,
        ended=footer is not None,
        findings=len(run.findings),
        decided=sum(finding.verdict in DECIDED for finding in run.findings),
        exchanges=len(run.exchanges),
        seed=header.seed,
        spent=own.paid if money.own else None,
        actual=own.actual if money.own else None,
        estimate=own.estimate if money.own else None,
        estimated=own.estimated,
        guess=own.guess,
        unpriced=own.unpriced,
        taken_over=money.before.paid,
        elsewhere=money.elsewhere,
        requests=footer.spent.requests if footer and footer.spent else None,
        budget=header.budget.usd if header.budget else None,
        resumes=header.resumes,
    )


def _seconds(started: str, finished: str) -> float | None:
    try:
        taken = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return None
    seconds = taken.total_seconds()
    return seconds if seconds >= 0 else None  # a clock that was set back measures nothing
