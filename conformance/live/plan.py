"""What would be sent to a provider for a budget, in which order, and what it would cost.

Requests that are to be refused cost nothing where they are refused; what they cost where a lax
server paints them is said as well. What is billed is the documented cases and, for the
combinations that those leave, rows of a covering array; the cheapest come first, and near misses,
which are painted soonest, last.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from conformance.cases.covering import Combination, Row, Space, covering_rows, space_of
from conformance.cases.documented import all_cases
from conformance.cases.domain import Domain
from conformance.cases.model import COMBINED, Case, Depth, needed_for
from conformance.cases.own_requests import OwnRequests
from conformance.cases.request import canonical_json
from conformance.cases.valid import BASELINE
from conformance.contract import Edition, Model
from conformance.errors import ConformanceError, UnknownNameError
from conformance.lifecycle import Standing
from conformance.live.cost import cost_of
from conformance.live.ledger import ROUNDING
from conformance.output.globs import matches, unmatched
from conformance.providers import Provider
from conformance.providers.asked import (
    check_selected,
    depth_of,
    documented_cases,
    nothing_selected,
    selected,
    with_asked_models,
)
from conformance.providers.prices import Estimate

STRENGTHS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One case with its price, what a lax server makes of it, and what it is the first to cover."""

    case: Case
    estimate: Estimate
    most: float = 0.0  # US dollars, where a lax server paints it
    newly_covered: int = 0


class Coverage:
    """The combinations of one model: how many there are, and how many a growing plan covers.

    Only what must be accepted covers anything.
    """

    def __init__(self, space: Space, strength: int) -> None:
        self._space = space
        self._size = min(strength, len(space.names))
        self._uncovered: set[Combination] = set(space.feasible(self._size)) if self._size else set()
        self.feasible = len(self._uncovered)

    @property
    def covered(self) -> int:
        """How many combinations the plan covers."""
        return self.feasible - len(self._uncovered)

    def add(self, body: Mapping[str, Any]) -> int:
        """Count what a request is the first to cover."""
        newly_covered = self._uncovered.intersection(self._space.combinations_in(body, self._size))
        self._uncovered -= newly_covered
        return len(newly_covered)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent, in this order, and what is left out."""

    provider: Provider
    edition: Edition
    strength: int
    budget: float | None
    chosen: tuple[PlannedRequest, ...]
    left_out: tuple[PlannedRequest, ...]
    reach: Mapping[str, Coverage] = field(default_factory=dict)
    combined: bool = True  # whether requests that combine parameters are in it
    depth: Depth = Depth.STANDARD
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """How every model stands on the day of the plan."""

    @property
    def usd(self) -> float:
        """The estimate of everything that is sent, in US dollars."""
        return round(sum(request.estimate.usd for request in self.chosen), 6)

    @property
    def usd_if_painted(self) -> float:
        """The same where a lax server paints what it should refuse, in US dollars."""
        return round(sum(painted_usd(self.chosen).values()), 6)

    @property
    def unknown(self) -> tuple[PlannedRequest, ...]:
        """The requests whose price is not known, and counts as the dearest."""
        requests = (*self.chosen, *self.left_out)
        return tuple(request for request in requests if not request.estimate.known)


def painted_usd(requests: Sequence[PlannedRequest]) -> dict[str, float]:
    """Price some requests, by model, as the laxest server would make them cost.

    A near miss is not sent where a coarser one was accepted: of those that come after each
    other, either the coarse ones are painted, or one that is finer.
    """
    usd: defaultdict[str, float] = defaultdict(float)
    coarse: defaultdict[str, float] = defaultdict(float)  # by the path of the first fault of a rule
    finer: dict[str, float] = {}
    for request in requests:
        case = request.case
        if case.after:
            coarsest = f"{case.model}/{case.after[0]}"
            finer[coarsest] = max(finer.get(coarsest, 0.0), request.most)
        elif case.billed:
            usd[case.model] += request.estimate.usd
        else:
            coarse[case.path] += request.most
    for coarsest in {**coarse, **finer}:
        model = coarsest.partition("/")[0]
        usd[model] += max(coarse[coarsest], finer.get(coarsest, 0.0))
    return dict(usd)


def plan(
    edition: Edition,
    provider: Provider,
    strength: int = 2,
    models: str = "*",
    budget: float | None = None,
    max_requests: int | None = None,
    combined: bool = True,
    depth: Depth | None = None,
    own_requests: OwnRequests | None = None,
    day: date | None = None,
    cases: str = "*",
    is_judged: Callable[[Case, bool], object] | None = None,
) -> Plan:
    """Choose what is sent, in this order, and what is left out; a control comes before its cases.

    Nothing is left out without ``budget`` (US dollars, by estimate) and ``max_requests``. Without
    ``combined`` these are the documented cases alone, as a run has them without ``--strength``;
    ``strength`` then only says what coverage counts. ``depth`` is by default that of a run of the
    provider. ``day`` in UTC, by default today, decides which models have ended: of those one
    request is sent, which is free unless it is painted. ``cases`` is a glob. ``is_judged`` says
    whether any selected clause judges a case; its second argument, whether the model has ended.

    Raises ConformanceError where nothing is selected, and for a strength other than 1, 2 or 3.
    """
    if strength not in STRENGTHS:
        raise ConformanceError(f"--strength {strength}: the plan knows 1, 2 and 3")
    day = day or datetime.now(UTC).date()
    provider = with_asked_models(provider, edition, models, day)
    check_selected(provider.models, models, edition)
    names = selected(provider.models, models, edition)
    retired = provider.retired(edition, day)
    combined_strength = strength if combined else None
    candidates = cases_of(
        edition, provider, models, cases, combined_strength, depth, own_requests, retired
    )
    of_models = {case.path: case for case in candidates if case.model in names}
    selected_cases = (
        case
        for case in of_models.values()
        if matches(case.id, cases) and (is_judged is None or is_judged(case, case.model in retired))
    )
    needed = {path for case in selected_cases for path in needed_for(case, of_models)}
    if not needed:
        raise nothing_selected(provider.id)
    needed_cases = [case for path, case in of_models.items() if path in needed]
    chosen, left_out = _affordable(_in_order(edition, provider, needed_cases), budget, max_requests)
    coverage = {
        name: Coverage(space_of(edition, edition.model(name)), strength)
        for name in names
        if name not in retired
    }
    return Plan(
        provider,
        edition,
        strength,
        budget,
        tuple(_with_coverage(chosen, coverage, edition)),
        tuple(left_out),
        coverage,
        combined,
        depth_of(provider, depth),
        {name: Standing(provider.lifecycle(name, edition), day) for name in names},
    )


def _with_coverage(
    requests: Iterable[PlannedRequest], coverage: Mapping[str, Coverage], edition: Edition
) -> Iterator[PlannedRequest]:
    """Yield requests with how many combinations each is the first to cover."""
    for request in requests:
        body = request.case.body or {}
        if request.case.billed and edition.read(body).expectation == "accepted":
            yield replace(request, newly_covered=coverage[request.case.model].add(body))
        else:
            yield request


def cases_of(
    edition: Edition,
    provider: Provider,
    models: str = "*",
    cases: str = "*",
    strength: int | None = None,
    depth: Depth | None = None,
    own_requests: OwnRequests | None = None,
    retired: Collection[str] = (),
) -> list[Case]:
    """Return what a run and a plan choose from: the cases of all models of a provider.

    With ``strength`` parameters are combined, of the models that ``models`` selects. Raises
    UnknownNameError where ``cases`` names none of them.
    """
    # what does not depend on the model is asked of the first, whichever models are selected
    candidates = documented_cases(edition, provider, depth, retired)
    if strength is not None:
        for name in selected(provider.models, models, edition):
            if name not in retired:
                candidates += combined_cases(edition, provider, edition.model(name), strength)
    in_service = [name for name in provider.models if name not in retired]
    candidates += own_requests.cases(in_service, candidates) if own_requests else ()
    names = {case.id for case in candidates}
    if (stray := unmatched(cases, names)) is not None:
        raise UnknownNameError("case", stray, names, provider.id)
    return candidates


def combined_cases(
    edition: Edition, provider: Provider, model: Model, strength: int = 2
) -> list[Case]:
    """Return the cases that cover what the documented cases of a model leave, the cheapest first.

    Their ids come from what they send, so that a cassette keeps its name when others are added.
    """
    key = (edition, model.name, strength, repr(provider.prices))
    if key not in _COMBINED:
        _COMBINED[key] = tuple(_combined(edition, provider, model, strength))
    return list(_COMBINED[key])


_COMBINED: dict[tuple[Edition, str, int, str], tuple[Case, ...]] = {}
"""Kept, as it takes seconds and a run needs them twice: before it starts, and when it does."""


def _combined(edition: Edition, provider: Provider, model: Model, strength: int) -> Iterator[Case]:
    space = space_of(edition, model)
    base = Domain(edition, model).base
    documented = [
        dict(case.body or {})
        for case in all_cases(edition, [model.name])
        if Depth.STANDARD.includes(case)  # what is deeper is sent to some only
        and case.billed
        and edition.read(case.body).expectation == "accepted"
    ]
    presets = dict.fromkeys(row for body in documented if (row := space.row(body)) is not None)
    size = min(strength, len(space.names))
    covered = {
        combination for body in documented for combination in space.combinations_in(body, size)
    }

    def price(row: Row) -> float:
        return provider.prices.if_answered({**base, **space.fragment(row)}, model).usd

    for row in covering_rows(space, strength, price, covered, tuple(presets)):
        fragment = space.fragment(row)
        digest = hashlib.sha256(canonical_json(fragment).encode()).hexdigest()[:10]
        yield Case(COMBINED + digest, model.name, body={**base, **fragment}, billed=True)


def cheapest_first(edition: Edition, provider: Provider, cases: Iterable[Case]) -> list[Case]:
    """Return cases in the order in which a budget is spent on them; see `plan`."""
    return [request.case for request in _in_order(edition, provider, cases)]


def _in_order(edition: Edition, provider: Provider, cases: Iterable[Case]) -> list[PlannedRequest]:
    """Sort what others depend on first, then what is free, what is cheap, and the near misses.

    Of two that cost the same the one comes first that costs less where a lax server paints it.
    None comes before what it needs.
    """
    costs = [(case, cost_of(case, provider, edition)) for case in cases]
    priced = [PlannedRequest(case, cost.planned, cost.most.usd) for case, cost in costs]
    priced.sort(key=lambda request: (_rank(request), request.estimate.usd, request.most))
    placed: dict[str, PlannedRequest] = {}
    waiting: list[PlannedRequest] = []
    for request in priced:
        # each is placed once all that it needs is, and takes along what waited for it
        waiting.append(request)
        while ready := next(
            (waiter for waiter in waiting if placed.keys() >= _prerequisites(waiter.case)), None
        ):
            waiting.remove(ready)
            placed[ready.case.path] = ready
    return [*placed.values(), *waiting]


def _rank(request: PlannedRequest) -> int:
    """Rank a request: the finer a fault, the likelier it is painted, and the later it is sent."""
    if request.case.control is None and not request.case.billed:
        return 0
    if request.case.id == BASELINE:
        return 1
    return 2 + len(request.case.after)


def _affordable(
    requests: Sequence[PlannedRequest], budget: float | None, max_requests: int | None
) -> tuple[list[PlannedRequest], list[PlannedRequest]]:
    """Take requests in order while they fit, each after those it needs; again while any waited.

    As in a run, the most that a request may cost has to be there when it is sent.
    """
    chosen: dict[str, PlannedRequest] = {}
    spent = 0.0
    waiting = list(requests)
    # what waited for its control may fit once that is chosen
    while True:
        count = len(chosen)
        for request in waiting:
            # the most that it may cost is reserved when it is sent, and then settled by what it did
            is_affordable = budget is None or spent + request.most <= budget + ROUNDING
            is_allowed = max_requests is None or len(chosen) < max_requests
            if is_affordable and is_allowed and chosen.keys() >= _prerequisites(request.case):
                chosen[request.case.path] = request
                spent += request.estimate.usd
        waiting = [request for request in waiting if request.case.path not in chosen]
        if len(chosen) == count:
            return list(chosen.values()), waiting


def _prerequisites(case: Case) -> set[str]:
    """Name what has to be sent before a case: its control, and the coarser faults."""
    return {f"{case.model}/{name}" for name in case.prerequisites}
