"""The `run` command: pytest underneath, a line that says how far it is, and a table on top."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance.errors import ConformanceError
from conformance.output.counting import dollars
from conformance.output.printing import printable
from conformance.plugin import ONE_PROCESS, SessionPlugin
from conformance.providers import load_provider
from conformance.results.run_file import Run, read_run
from conformance.runner.options import Options
from conformance.runner.output_path import OutputFile, default_output, how_to_resume, ledger_of
from conformance.runner.session import Session

_EVERY = 1.0  # seconds between two looks into the ledger


class Progressing:
    """A line that says how far the run is; silent where nobody watches."""

    def __init__(self, console: Console, quiet: bool, session: Session) -> None:
        self.stopped_by: str | None = None
        self.interrupted = False  # by the user, who did not wait for what was under way
        self.judged = 0  # findings
        self.announced: str | None = None  # the problem that was known before the run
        self._console = console
        self._quiet = quiet
        self._session = session
        self._sends = session.options.sends
        self._budget = ""
        self._looked = 0.0
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[money]}", markup=False),
            console=console,
            transient=True,
            # a line that is drawn again and again would fill the log of a CI runner
            disable=quiet or not console.is_terminal or bool(os.environ.get("CI")),
        )
        self._task = self._bar.add_task("collecting", total=None, money="")

    def __enter__(self) -> Progressing:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def announce(self) -> None:
        """Say what the run will cost, where it costs anything, before it starts."""
        session = self._session
        self.announced = session.lost_answers()
        if self.announced is not None:
            self._console.print(f"note: {self.announced}", markup=False, soft_wrap=True)
        options = session.options
        estimate = session.cost_estimate if options.live else None
        said = ""
        if options.budget is not None and options.budget < float("inf"):
            self._budget = f" of {options.budget:.2f}"
            said = f"; the budget is {dollars(options.budget)}"
        if (
            estimate is not None
            and not self._quiet
            and (estimate.usd or options.budget is not None)
        ):
            self._console.print(f"{estimate}{said}", markup=False, soft_wrap=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how much there is to do."""
        self._bar.update(self._task, total=len(session.items) or None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn the same from a worker."""
        self._bar.update(self._task, total=len(ids) or None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Move on by one finding."""
        values: dict[str, Any] = getattr(report, "finding", None) or {}
        self.judged += bool(values)
        if self._bar.disable:
            return
        name = f"{values.get('provider', '')} {values.get('model', '')}"
        self._bar.update(self._task, advance=1, description=name, money=self._money())

    @pytest.hookimpl(wrapper=True)
    def pytest_cmdline_main(self) -> Generator[None, object, object]:
        """Leave a mistake to the command, which says it in its own form."""
        try:
            return (yield)
        except pytest.UsageError as error:
            self.stopped_by = str(error)
            return pytest.ExitCode.USAGE_ERROR

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember why the run was stopped."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            self.interrupted = True
            kept = "; the findings made so far are kept" if self.judged else ", nothing was judged"
            self.stopped_by = f"interrupted{kept}"
        else:
            self.stopped_by = str(getattr(excinfo.value, "msg", excinfo.value))

    def pytest_internalerror(self, excrepr: object) -> None:
        """Remember a fault of the suite itself."""
        self.stopped_by = f"internal error: {str(excrepr).splitlines()[-1]}"

    def _money(self) -> str:
        """Return what is spent, and of how much; looked up now and then."""
        previous = str(self._bar.tasks[0].fields["money"])
        if not self._sends or time.monotonic() - self._looked < _EVERY:
            return previous
        self._looked = time.monotonic()
        spent = self._session.live.ledger.spent()
        return f"{spent.counted:.2f}{self._budget} USD, {spent.requests} requests"


HOME = Path(__file__).parent

# plugins of pytest that have nothing to do here, and would be called for each of thousands of items
UNNEEDED = (
    "terminal", "cacheprovider", "logging", "doctest", "unittest", "pastebin", "warnings",
    "hypothesispytest", "anyio",
)  # fmt: skip


class WorkersError(ConformanceError):
    """A number of processes that pytest-xdist does not take."""


def read_workers(text: str | None) -> str | None:
    """Check a number of processes as pytest-xdist takes it; raises `WorkersError`."""
    if text is None or text in ("auto", "logical") or (text.isascii() and text.isdecimal()):
        return text
    raise WorkersError(
        f"--workers {text!r} is no number of processes; name one, 0 to use this process alone, "
        f"or auto"
    )


def run_promises(options: Options, replay: bool, workers: str | None, quiet: bool) -> int:
    """Run the suite; returns the exit code of `Conclusion`.

    Raises `ConformanceError` for every mistake that can be seen before a request is sent.
    """
    workers = read_workers(workers)
    if not (replay or options.live or options.record_mode):
        # embedded providers are free and local, so they are live unless told otherwise
        embedded = all(load_provider(name).embedded for name in options.providers)
        options = replace(options, live=embedded)
    if workers not in (None, "0") and options.sends:
        raise ConformanceError(f"--workers {workers}: {ONE_PROCESS}")
    named_by = "--output" if options.output is not None else None
    if options.output is None:
        options = replace(options, output=default_output(options.names))
    with closing(Session(options)) as session:
        session.check()
        return _run(session, workers, quiet, named_by)


def _run(session: Session, workers: str | None, quiet: bool, named_by: str | None) -> int:
    """Run pytest; `named_by` is the option that named the run file, if any did."""
    options, run_file = session.options, session.options.output
    if run_file is None:
        raise AssertionError("a run of the command has a run file")
    progress = Progressing(Console(stderr=True), quiet, session)
    progress.announce()
    plugins = [progress, SessionPlugin(session)]
    with progress:
        code = int(pytest.main(_arguments(workers), plugins=plugins))
    if progress.stopped_by:
        sys.stderr.write(f"error: {printable(progress.stopped_by, 2000)}\n")
    before = OutputFile(run_file).before
    if progress.judged and before.exists():  # else nothing was set aside
        sys.stderr.write(f"note: what {run_file} was before is kept as {before}\n")
    if not progress.judged:
        if ledger_of(run_file).exists():
            sys.stderr.write(f"note: what was sent is kept; {how_to_resume(run_file, named_by)}\n")
        return 2
    run = read_run(run_file)
    how = how_to_resume(run_file, named_by)
    # who sees the table reads there what is wrong with the run as a whole
    _report_what_is_missing(run, progress, options, how, quiet or not sys.stdout.isatty())
    _show(run_file, quiet)
    # all other codes of pytest say that the run was not made as it was asked for
    return code if code == 1 or (code == 0 and run.complete) else 2


def _report_what_is_missing(
    run: Run, progress: Progressing, options: Options, how: str, with_problems: bool
) -> None:
    """Say what is wrong with the run as a whole, and how to resume it."""
    for why in run.problems if with_problems and (run.interrupted or options.sends) else ():
        if why != progress.announced:
            sys.stderr.write(f"error: {why}\n")
    if run.footer is not None and run.footer.left_out:
        several = f"{run.footer.left_out:,} promises"
        sys.stderr.write(
            f"error: {several} were left out by options of pytest or by a plugin; look at "
            f"PYTEST_ADDOPTS and PYTEST_PLUGINS, and select with --clauses, --models and --cases\n"
        )
    if options.live and not run.complete:
        kept = "note: the run is not complete, the findings made so far are kept"
        sys.stderr.write(f"{kept}; {how}\n")


def _arguments(workers: str | None) -> list[str]:
    return [
        str(HOME / "test_promises.py"),
        f"--rootdir={Path.cwd()}",
        f"--confcutdir={HOME}",
        f"--config-file={HOME / 'promises.ini'}",
        "--assert=plain",  # no module of ours asserts, and rewriting reads what all plugins have
        "-p",
        "conformance.plugin",
        *(word for name in UNNEEDED for word in ("-p", f"no:{name}")),
        *(["-n", workers] if workers else []),
    ]


def _show(run_file: Path, quiet: bool) -> None:
    if quiet:
        return
    from conformance.reports import print_runs
    from conformance.reports.costs import run_facts
    from conformance.reports.wording import spent

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nothing is sent any more
    run = read_run(run_file)
    print_runs([run], Console())
    facts = run_facts(run)
    if facts.budget is not None or facts.spent:
        sys.stdout.write(f"{spent(facts)}\n")
    sys.stdout.write(f"run file: {run_file}\n")
