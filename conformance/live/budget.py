"""What a run will cost, seen before a cent is spent."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.cases.model import Case
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.live.cost import cost_of
from conformance.live.ledger import ROUNDING
from conformance.output.counting import dollars
from conformance.providers import Provider


class BudgetError(ConformanceError):
    """A run that may cost more than was allowed, refused before anything is sent."""


def read_budget(text: str) -> float:
    """Read US dollars, or `unlimited`; raises `BudgetError` for anything else."""
    if text.strip().lower() == "unlimited":
        return math.inf
    try:
        usd = float(text.strip().removeprefix("$"))
    except ValueError:
        usd = math.nan
    if not 0 <= usd < math.inf:
        raise BudgetError(f"--budget {text!r} is no amount of US dollars; for example 2.50")
    return usd


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What the selected requests will cost, in US dollars."""

    requests: int
    usd: float
    reserve: float  # for a refusal at the end that is billed all the same
    by_model: tuple[tuple[str, float], ...]  # the dearest first
    unknown: int  # requests whose price nobody knows; they count as the dearest

    def __str__(self) -> str:
        """Return it as half a sentence."""
        doubt = f" ({self.unknown} at a price that is not known)" if self.unknown else ""
        return f"the {self.requests:,} selected requests cost about {dollars(self.usd)}{doubt}"


def estimate_cost(cases: Iterable[tuple[Provider, Case]], edition: Edition) -> CostEstimate:
    """Add up what cases will cost."""
    unique = {(provider.id, case.path): (provider, case) for provider, case in cases}
    costs = [cost_of(case, provider, edition) for provider, case in unique.values()]
    by_model: defaultdict[str, float] = defaultdict(float)
    for (provider, case), cost in zip(unique.values(), costs, strict=True):
        by_model[f"{provider.id}/{case.model}"] += cost.planned.usd
    return CostEstimate(
        requests=len(costs),
        usd=sum(cost.planned.usd for cost in costs),
        reserve=max((cost.reserve for cost in costs), default=0.0),
        by_model=tuple(sorted(by_model.items(), key=lambda item: -item[1])),
        unknown=sum(not cost.planned.known for cost in costs),
    )


def check_affordable(
    estimate: CostEstimate,
    budget: float | None,
    max_requests: int | None,
    partial: bool,
    paid: Sequence[str],
    lost: Sequence[float] = (),
) -> None:
    """Refuse a run that nobody allowed to cost that much; raises `BudgetError`.

    `paid` are the providers that bill, as `--provider` takes them; `lost` the US dollars that
    requests of the run that is resumed count for, whose answers were lost.
    """
    if paid and budget is None:
        named = " ".join(f"--provider {name}" for name in paid)
        raise BudgetError(
            f"{estimate}; allow for it with --budget USD (or --budget unlimited), write "
            f"free = true into the file of a provider that bills nothing, or see "
            f"what would be sent with: image-conformance plan {named}"
        )
    if partial:
        return
    if max_requests is not None and estimate.requests + len(lost) > max_requests:
        beside = f" beside {len(lost):,} whose answers were lost" if lost else ""
        raise BudgetError(
            f"{estimate.requests:,} requests are selected{beside}, more than --max-requests "
            f"{max_requests:,}; {_remedy(estimate)}"
        )
    # without --partial all of it is affordable before the first request is sent
    needed = estimate.usd + estimate.reserve + sum(lost)
    if budget is not None and not math.isinf(budget) and needed > budget + ROUNDING:
        parts = [str(estimate)]
        if estimate.reserve:
            parts += [f"{dollars(estimate.reserve)} is set aside for a refusal that is billed"]
        if sum(lost):
            parts += [f"{dollars(sum(lost))} counts as spent for answers that were lost"]
        sums = ", and ".join(parts)
        raise BudgetError(f"{sums}: more than --budget {budget:g}; {_remedy(estimate)}")


def _remedy(estimate: CostEstimate) -> str:
    dearest = f" (dearest: {estimate.by_model[0][0]}, {dollars(estimate.by_model[0][1])})"
    narrow = f"narrow --models or --cases{dearest if estimate.usd else ''}"
    return f"{narrow}, or start all the same with --partial, which stops at the limit"
