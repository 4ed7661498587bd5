"""Where a run file goes: never over what it is made from, nor over a run before it has begun.

What is there already is set aside beside it, and deleted when the first finding of the new run is
kept. A run that ends before that gives it back (ARCHITECTURE 20).
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from conformance.errors import ConformanceError
from conformance.output.files import refuse_links
from conformance.output.shell import quoted
from conformance.providers import load_provider
from conformance.results.run_file import START
from conformance.runner.options import Options


class OutputError(ConformanceError):
    """A place where no run file may be written, and why."""


def ledger_of(run_file: Path) -> Path:
    """Return where the ledger of a run is while the run is not complete."""
    return run_file.with_name(f"{run_file.name}.ledger")


def default_output(providers: Iterable[str]) -> Path:
    """Return the file of a run of some providers, which no other run has."""
    names = "+".join(Path(provider).name.removesuffix(".toml") for provider in providers)
    return Path("reports") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}-{names}.jsonl"


def how_to_resume(run_file: Path, option: str | None) -> str:
    """Say how to resume a run; where `option` named its file, another one has to be named."""
    another = f" and another {option}" if option else ""
    return f"continue with --resume {quoted(str(run_file))}{another}"


def is_being_written(run_file: Path) -> bool:
    """Return whether a run is writing to a file."""
    if not run_file.name:  # the current folder: what an empty shell variable names
        return False
    lock = _lock_of(run_file)
    if not lock.exists():
        return False
    try:
        FileLock(lock).acquire(timeout=0).lock.release()
    except Timeout:
        return True
    except OSError:
        return False
    return False


def _lock_of(run_file: Path) -> Path:
    return run_file.with_name(f".{run_file.name}.lock")


def check_output(path: Path, options: Options | None = None) -> None:
    """Refuse a place where something would be lost, or nothing kept; changes nothing there.

    Raises `OutputError` for what the run reads, for what is no run file and for what is no file.
    """
    for description, file in _read_by(options) if options else ():
        try:
            is_same = path.samefile(file)
        except OSError:  # one of them is not there
            is_same = os.path.realpath(path) == os.path.realpath(file)
        if is_same:
            raise OutputError(f"{path}: is {description}; name another file with --output")
    refuse_links(path)
    try:
        if path.exists():
            _check_replaceable(path)
        # found out before a request is paid for whose findings could not be kept
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise _cannot_be_written(path, error) from None


def _check_replaceable(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device removed
        raise _not_regular(path)
    with path.open("r+b") as file:
        start = file.read(len(START))
    if not START.startswith(start):
        raise OutputError(f"{path}: is there, and is no run file; name another with --output")


def _not_regular(path: Path) -> OutputError:
    return OutputError(f"{path}: is no regular file; name one with --output")


def _cannot_be_written(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror}; choose another with --output")


def _read_by(options: Options) -> Iterator[tuple[str, Path]]:
    if options.resume is not None:
        yield "the run to resume", options.resume
    if options.baseline is not None:
        yield "the run of --baseline", options.baseline
        nights = options.baseline.glob("*.jsonl") if options.baseline.is_dir() else ()
        yield from (("a run of --baseline", night) for night in nights)
    for name in options.providers:
        provider = load_provider(name)
        yield f"the file of provider {provider.id!r}", Path(provider.file)


class OutputFile:
    """The place of a new run file, and what stood there before."""

    def __init__(self, path: Path) -> None:
        if not path.name:
            raise _not_regular(path)
        self.path = path
        self.before = path.with_name(f"{path.name}.before")
        self._lock = FileLock(_lock_of(path))
        self._moved: list[tuple[Path, Path]] = []
        self._taken = False

    def __enter__(self) -> Self:
        """Keep other runs away: of two that share a file, each would spend the budget of both."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            why = "another run is writing to it; wait for it, or name another file with --output"
            raise OutputError(f"{self.path}: {why}") from None
        except OSError as error:
            raise _cannot_be_written(self.path, error) from None
        return self

    def __exit__(self, *_: object) -> None:
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

    def take(self) -> None:
        """Set aside the run that is there, with its ledger; raises `OutputError`."""
        refuse_links(self.path)
        ledger = ledger_of(self.path)
        if not _holds_something(self.path) and not _has_content(ledger):
            self._taken = True
            return
        if os.path.lexists(self.before):
            raise OutputError(
                f"{self.before}: is there, of a run that was cut off; move it, name another file "
                f"with --output, or {how_to_resume(self.before, '--output')}"
            )
        # without its ledger nobody knows what a run has sent
        moves = [(self.path, self.before), (ledger, ledger_of(self.before))]
        try:
            for source, target in moves:
                if source.exists():
                    source.rename(target)
                    self._moved.append((source, target))
        except OSError as error:
            self._restore()
            raise OutputError(f"{self.path}: cannot be set aside: {error.strerror}") from None
        self._taken = True

    def keep(self) -> None:
        """Delete the run before, unless it is not complete and was sent: its ledger is there."""
        if self._moved and not ledger_of(self.before).exists():
            self.before.unlink(missing_ok=True)
        self._moved = []

    def give_back(self) -> None:
        """Restore what was there after a run that kept nothing, unless it sent something."""
        if not self._taken or _has_content(ledger_of(self.path)):
            return
        self.path.unlink(missing_ok=True)
        ledger_of(self.path).unlink(missing_ok=True)
        self._restore()

    def _restore(self) -> None:
        for source, target in self._moved:
            target.rename(source)
        self._moved = []


def _holds_something(path: Path) -> bool:
    """Return whether a run file has anything after its header."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return len(list(islice(file, 2))) > 1


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
