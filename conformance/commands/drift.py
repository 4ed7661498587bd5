"""`image-conformance drift`: what changed since the nights before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Documents, FormatName, Rendering


def drift(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="BASE... NEW",
            help="Run files, the new one last. A BASE may be a folder: its newest nights count.",
            show_default=False,
        ),
    ],
    format_: FormatName = "terminal",
    output: Documents = None,
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
    from conformance.reports.drift.drift import drift as find_changes
    from conformance.reports.drift.render import drift_json, drift_markdown, print_drift
    from conformance.results.baselines import read_bases_and_new

    rendering = Rendering(format_, output, {"md": drift_markdown, "json": drift_json})
    bases, new = read_bases_and_new(runs, nights)
    changes = find_changes(bases, new, unconfirmed_too)
    rendering.show(changes, print_drift)
    raise typer.Exit(changes.exit_code)
