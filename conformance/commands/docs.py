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
        str,
        typer.Option(
            "--provider", "-p", metavar="NAME", help="The provider that curl commands address."
        ),
    ] = "cometapi",
) -> None:
    """Write the documentation as HTML: a page per clause with a real failure, and the promises."""
    from conformance.contract import load_edition
    from conformance.documentation.build import build_site
    from conformance.providers import load_provider
    from conformance.providers.asked import edition_of

    judged_by = edition_of(edition, [load_provider(provider)])
    count = build_site(load_edition(judged_by), output, provider)
    typer.echo(f"wrote {count} pages; open {output / 'index.html'}")
