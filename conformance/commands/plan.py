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
    provider: options.Providers = None,
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

    Without --strength it is the documented cases; coverage then counts pairs. Without --provider
    it is what cometapi would be sent.
    """
    import json
    import math

    from rich.console import Console

    from conformance.cases.model import Case
    from conformance.live.budget import read_budget
    from conformance.live.plan import Plan
    from conformance.live.plan import plan as plan_of
    from conformance.live.plan_report import document, show
    from conformance.results.run_file import refuse_run_file
    from conformance.runner.options import Options
    from conformance.runner.planned_request import planned_clauses
    from conformance.runner.session import Session

    if output is not None:
        refuse_run_file(output)
    options.end_with_the_pipe()
    # a session reads what a run would; its engines, which need a key, are not made
    session = Session(
        Options(
            providers=tuple(provider or ("cometapi",)),
            base_url=base_url,
            edition=edition,
            models=models,
            clauses=clauses,
            plugins=tuple(plugin or ()),
            requests=requests,
        )
    )
    usd = math.inf if budget is None else read_budget(budget)
    budget_left = usd if math.isfinite(usd) else None

    def is_judged(case: Case, retired: bool) -> bool:
        return bool(planned_clauses(case, session.edition, session.clauses, retired))

    plans: list[Plan] = []
    for named in session.providers:  # a run sends to one after the other, and so do they spend
        planned = plan_of(
            session.edition,
            named,
            strength or 2,
            models,
            budget_left,
            max_requests,
            combined=strength is not None,
            depth=depth,
            own_requests=session.own_requests,
            cases=cases,
            is_judged=is_judged,
        )
        plans.append(planned)
        budget_left = None if budget_left is None else max(budget_left - planned.usd, 0)
        max_requests = None if max_requests is None else max_requests - len(planned.chosen)
    documents = [document(planned) for planned in plans]
    text = json.dumps(documents[0] if len(plans) == 1 else documents, indent=2, ensure_ascii=False)
    if output is not None:
        write_text(output, f"{text}\n")
    elif format_ is PlanFormat.JSON:
        typer.echo(text)
    else:
        show(plans, Console())
