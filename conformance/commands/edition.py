"""`image-conformance edition new` and `edition check`: how an edition is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import end_with_the_pipe

app = typer.Typer(no_args_is_help=True, help="Make an edition, and check one.")


@app.command()
def new(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The edition to begin with, by its id or folder.")
    ],
    folder: Annotated[
        str, typer.Argument(metavar="NEW", help="The folder to write; its name is the new id.")
    ],
) -> None:
    """Copy an edition under an id of its own; nothing that is there is overwritten."""
    from conformance.editions.creating import new_edition
    from conformance.output.shell import quoted

    edition, quoted_folder = new_edition(old, folder), quoted(folder)
    typer.echo(
        f"wrote {edition.folder}: edition {edition.id}, which loads; change it, look at it with "
        f"`image-conformance edition check {quoted_folder}`, and use it with "
        f"--edition {quoted_folder}"
    )


@app.command()
def check(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="An edition by its folder or id.")
    ],
    document: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An OpenAPI document, JSON or YAML, to hold it against."),
    ] = None,
) -> None:
    """Check schemas, citations, promises and examples; list what --document says otherwise.

    Exit codes: 0 nothing is wrong, 1 something is, or the document differs, 2 one of them could
    not be read.
    """
    from conformance.editions.checking import check_edition, print_checked

    end_with_the_pipe()
    checked = check_edition(folder, document)
    print_checked(checked, Console())
    raise typer.Exit(0 if checked.is_good else 1)
