"""Outcomes of the requests to one model, and what they say of each other (ARCHITECTURE 25)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from conformance.cases.model import Case, Operation
from conformance.clauses.subject import Context
from conformance.exchange.model import Attempt, Exchange
from conformance.exchange.outcome import Outcome, Result, same_refusal
from conformance.results.case_result import CaseResult

LEAST_ATTEMPTS = 3
"""Attempts that came to nothing, without which no value is to blame, on the best of lines."""

_BY_CHANCE = 0.001
"""How often, in all requests of a night, a value may fail by chance as often as it did.

A tenth of what one night may afford: many nights are to be without a false alarm.
"""

CONTROL_AGAIN = "control-again"
"""The id under which an accepted request is sent again, where none is left that is planned."""

_OF_THE_ACCOUNT = frozenset({"quota", "key", "access", "moderation", "rate-limit"})


@dataclass(frozen=True, slots=True)
class TimedOutcome:
    """The outcome of one request with its moments, in seconds since the epoch."""

    outcome: Outcome
    began: float
    attempts: int | None  # None where a cassette does not say
    crashed: bool = False
    """Whether it came to nothing: 5xx, also as an event, no answer, or a cut body."""
    last: float = 0.0  # when it was sent for the last time, where it was tried again later; else 0
    lost: int = 0  # how many of its attempts came to nothing, the last one too

    @classmethod
    def of_exchange(cls, exchange: Exchange, outcome: Outcome) -> TimedOutcome:
        """Return the outcome of an exchange with the moment it began."""
        if outcome.result is not Result.UNAVAILABLE or outcome.cause in _OF_THE_ACCOUNT:
            crashed = False
        elif exchange.failure is not None:
            crashed = exchange.failure.lost
        else:
            in_stream = outcome.cause == "outage" and 200 <= (outcome.status or 0) < 300
            crashed = in_stream or (outcome.status or 0) >= 500
        lost = _lost_before(exchange.retried) + crashed
        return cls(outcome, exchange.sent_at, exchange.attempts, crashed, lost=lost)

    @classmethod
    def of_result(cls, result: CaseResult) -> TimedOutcome:
        """Return the outcome of a case that an earlier run has judged."""
        record = result.record
        if record is None:
            return cls(result.outcome, 0.0, None)
        began = datetime.fromisoformat(record.sent_at).timestamp() if record.sent_at else 0.0
        return cls(result.outcome, began, record.attempts, lost=_lost_before(record.retried))


def _lost_before(attempts: Iterable[Attempt]) -> int:
    # a success that was asked for again had been cut; a 3xx or a 4xx is an answer
    return sum(not 300 <= (attempt.status or 0) < 500 for attempt in attempts)


@dataclass(frozen=True)
class ModelOutcomes:
    """The known outcomes of the requests to one model, each with its case."""

    known: tuple[tuple[Case, TimedOutcome], ...]
    valid: Collection[str]  # ids of the cases that the contract has accepted
    open: Collection[str] = ()  # ids of those that it leaves open

    def context(self, case: Case, control: Outcome | None) -> Context:
        """Return what these requests mean for one of them, for the clauses to judge by."""
        request = next(
            (other for other_case, other in self.known if other_case.path == case.path), None
        )
        if request is None:
            return Context(control)
        if request.outcome.result is Result.UNCLEAR and case.id in self.open:
            return Context(control, mistake_alike=self._mistake_alike(request.outcome))
        refusals = tuple(self._valid_refusals(case, request))
        if not request.crashed:
            return Context(control, refusals)
        if not self._may_be_accepted(case):
            similar_crash, outage = self._crash_alike(request), self._down(request)
            return Context(control, refusals, crash_alike=similar_crash, down=outage)
        before, after = self.around(case, request)
        blamed, crashes = self._find_blamed(case)
        attempts = self._describe_crashes(blamed, crashes)
        # where nothing was accepted before, no value is in doubt
        doubt = self.doubt(case) if before else ""
        value, after = blamed.replace("=", " "), None if doubt else after
        return Context(control, refusals, before, after, attempts, value, crash_doubt=doubt)

    def accepted(self) -> Iterator[tuple[Case, TimedOutcome]]:
        """Yield the generations that were accepted, the smallest request first."""
        accepted = [
            (case, request)
            for case, request in self.known
            if request.outcome.accepted and case.operation is Operation.GENERATE
        ]
        return iter(sorted(accepted, key=lambda pair: size_of(pair[0])))

    @property
    def any_accepted(self) -> bool:
        """Return whether a generation was accepted."""
        return next(self.accepted(), None) is not None

    def around(self, case: Case, request: TimedOutcome) -> tuple[Outcome | None, Outcome | None]:
        """Return accepted requests sent before and after one, those that differ least from it."""
        near = sorted(self.accepted(), key=lambda pair: (len(pair[0].asks ^ case.asks), pair[0].id))
        before = (other.outcome for _, other in near if other.began < request.began)
        after = (other.outcome for _, other in near if other.began > request.began)
        return next(before, None), next(after, None)

    def doubt(self, case: Case) -> str:
        """Say why a request that came to nothing proves no value wrong; empty if it does.

        Any line loses an answer now and then. How likely the value failed by chance is told from
        how often the provider lost other answers, earlier and later ones.
        """
        blamed, crashes = self._find_blamed(case)
        failed = total(request.attempts for request in crashes)
        if failed is None:  # an old cassette does not say
            return ""
        crash_ids = {id(request) for request in crashes}
        lost = answers = 0
        for other_case, request in self.known:
            may_be_accepted = self._may_be_accepted(other_case) or other_case.id == CONTROL_AGAIN
            is_blamed = id(request) in crash_ids or (blamed and blamed in other_case.asks)
            attempts = request.attempts or 1
            # what fails as often without any answer has a value of its own to blame
            has_own_fault = request.crashed and attempts >= LEAST_ATTEMPTS
            if may_be_accepted and not is_blamed and not has_own_fault:
                lost += request.lost
                answers += attempts
        rate = (lost + 1) / (answers + 1) if lost else 0.0  # one more, for few say little
        if failed >= LEAST_ATTEMPTS and rate**failed * len(self.known) < _BY_CHANCE:
            return ""
        if lost:
            return f"the provider lost {lost} of {answers} other answers as well"
        return f"{failed} attempt{'' if failed == 1 else 's'} may have come to nothing by chance"

    def is_confirmed(self, case: Case, request: TimedOutcome) -> bool:
        """Return whether the blamed value failed again after another request was accepted."""
        blamed, _ = self._find_blamed(case)
        accepted = [other.began for _, other in self.accepted() if other.began > request.began]
        return bool(blamed and accepted) and any(
            other.crashed
            and blamed in other_case.asks
            and max(other.began, other.last) > min(accepted)
            for other_case, other in self.known
            if other_case.path != case.path
        )

    def _may_be_accepted(self, case: Case) -> bool:
        return case.id in self.valid or case.id in self.open

    def _valid_refusals(self, case: Case, request: TimedOutcome) -> Iterator[Outcome]:
        """Yield how valid requests were turned down, where that is how this one was."""
        for other_case, other in self.known:
            if other_case.path != case.path and other_case.id in self.valid:
                is_refused = other.outcome.result in (Result.REFUSED, Result.NOT_SERVED)
                is_out_of_quota = other.outcome.cause == "quota"
                if (is_refused or is_out_of_quota) and same_refusal(other.outcome, request.outcome):
                    yield other.outcome

    def _crash_alike(self, request: TimedOutcome) -> Outcome | None:
        """Return a request that came to nothing alone, in the words that a mistake got."""
        for case, other in self.known:
            if other.crashed and self._may_be_accepted(case):
                is_alone = all(self.around(case, other)) and not self.doubt(case)
                is_outage = other.outcome.cause == "outage"
                if is_alone and is_outage and same_refusal(other.outcome, request.outcome):
                    return other.outcome
        return None

    def _down(self, request: TimedOutcome) -> Outcome | None:
        """Return a valid request that came to nothing in the outage in which this one may be."""
        last = max((other.began for _, other in self.accepted()), default=float("-inf"))
        crashed = (other for case, other in self.known if other.crashed and case.id in self.valid)
        later = (other.outcome for other in crashed if other.began > last)
        return next(later, None) if request.began > last else None

    def _mistake_alike(self, outcome: Outcome) -> Outcome | None:
        """Return a mistake that got the same status, and also an error or none, and no image."""
        for case, request in self.known:
            other = request.outcome
            alike = other.status == outcome.status and bool(other.said) == bool(outcome.said)
            if alike and other.result is Result.UNCLEAR and not self._may_be_accepted(case):
                return other
        return None

    def _find_blamed(self, case: Case) -> tuple[str, list[TimedOutcome]]:
        """Name what most requests that came to nothing share, and no accepted one has.

        Something is not to blame if a smaller request came to nothing without it.
        """
        innocuous = {token for other_case, _ in self.accepted() for token in other_case.asks}
        crashed = [
            (other_case, request)
            for other_case, request in self.known
            if request.crashed and self._may_be_accepted(other_case)
        ]
        smaller = [other_case.asks for other_case, _ in crashed if other_case.asks < case.asks]
        innocent = {token for token in case.asks if any(token not in asks for asks in smaller)}
        sharing = {
            token: [request for other_case, request in crashed if token in other_case.asks]
            for token in sorted(case.asks - innocuous - innocent)
        }
        if not sharing:
            return "", [request for other_case, request in crashed if other_case.path == case.path]
        # where a value and its parameter are shared by as many, it is the value
        best = max(sharing, key=lambda token: (len(sharing[token]), "=" in token))
        return best, sharing[best]

    def _describe_crashes(self, blamed: str, crashes: list[TimedOutcome]) -> str:
        """Describe in how many cases and attempts requests like these came to nothing."""
        cases_with_value = [
            case
            for case, _ in self.known
            if blamed and self._may_be_accepted(case) and blamed in case.asks
        ]
        count = max(len(cases_with_value), len(crashes))
        cases = f"{len(crashes)} of {count} case{'' if count == 1 else 's'}"
        attempts = total(request.attempts for request in crashes)
        if attempts is None:
            return cases
        return f"{cases}, {attempts} of {attempts} attempt{'' if attempts == 1 else 's'}"


def size_of(case: Case) -> tuple[int, str]:
    """Return the key that sorts requests by size, alike in every run."""
    return len(case.body or {}), case.id


def total(counts: Iterable[int | None]) -> int | None:
    """Add up attempts; None where one of the counts is not known."""
    known = list(counts)
    return None if None in known else sum(filter(None, known))
