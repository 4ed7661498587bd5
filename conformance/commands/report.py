"""`image-conformance report`: render run files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from conformance.commands.options import RunFiles, end_with_the_pipe
from conformance.errors import ConformanceError, UnknownNameError
from conformance.output.files import write_text

if TYPE_CHECKING:
    from conformance.reports import Summary


def report(
    runs: RunFiles,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help="terminal, html, md, junit, json, csv or svg."
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (.html, .md, .xml, .json, .csv, .svg), or a folder for "
            "all of them and a badge for each provider and family. Repeatable.",
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="DIR",
            help="Folder with the run files of earlier nights: the page says since when.",
        ),
    ] = None,
    clients: Annotated[
        Path | None,
        typer.Option(
            "--clients",
            metavar="FILE.json",
            help="What clients made of answers, as `clients -o` recorded it.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table.")] = False,
) -> None:
    """Render run files: a table for the terminal; with --output, a page and other formats."""
    from dataclasses import replace

    from conformance.clients.impact import impact_of
    from conformance.clients.outcomes import RECORDED, merge_outcomes, read_outcomes
    from conformance.reports import FORMATS, print_runs, render, summarize
    from conformance.reports.history.timeline import with_history
    from conformance.results.run_file import read_run, refuse_run_file

    if format_ not in (None, *FORMATS, "terminal"):
        raise UnknownNameError("format", str(format_), (*FORMATS, "terminal"))
    formats = {path: _format_of(path, format_) for path in output or []}
    for path in formats:
        refuse_run_file(path)
    end_with_the_pipe()
    loaded = [read_run(path) for path in runs]
    summary = summarize(loaded)
    outcomes = read_outcomes(RECORDED)
    outcomes = merge_outcomes(outcomes, read_outcomes(clients)) if clients else outcomes
    summary = replace(summary, impact=impact_of(summary.merged.concluding, outcomes))
    if history is not None:
        summary = with_history(summary, history)
    messages = [_write(path, name, summary) for path, name in formats.items()]
    if format_ in (None, "terminal") and not quiet:
        print_runs(summary, Console())
    elif format_ in FORMATS and not formats:
        typer.echo(render(summary, str(format_)), nl=False)
    for message in messages:
        typer.echo(f"wrote {message}")


def _write(path: Path, format_: str | None, summary: Summary) -> str:
    """Write a file or a folder and return a message; a folder is rendered before it is written."""
    from conformance.reports import folder, render

    if format_ is not None:
        write_text(path, render(summary, format_))
        return str(path)
    files = folder(summary)
    for name, text in files.items():
        write_text(path / name, text, path)
    return f"{path / 'index.html'} (the page) and {len(files) - 1} other files beside it"


def _format_of(path: Path, format_option: str | None) -> str | None:
    """Return the format of a file; None for a folder, which gets all formats.

    Raises `ConformanceError` for a file whose suffix contradicts --format, or says no format.
    """
    from conformance.reports import FORMATS

    suffixes = {format_.suffix: name for name, format_ in FORMATS.items()}
    suffix_format = suffixes.get(path.suffix)
    if format_option not in (None, "terminal"):
        if suffix_format not in (None, format_option):
            raise ConformanceError(
                f"{path}: its name ends as {suffix_format} does, and --format says "
                f"{format_option}; leave --format out to write each file in the format of its name"
            )
        return format_option
    if path.is_dir() or not path.suffix:
        return None
    if suffix_format is None:
        known = ", ".join(suffixes)
        raise ConformanceError(
            f"{path}: name its format with --format, end it in one of {known}, "
            f"or name a folder to have them all"
        )
    return suffix_format
