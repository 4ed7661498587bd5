"""`image-conformance editions`, `changes` and `edition`: list editions, compare them, make one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import Documents, FormatName, Rendering, end_with_the_pipe


def editions() -> None:
    """List the editions that come with the suite: when published, of which models, their digest."""
    from conformance.documentation.listing import Selection, print_list

    end_with_the_pipe()
    print_list(Console(), "editions", Selection(None, "*", "*"))


def changes(
    old: Annotated[str, typer.Argument(metavar="OLD", help="An edition by its id, or its folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The one that comes after it.")],
    format_: FormatName = "terminal",
    output: Documents = None,
    show_all: Annotated[bool, typer.Option("--all", help="Print long lists whole.")] = False,
) -> None:
    """Show what differs between two editions, and what a provider that keeps OLD must change.

    Exit codes: 0 the same, or who keeps OLD keeps NEW; 1 breaking: a provider that keeps OLD may
    break NEW; 2 an edition could not be read.
    """
    from conformance.contract import load_edition
    from conformance.editions.changes import changes_between
    from conformance.editions.render import changes_json, changes_markdown, print_changes

    rendering = Rendering(format_, output, {"md": changes_markdown, "json": changes_json})
    differing = changes_between(load_edition(old), load_edition(new))
    rendering.show(differing, lambda result, console: print_changes(result, console, show_all))
    raise typer.Exit(1 if differing.breaking else 0)


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
    from conformance.editions.making import new_edition
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
    from conformance.editions.making import check_edition, print_checked

    end_with_the_pipe()
    checked = check_edition(folder, document)
    print_checked(checked, Console())
    raise typer.Exit(1 if checked.faults or checked.differences else 0)
