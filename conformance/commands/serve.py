"""`image-conformance serve`: the reference provider."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.commands.options import EditionName
from conformance.contract import DEFAULT_EDITION


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 18001,
    key: Annotated[
        str, typer.Option(envvar="REFERENCE_KEY", help="The API key it accepts.")
    ] = "sk-reference-conformance",
    edition: EditionName = None,
    delay: Annotated[float, typer.Option(help="Seconds an image takes.", min=0.0)] = 0.0,
) -> None:
    """Serve the reference provider, which keeps the edition exactly, until interrupted."""
    from conformance.contract import load_edition
    from conformance.reference.server import serve as serve_reference

    loaded = load_edition(edition or DEFAULT_EDITION)
    typer.echo(f"reference provider on http://{host}:{port}/v1 (key {key}); Ctrl-C stops it")
    serve_reference(host, port, key, loaded, delay=delay)
