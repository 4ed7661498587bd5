"""`image-conformance list`, `explain` and `docs`: what the suite knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.commands.options import Clauses, EditionName, Plugins, end_with_the_pipe
from conformance.errors import UnknownNameError


def list_(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="clauses, cases, providers, models, editions, open, defects or promises.",
        ),
    ] = "clauses",
    edition: EditionName = None,
    clauses: Clauses = "*",
    plugin: Plugins = None,
    models: Annotated[
        str,
        typer.Option(metavar="GLOB", help="Only cases of these models; commas between several."),
    ] = "*",
) -> None:
    """List what the suite knows: clauses, cases, providers, models, editions and more."""
    from conformance.clauses.extensions import load_plugins
    from conformance.documentation.listing import LISTS, Selection, print_list

    end_with_the_pipe()
    load_plugins(plugin or ())
    if what not in LISTS:
        raise UnknownNameError("list", what, LISTS)
    print_list(Console(), what, Selection(edition, clauses, models))


def explain(
    clause: Annotated[
        str,
        typer.Argument(
            metavar="CLAUSE", help="The id of a clause, or of an item: MODEL/CASE::CLAUSE."
        ),
    ],
    edition: EditionName = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", "-p", metavar="NAME", help="The provider that the curl command addresses."
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Print a clause: statement, level, source, models, how it is judged, how to reproduce it."""
    from conformance.clauses.extensions import load_plugins
    from conformance.documentation.listing import explain_clause

    end_with_the_pipe()
    load_plugins(plugin or ())
    explain_clause(Console(), clause, edition, provider)


def docs(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="The folder to write.", file_okay=False
        ),
    ] = Path("site"),
    edition: EditionName = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", "-p", metavar="NAME", help="The provider that curl commands address."
        ),
    ] = None,
) -> None:
    """Write the documentation as HTML: a page per clause with a real failure, and the promises."""
    from conformance.documentation.build import build_site
    from conformance.providers.asked import addressed

    chosen, addressee = addressed(edition, provider)
    count = build_site(chosen, output, addressee)
    typer.echo(f"wrote {count} pages; open {output / 'index.html'}")
