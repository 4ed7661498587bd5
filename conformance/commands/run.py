"""`image-conformance run`: judge providers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import (
    BaseURL,
    Cases,
    Clauses,
    DepthName,
    EditionName,
    LimitTexts,
    Models,
    Plugins,
    Providers,
    Quiet,
    Requests,
    RunFile,
)
from conformance.errors import ConformanceError, UnknownNameError


def run(
    provider: Providers = None,
    live: Annotated[
        bool, typer.Option("--live", help="Send real requests; may be billed.")
    ] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Answer from cassettes only.")] = False,
    record_mode: Annotated[
        str | None, typer.Option(metavar="MODE", help="none, once, new_episodes, all or rewrite.")
    ] = None,
    edition: EditionName = None,
    clauses: Clauses = "*",
    plugin: Plugins = None,
    requests: Requests = None,
    models: Models = "*",
    cases: Cases = "*",
    base_url: BaseURL = None,
    cassettes: Annotated[Path, typer.Option(metavar="FOLDER", help="Where cassettes are.")] = Path(
        "cassettes"
    ),
    limit: LimitTexts = None,
    output: RunFile = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            "-n",
            metavar="N",
            help="Processes of a replay (pytest-xdist), or auto; 0 to use this process alone.",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=100, help="Requests at once with --live; 8."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="USD", help="Spend no more; or unlimited. A paid provider needs it."),
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Send no more requests.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Start a plan over budget, and stop at the budget.")
    ] = False,
    strength: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=3, help="Send combinations of 1, 2 or 3 parameters as well."
        ),
    ] = None,
    depth: DepthName = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with the run of this run file.")
    ] = None,
    resend: Annotated[
        bool,
        typer.Option(
            "--resend", help="With --resume: send again what may be billed and has no answer."
        ),
    ] = False,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Run file of the last good run, or a folder of them."),
    ] = None,
    confirm: Annotated[
        int, typer.Option(metavar="N", min=0, help="Repeat what is worse than --baseline.")
    ] = 3,
    quiet: Quiet = False,
) -> None:
    """Judge providers and write a run file; without options, the embedded reference provider."""
    from conformance.exchange.source import RecordMode
    from conformance.exchange.transport.limit_options import read_limits
    from conformance.live.budget import read_budget
    from conformance.runner.session import Options
    from conformance.suite.command import run_promises

    if live and (replay or record_mode):
        raise ConformanceError("--live goes with neither --replay nor --record-mode; choose one")
    if resume is not None and (replay or record_mode):
        raise ConformanceError("--resume continues a live run; name neither --replay nor a mode")
    if strength is not None and not live:
        raise ConformanceError("--strength is for what is sent now; name --live as well")
    if record_mode is not None and record_mode not in list(RecordMode):
        raise UnknownNameError("record mode", record_mode, [each.value for each in RecordMode])
    options = Options(
        providers=tuple(provider or ("reference",)),
        edition=edition,
        clauses=clauses,
        plugins=tuple(plugin or ()),
        requests=requests,
        models=models,
        cases=cases,
        live=live,
        record_mode=RecordMode(record_mode) if record_mode else None,
        base_url=base_url,
        cassettes=cassettes,
        limits=read_limits(limit or ()),
        budget=None if budget is None else read_budget(budget),
        max_requests=max_requests,
        partial=partial,
        strength=strength,
        depth=depth,
        output=output,
        resume=resume,
        resend=resend,
        concurrency=concurrency,
        baseline=baseline,
        confirm=confirm,
    )
    raise typer.Exit(run_promises(options, replay, workers, quiet))
