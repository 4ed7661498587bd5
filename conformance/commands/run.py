"""`image-conformance run`: judge providers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Clauses, EditionName, LimitTexts, Models, Providers
from conformance.contract import DEFAULT_EDITION
from conformance.errors import ConformanceError, UnknownNameError


def run(
    provider: Providers = None,
    live: Annotated[
        bool, typer.Option("--live", help="Send real requests; may be billed.")
    ] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Answer from cassettes only.")] = False,
    record_mode: Annotated[
        str | None, typer.Option(help="none, once, new_episodes, all or rewrite.")
    ] = None,
    edition: EditionName = None,
    clauses: Clauses = "*",
    models: Models = "*",
    cases: Annotated[str, typer.Option(metavar="GLOB", help="Only these cases.")] = "*",
    base_url: Annotated[str | None, typer.Option(help="Another address of the provider.")] = None,
    cassettes: Annotated[Path, typer.Option(help="Where cassettes are.")] = Path("cassettes"),
    limit: LimitTexts = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run file to write.")
    ] = None,
    workers: Annotated[
        str | None, typer.Option("--workers", "-n", help="Processes to use (pytest-xdist).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Judge providers and write a run file; without options, the embedded reference provider."""
    from conformance.exchange.limit_options import read_limits
    from conformance.exchange.source import RecordMode
    from conformance.running import run_promises
    from conformance.runs.session import Options

    if live and (replay or record_mode):
        raise ConformanceError("--live goes with neither --replay nor --record-mode; choose one")
    if record_mode is not None and record_mode not in list(RecordMode):
        raise UnknownNameError("record mode", record_mode, [each.value for each in RecordMode])
    options = Options(
        providers=tuple(provider or ("reference",)),
        edition=edition or DEFAULT_EDITION,
        clauses=clauses,
        models=models,
        cases=cases,
        live=live,
        record_mode=RecordMode(record_mode) if record_mode else None,
        base_url=base_url,
        cassettes=cassettes,
        limits=read_limits(limit or ()),
    )
    raise typer.Exit(run_promises(options, replay, output, workers, quiet))
