"""A plan for people, as tables, and for programs, as JSON (`schemas/plan.schema.json`)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from conformance.cases.model import Depth
from conformance.lifecycle import Standing
from conformance.live.budget import estimate_cost
from conformance.live.plan import Plan, PlannedRequest, painted_usd
from conformance.output.counting import dollars
from conformance.output.printing import printable, wrap
from conformance.output.tables import TableColumn, print_table
from conformance.providers.asked import readings

_TUPLES = {1: "values", 2: "pairs", 3: "triples"}
_LONGEST = 40  # characters of one value


def document(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON."""
    prices = plan.provider.prices
    return {
        "provider": plan.provider.id,
        "edition": plan.edition.id,
        "read_as": readings(plan.reach, plan.edition),
        "strength": plan.strength,
        "combined": plan.combined,
        "depth": plan.depth.value,
        "budget_usd": plan.budget,
        "total_usd": plan.usd,
        "total_if_painted_usd": plan.usd_if_painted,
        "starts_with_usd": starts_with(plan),
        "prices": {"source": prices.source, "date": prices.date, "free": prices.free},
        "coverage": {
            name: {"feasible": reach.feasible, "covered": reach.covered}
            for name, reach in plan.reach.items()
        },
        "lifecycle": {
            name: _standing(standing) for name, standing in plan.standings.items() if standing.words
        },
        "requests": [_entry(request) for request in plan.chosen],
        "left_out": [_entry(request) for request in plan.left_out],
    }


def _standing(standing: Standing) -> dict[str, Any]:
    dates = standing.lifecycle
    return {
        "state": standing.state.value,
        "until": str(dates.until),
        "replaced_by": list(dates.replaced_by),
        "source": dates.source,
        "retrieved": dates.retrieved,
    }


def _entry(request: PlannedRequest) -> dict[str, Any]:
    case, estimate = request.case, request.estimate
    return {
        "model": case.model,
        "case": case.id,
        "control": case.control,
        "billed": case.billed,
        "usd": estimate.usd,
        "usd_if_painted": request.most,
        "after": list(case.after),
        "price_known": estimate.known,
        "new": request.newly_covered,
        "parameters": _parameters(request),
    }


def show(plans: Sequence[Plan], console: Console) -> None:
    """Print the plan of each provider, and with what budget a run of all of them starts."""
    for plan in plans:
        if len(plans) > 1:
            console.print(Text(f"{plan.provider.id}\n", style="bold"))
        _show(plan, console)
    lines = [*_starting(plans)]
    if len(plans) > 1:
        count, usd = sum(len(plan.chosen) for plan in plans), sum(plan.usd for plan in plans)
        lines.insert(0, f"together: {count} requests, {dollars(usd)}, by estimate")
    for line in lines:
        console.print(Text(wrap(line, console.width)), soft_wrap=True)


def _show(plan: Plan, console: Console) -> None:
    """Print the requests by model, then the coverage, the total and what is left out."""
    by_model: dict[str, list[PlannedRequest]] = {}
    for request in plan.chosen:
        by_model.setdefault(request.case.model, []).append(request)
    for model, requests in by_model.items():
        label, standing = plan.edition.model(model).label, plan.standings[model].words
        title = f"{label}: {standing}" if standing else label
        _print_requests(title, requests, plan.strength, console)
        console.print()
    _print_coverage(plan, console)
    console.print()
    for line in _closing(plan):
        console.print(Text(wrap(line, console.width)), soft_wrap=True)
    console.print()


def _print_requests(
    title: str, requests: list[PlannedRequest], strength: int, console: Console
) -> None:
    """List what is billed; what is free is one line."""
    rows = []
    for request in requests:
        if request.case.billed:
            words = []
            for name, value in _parameters(request).items():
                text = value if isinstance(value, str) else json.dumps(value)
                words.append(f"{name}={text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}")
            usd = f"{request.estimate.usd:.4f}"
            price = usd if request.estimate.known else f"≤{usd}?"  # one word, so never broken
            covered = str(request.newly_covered)
            rows.append((request.case.id, printable(" ".join(words)), covered, price))
    free = sum(not request.case.billed for request in requests)
    if free:
        more = sum(painted_usd(requests).values()) - _usd(requests)
        lax = f"; {dollars(more)} where a lax server paints them" if more else ""
        rows.append((f"and {free} more", f"refusals and lists: not billed{lax}", "", "0"))
    names = TableColumn("case"), TableColumn("what it sends")
    numbers = (TableColumn(name, is_number=True) for name in (f"new {_TUPLES[strength]}", "USD"))
    console.print(Text(wrap(printable(title), console.width), style="bold"), soft_wrap=True)
    print_table(console, [*names, *numbers], [[*map(Text, row)] for row in rows])


def _parameters(request: PlannedRequest) -> Mapping[str, Any]:
    body = request.case.body or {}
    return {name: body[name] for name in body if name not in ("model", "prompt")}


def _print_coverage(plan: Plan, console: Console) -> None:
    reached = f"{_TUPLES[plan.strength]} reached"
    numbers = ("requests", "billed", "USD", "if painted", reached, "left out")
    usd_if_painted = painted_usd(plan.chosen)
    rows = []
    for model, reach in plan.reach.items():
        requests = [request for request in plan.chosen if request.case.model == model]
        left_out = [request for request in plan.left_out if request.case.model == model]
        share = reach.covered / reach.feasible if reach.feasible else 1
        billed = sum(request.case.billed for request in requests)
        cells = (
            model,
            str(len(requests)),
            str(billed),
            f"{_usd(requests):.4f}",
            f"{usd_if_painted.get(model, 0.0):.4f}",
            f"{reach.covered}/{reach.feasible} ({share:.0%})",
            f"{len(left_out)} ({dollars(_usd(left_out))})" if left_out else "-",
        )
        rows.append([Text(printable(cell)) for cell in cells])
    columns = [TableColumn("model"), *(TableColumn(name, is_number=True) for name in numbers)]
    print_table(console, columns, rows, gap=1)


def _usd(requests: Iterable[PlannedRequest]) -> float:
    return sum(request.estimate.usd for request in requests)


def starts_with(*plans: Plan) -> float:
    """Return the least budget with which `run --live` starts all of them, in US dollars."""
    requests = (
        (plan.provider, request.case)
        for plan in plans
        for request in (*plan.chosen, *plan.left_out)
    )
    needed = estimate_cost(requests, plans[0].edition)
    return math.ceil(round((needed.usd + needed.reserve) * 100, 6)) / 100


def _starting(plans: Sequence[Plan]) -> Iterable[str]:
    """Yield the budget that `run` asks for: it starts nothing that it may not finish."""
    needed, budget = starts_with(*plans), plans[0].budget
    if not needed:
        return
    is_short = budget is not None and budget < needed
    more = "; with less, --partial starts it and stops at the limit" if is_short else ""
    yield (
        f"run --live starts with --budget {needed:.2f}: the estimate, and what one refusal "
        f"costs that is billed all the same{more}"
    )


def _closing(plan: Plan) -> Iterable[str]:
    allowed = "" if plan.budget is None else f" of {dollars(plan.budget)}"
    yield f"total: {len(plan.chosen)} requests, {dollars(plan.usd)}{allowed}, by estimate"
    if plan.usd_if_painted > plan.usd:
        lax = "if the provider paints all that it should refuse"
        yield f"at most {dollars(plan.usd_if_painted)}, {lax}; what is painted soonest is sent last"
    if plan.left_out:
        more = _usd(plan.left_out)
        sentence = f"left out: {len(plan.left_out)} requests, {dollars(more)} more"
        yield f"{sentence}, among them what needs one of those as its control"
    if retired := [name for name, standing in plan.standings.items() if standing.retired]:
        yield printable(
            f"of what has ended it is only asked whether it has, and a refusal is free: "
            f"{', '.join(retired)}"
        )
    if not plan.combined and any(reach.covered < reach.feasible for reach in plan.reach.values()):
        yield "the documented cases alone; --strength 2 adds the fewest that reach every pair"
    if plan.depth is Depth.STANDARD:
        yield "--depth thorough adds the legal edges: most images, longest prompt, …"
    prices = plan.provider.prices
    if prices.free:
        yield "prices: nothing is billed on loopback"
    elif prices.source:
        yield printable(f"prices: {prices.source}; as of {prices.date}")
    else:
        yield f"prices: {printable(plan.provider.file)} has none; see [prices] there"
    if plan.unknown:
        models = ", ".join(dict.fromkeys(request.case.model for request in plan.unknown))
        count = len(plan.unknown)
        yield printable(
            f"?: no price is certain for {count} requests ({models}): the file has none, or none "
            f"for auto, which may be painted at any quality and size; counted as the dearest"
        )
