"""`image-conformance prove`: every clause against every planted defect."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import EditionName, end_with_the_pipe
from conformance.contract import DEFAULT_EDITION
from conformance.errors import ConformanceError, UnknownNameError
from conformance.output.files import write_text
from conformance.output.globs import matches, unmatched


def prove(
    defect: Annotated[
        str,
        typer.Option(
            "--defect", metavar="GLOB", help="Only these defects; commas between several."
        ),
    ] = "*",
    edition: EditionName = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File to write: .json, .md or .html. Repeatable."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "-n", metavar="N", min=1, help="Processes to use.")
    ] = min(os.cpu_count() or 1, 8),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Prove that every clause detects a defect, and every defect is detected by its clauses only.

    Exit codes: 0 no hole, 1 holes, 2 could not be proven.
    """
    from conformance.contract import load_edition
    from conformance.proof.matrix import holes
    from conformance.proof.processes import prove as prove_all
    from conformance.proof.writing import WRITERS, print_proof, progress_bar
    from conformance.reference.defects import defects
    from conformance.results.run_file import refuse_run_file

    unknown_formats = [path for path in output or [] if path.suffix not in WRITERS]
    if unknown_formats:
        raise ConformanceError(f"{unknown_formats[0]}: end its name in {', '.join(WRITERS)}")
    for path in output or []:
        refuse_run_file(path)
    contract = load_edition(edition or DEFAULT_EDITION)
    known = defects(contract)
    if (stray := unmatched(defect, known)) is not None:
        raise UnknownNameError("defect", stray, known)
    names = [name for name in known if matches(name, defect)]
    with progress_bar(Console(stderr=True), len(names), quiet) as advance:
        matrix = prove_all(contract, names, workers, advance)
    end_with_the_pipe()
    for path in output or []:
        write_text(path, WRITERS[path.suffix](matrix))
    print_proof(Console(), matrix)
    raise typer.Exit(1 if holes(matrix) else 0)
