"""`image-conformance judge`: judge what others recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Clauses, EditionName
from conformance.contract import DEFAULT_EDITION


def judge(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="VCR.py or Ruby VCR cassettes, HAR, or JSON lines; folders and patterns too.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run file to write.")
    ] = None,
    edition: EditionName = None,
    clauses: Clauses = "*",
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=NAME",
            help="What the provider calls a model of the edition. Repeatable.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No tables.")] = False,
) -> None:
    """Judge the image exchanges in recordings of other tools; nothing is sent.

    Exit codes: 0 no MUST is broken, 1 one is, 2 nothing could be decided, or not all be read.
    """
    from conformance.clauses import clauses_of, select
    from conformance.contract import load_edition
    from conformance.foreign import judge_files
    from conformance.foreign.naming import read_names
    from conformance.foreign.showing import show
    from conformance.runs.placing import claimed

    loaded = load_edition(edition or DEFAULT_EDITION)
    chosen = select(clauses_of(loaded), clauses)
    names = read_names(model or [], loaded)
    with claimed(output, "judge") as run_file:
        report = judge_files(files, loaded, run_file, chosen, names)
        show(report, quiet)
    raise typer.Exit(int(report.conclusion))
