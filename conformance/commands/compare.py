"""`image-conformance compare`: providers, editions or versions side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Rendering, RunFiles


def compare(
    runs: RunFiles,
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
    show_all: Annotated[
        bool, typer.Option("--all", help="Print rows that do not differ, too.")
    ] = False,
) -> None:
    """Set providers, editions or suite versions side by side, what differs first.

    Promises are compared by the id of their clause, over the cases that all runs judged. For
    one provider on two nights use drift.
    """
    from conformance.reports.comparison.compare import compare as set_side_by_side
    from conformance.reports.comparison.render import (
        comparison_csv,
        comparison_json,
        comparison_markdown,
        comparison_page,
        print_comparison,
    )
    from conformance.results.run_file import Run, read_run

    loaded: list[Run] = []
    writers = {
        "html": lambda comparison: comparison_page(comparison, loaded),
        "md": comparison_markdown,
        "json": comparison_json,
        "csv": comparison_csv,
    }
    rendering = Rendering(format_, output, writers)
    loaded += [read_run(path) for path in runs]
    comparison = set_side_by_side(loaded, incomplete)
    rendering.show(comparison, lambda result, console: print_comparison(result, console, show_all))
