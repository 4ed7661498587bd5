"""Where a run file goes: never over what it is made from, nor over a run before it has begun.

What is there already is set aside beside it, and let go when the first finding of the new run
stands. A run that ends before that gives it back.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from conformance.errors import ConformanceError
from conformance.output.files import refuse_links
from conformance.providers import load_provider
from conformance.runner.underway import await_answers

if TYPE_CHECKING:
    from conformance.runner.session import Options

_START = b'{"type":"run"'


class OutputError(ConformanceError):
    """A place where no run file may be written, and why."""


def folder_of(run_file: Path) -> Path:
    """Where the processes of a run share what they know: beside its run file."""
    return run_file.with_name(run_file.name + ".live")


def lock_of(run_file: Path) -> Path:
    """Which file the process that writes a run file holds."""
    return run_file.with_name(f".{run_file.name}.lock")


def check_output(path: Path, options: Options | None = None) -> None:
    """Refuse a place where something would be lost, or nothing kept; changes nothing there.

    Raises `OutputError` for what the run reads, for what is no run file and for what is no file.
    """
    for what, each in _read_by(options) if options else ():
        if _same_file(path, each):
            raise OutputError(f"{path}: is {what}; name another file with --output")
    refuse_links(path)
    try:
        _check_kind(path)
        _check_writable(path)
    except OSError as error:
        raise _cannot_be_written(path, error) from None


@contextmanager
def claimed(path: Path | None, name: str) -> Iterator[Path]:
    """Give the place of a run file: what was named, or a new file in ``reports``.

    A new one is this process's own, and is removed where nothing was written into it. Raises
    `OutputError` where none can be made, or while another run writes to it.
    """
    found = path or _new_run_file(Path("reports"), name)
    try:
        with _alone(found):
            yield found
    finally:
        if path is None and found.exists() and not found.stat().st_size:
            found.unlink()


def named_after(providers: Iterable[str]) -> str:
    """Give the name of a run of some providers, which are names or paths of files."""
    return "+".join(Path(each).stem for each in providers)


@contextmanager
def _alone(run_file: Path) -> Iterator[None]:
    """Hold a run file: of two runs that share one, each would spend the budget of both."""
    lock = FileLock(lock_of(run_file))
    try:
        run_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        why = "another run is writing to it; wait for it, or name another file with --output"
        raise OutputError(f"{run_file}: {why}") from None
    except OSError as error:
        raise _cannot_be_written(run_file, error) from None
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _new_run_file(folder: Path, name: str) -> Path:
    """Make an empty file that nobody else has: two runs may start within one second."""
    stem = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{name}"
    path = folder / f"{stem}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder / f"{stem}{'' if n == 1 else f'-{n}'}.jsonl" for n in count(1)):
            with suppress(FileExistsError):
                path.open("x").close()
                break
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    return path


def _cannot_be_written(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror}; choose another with --output")


def _read_by(options: Options) -> Iterator[tuple[str, Path]]:
    if options.resume is not None:
        yield "the run to go on with", options.resume
    if options.baseline is not None:
        yield "the run of --baseline", options.baseline
        nights = options.baseline.glob("*.jsonl") if options.baseline.is_dir() else ()
        yield from (("a run of --baseline", each) for each in nights)
    for each in options.providers:
        provider = load_provider(each)
        yield f"the file of provider {provider.id!r}", Path(provider.file)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return os.path.realpath(one) == os.path.realpath(other)


def _check_kind(path: Path) -> None:
    if not path.exists():
        return
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device removed
        raise OutputError(f"{path}: is no regular file; name one with --output")
    with path.open("rb") as file:
        start = file.read(len(_START))
    if not _START.startswith(start):
        raise OutputError(f"{path}: is there, and is no run file; name another with --output")


def _check_writable(path: Path) -> None:
    """Find out before a request is paid for that its findings could not be kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.open("r+b").close()
    tempfile.TemporaryFile(dir=path.parent).close()


class Place:
    """The place of a new run file, and what stood there before."""

    def __init__(self, path: Path) -> None:
        """Look where the run that is there would be set aside; moves nothing."""
        self.path = path
        names = (f"{path.name}.before{'' if n == 1 else f'-{n}'}" for n in count(1))
        self.aside = next(each for each in map(path.with_name, names) if _is_free(each))
        self._moved: list[tuple[Path, Path]] = []

    def take(self) -> None:
        """Set aside the run that is there and its answers; raises `OutputError`.

        What is still under way there has to come first, or it would come to the new run.
        """
        refuse_links(self.path)
        await_answers(folder_of(self.path), self.path)
        moves = [(self.path, self.aside)]
        if holds_answers(self.path):
            moves.append((folder_of(self.path), folder_of(self.aside)))
        elif not _holds_something(self.path):
            return
        try:
            for here, there in moves:
                if here.exists():
                    here.rename(there)
                    self._moved.append((here, there))
        except OSError as error:
            self.give_back()
            raise OutputError(f"{self.path}: cannot be set aside: {error.strerror}") from None

    def keep(self) -> None:
        """Let go of the run before, unless answers are beside it that nobody has written yet."""
        if self._moved and not holds_answers(self.aside):
            self.aside.unlink(missing_ok=True)
            shutil.rmtree(folder_of(self.aside), ignore_errors=True)
        self._moved = []

    def give_back(self) -> None:
        """Undo it after a run that judged nothing; a run with answers beside it stays."""
        if holds_answers(self.path):
            return
        self.path.unlink(missing_ok=True)
        shutil.rmtree(folder_of(self.path), ignore_errors=True)
        for here, there in self._moved:
            there.rename(here)
        self._moved = []


def holds_answers(run_file: Path) -> int:
    """Count the cases whose answers stand beside a run file, written into it or not."""
    return sum(1 for _ in folder_of(run_file).glob("*/*.json"))


def _holds_something(path: Path) -> bool:
    """Whether a run file has anything after its header."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return len(list(islice(file, 2))) > 1


def _is_free(path: Path) -> bool:
    return not os.path.lexists(path) and not os.path.lexists(folder_of(path))
