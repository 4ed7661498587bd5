"""`image-conformance history`: many nights as a timeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import Clauses, end_with_the_pipe
from conformance.errors import UnknownNameError
from conformance.output.files import write_text


def history(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="The folder of the run files; those below it count too."
        ),
    ],
    provider: Annotated[
        str, typer.Option("--provider", "-p", metavar="GLOB", help="Only these providers.")
    ] = "*",
    clauses: Clauses = "*",
    every: Annotated[
        bool, typer.Option("--all", help="Show promises too that never changed.")
    ] = False,
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
) -> None:
    """Show the nights of a folder: since when each verdict holds, and how often it was chance.

    A night is flaky for a promise if its repeats disagreed, or if it alone differs from the
    night before and the night after it.
    """
    from conformance.reports.history import (
        history as read_history,
    )
    from conformance.reports.history import (
        history_json,
        history_markdown,
        print_history,
    )
    from conformance.reports.nights import format_of

    writers = {"md": history_markdown, "json": history_json}
    if format_ not in ("terminal", *writers):
        raise UnknownNameError("format", format_, ("terminal", *writers))
    formats = {path: format_of(path, writers) for path in output or []}
    end_with_the_pipe()
    timelines = read_history(folder, provider, clauses, every)
    for path, name in formats.items():
        write_text(path, writers[name](timelines))
    if format_ == "terminal":
        print_history(timelines, Console(), every)
    else:
        typer.echo(writers[format_](timelines), nl=False)
