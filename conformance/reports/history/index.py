"""The index of a folder of run files: a DuckDB database beside them, brought up to date when read.

It holds what every promise came to on every night, and nothing that the run files do not say:
it can be deleted at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from conformance.errors import ConformanceError
from conformance.findings import ACCEPTED_INSTEAD
from conformance.parsing import printable
from conformance.reports.history import statements
from conformance.results.baselines import run_files
from conformance.results.run_file import Run, RunFileError, read_run

if TYPE_CHECKING:
    import duckdb

NAME = "history.duckdb"
"""The index file, in the folder of the runs."""

_AT_ONCE = 200  # run files read by one statement
_AHEAD = timedelta(days=1)  # that clocks of machines may differ
_PATIENCE = 900.0  # seconds to wait for another process that brings the index up to date

_PATTERN = re.compile(r"[*?\[\]]")
_NO_PATTERN = "its name has one of * ? [ ] in it, which stand for other files; rename it"

Progress = Callable[[int, int], None]
"""Told how many run files were read, of how many."""


class HistoryError(ConformanceError):
    """A folder whose history cannot be told."""


@dataclass(slots=True)
class Index:
    """An open index that is up to date."""

    connection: duckdb.DuckDBPyConnection
    notes: list[str] = field(default_factory=list)

    def rows(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Ask for rows."""
        return self.connection.execute(statement, values or {}).fetchall()


def _silent(_done: int, _all: int) -> None:
    """Tell nobody."""


@contextmanager
def open_index(folder: Path, progress: Progress = _silent) -> Iterator[Index]:
    """Open the index of a folder, brought up to date, for this process alone.

    A missing, damaged or outdated index is built anew. Where none can be written, one is made
    in memory, which takes as long each time. Raises `HistoryError` for what is no folder, and
    when another process holds the index for too long.
    """
    if not folder.is_dir():
        raise HistoryError(f"{folder}: is no folder; name the one that holds the run files")
    for each in (folder / NAME, folder / f"{NAME}.lock"):
        if each.is_symlink():
            raise HistoryError(f"{each}: is a symbolic link; remove it, and it is made anew")
    if not _writable(folder):
        note = f"{folder} cannot be written, so the index is made anew each time."
        with _opened(None) as connection:
            yield _refreshed(connection, folder, progress, [note])
        return
    with _alone(folder), _kept(folder, progress) as index:
        yield index


def _writable(folder: Path) -> bool:
    """Whether the index and its lock can be there; by trying, since rights do not tell all."""
    try:
        (folder / f"{NAME}.lock").touch()
    except OSError:
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / f"{NAME}.lock", timeout=_PATIENCE)
    try:
        with lock:
            yield
    except Timeout:
        raise HistoryError(
            f"{folder}: another process has held its index for {_PATIENCE:.0f} s; end it, or "
            f"wait for it"
        ) from None


@contextmanager
def _kept(folder: Path, progress: Progress) -> Iterator[Index]:
    """Open the index beside the runs; if it cannot be read, build it anew."""
    import duckdb

    path = folder / NAME
    try:
        with _opened(path) as connection:
            yield _refreshed(connection, folder, progress, [])
        return
    except duckdb.Error as error:
        if "conflicting lock" in str(error).lower():
            raise HistoryError(f"{path}: another program has it open; close it") from None
    _remove(path)
    with _opened(path) as connection:
        note = "The index was damaged and has been built anew."
        yield _refreshed(connection, folder, progress, [note])


@contextmanager
def _opened(path: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = _connect(path)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path | None) -> duckdb.DuckDBPyConnection:
    """Connect, and make the tables where there are none of this version."""
    import duckdb

    connection = duckdb.connect(str(path or ":memory:"))
    try:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        if "meta" in tables:
            versions = connection.execute("SELECT version FROM meta").fetchall()
            if versions == [(statements.VERSION,)]:
                return connection
        if tables and path is not None:
            connection.close()
            _remove(path)
            connection = duckdb.connect(str(path))
        connection.execute(statements.TABLES)
        connection.execute("INSERT INTO meta VALUES (?, true)", [statements.VERSION])
    except duckdb.Error:
        connection.close()
        raise
    return connection


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)


def _refreshed(
    connection: duckdb.DuckDBPyConnection, folder: Path, progress: Progress, notes: list[str]
) -> Index:
    """Read what is new, and forget what is gone or has changed."""
    index = Index(connection, notes)
    there = {path.relative_to(folder).as_posix(): _stamp(path) for path in run_files(folder)}
    known = _known(index)
    gone = [path for path, stamp in known.items() if there.get(path) != stamp]
    ((settled,),) = index.rows("SELECT settled FROM meta")
    if settled and not gone and known.keys() == there.keys():
        return index
    since = _last_run(index) if settled else 0
    _execute(
        index, statements.UNSETTLE if settled else (*statements.START_AGAIN, *statements.UNSETTLE)
    )
    if gone:
        _execute(index, statements.FORGET, paths=gone)
    _read_all(index, folder, there, progress)
    _execute(index, ("BEGIN", *statements.SETTLE, "COMMIT"), since=since)
    return index


def _last_run(index: Index) -> int:
    ((number,),) = index.rows("SELECT coalesce(max(run), 0) FROM runs")
    return int(number)


def _read_all(
    index: Index, folder: Path, there: dict[str, tuple[int, int]], progress: Progress
) -> None:
    """Read the run files that are not known yet."""
    known = _known(index)
    fresh = [path for path in there if path not in known]
    for start in range(0, len(fresh), _AT_ONCE):
        some = fresh[start : start + _AT_ONCE]
        _read(index, folder, {path: there[path] for path in some})
        progress(start + len(some), len(fresh))


def _execute(index: Index, those: Iterable[str], **values: Any) -> None:
    """Execute statements, each with the values that it names."""
    for statement in those:
        mine = {name: value for name, value in values.items() if f"${name}" in statement}
        index.connection.execute(statement, mine)


def _known(index: Index) -> dict[str, tuple[int, int]]:
    return {path: (size, changed) for path, size, changed in index.rows(statements.KNOWN)}


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns


def _read(index: Index, folder: Path, files: dict[str, tuple[int, int]]) -> None:
    """Add some run files in one step; of those that cannot be read, the reason."""
    problems = _lines(index, folder, list(files))
    paths = list(files)
    about = {
        "paths": paths,
        "sizes": [files[path][0] for path in paths],
        "changes": [files[path][1] for path in paths],
        "problems": [problems.get(path) for path in paths],
    }
    index.connection.execute("BEGIN")
    index.connection.execute(statements.ADD_FILES, about)
    for statement in statements.ADD:
        index.connection.execute(statement)
    index.connection.execute(statements.COPIES)
    if index.rows(statements.ANY_COPIES):
        _execute(index, statements.LEAVE_OUT)
    index.connection.execute("COMMIT")


def _lines(index: Index, folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Read the lines of run files; gives the files that are none, with the reason.

    What looks wrong is judged by the reader of run files itself.
    """
    import duckdb

    problems = {path: _NO_PATTERN for path in files if _PATTERN.search(path)}
    plain = [path for path in files if path not in problems]
    try:
        suspects = _suspects(index, folder, plain)
    except duckdb.InvalidInputException:  # such as a line beyond all bounds, in one of them
        suspects = plain
        index.connection.execute(statements.NOTHING)
    problems |= _by_hand(index, folder, suspects)
    return _untimely(index) | problems


def _untimely(index: Index) -> dict[str, str]:
    """Give the runs that no night can be told of: no date, or one that is yet to come."""
    latest = datetime.now(UTC) + _AHEAD
    found = {}
    for path, started in index.rows(statements.STARTS):
        moment, shown = _moment(started), printable(started, 40)
        if moment is None:
            found[path] = f"it started on {shown!r}, which is no date; correct its first line"
        elif moment > latest:
            found[path] = f"it started on {shown}, which is yet to come; a clock was wrong"
    return found


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _suspects(index: Index, folder: Path, files: Sequence[str]) -> list[str]:
    values = {
        "files": [str(folder / path) for path in files],
        "columns": statements.COLUMNS,
        "start": len(str(folder / "x")),
    }
    if not files:
        index.connection.execute(statements.NOTHING)
        return []
    index.connection.execute(statements.READ, values)
    told = dict(index.rows(statements.SUSPECT))
    return [path for path in files if told.get(path, True)]


def _by_hand(index: Index, folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Read files with the reader of run files; gives those that are none, with the reason.

    It reads what DuckDB does not, such as half of a surrogate pair, and a file that was cut off.
    """
    problems = {}
    for path in files:
        index.connection.execute("DELETE FROM lines WHERE path = ?", [path])
        try:
            rows = list(_rows(path, read_run(folder / path)))
        except RunFileError as error:
            problems[path] = str(error)
        else:
            index.connection.executemany(statements.ADD_LINE, rows)
    return problems


def _rows(path: str, run: Run) -> Iterator[list[Any]]:
    """Give the lines of a run as the statement that adds them wants them."""
    head = run.header
    about = [head.id, head.tool, head.started, 1, None]
    yield _clean([path, "run", *about, *[None] * 7, False, False, head.edition.id, run.foreign])
    for each in run.findings:
        names = [each.provider, each.model, each.case, each.clause, each.level]
        instead = each.message == ACCEPTED_INSTEAD
        said = [each.verdict.value, each.control, each.excused, instead, None, None]
        yield _clean([path, "finding", *[None] * 5, *names, *said])
    if run.complete:
        yield [path, "end", *[None] * 4, True, *[None] * 7, False, False, None, None]


def _clean(row: list[Any]) -> list[Any]:
    """Write what is no Unicode as escapes."""
    return [
        each.encode("utf-8", "backslashreplace").decode() if isinstance(each, str) else each
        for each in row
    ]
