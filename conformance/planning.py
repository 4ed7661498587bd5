"""What would be sent to a provider for a budget, in which order, and what it would cost.

Requests that are to be refused cost nothing. What is billed is the documented cases and, for
the combinations that those leave, rows of a covering array; the cheapest come first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conformance.cases import all_cases
from conformance.cases.accepted import BASELINE
from conformance.cases.covering import covering_rows
from conformance.cases.domain import Domain
from conformance.cases.model import Case
from conformance.cases.request import canonical_json
from conformance.cases.space import Combination, Space, space_of
from conformance.errors import ConformanceError
from conformance.live.cost import cost_of
from conformance.providers.prices import Estimate

if TYPE_CHECKING:
    from conformance.cases.space import Row
    from conformance.contract import Edition, Model
    from conformance.providers import Provider

STRENGTHS = (1, 2, 3)
_TINY = 1e-9  # US dollars; sums of prices are not exact


@dataclass(frozen=True, slots=True)
class Request:
    """One case with its price, and how many combinations it is the first to cover."""

    case: Case
    estimate: Estimate
    new: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """The combinations of one model: all there are, and those that the plan covers."""

    feasible: int
    covered: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent, in this order, and what is left out."""

    provider: Provider
    edition: Edition
    strength: int
    budget: float | None
    chosen: tuple[Request, ...]
    left_out: tuple[Request, ...]
    reach: Mapping[str, Reach] = field(default_factory=dict)
    combined: bool = True  # whether requests that combine parameters are in it

    @property
    def usd(self) -> float:
        """The estimate of everything that is sent, in US dollars."""
        return round(sum(each.estimate.usd for each in self.chosen), 6)

    @property
    def unknown(self) -> tuple[Request, ...]:
        """The requests whose price is not known, and counts as the dearest."""
        every = (*self.chosen, *self.left_out)
        return tuple(each for each in every if not each.estimate.known)


def planned_cases(
    edition: Edition,
    provider: Provider,
    *,
    strength: int = 2,
    models: str = "*",
    budget: float | None = None,
    max_requests: int | None = None,
) -> list[Case]:
    """Give the documented cases and the combined ones, in the order to send them.

    Without ``budget`` (US dollars, by estimate) and ``max_requests`` nothing is left out. A case is
    never given without its control, which comes first. Raises ConformanceError where no model
    matches, and for a strength other than 1, 2 or 3.
    """
    found = plan(edition, provider, strength, models, budget, max_requests)
    return [each.case for each in found.chosen]


def plan(
    edition: Edition,
    provider: Provider,
    strength: int = 2,
    models: str = "*",
    budget: float | None = None,
    max_requests: int | None = None,
    combined: bool = True,
) -> Plan:
    """Choose what is sent; see `planned_cases`.

    Without ``combined`` these are the documented cases alone, as a run has them without
    ``--strength``; ``strength`` then only says what coverage counts.
    """
    if strength not in STRENGTHS:
        raise ConformanceError(f"--strength {strength}: the plan knows 1, 2 and 3")
    names = [each for each in provider.models if fnmatchcase(each, models)]
    if not names:
        known = ", ".join(provider.models)
        raise ConformanceError(f"--models {models!r} matches no model of {provider.id}: {known}")
    found = {name: edition.model(name) for name in names}
    spaces = {name: space_of(edition, model) for name, model in found.items()}
    # as a run has them: what does not depend on the model is asked of the provider's first
    every = all_cases(edition, list(provider.models))
    wanted = [each for each in every if each.model in found]
    for model in found.values() if combined else ():
        wanted += combined_cases(edition, provider, model, strength)
    in_order = _in_order(edition, provider, wanted)
    most = {each.case.path: cost_of(each.case, provider, edition).most for each in in_order}
    chosen, left = _affordable(in_order, most, budget, max_requests)
    ledger = _Coverage(edition, spaces, strength)
    chosen = [Request(each.case, each.estimate, ledger.add(each.case)) for each in chosen]
    reach = ledger.reach()
    return Plan(provider, edition, strength, budget, tuple(chosen), tuple(left), reach, combined)


def combined_cases(
    edition: Edition, provider: Provider, model: Model, strength: int = 2
) -> list[Case]:
    """Give the cases that cover what the documented cases of a model leave, the cheapest first.

    Their ids come from what they send, so that a cassette keeps its name when others are added.
    """
    key = (edition, model.name, strength, repr(provider.prices))
    if key not in _COMBINED:
        _COMBINED[key] = tuple(_combined(edition, provider, model, strength))
    return list(_COMBINED[key])


_COMBINED: dict[tuple[Edition, str, int, str], tuple[Case, ...]] = {}
"""What was found already: it takes seconds, and a run looks before it starts and when it does."""


def _combined(edition: Edition, provider: Provider, model: Model, strength: int) -> Iterator[Case]:
    space = space_of(edition, model)
    base = Domain(edition, model).base
    documented = [dict(each.body or {}) for each in _documented(edition, model)]
    presets = dict.fromkeys(row for body in documented if (row := space.row(body)) is not None)
    most = min(strength, len(space.names))
    covered = {each for body in documented for each in space.combinations_in(body, most)}

    def price(row: Row) -> float:
        return provider.prices.if_answered({**base, **space.fragment(row)}, model).usd

    for row in covering_rows(space, strength, price, covered, tuple(presets)):
        yield _case(model, base, space, row)


def _documented(edition: Edition, model: Model) -> Iterator[Case]:
    for case in all_cases(edition, [model.name]):
        if case.billed and edition.read(case.body).expectation == "accepted":
            yield case


def _case(model: Model, base: Mapping[str, object], space: Space, row: Row) -> Case:
    fragment = space.fragment(row)
    digest = hashlib.sha256(canonical_json(fragment).encode()).hexdigest()[:10]
    return Case(f"combined-{digest}", model.name, body={**base, **fragment}, billed=True)


def cheapest_first(edition: Edition, provider: Provider, cases: Iterable[Case]) -> list[Case]:
    """Give cases in the order in which a budget is spent on them; see `plan`."""
    return [each.case for each in _in_order(edition, provider, cases)]


def _in_order(edition: Edition, provider: Provider, cases: Iterable[Case]) -> list[Request]:
    """What others depend on, then what is free, then what is cheap."""
    priced = (
        Request(each, provider.prices.estimate(each, edition.model(each.model))) for each in cases
    )
    return sorted(priced, key=lambda each: (_rank(each), each.estimate.usd))


def _rank(request: Request) -> int:
    if request.case.control is None and not request.case.billed:
        return 0
    if request.case.id == BASELINE:
        return 1
    return 2


def _affordable(
    requests: Sequence[Request],
    most: Mapping[str, float],
    budget: float | None,
    max_requests: int | None,
) -> tuple[list[Request], list[Request]]:
    """Take requests in order while they fit, each after its control; again while any waited.

    As in a run, the most that a request may cost has to be there when it is sent.
    """
    chosen: dict[str, Request] = {}
    spent = 0.0
    waiting = list(requests)
    while True:
        before = len(chosen)
        for each in waiting:
            fits = budget is None or spent + most[each.case.path] <= budget + _TINY
            counted = max_requests is None or len(chosen) < max_requests
            control = each.case.control
            if fits and counted and (control is None or f"{each.case.model}/{control}" in chosen):
                chosen[each.case.path] = each
                spent += each.estimate.usd
        waiting = [each for each in waiting if each.case.path not in chosen]
        if len(chosen) == before:
            return list(chosen.values()), waiting


class _Coverage:
    """The combinations that a growing plan has covered."""

    def __init__(self, edition: Edition, spaces: Mapping[str, Space], strength: int) -> None:
        self._edition, self._spaces, self._strength = edition, spaces, strength
        self._open = {name: set(self._feasible(space)) for name, space in spaces.items()}
        self._all = Counter({name: len(each) for name, each in self._open.items()})

    def _feasible(self, space: Space) -> frozenset[Combination]:
        most = min(self._strength, len(space.names))
        return space.feasible(most) if most else frozenset()

    def add(self, case: Case) -> int:
        """Count what a case is the first to cover; only what must be accepted covers anything."""
        if not case.billed or self._edition.read(case.body).expectation != "accepted":
            return 0
        space = self._spaces[case.model]
        most = min(self._strength, len(space.names))
        new = self._open[case.model].intersection(space.combinations_in(case.body or {}, most))
        self._open[case.model] -= new
        return len(new)

    def reach(self) -> dict[str, Reach]:
        """Say how far it came, by model."""
        return {
            name: Reach(self._all[name], self._all[name] - len(left))
            for name, left in self._open.items()
        }
