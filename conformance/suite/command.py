"""The `run` command: pytest underneath, a progress line and a table on top."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from rich.console import Console

from conformance.errors import ConformanceError
from conformance.exchange.transport.limit_options import as_options
from conformance.parsing import printable
from conformance.providers import load_provider
from conformance.results.run_file import Run, read_run
from conformance.runner.output_path import (
    Place,
    check_output,
    claimed,
    folder_of,
    holds_answers,
    named_after,
)
from conformance.runner.reachable import check_reachable
from conformance.runner.session import Options, Session
from conformance.suite.progress import Progressing

HOME = Path(__file__).parent
LIVE_WORKERS = "8"
"""Requests at once where nothing else is said; each waits for one."""

UNNEEDED = (
    "terminal", "cacheprovider", "logging", "doctest", "unittest", "pastebin", "warnings",
    "hypothesispytest", "anyio",
)  # fmt: skip


class WorkersError(ConformanceError):
    """A number of processes that is none."""


def read_workers(text: str | None) -> str | None:
    """Check a number of processes as pytest-xdist takes it; raises `WorkersError`."""
    if text is None or text in ("auto", "logical") or (text.isascii() and text.isdecimal()):
        return text
    raise WorkersError(
        f"--workers {text!r} is no number of processes; name one, 0 to use this process alone, "
        f"or auto"
    )


def run_promises(
    options: Options, replay: bool, output: Path | None, workers: str | None, quiet: bool
) -> int:
    """Run the suite; gives the exit code of `Conclusion`.

    Raises `ConformanceError` for every mistake that can be seen before a request is sent.
    """
    workers = read_workers(workers)
    options = _with_mode(options, replay)
    if output is not None:
        check_output(output, options)
    session = Session(options)
    session.check()
    session.check_affordable()
    check_reachable(session)
    with claimed(output, named_after(options.providers)) as run_file:
        return _run(session, run_file, workers, quiet)


def _run(session: Session, run_file: Path, workers: str | None, quiet: bool) -> int:
    options = session.options
    workers = workers or _default_workers(session)
    progress = Progressing(Console(stderr=True), quiet, _ledger_path(session, run_file, workers))
    progress.announce(session)
    session.close()
    before = Place(run_file).aside
    with progress:
        code = int(pytest.main(_arguments(options, run_file, workers), plugins=[progress]))
    if progress.stopped_by:
        sys.stderr.write(f"error: {printable(progress.stopped_by, 2000)}\n")
    _tell_what_is_kept(run_file, before, progress.judged)
    if not progress.judged:
        return 2
    run = read_run(run_file)
    _tell_what_is_missing(run, run_file, progress, options)
    _show(run_file, quiet)
    return code if code == 1 or (code == 0 and run.complete) else 2


def _tell_what_is_kept(run_file: Path, before: Path, judged: int) -> None:
    """Say where the run is that stood there before, and answers that no finding tells of."""
    if before.exists():
        sys.stderr.write(f"note: what {run_file} was before is kept as {before}\n")
    answers = 0 if judged else holds_answers(run_file)
    if answers:
        kept = "1 answer is kept" if answers == 1 else f"{answers} answers are kept"
        sys.stderr.write(f"note: {kept}; go on with --resume {run_file}\n")


def _tell_what_is_missing(
    run: Run, run_file: Path, progress: Progressing, options: Options
) -> None:
    """Say what is wrong with the run as a whole, and how it is gone on with."""
    for why in run.problems if run.interrupted or options.mode != "replay" else ():
        sys.stderr.write(f"error: {why}\n")
    if run.footer is not None and run.footer.left_out:
        several = f"{run.footer.left_out:,} promises"
        sys.stderr.write(
            f"error: {several} were left out by options of pytest or by a plugin; look at "
            f"PYTEST_ADDOPTS and PYTEST_PLUGINS, and select with --clauses, --models and --cases\n"
        )
    if options.live and not run.complete and (progress.interrupted or not progress.stopped_by):
        kept = "note: the run is not complete, the findings made so far are kept"
        sys.stderr.write(f"{kept}; go on with --resume {run_file}\n")


def _with_mode(options: Options, replay: bool) -> Options:
    """Embedded providers are free and local, so they are live unless told otherwise."""
    if replay or options.live or options.record_mode is not None:
        return options
    return replace(options, live=all(load_provider(each).embedded for each in options.providers))


def _default_workers(session: Session) -> str | None:
    """Several at once where an image takes long to come; the embedded provider is quick."""
    options = session.options
    embedded = all(each.embedded for each in session.providers) and options.base_url is None
    return LIVE_WORKERS if options.live and not embedded else None


def _ledger_path(session: Session, run_file: Path, workers: str | None) -> Path | None:
    """Where the processes of the run keep their ledger, if they share one."""
    billed = any(not each.prices.free for each in session.providers)
    shares = workers not in (None, "0") or billed or session.options.resume is not None
    sends = session.options.mode != "replay"
    return folder_of(run_file) / "ledger.sqlite" if sends and shares else None


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
    arguments += _terms(options)
    return arguments + (["-n", workers] if workers else [])


def _terms(options: Options) -> list[str]:
    """What a live run may spend, and which earlier runs it looks at."""
    budget = "unlimited" if options.budget == inf else options.budget
    terms = [f"--confirm={options.confirm}"]
    terms += [f"--budget={budget}"] if budget is not None else []
    terms += [f"--max-requests={options.max_requests}"] if options.max_requests is not None else []
    terms += [f"--strength={options.strength}"] if options.strength else []
    terms += [f"--depth={options.depth}"] if options.depth else []
    terms += ["--partial"] if options.partial else []
    terms += [f"--resume={options.resume}"] if options.resume else []
    return terms + ([f"--baseline={options.baseline}"] if options.baseline else [])


def _show(run_file: Path, quiet: bool) -> None:
    if quiet:
        return
    from conformance.reports import print_runs
    from conformance.reports.run_facts import run_facts
    from conformance.reports.wording import spent

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nothing is sent any more
    run = read_run(run_file)
    print_runs([run], Console())
    facts = run_facts(run)
    if facts.budget is not None or facts.spent:
        sys.stdout.write(f"{spent(facts)}\n")
    sys.stdout.write(f"run file: {run_file}\n")
