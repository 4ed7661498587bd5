"""`image-conformance drift`: what changed since the nights before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import end_with_the_pipe
from conformance.errors import UnknownNameError
from conformance.output.files import write_text

_FORMATS = ("terminal", "md", "json")


def drift(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="BASE... NEW",
            help="Run files, the new one last. A BASE may be a folder: its newest nights count.",
            show_default=False,
        ),
    ],
    format_: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="terminal, md or json.")
    ] = "terminal",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write as well, .md or .json. Repeatable.",
        ),
    ] = None,
    unconfirmed_too: Annotated[
        bool, typer.Option(help="Let a regression decide that was seen only once, live.")
    ] = False,
    nights: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many nights of a folder to compare with.")
    ] = 14,
) -> None:
    """Show what changed since last night: regressions, fixes, new information, noise.

    A regression is a promise that was kept and is broken, without a known deviation. It is
    confirmed if two repeats or more broke it again (run --confirm 3), or if the answer is the
    same each time (a cassette, the reference). Exit codes: 1 on a confirmed regression, 2
    if the new run decided too little, else 0. docs/drift.md explains the classes.
    """
    from conformance.reports.drift import drift as find_changes
    from conformance.reports.drift import drift_json, drift_markdown, print_drift
    from conformance.reports.nights import bases_of, format_of, split
    from conformance.results.run_file import read_run

    if format_ not in _FORMATS:
        raise UnknownNameError("format", format_, _FORMATS)
    writers = {"md": drift_markdown, "json": drift_json}
    formats = {path: format_of(path, writers) for path in output or []}
    end_with_the_pipe()
    places, newest = split(runs)
    new = read_run(newest)
    changes = find_changes(bases_of(places, new, nights), new)
    for path, name in formats.items():
        write_text(path, writers[name](changes, unconfirmed_too))
    if format_ == "terminal":
        print_drift(changes, Console(), unconfirmed_too)
    else:
        typer.echo(writers[format_](changes, unconfirmed_too), nl=False)
    raise typer.Exit(changes.exit_code(unconfirmed_too))
