"""`image-conformance compare`: providers, editions or versions side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import end_with_the_pipe
from conformance.errors import UnknownNameError
from conformance.output.files import write_text


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run files.", show_default=False)
    ],
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help="terminal, html, md, json or csv."),
    ] = "terminal",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write as well: .html, .md, .json or .csv.",
        ),
    ] = None,
    incomplete: Annotated[bool, typer.Option(help="Compare incomplete runs too.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Print rows that do not differ, too.")
    ] = False,
) -> None:
    """Set providers, editions or suite versions side by side, what differs first.

    Promises are compared by the id of their clause, over the cases that all runs judged. For
    one provider on two nights use drift.
    """
    from conformance.reports.comparison import (
        compare as set_side_by_side,
    )
    from conformance.reports.comparison import (
        comparison_csv,
        comparison_json,
        comparison_markdown,
        comparison_page,
        print_comparison,
    )
    from conformance.reports.nights import format_of
    from conformance.results.run_file import Run, read_run

    loaded: list[Run] = []
    writers = {
        "html": lambda comparison: comparison_page(comparison, loaded),
        "md": comparison_markdown,
        "json": comparison_json,
        "csv": comparison_csv,
    }
    if format_ not in ("terminal", *writers):
        raise UnknownNameError("format", format_, ("terminal", *writers))
    formats = {path: format_of(path, writers) for path in output or []}
    end_with_the_pipe()
    loaded += [read_run(path) for path in runs]
    comparison = set_side_by_side(loaded, incomplete)
    for path, name in formats.items():
        write_text(path, writers[name](comparison))
    if format_ == "terminal":
        print_comparison(comparison, Console(), every)
    else:
        typer.echo(writers[format_](comparison), nl=False)
