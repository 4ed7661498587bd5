"""`image-conformance plan`: what a live run would send, and what it would cost."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from conformance.commands import options
from conformance.output.files import write_text


class PlanFormat(StrEnum):
    """The forms of a plan."""

    TABLE = "table"
    JSON = "json"


def plan(
    provider: Annotated[
        str,
        typer.Option(
            "--provider", "-p", metavar="NAME", help="A provider by name, or a TOML file by path."
        ),
    ] = "cometapi",
    budget: Annotated[
        str | None,
        typer.Option(metavar="USD", help="The most it may cost, in US dollars; or unlimited."),
    ] = None,
    clauses: options.Clauses = "*",
    plugin: options.Plugins = None,
    models: options.Models = "*",
    cases: options.Cases = "*",
    base_url: options.BaseURL = None,
    strength: options.Strength = None,
    depth: options.DepthName = None,
    max_requests: options.MaxRequests = None,
    edition: options.EditionName = None,
    requests: options.Requests = None,
    format_: Annotated[
        PlanFormat, typer.Option("--format", metavar="FORMAT", help="A table to read, or JSON.")
    ] = PlanFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the JSON here.")
    ] = None,
) -> None:
    """Show what `run --live` would send and its price, before a cent is spent; sends nothing.

    Without --strength it is the documented cases; coverage then counts pairs.
    """
    import json
    import math

    from rich.console import Console

    from conformance.cases.model import Case
    from conformance.live.budget import read_budget
    from conformance.live.plan import plan as plan_of
    from conformance.live.plan_report import document, show
    from conformance.providers import load_provider
    from conformance.runner.options import Options
    from conformance.runner.planned_request import planned_clauses
    from conformance.runner.session import Session

    options.end_with_the_pipe()
    # a session reads what a run would; its engines, which need a key, are not made
    session = Session(
        Options(
            providers=(provider,),
            edition=edition,
            clauses=clauses,
            plugins=tuple(plugin or ()),
            requests=requests,
        )
    )
    usd = math.inf if budget is None else read_budget(budget)
    loaded = load_provider(provider)

    def is_judged(case: Case, retired: bool) -> bool:
        return bool(planned_clauses(case, session.edition, session.clauses, retired))

    planned = plan_of(
        session.edition,
        loaded if base_url is None else loaded.at(base_url),
        strength or 2,
        models,
        usd if math.isfinite(usd) else None,
        max_requests,
        combined=strength is not None,
        depth=depth,
        own_requests=session.own_requests,
        cases=cases,
        is_judged=is_judged,
    )
    if output is not None:
        write_text(output, json.dumps(document(planned), indent=2, ensure_ascii=False) + "\n")
    elif format_ is PlanFormat.JSON:
        typer.echo(json.dumps(document(planned), indent=2, ensure_ascii=False))
    else:
        show(planned, Console())
