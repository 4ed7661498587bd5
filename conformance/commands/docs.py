"""`image-conformance docs`: the documentation site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import EditionName


def docs(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write.", file_okay=False)
    ] = Path("site"),
    edition: EditionName = None,
    provider: Annotated[
        str | None,
        typer.Option("--provider", "-p", help="The provider that curl commands address."),
    ] = None,
) -> None:
    """Write the documentation as HTML: a page per clause with a real failure, and the promises."""
    from conformance.contract import load_edition
    from conformance.documentation.build import build_site
    from conformance.providers import load_provider
    from conformance.providers.asked import edition_of, provider_of

    chosen = load_edition(edition_of(edition, [load_provider(provider)] if provider else []))
    count = build_site(chosen, output, provider or provider_of(chosen))
    typer.echo(f"wrote {count} pages; open {output / 'index.html'}")
