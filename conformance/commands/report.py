"""`image-conformance report`: render run files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import end_with_the_pipe, write_text
from conformance.errors import ConformanceError, UnknownNameError


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run files.", show_default=False)],
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="terminal, md or junit.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="File to write, .md or .xml. Repeatable."),
    ] = None,
) -> None:
    """Render run files: a table for the terminal, Markdown or JUnit; with files, both."""
    from conformance.reports import FORMATS, print_runs, render
    from conformance.runs.file import read_run

    if format_ not in (None, *FORMATS, "terminal"):
        raise UnknownNameError("format", str(format_), (*FORMATS, "terminal"))
    formats = {path: format_ or _format_of(path) for path in output or []}
    end_with_the_pipe()
    loaded = [read_run(path) for path in runs]
    for path, name in formats.items():
        write_text(path, render(loaded, name))
    if format_ in (None, "terminal"):
        print_runs(loaded, Console())
    elif not formats:
        typer.echo(render(loaded, format_), nl=False)


def _format_of(path: Path) -> str:
    found = {".md": "md", ".xml": "junit"}.get(path.suffix)
    if found is None:
        raise ConformanceError(f"{path}: name its format with --format, or end it in .md or .xml")
    return found
