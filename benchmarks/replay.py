"""`make report` after set-up, and collecting alone, each against its limit in seconds."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.measuring import Row, wall

REPORT_LIMIT = 15.0  # seconds
COLLECT_LIMIT = 2.0  # seconds


def report_command() -> list[str]:
    """Return the recipe of the Makefile itself, with this Python and without the set-up."""
    run = f"{sys.executable} -m conformance.cli"
    venv = f"VENV={sys.prefix}"
    return ["make", venv, f"RUN={run}", "-o", f"{sys.prefix}/.ready", "report"]


def collect_command(*arguments: str) -> list[str]:
    """Return the command that collects and runs nothing."""
    return [sys.executable, "-m", "pytest", "conformance", "--collect-only", "-q", *arguments]


def measure_replay(command: Sequence[str] | None = None) -> list[Row]:
    """Time everything that `make report` does after set-up."""
    return [_row("make report after set-up", wall(command or report_command(), 1), REPORT_LIMIT)]


def measure_collect(arguments: Sequence[str] = (), repeats: int = 3) -> list[Row]:
    """Time collecting all items of all providers that have cassettes."""
    seconds = wall(collect_command(*arguments), repeats)
    return [_row("pytest conformance --collect-only", seconds, COLLECT_LIMIT)]


def _row(what: str, seconds: float, limit: float) -> Row:
    ours, against = f"{seconds:.2f} s", f"limit {limit:g} s"
    return Row(what, ours, against, seconds / limit, 1, at_least=False)
