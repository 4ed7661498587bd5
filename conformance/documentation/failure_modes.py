"""Bug reports of other projects, and the clauses that they show broken."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPORTS = Path(__file__).with_name("reports.toml")
_HOST = "https://github.com/"


@dataclass(frozen=True, slots=True)
class Report:
    """One issue or pull request of another project."""

    name: str
    url: str
    whole: bool  # read in full, not in part


@dataclass(frozen=True, slots=True)
class ReportedFailure:
    """One failure that was seen in practice, and who reported it."""

    mode: str
    what: str
    clauses: tuple[str, ...]
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way in which providers fail."""

    id: str
    title: str
    seen: tuple[ReportedFailure, ...]


def failure_modes(path: Path = REPORTS) -> tuple[FailureMode, ...]:
    """Load the failure modes and their reports, in order."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        FailureMode(
            name,
            mode["title"],
            tuple(
                ReportedFailure(name, failure["what"], tuple(failure["clauses"]), _reports(failure))
                for failure in mode["seen"]
            ),
        )
        for name, mode in content.items()
    )


def _reports(failure: dict[str, Any]) -> tuple[Report, ...]:
    read_in_full = [_report(name, True) for name in failure.get("read", ())]
    return (*read_in_full, *(_report(name, False) for name in failure.get("excerpt", ())))


def _report(name: str, is_read_in_full: bool) -> Report:
    owner, project, _, number = name.split("/")
    return Report(f"{owner}/{project}#{number}", _HOST + name, is_read_in_full)
