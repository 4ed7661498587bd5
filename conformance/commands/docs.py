"""`image-conformance docs`: the documentation site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import EditionName
from conformance.contract import DEFAULT_EDITION


def docs(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write.", file_okay=False)
    ] = Path("site"),
    edition: EditionName = None,
    provider: Annotated[
        str, typer.Option("--provider", "-p", help="The provider that curl commands address.")
    ] = "cometapi",
) -> None:
    """Write the documentation as HTML: a page per clause with a real failure, and the promises."""
    from conformance.contract import load_edition
    from conformance.documentation.build import build_site

    count = build_site(load_edition(edition or DEFAULT_EDITION), output, provider)
    typer.echo(f"wrote {count} pages; open {output / 'index.html'}")
