"""The few requests that reach the most promises: for a first look at a provider."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from conformance.cases.model import Authorization, Case, needed_for
from conformance.clauses import clauses_of
from conformance.contract import Edition, Level, sides_of
from conformance.live.cost import Cost, cost_of
from conformance.live.ledger import ROUNDING
from conformance.providers import Provider
from conformance.runner.planned_request import sent_by

_SHOULD = 0.2  # of a MUST; a first look is for what breaks clients


def shortlist(
    cases: Iterable[Case],
    edition: Edition,
    provider: Provider,
    limit: int,
    budget: float = math.inf,
) -> list[Case]:
    """Choose up to `limit` cases a model that bind the most promises together, in their order.

    Each brings what it depends on along. Together they cost no more than `budget` US dollars,
    with what is set aside for a refusal that is billed. Of two that reach as much, that one is
    chosen whose picture shows whether it was read, else the cheaper.
    """
    by_path = {case.path: case for case in cases}
    costs = {path: cost_of(case, provider, edition) for path, case in by_path.items()}
    promises = {path: dict(_promises(case, edition)) for path, case in by_path.items()}
    chosen: dict[str, Case] = {}
    reached: set[tuple[str, str]] = set()
    # greedily: again and again what adds most for each request, until nothing adds any more
    while True:
        best_rank, best = (0.0, 0, 0.0), list[str]()
        for case in by_path.values():
            needed = [path for path in needed_for(case, by_path) if path not in chosen]
            together = [*chosen, *needed]
            is_full = sum(by_path[path].model == case.model for path in together) > limit
            if not needed or is_full or not _fits([costs[path] for path in together], budget):
                continue
            bound = {key: weight for path in needed for key, weight in promises[path].items()}
            gain = sum(weight for key, weight in bound.items() if key not in reached) / len(needed)
            # where nobody asks, pictures are square: another shape shows that the size was read
            sides = [sides_of((by_path[path].body or {}).get("size")) for path in needed]
            shapes = sum(pair is not None and pair[0] != pair[1] for pair in sides)
            usd = sum(costs[path].planned.usd for path in needed)
            if gain and (rank := (gain, shapes, -usd)) > best_rank:
                best_rank, best = rank, needed
        if not best:
            return [case for path, case in by_path.items() if path in chosen]
        chosen |= {path: by_path[path] for path in best}
        reached |= {key for path in best for key in promises[path]}


def cannot_be_billed(case: Case) -> bool:
    """Return whether no answer to a case can cost the owner of the key anything.

    Nobody is billed for a request without a valid key, nor for one that holds no prompt.
    """
    return case.authorization is not Authorization.VALID or (case.body is None and case.raw is None)


def _promises(case: Case, edition: Edition) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield what a case binds: model and clause, with its weight."""
    sent = sent_by(case, edition)
    for clause in clauses_of(edition):
        if clause.binds(sent):
            yield (case.model, clause.id), 1.0 if clause.level is Level.MUST else _SHOULD


def _fits(costs: Sequence[Cost], budget: float) -> bool:
    reserve = max((cost.reserve for cost in costs), default=0.0)
    return sum(cost.planned.usd for cost in costs) + reserve <= budget + ROUNDING
