"""Earlier nights: which run files of a folder count, and what was last known of a promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from conformance.errors import ConformanceError
from conformance.findings import TELLING, Finding
from conformance.output.printing import printable
from conformance.results.editions import editions_of
from conformance.results.records import RunHeader
from conformance.results.run_file import Run, RunFileError, read_header, read_run
from conformance.results.selection import is_part

MOST = 14
"""Nights of a folder that are looked at, the newest."""


class NightsError(ConformanceError):
    """A folder of run files that cannot be used, or names that make no sense together."""


class OtherRunError(ConformanceError):
    """A run that can be compared with no finding of this one."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which earlier runs can be compared with a run."""

    edition: str
    providers: frozenset[str]  # one in common is enough; where none is named, any will do
    until: str  # when the later run started, as run files have it
    id: str = ""  # the later run's own
    others: Mapping[str, str] = field(default_factory=dict)  # editions of providers with another

    def fits(self, head: RunHeader) -> bool:
        """Return whether a run with this header is one of them."""
        # moments of run files are UTC in one form, so that their texts are in order as they are
        return head.id != self.id and head.started <= self.until and self.is_alike(head)

    def is_alike(self, head: RunHeader) -> bool:
        """Return whether a run with this header judged any of the same, each by its edition."""
        if not self.providers:
            return head.edition.id == self.edition
        editions = editions_of(head)
        common = [name for name in self.providers if name in editions]
        are_same = all(editions[name] == self.others.get(name, self.edition) for name in common)
        return bool(common) and are_same


def run_files(folder: Path) -> list[Path]:
    """Return the run files of a folder and those below it, by name."""
    return sorted(path for path in folder.rglob("*.jsonl") if path.is_file())


def read_baseline(path: Path, run_filter: RunFilter) -> Run:
    """Read the run of a path; raises `RunFileError`, and `OtherRunError` if it does not fit."""
    run = read_run(path)
    if not run_filter.is_alike(run.header):
        providers = [provider.id for provider in run.header.providers]
        raise OtherRunError(
            f"--baseline {path}: is a run of {_described(providers, run.header.edition.id)}, and "
            f"this one is of {_described(run_filter.providers, run_filter.edition)}, so it says "
            f"nothing of what got worse; name a run of these, or a folder of runs"
        )
    return run


def _described(providers: Iterable[str], edition: str) -> str:
    names = ", ".join(printable(repr(name), 100) for name in sorted(providers))
    return f"provider {names} by edition {printable(edition, 100)}"


def nights_of(folder: Path, run_filter: RunFilter, limit: int = MOST) -> list[Run]:
    """Read the newest runs of a folder that fit and judged each of their models whole.

    A file that is no run is passed over.
    Raises `NightsError` for a folder without any.
    """
    fitting: list[tuple[str, Path]] = []
    for path in run_files(folder):
        with suppress(RunFileError):
            header = read_header(path)
            if run_filter.fits(header):
                fitting.append((header.started, path))
    # only headers were read so far: whole files are long, and the newest few are enough
    runs: list[Run] = []
    for _, path in sorted(fitting, reverse=True):
        if len(runs) == limit:
            break
        with suppress(RunFileError):
            run = read_run(path)
            if run.complete and not is_part(run):
                runs.append(run)
    if not runs:
        raise NightsError(
            f"{folder}: holds no complete run of the same edition and provider from before this one"
            f" that judged its models whole; name another baseline, or none on a first night"
        )
    return runs


def read_bases_and_new(paths: Sequence[Path], limit: int) -> tuple[list[Run], Run]:
    """Read BASE... and NEW: the files named, and of a folder the nights before NEW.

    Raises `NightsError` for a single name, a folder in NEW's place, and as `nights_of` does.
    """
    if len(paths) < 2:
        raise NightsError("name at least one BASE, and NEW after it: drift last.jsonl new.jsonl")
    if paths[-1].is_dir():
        raise NightsError(f"{paths[-1]}: NEW is one run file, and this is a folder")
    new = read_run(paths[-1])
    head, editions = new.header, editions_of(new.header)
    run_filter = RunFilter(head.edition.id, frozenset(editions), head.started, head.id, editions)
    runs: list[Run] = []
    for path in paths[:-1]:
        runs += nights_of(path, run_filter, limit) if path.is_dir() else [read_run(path)]
    return runs, new


def sort_by_start(runs: Iterable[Run]) -> list[Run]:
    """Put runs in the order of their start."""
    return sorted(runs, key=lambda run: run.header.started)


def last_decided(runs: Iterable[Run]) -> dict[str, Finding]:
    """Return what was last known of each promise, by the finding's id; runs are in order.

    The last finding that was decided counts, so that one night of outage does not hide what
    was known the night before it; of what never was decided, the last one.
    """
    latest: dict[str, Finding] = {}
    for run in runs:
        for finding in run.findings:
            before = latest.get(finding.id)
            if before is None or finding.state in TELLING or before.state not in TELLING:
                latest[finding.id] = finding
    return latest
