"""What was judged so far, shared by the processes of one run: each case is sent by one of them.

A file a case, on the disk before anybody hears of it, so that what was paid for survives the
process that paid. The file lock of a process that dies is free again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from conformance.errors import ConformanceError
from conformance.parsing import load_json
from conformance.results.case_result import Judged, judged_from_json, judged_to_json

Make = Callable[[], Judged]


class SpoolError(ConformanceError):
    """A folder in which the processes of a run cannot share what they judged."""


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, unless it is there; raises `SpoolError`."""
    if folder.is_symlink():
        raise SpoolError(
            f"{folder}: is a symbolic link, and nothing is kept through one; remove it"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SpoolError(f"{folder}: cannot be made: {error.strerror}") from None


class Spool:
    """One folder of judged cases of one provider."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)

    def once(self, case: str, make: Make, patience: float = -1) -> Judged | None:
        """Give what a case was judged to be, by making it unless some process has made it.

        While another process makes it this one waits, at most `patience` seconds where that is
        not negative; None when that was not enough.
        """
        found = self.get(case)
        if found is not None:
            return found
        try:
            with self._locked(case, patience):
                return self.get(case) or self.put(case, make())
        except Timeout:
            return None

    def get(self, case: str) -> Judged | None:
        """Give what is known of a case; what is damaged is as if it were not there."""
        try:
            return judged_from_json(dict(load_json(self._path(case).read_bytes())))
        except FileNotFoundError:
            return None
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def put(self, case: str, judged: Judged) -> Judged:
        """Keep a case, whole and on the disk, and give it back."""
        path = self._path(case)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            with part.open("w", encoding="utf-8") as file:
                json.dump({"case": case, **judged_to_json(judged)}, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise SpoolError(f"{path}: cannot be written: {error.strerror}") from None
        return judged

    def note(self, case: str, values: Mapping[str, Any]) -> None:
        """Record what a request came to for the other processes, before it is judged."""
        path = self._path(case).with_suffix(".came")
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_text(json.dumps(values), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise SpoolError(f"{path}: cannot be written: {error.strerror}") from None

    def noted(self, case: str) -> Any:
        """Return what was noted of a case; None where nothing was, or not whole."""
        try:
            return load_json(self._path(case).with_suffix(".came").read_bytes())
        except (OSError, ValueError):
            return None

    def everything(self) -> Iterator[tuple[str, Judged]]:
        """Give every case that is whole, by its path."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                values = dict(load_json(path.read_bytes()))
                yield str(values.pop("case")), judged_from_json(values)
            except (OSError, KeyError, TypeError, ValueError):
                continue

    @contextmanager
    def _locked(self, case: str, patience: float) -> Iterator[None]:
        lock = FileLock(self._path(case).with_suffix(".lock"), timeout=patience, poll_interval=0.02)
        try:
            lock.acquire()
        except Timeout:
            raise
        except OSError as error:
            raise SpoolError(f"{lock.lock_file}: cannot be locked: {error.strerror}") from None
        try:
            yield
        finally:
            lock.release()

    def _path(self, case: str) -> Path:
        return self._folder / f"{hashlib.sha256(case.encode()).hexdigest()[:24]}.json"
