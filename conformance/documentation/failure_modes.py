"""What went wrong elsewhere: reports of others, and the clauses that they show broken."""

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
class Seen:
    """One thing that went wrong, and who reported it."""

    mode: str
    what: str
    clauses: tuple[str, ...]
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way in which providers fail, as defects and reports name it."""

    id: str
    title: str
    seen: tuple[Seen, ...]


def failure_modes(path: Path = REPORTS) -> tuple[FailureMode, ...]:
    """Load the failure modes and the reports of each, in their order."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        FailureMode(name, each["title"], tuple(_seen(name, entry) for entry in each["seen"]))
        for name, each in content.items()
    )


def _seen(mode: str, entry: dict[str, Any]) -> Seen:
    whole = [_report(name, True) for name in entry.get("read", ())]
    part = [_report(name, False) for name in entry.get("excerpt", ())]
    return Seen(mode, entry["what"], tuple(entry["clauses"]), (*whole, *part))


def _report(name: str, whole: bool) -> Report:
    owner, project, _, number = name.split("/")
    return Report(f"{owner}/{project}#{number}", _HOST + name, whole)
