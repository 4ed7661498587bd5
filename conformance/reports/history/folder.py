"""The run files of a folder: which of them count, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.errors import ConformanceError
from conformance.parsing import printable
from conformance.reports.grouping import group_by
from conformance.results.baselines import run_files
from conformance.results.run_file import RunFileError
from conformance.results.run_states import RunStates, StatesReader

_AHEAD = timedelta(days=1)  # that clocks of machines may differ

Problem = tuple[str, str]
"""A file that is left out, and why."""


class HistoryError(ConformanceError):
    """A folder that holds no history."""


def runs_of(folder: Path) -> tuple[list[RunStates], list[Problem]]:
    """Return the runs of a folder in the order of their start, and the files that are left out.

    Raises `HistoryError` for what is no folder.
    """
    if not folder.is_dir():
        raise HistoryError(f"{folder}: is no folder; name the one that holds the run files")
    runs: dict[str, RunStates] = {}
    problems: list[Problem] = []
    reader = StatesReader()
    for path in run_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            run = reader.read(path)
        except RunFileError as error:
            problems.append((name, str(error)))
            continue
        if reason := _date_fault(run.started):
            problems.append((name, reason))
        else:
            runs[name] = run
    copies = dict(_copies(runs))
    names = sorted(runs.keys() - copies.keys(), key=lambda name: (runs[name].started, name))
    return [runs[name] for name in names], sorted([*problems, *copies.items()])


def _date_fault(started: str) -> str:
    """Return why a run cannot be put in order: no date, or one that is yet to come."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return f"it started on {printable(started, 40)!r}, which is no date; correct its first line"
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC) + _AHEAD:
        return ""
    return f"it started on {printable(started, 40)}, which is yet to come; a clock was wrong"


def _copies(runs: dict[str, RunStates]) -> Iterator[Problem]:
    """Yield the files of a run that another file has as well.

    The whole one counts, else the longest, whatever their names.
    """
    worth = {name: (run.complete, run.findings) for name, run in runs.items()}
    for names in group_by(runs, lambda name: runs[name].id).values():
        best, *others = sorted(sorted(names), key=worth.__getitem__, reverse=True)
        for name in others:
            cut = ""
            if runs[name].interrupted and worth[name] < worth[best]:
                count, most = runs[name].findings, runs[best].findings
                cut = f", cut off after {count} of {most} findings"
            yield name, f"a copy of {best}{cut}"
