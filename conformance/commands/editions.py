"""`image-conformance editions` and `changes`: which there are, and what two differ in."""

from __future__ import annotations

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
