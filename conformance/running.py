"""The `run` command: pytest underneath, a progress line and a table on top."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance.errors import ConformanceError
from conformance.exchange.limit_options import as_options
from conformance.providers import load_provider
from conformance.runs.file import read_run
from conformance.runs.session import Options, Session
from conformance.strict import printable

HOME = Path(__file__).parent
UNNEEDED = ("terminal", "cacheprovider", "logging", "doctest", "unittest", "pastebin", "warnings")


def run_promises(
    options: Options, replay: bool, output: Path | None, workers: str | None, quiet: bool
) -> int:
    """Run the suite; gives the exit code of `Conclusion`.

    Raises `ConformanceError` for every mistake that can be seen before a request is sent.
    """
    options = _with_mode(options, replay)
    run_file = output or _new_run_file(options)
    session = Session(options)
    session.check()
    session.close()
    _check_writable(run_file)
    progress = _Progress(Console(stderr=True), quiet)
    with progress:
        code = int(pytest.main(_arguments(options, run_file, workers), plugins=[progress]))
    if progress.stopped_by:
        sys.stderr.write(f"error: {printable(progress.stopped_by, 2000)}\n")
    if not run_file.stat().st_size:
        run_file.unlink()
        return 2
    _show(run_file, quiet)
    return code if code in (0, 1) else 2


def _with_mode(options: Options, replay: bool) -> Options:
    """Embedded providers are free and local, so they are live unless told otherwise."""
    if replay or options.live or options.record_mode is not None:
        return options
    return replace(options, live=all(load_provider(each).embedded for each in options.providers))


def _new_run_file(options: Options) -> Path:
    names = "+".join(Path(each).stem for each in options.providers)
    return Path("reports") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{names}.jsonl"


def _check_writable(path: Path) -> None:
    """Find out before a request is paid for that its findings could not be kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    except OSError as error:
        raise ConformanceError(
            f"{path}: cannot be written: {error.strerror}; choose another with --output"
        ) from None


def _arguments(options: Options, run_file: Path, workers: str | None) -> list[str]:
    arguments = [
        str(HOME / "test_promises.py"),
        f"--rootdir={Path.cwd()}",
        f"--confcutdir={HOME}",
        f"--config-file={HOME / 'promises.ini'}",
        "-p",
        "conformance.plugin",
        *(word for name in UNNEEDED for word in ("-p", f"no:{name}")),
        f"--run-file={run_file}",
        *(f"--provider={each}" for each in options.providers),
        f"--edition={options.edition}",
        f"--clauses={options.clauses}",
        f"--models={options.models}",
        f"--cases={options.cases}",
        f"--cassettes={options.cassettes}",
    ]
    arguments += as_options(options.limits)
    arguments += ["--live"] if options.live else []
    arguments += [f"--record-mode={options.record_mode}"] if options.record_mode else []
    arguments += [f"--base-url={options.base_url}"] if options.base_url else []
    return arguments + (["-n", workers] if workers else [])


def _show(run_file: Path, quiet: bool) -> None:
    if quiet:
        return
    from conformance.reports import print_runs

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nothing is sent any more
    print_runs([read_run(run_file)], Console())
    sys.stdout.write(f"run file: {run_file}\n")


class _Progress:
    """A line that says how far the run is; silent where nobody watches."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self.stopped_by: str | None = None
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal or bool(os.environ.get("CI")),
        )
        self._task = self._bar.add_task("collecting", total=None)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how much there is to do."""
        self._bar.update(self._task, total=len(session.items) or None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Move on by one finding."""
        if self._bar.disable:
            return
        values: dict[str, Any] = getattr(report, "finding", None) or {}
        name = f"{values.get('provider', '')} {values.get('model', '')}"
        self._bar.update(self._task, advance=1, description=name)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember why the run was stopped."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            self.stopped_by = "interrupted; the findings made so far are kept"
        else:
            self.stopped_by = str(getattr(excinfo.value, "msg", excinfo.value))

    def pytest_internalerror(self, excrepr: object) -> None:
        """Tell of a fault of the suite itself."""
        self.stopped_by = f"internal error: {str(excrepr).splitlines()[-1]}"
