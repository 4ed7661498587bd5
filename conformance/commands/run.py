"""`image-conformance run`: judge providers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from conformance.commands.options import Quiet, takes_options_of_run
from conformance.errors import ConformanceError
from conformance.runner.options import read_options


@takes_options_of_run
def run(
    *,
    replay: Annotated[bool, typer.Option("--replay", help="Answer from cassettes only.")] = False,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            "-n",
            metavar="N",
            help="Processes of a replay (pytest-xdist), or auto; 0 to use this process alone.",
        ),
    ] = None,
    quiet: Quiet = False,
    **values: Any,
) -> None:
    """Judge providers and write a run file; without options, the embedded reference provider.

    Exit codes: 0 nothing is newly broken, 1 something is, 2 it could not be judged.
    """
    from conformance.suite.command import run_promises

    values["providers"] = values["providers"] or ["reference"]
    options = read_options(values)
    if options.live and (replay or options.record_mode):
        raise ConformanceError("--live goes with neither --replay nor --record-mode; choose one")
    if options.resume is not None and (replay or options.record_mode):
        raise ConformanceError("--resume continues a live run; name neither --replay nor a mode")
    if options.resend and options.resume is None:
        raise ConformanceError("--resend sends again what a run lost; name it with --resume RUN")
    if options.strength is not None and not options.live:
        raise ConformanceError("--strength is for what is sent now; name --live as well")
    raise typer.Exit(run_promises(options, replay, workers, quiet))
