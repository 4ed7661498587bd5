"""The files to judge: which ones the arguments name, and the outcome of each."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange.cassettes.example_manifest import MANIFEST
from conformance.output.printing import printable
from conformance.recordings.readers.layouts import Layout
from conformance.recordings.readers.model import Fault
from conformance.results.conclusion import Conclusion

SUFFIXES = frozenset({".har", ".json", ".jsonl", ".ndjson", ".yaml", ".yml"})
"""The files that a folder is searched for; a file that is named may have any suffix."""


@dataclass(slots=True)
class ForeignFile:
    """The outcome of one file: exchanges found, judged, passed over, and what is unreadable."""

    path: Path
    explicit: bool = True  # named by the user; otherwise found in a folder, where anything may lie
    layout: Layout | None = None
    entries: int = 0
    found: int = 0
    judged: int = 0
    broken: int = 0  # exchanges with a broken MUST
    unreadable: list[Fault] = field(default_factory=list)
    passed_over: list[Fault] = field(default_factory=list)
    unknown_models: list[Fault] = field(default_factory=list)  # which the edition does not have

    def describe(self, fault: Fault, more: str = "") -> str:
        """Say where in the file something is, and what."""
        line = f":{fault.line}" if fault.line is not None else ""
        return printable(f"{self.path}{line}: {fault.reason}{more}", 2000)


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """The outcome of judging recordings; the findings are in the run file, if one was written."""

    run_file: Path
    files: tuple[ForeignFile, ...]
    verdicts: dict[str, int]
    conclusion: Conclusion

    @property
    def has_read(self) -> bool:
        """Return whether any file was one of recordings; if not, no run file is written."""
        return any(file.layout is not None for file in self.files)

    @property
    def judged(self) -> int:
        """The number of exchanges that were judged."""
        return sum(file.judged for file in self.files)

    @property
    def problems(self) -> list[str]:
        """What could not be read: the first of each file, and how many more."""
        problems = []
        for file in self.files:
            if file.unreadable:
                fault, *more_faults = file.unreadable
                layout = f" ({file.layout})" if file.layout is not None and file.entries else ""
                addition = f"; {len(more_faults)} more of it cannot be read" if more_faults else ""
                problems.append(file.describe(fault, layout + addition))
        return problems

    @property
    def notes(self) -> list[str]:
        """Where there was nothing to judge, or little, and why."""
        return [
            file.describe(fault)
            for file in self.files
            for fault in (*file.passed_over, *file.unknown_models)
        ]

    @property
    def passed_over(self) -> list[str]:
        """What there was nothing to judge in, and why; one reason once."""
        return _once_each((file, fault) for file in self.files for fault in file.passed_over)

    @property
    def unknown(self) -> list[str]:
        """The models that the edition does not have, and what to do about it; each once."""
        return _once_each((file, fault) for file in self.files for fault in file.unknown_models)


def _once_each(faults: Iterable[tuple[ForeignFile, Fault]]) -> list[str]:
    """Describe each fault where it is first, and say how many more there are."""
    files: dict[str, list[tuple[ForeignFile, Fault]]] = {}
    for file, fault in faults:
        files.setdefault(fault.reason, []).append((file, fault))
    return [
        file.describe(fault, f"; {len(others):,} more like it" if others else "")
        for (file, fault), *others in files.values()
    ]


def recordings_in(arguments: Sequence[Path], run_file: Path) -> list[ForeignFile]:
    """Return the files that names, folders and patterns stand for, each once, in order.

    A folder stands for the files in and below it that have a suffix of recordings, but for hidden
    files, the run file and manifests of drawn requests. An argument is a pattern only where no
    file has its name.
    """
    # By its real path: a file under two names is judged once.
    files: dict[str, ForeignFile] = {}
    for argument in arguments:
        for file in _files_of(argument):
            # A folder may hold the run file of the time before.
            if file.explicit or not same_file(file.path, run_file):
                files.setdefault(os.path.realpath(file.path), file)
    return list(files.values())


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, whether it exists or not."""
    return os.path.realpath(one) == os.path.realpath(other)


def _files_of(argument: Path) -> Iterator[ForeignFile]:
    if argument.is_dir():
        yield from _files_below(argument)
    elif os.path.lexists(argument) or not glob.has_magic(str(argument)):
        yield ForeignFile(argument)
    else:
        names = sorted(glob.glob(str(argument), recursive=True))
        for name in names:
            yield from _files_of(Path(name))
        if not names:
            yield ForeignFile(argument, unreadable=[Fault("matches no file")])


def _files_below(folder: Path) -> Iterator[ForeignFile]:
    paths = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.name == MANIFEST:  # it stands beside cassettes, and holds no exchange
            continue
        if Path(path.name.lower().removesuffix(".gz")).suffix in SUFFIXES:
            paths.append(path)
    yield from (ForeignFile(path, explicit=False) for path in paths if path.is_file())
    if not paths:
        endings = ", ".join(sorted(SUFFIXES))
        reason = (
            f"is a folder without recordings; looked for files that end in {endings}, zipped "
            f"(.gz) or not"
        )
        yield ForeignFile(folder, unreadable=[Fault(reason)])
