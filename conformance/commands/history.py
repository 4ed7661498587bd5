"""`image-conformance history`: many nights as a timeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Clauses, Documents, FormatName, Rendering


def history(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="The folder of the run files; those below it count too."
        ),
    ],
    provider: Annotated[
        str,
        typer.Option(
            "--provider", "-p", metavar="GLOB", help="Only these providers; commas between several."
        ),
    ] = "*",
    clauses: Clauses = "*",
    show_all: Annotated[
        bool, typer.Option("--all", help="Show promises too that never changed.")
    ] = False,
    format_: FormatName = "terminal",
    output: Documents = None,
) -> None:
    """Show the nights of a folder: since when each verdict holds, and how often it was chance.

    A night is flaky for a promise if its repeats disagreed, or if it alone differs from the
    night before and the night after it.
    """
    from conformance.reports.history.render import history_json, history_markdown, print_history
    from conformance.reports.history.timeline import history as read_history

    rendering = Rendering(format_, output, {"md": history_markdown, "json": history_json})
    timelines = read_history(folder, provider, clauses, show_all)
    rendering.show(timelines, lambda result, console: print_history(result, console, show_all))
