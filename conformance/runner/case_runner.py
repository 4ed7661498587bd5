"""Runs the cases of one provider, each once, and keeps what they came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import get_args

from conformance.cases.model import Case, Operation
from conformance.contract import Edition
from conformance.exchange.sent_request import Expectation
from conformance.exchange.source import Replay, Source
from conformance.results.case_result import Judged
from conformance.runner.confirm import Confirmer
from conformance.runner.journal import Spool
from conformance.runner.model_outcomes import (
    ModelOutcomes,
    TimedOutcome,
    size_of,
    timed_outcome_from_json,
    timed_outcome_of,
    timed_outcome_to_json,
)
from conformance.runner.planned_request import expectation_of

_A_MOMENT = 0.1
"""Seconds to wait for what another process makes, before what is known is looked at again."""


@dataclass(frozen=True, slots=True)
class Together:
    """How the processes of a live run share its cases."""

    spool: Spool | None = None
    leads: frozenset[str] = frozenset()  # paths of what is asked of a model before all else
    confirmer: Confirmer | None = None
    unreachable: Callable[[str, str], None] | None = None  # told the provider and a sentence
    answered: Callable[[str], bool] | None = None  # asked whether a provider ever answered
    missing: Callable[[str, str, str], None] | None = None
    """Told the provider, a model that is not there, and a sentence."""
    spares: Callable[[Sequence[Case], Case], bool] | None = None
    """Asked whether a case may be sent once more, where others are still to be sent."""
    in_order: bool = False  # whether nothing is sent sooner than the plan has it


class CaseRunner:
    """Runs the cases of one provider, each once, and keeps their outcomes.

    A case is made by `make`, here or in another process of the run: a spool decides which. What
    a request came to is recorded before it is judged, and a judgement waits for such records
    only, never for another judgement: so processes cannot wait in a circle (ARCHITECTURE 25).
    """

    def __init__(
        self,
        cases: Mapping[str, Case],
        edition: Edition,
        source: Source,
        together: Together,
        make: Callable[[Case], Judged],
    ) -> None:
        self.cases = cases
        self._edition = edition
        self._replays = isinstance(source, Replay)
        self._together = together
        self._make = make
        self.judged: dict[str, Judged] = {}
        self.expected: frozenset[str] = frozenset()
        """The paths of the cases that this run will judge, as far as it is known."""
        self._outcomes: dict[str, TimedOutcome] = {}
        self._repeats: dict[str, Case] = {}  # what was sent again under another name
        self._under_way: set[str] = set()
        self._grouped: dict[tuple[str, str], list[Case]] = {}  # by model and expectation

    def once(self, case: Case, patience: float = -1) -> Judged | None:
        """Run a case, or wait up to `patience` seconds for the process that is running it."""
        spool = self._together.spool
        if spool is None:
            judged: Judged | None = self._make(case)
        else:
            judged = spool.once(case.path, lambda: self._make(case), patience)
        if judged is not None:
            self.judged[case.path] = judged
        return judged

    @contextmanager
    def under_way(self, case: Case) -> Iterator[None]:
        """Mark a case as running here, so that what is run for its sake does not wait for it."""
        self._under_way.add(case.path)
        try:
            yield
        finally:
            self._under_way.discard(case.path)

    def record_outcome(self, case: Case, timed: TimedOutcome) -> None:
        """Record an outcome, for other processes as well, before the case is judged."""
        self._outcomes[case.path] = timed
        if case.path not in self.cases:
            self._repeats[case.path] = case
        elif self._together.spool is not None:
            self._together.spool.note(case.path, timed_outcome_to_json(timed))

    def known(self, case: Case) -> TimedOutcome | None:
        """Return the outcome of a request; None where it was not sent yet."""
        timed = self._outcomes.get(case.path)
        if timed is None or timed.crashed:  # another process may have retried it since
            timed = self._noted(case) or timed or self._from_judged(case)
        if timed is not None:
            self._outcomes[case.path] = timed
        return timed

    def outcome_of(self, case: Case) -> TimedOutcome:
        """Return the outcome of a request, which is sent now unless it was sent before."""
        while (timed := self.known(case)) is None:
            self.once(case, _A_MOMENT)
        return timed

    def run_all(self, cases: Iterable[Case]) -> None:
        """Run cases, first those that no other process is running."""
        waiting = [each for each in cases if each.path not in self._under_way]
        for each in waiting:
            if self.known(each) is None:
                self.once(each, 0)
        for each in waiting:
            self.outcome_of(each)

    def run_expected(self, model: str, expectation: Expectation) -> None:
        """Run cases that this run judges anyway, before others are judged."""
        if not self.in_order:
            cases = self._of(model, expectation)
            self.run_all(each for each in cases if each.path in self.expected)

    @property
    def in_order(self) -> bool:
        """Return whether nothing may be sent sooner than the plan has it."""
        return self._together.in_order

    def run_until_accepted(self, cases: Iterable[Case], since: float) -> None:
        """Run cases one by one until a request that was sent after `since` is accepted."""
        for each in cases:
            if each.path not in self._under_way:
                timed = self.outcome_of(each)
                if timed.outcome.accepted and timed.began > since:
                    return

    def may_repeat(self, case: Case) -> bool:
        """Return whether the budget allows one more repeat beside all that is still to be sent."""
        spares = self._together.spares
        if spares is None:
            return True
        expected = (self.cases[path] for path in self.expected if path in self.cases)
        return spares([each for each in expected if self.known(each) is None], case)

    def valid(self, model: str) -> list[Case]:
        """Return the valid cases that may be run for the sake of others.

        Live these are the cases judged anyway; in replay, which costs nothing, all.
        """
        return self._allowed(self._of(model, "accepted"))

    def pool(self, model: str) -> list[Case]:
        """Return `valid` cases, and after them those that the contract leaves open."""
        return [*self.valid(model), *self._allowed(self._of(model, "open"))]

    def outcomes(self, model: str) -> ModelOutcomes:
        """Return all known outcomes of a model, in an order that is the same in every run."""
        mine = [each for kind in get_args(Expectation) for each in self._of(model, kind)]
        mine += [each for each in self._repeats.values() if each.model == model]
        mine.sort(key=size_of)
        known = [(each, timed) for each in mine if (timed := self.known(each)) is not None]
        valid, left_open = (
            frozenset(each.id for each in self._of(model, kind)) for kind in ("accepted", "open")
        )
        return ModelOutcomes(tuple(known), valid, left_open)

    def _allowed(self, cases: Iterable[Case]) -> list[Case]:
        return [each for each in cases if self._replays or each.path in self.expected]

    def _of(self, model: str, expectation: Expectation) -> list[Case]:
        key = (model, expectation)
        if key not in self._grouped:
            self._grouped[key] = [
                each
                for each in self.cases.values()
                if each.model == model
                and each.operation is Operation.GENERATE
                and expectation_of(each, self._edition) == expectation
            ]
        return self._grouped[key]

    def _noted(self, case: Case) -> TimedOutcome | None:
        spool = self._together.spool
        noted = spool.noted(case.path) if spool is not None else None
        with suppress(KeyError, TypeError, ValueError):  # damaged, so as if it were not there
            return timed_outcome_from_json(noted) if noted else None
        return None

    def _from_judged(self, case: Case) -> TimedOutcome | None:
        spool = self._together.spool
        judged = self.judged.get(case.path)
        if judged is None and spool is not None:
            judged = spool.get(case.path)
        return None if judged is None else timed_outcome_of(judged)
