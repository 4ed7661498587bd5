"""What a report says of a run as such: how long it took, what it cost, whether it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from conformance.reports.costs import Money, spending
from conformance.results.run_file import Run


def newest_first(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Say it of every run, the newest first."""
    return sorted(map(run_facts, runs), key=lambda each: str(each["started"]), reverse=True)


def run_facts(run: Run) -> dict[str, Any]:
    """Say of a run how long it took in seconds, what it cost in US dollars, how it ended."""
    header, footer, money = run.header, run.footer, spending(run)
    own = money.own or Money()
    return {
        "id": header.id,
        "tool": header.tool,
        "started": header.started,
        "wall": _seconds(header.started, footer.finished if footer else None),
        "complete": run.complete,
        "interrupted": run.interrupted,
        "ended": run.footer is not None,
        "findings": len(run.findings),
        "exchanges": len(run.exchanges),
        "seed": header.seed,
        "spent": money.own and money.own.paid,
        "actual": money.own and own.actual,
        "estimate": money.own and own.estimate,
        "estimated": own.estimated,
        "guess": own.guess,
        "unpriced": own.unpriced,
        "taken_over": money.before.paid,
        "elsewhere": money.elsewhere,
        "requests": footer.spent.requests if footer and footer.spent else None,
        "budget": header.budget and header.budget.usd,
        "resumes": list(header.resumes),
    }


def _seconds(started: str, finished: str | None) -> float | None:
    try:
        taken = datetime.fromisoformat(str(finished)) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return None
    seconds = taken.total_seconds()
    return seconds if seconds >= 0 else None  # a clock that was set back measures nothing
