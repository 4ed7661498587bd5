"""Runs the cases of one provider, each once, in any number of threads, and keeps their outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Condition, get_ident
from typing import get_args

from conformance.cases.model import Case, Operation
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.contract import Edition, Expectation
from conformance.exchange.outcome import Outcome, Result, refuses_who_asks
from conformance.exchange.source import Replay, Source
from conformance.results.case_result import CaseResult
from conformance.runner.live_run import LiveRun
from conformance.runner.model_outcomes import ModelOutcomes, TimedOutcome, size_of
from conformance.runner.planned_request import expectation_of


class ClaimedError(Exception):
    """A case that is another thread's already."""


class CaseRunner:
    """Runs the cases of one provider, each once, and keeps their outcomes.

    A thread claims a case when nothing is left to do but to send it, records its outcome when it
    is answered, and only then judges it. Threads wait for outcomes of claimed cases, which come
    by themselves, and for nothing else: so they cannot wait in a circle (ARCHITECTURE 25).
    """

    def __init__(
        self,
        cases: Mapping[str, Case],
        edition: Edition,
        source: Source,
        live: LiveRun | None,
        provider: str,
        run: Callable[[Case], None],
    ) -> None:
        """Run cases by `run`, which claims, sends, records, judges and finishes one."""
        self.cases = cases
        self._edition = edition
        self._replays = isinstance(source, Replay)
        self._live = live
        self._provider = provider
        self._run = run
        self.results: dict[str, CaseResult] = {}
        self.expected: frozenset[str] = frozenset()
        """The paths of the cases that this run will judge, as far as it is known."""
        self.keep: Callable[[Case, CaseResult], None] | None = None
        """Called with a case before anybody hears of its result."""
        self._claimed: dict[str, int] = {}  # by path, the thread
        self._outcomes: dict[str, TimedOutcome] = {}
        self._repeats: dict[str, Case] = {}  # what was sent again under another name
        self._grouped: dict[tuple[str, str], list[Case]] = {}  # by model and expectation
        self._changed = Condition()
        self._failure: BaseException | None = None

    def run(self, case: Case) -> None:
        """Run a case, unless a thread has claimed it."""
        if case.path not in self._claimed and case.path not in self.results:
            self._run(case)

    def claim(self, case: Case) -> None:
        """Claim a case for this thread; raises `ClaimedError` where another one has it."""
        with self._changed:
            thread = get_ident()
            # the same thread may come again, with the case in another request (ARCHITECTURE 26)
            if case.path in self.results or self._claimed.setdefault(case.path, thread) != thread:
                raise ClaimedError(case.path)

    def finish(self, case: Case, result: CaseResult) -> None:
        """Keep the result of a case, and only then tell who waits for it."""
        with self._changed:
            if self.keep is not None:
                self.keep(case, result)
            self.results[case.path] = result
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Raise an error in whoever waits for a case: nothing more is run."""
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()

    def await_result(self, case: Case) -> CaseResult:
        """Wait until other threads have judged a case."""
        with self._changed:
            while case.path not in self.results:
                if self._failure is not None:
                    raise self._failure
                self._changed.wait()
            return self.results[case.path]

    def record_outcome(self, case: Case, timed_outcome: TimedOutcome) -> None:
        """Record the outcome of a case, before it is judged."""
        with self._changed:
            self._outcomes[case.path] = timed_outcome
            if case.path not in self.cases:  # an accepted request that was sent again
                self._repeats[case.path] = case
            elif self._live is not None:
                self._live.ledger.keep_outcome(self._provider, case.path, timed_outcome.outcome)
            self._changed.notify_all()

    def known(self, case: Case) -> TimedOutcome | None:
        """Return the outcome of a request; None where it was not sent yet."""
        timed_outcome = self._outcomes.get(case.path)
        if timed_outcome is None and case.path in self.results:
            timed_outcome = TimedOutcome.of_result(self.results[case.path])
        return timed_outcome

    def outcome_of(self, case: Case) -> TimedOutcome:
        """Return the outcome of a request, which is sent now unless it was sent before."""
        timed_outcome = self.outcome_within(case, None)
        if timed_outcome is None:
            raise AssertionError(f"{case.path} was waited for without end, and is not there")
        return timed_outcome

    def outcome_within(self, case: Case, seconds: float | None) -> TimedOutcome | None:
        """Return the outcome of a request; None where another thread needs longer to get it."""
        self.run(case)
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while (timed_outcome := self.known(case)) is None:
                if self._failure is not None:
                    raise self._failure
                seconds_left = None if deadline is None else deadline - time.monotonic()
                if seconds_left is not None and seconds_left <= 0:
                    break
                self._changed.wait(seconds_left)
        return timed_outcome

    def run_all(self, cases: Iterable[Case]) -> None:
        """Run cases, and wait for the outcomes of those that other threads have claimed."""
        in_order = list(cases)
        for case in in_order:
            self.run(case)
        for case in in_order:
            self.outcome_of(case)

    def run_expected(self, model: str, expectation: Expectation) -> None:
        """Run cases that this run judges anyway, before others are judged."""
        if not self.in_order:
            cases = self._of(model, expectation)
            self.run_all(case for case in cases if case.path in self.expected)

    @property
    def in_order(self) -> bool:
        """Return whether nothing may be sent sooner than the plan has it."""
        return self._live is not None and self._live.options.partial

    def run_until_accepted(self, cases: Iterable[Case], since: float) -> None:
        """Run cases one by one until a request that was sent after `since` is accepted."""
        for case in cases:
            timed_outcome = self.outcome_of(case)
            if timed_outcome.outcome.accepted and timed_outcome.began > since:
                return

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
        cases = [case for kind in get_args(Expectation) for case in self._of(model, kind)]
        with self._changed:
            cases += [case for case in self._repeats.values() if case.model == model]
        cases.sort(key=size_of)  # threads answer in any order
        known = [
            (case, timed_outcome)
            for case in cases
            if (timed_outcome := self.known(case)) is not None
        ]
        valid, left_open = (
            frozenset(case.id for case in self._of(model, kind)) for kind in ("accepted", "open")
        )
        return ModelOutcomes(tuple(known), valid, left_open)

    def refused_like_list(self, case: Case, outcome: Outcome) -> tuple[Outcome, ...]:
        """Return the first request to a model, if it is refused in the words of its list."""
        baseline = self.cases.get(f"{case.model}/{BASELINE}")
        is_refused_list = case.id == MODELS_LIST and outcome.result is Result.REFUSED
        if not is_refused_list or baseline is None or not self._allowed([baseline]):
            return ()
        baseline_outcome = self.outcome_of(baseline).outcome
        return (baseline_outcome,) if refuses_who_asks(outcome, baseline_outcome) else ()

    def _allowed(self, cases: Iterable[Case]) -> list[Case]:
        return [case for case in cases if self._replays or case.path in self.expected]

    def _of(self, model: str, expectation: Expectation) -> list[Case]:
        key = (model, expectation)
        if key not in self._grouped:
            self._grouped[key] = [
                case
                for case in self.cases.values()
                if case.model == model
                and case.operation is Operation.GENERATE
                and expectation_of(case, self._edition) == expectation
            ]
        return self._grouped[key]
