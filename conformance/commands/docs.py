"""`image-conformance docs`: the documentation site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import EditionName


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
