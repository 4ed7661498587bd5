"""`image-conformance clients`: what breaks in which client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.errors import ConformanceError, UnknownNameError

if TYPE_CHECKING:
    from conformance.clients.installing import ClientPackage


def clients(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Run files.", show_default=False)
    ] = None,
    install: Annotated[
        bool,
        typer.Option("--install", help="Install the clients first, into the cache of the user."),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--client", metavar="NAME", help="Only this client. Repeatable."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.json", help="File to which the outcomes are added."
        ),
    ] = None,
) -> None:
    """Try real clients with the answers that break promises; without run files, list them.

    Answers are replayed from loopback. `report --clients FILE.json` shows what was recorded.
    """
    from conformance.clients.installing import BY_ID, missing
    from conformance.clients.installing import install as install_of

    for name in only or ():
        if name not in BY_ID:
            raise UnknownNameError("client", name, BY_ID)
    chosen = [client for client in BY_ID.values() if not only or client.id in only]
    for runtime in dict.fromkeys(client.runtime for client in chosen if install):
        typer.echo(f"installed the clients of {runtime} in {install_of(runtime)}")
    if not runs:
        for client in chosen:
            state = missing(client) or "is installed"
            typer.echo(f"{client.id}: {client.package} {client.version} {state}")
        return
    absent = [client for client in chosen if missing(client)]
    if len(absent) == len(chosen):
        raise ConformanceError(f"{absent[0].id} {missing(absent[0])}")
    for client in absent:
        typer.echo(f"{client.id} {missing(client)}; it is not tried")
    _try([client for client in chosen if client not in absent], runs, output)


def _try(clients: list[ClientPackage], paths: list[Path], output: Path | None) -> None:
    from rich.console import Console

    from conformance.clients.impact import impact_of, trials_of
    from conformance.clients.outcomes import RECORDED, merge_outcomes, read_outcomes, write_outcomes
    from conformance.clients.trying import try_clients
    from conformance.contract import edition_ids, load_edition
    from conformance.output.tables import Paper
    from conformance.reports.client_rendering import print_impact
    from conformance.results.editions import by_edition
    from conformance.results.run_file import read_run

    runs = by_edition([read_run(path) for path in paths])
    before = read_outcomes(output) if output and output.exists() else {}
    editions = edition_ids()
    models = sorted({model for name in editions for model in load_edition(name).models})
    trials = trials_of(runs, editions)
    typer.echo(f"trying {len(clients)} clients with {len(trials)} answers")
    outcomes = merge_outcomes(before, try_clients(clients, trials, models))
    if output is not None:
        write_outcomes(outcomes, output)
    impact = impact_of(runs, merge_outcomes(read_outcomes(RECORDED), outcomes))
    print_impact(Paper(Console()), impact, len(impact.breaks))
    if output is not None:
        typer.echo(f"wrote {output}")
