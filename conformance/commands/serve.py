"""`image-conformance serve`: the reference provider."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.commands.options import EditionName
from conformance.contract import DEFAULT_EDITION


def serve(
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port to listen on.", min=0, max=65535)
    ] = 18001,
    key: Annotated[
        str, typer.Option(metavar="KEY", envvar="REFERENCE_KEY", help="The API key it accepts.")
    ] = "sk-reference-conformance",
    edition: EditionName = None,
    delay: Annotated[
        float, typer.Option(metavar="SECONDS", help="Seconds an image takes.", min=0.0)
    ] = 0.0,
    defect: Annotated[
        list[str] | None,
        typer.Option("--defect", metavar="ID", help="A defect to plant. Repeatable: they add up."),
    ] = None,
    defect_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Plant the defects for this model only.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="A model to serve besides those that the edition names: a dated snapshot, or "
            "another of a family. Repeatable.",
        ),
    ] = None,
) -> None:
    """Serve the reference provider, which keeps the edition except for planted defects."""
    from conformance.contract import load_edition, model_named
    from conformance.reference.defects import defects, lying_steps
    from conformance.reference.server import serve as serve_reference

    loaded = load_edition(edition or DEFAULT_EDITION)
    steps = lying_steps(defect or (), defect_model, loaded)
    extra_models = [model_named(loaded, name).name for name in model or ()]
    models = dict.fromkeys([*loaded.models, *extra_models, *filter(None, [defect_model])])

    def announce(base_url: str) -> None:
        lies = f", lying: {', '.join(defect)}" if defect else ""
        typer.echo(f"reference provider on {base_url} (key {key}){lies}; Ctrl-C stops it")
        if unseen := [name for name in defect or () if defects(loaded)[name].public]:
            typer.echo(
                f"no lie on loopback or in a private network: {', '.join(unseen)}; seen only where "
                f"clients have a public https address of this provider, as that of a tunnel"
            )

    serve_reference(
        host, port, key, loaded, delay=delay, models=models, steps=steps, on_ready=announce
    )
