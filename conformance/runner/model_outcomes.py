"""Outcomes of the requests to one model, and what they say of each other (ARCHITECTURE 25)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from conformance.cases.model import Case, Operation
from conformance.clauses.subject import Context
from conformance.exchange.model import Attempt, Exchange
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.refusal_matching import same_refusal
from conformance.results.case_result import Judged
from conformance.results.records import AttemptRecord

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
    """Return whether it came to nothing: 5xx, also as an event, no answer, or a cut body."""
    last: float = 0.0
    """When it was sent for the last time, where it was tried again later; else 0."""
    lost: int = 0
    """How many of its attempts came to nothing, the last one too."""


def timed_outcome(exchange: Exchange, outcome: Outcome) -> TimedOutcome:
    """Return the outcome of an exchange with the moment it began."""
    if outcome.result is not Result.UNAVAILABLE or outcome.cause in _OF_THE_ACCOUNT:
        crashed = False
    elif exchange.failure is not None:
        crashed = exchange.failure.lost
    else:
        in_stream = outcome.cause == "outage" and 200 <= (outcome.status or 0) < 300
        crashed = in_stream or (outcome.status or 0) >= 500
    lost = _lost_before(exchange.retried) + crashed
    return TimedOutcome(outcome, exchange.sent_at, exchange.attempts, crashed, lost=lost)


def timed_outcome_of(judged: Judged) -> TimedOutcome:
    """Return the same for a case that another process, or an earlier run, has judged."""
    record = judged.record
    if record is None:
        return TimedOutcome(judged.outcome, 0.0, None)
    began = datetime.fromisoformat(record.sent_at).timestamp() if record.sent_at else 0.0
    lost = _lost_before(record.retried)
    return TimedOutcome(judged.outcome, began, record.attempts, lost=lost)


def _lost_before(attempts: Iterable[Attempt | AttemptRecord]) -> int:
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
        mine = next((timed for other, timed in self.known if other.path == case.path), None)
        if mine is not None and mine.outcome.result is Result.UNCLEAR and case.id in self.open:
            return Context(control, mistake_alike=self._mistake_alike(mine.outcome))
        refusals = tuple(self._valid_refusals(case, mine))
        if mine is None or not mine.crashed:
            return Context(control, refusals)
        if not self._may_be_accepted(case):
            alike, down = self._crash_alike(mine), self._down(mine)
            return Context(control, refusals, crash_alike=alike, down=down)
        before, after = self.around(case, mine)
        blamed, crashes = self._blamed(case)
        attempts, doubt = self._counted(blamed, crashes), self.doubt(case)
        value, after = blamed.replace("=", " "), None if doubt else after
        return Context(control, refusals, before, after, attempts, value, crash_doubt=doubt)

    def accepted(self) -> Iterator[tuple[Case, TimedOutcome]]:
        """Yield the generations that were accepted, the smallest request first."""
        accepted = [
            (case, timed)
            for case, timed in self.known
            if timed.outcome.accepted and case.operation is Operation.GENERATE
        ]
        return iter(sorted(accepted, key=lambda pair: size_of(pair[0])))

    @property
    def any_accepted(self) -> bool:
        """Return whether a generation was accepted."""
        return next(self.accepted(), None) is not None

    def around(self, case: Case, mine: TimedOutcome) -> tuple[Outcome | None, Outcome | None]:
        """Return accepted requests sent before and after one, those that differ least from it."""
        near = sorted(self.accepted(), key=lambda pair: (len(pair[0].asks ^ case.asks), pair[0].id))
        before = (timed.outcome for _, timed in near if timed.began < mine.began)
        after = (timed.outcome for _, timed in near if timed.began > mine.began)
        return next(before, None), next(after, None)

    def doubt(self, case: Case) -> str:
        """Say why a request that came to nothing proves no value wrong; nothing where it does.

        Any line loses an answer now and then: what the value failed by chance is as likely as
        the provider lost other answers, each of which counts, those that came later as well.
        """
        blamed, crashes = self._blamed(case)
        failed = total(timed.attempts for timed in crashes)
        if failed is None:  # an old cassette does not say
            return ""
        mine = {id(timed) for timed in crashes}
        others = [
            timed
            for other, timed in self.known
            if (self._may_be_accepted(other) or other.id == CONTROL_AGAIN)
            and not (id(timed) in mine or (blamed and blamed in other.asks))
            # what fails as often without any answer has a value of its own to blame
            and not (timed.crashed and (timed.attempts or 1) >= LEAST_ATTEMPTS)
        ]
        lost, of = sum(one.lost for one in others), sum(one.attempts or 1 for one in others)
        rate = (lost + 1) / (of + 1) if lost else 0.0  # one more, for few say little
        if failed >= LEAST_ATTEMPTS and rate**failed * len(self.known) < _BY_CHANCE:
            return ""
        if lost:
            return f"the provider lost {lost} of {of} other answers as well"
        return f"{failed} attempt{'' if failed == 1 else 's'} may have come to nothing by chance"

    def is_confirmed(self, case: Case, mine: TimedOutcome) -> bool:
        """Return whether the blamed value failed again after another request was accepted."""
        blamed, _ = self._blamed(case)
        accepted = [timed.began for _, timed in self.accepted() if timed.began > mine.began]
        return bool(blamed and accepted) and any(
            timed.crashed and blamed in other.asks and max(timed.began, timed.last) > min(accepted)
            for other, timed in self.known
            if other.path != case.path
        )

    def _may_be_accepted(self, case: Case) -> bool:
        return case.id in self.valid or case.id in self.open

    def _valid_refusals(self, case: Case, mine: TimedOutcome | None) -> Iterator[Outcome]:
        """Yield how valid requests were turned down, where that is how this one was."""
        for other, timed in self.known:
            if other.path != case.path and other.id in self.valid and mine is not None:
                refused = timed.outcome.result in (Result.REFUSED, Result.NOT_SERVED)
                ended = timed.outcome.cause == "quota"
                if (refused or ended) and same_refusal(timed.outcome, mine.outcome):
                    yield timed.outcome

    def _crash_alike(self, mine: TimedOutcome) -> Outcome | None:
        """Return a request that came to nothing alone, in the words that a mistake got."""
        for case, timed in self.known:
            if timed.crashed and self._may_be_accepted(case):
                alone = all(self.around(case, timed)) and timed.outcome.cause == "outage"
                alone = alone and not self.doubt(case)
                if alone and same_refusal(timed.outcome, mine.outcome):
                    return timed.outcome
        return None

    def _down(self, mine: TimedOutcome) -> Outcome | None:
        """Return a valid request that came to nothing in the outage in which this one may be."""
        last = max((timed.began for _, timed in self.accepted()), default=float("-inf"))
        crashed = (timed for case, timed in self.known if timed.crashed and case.id in self.valid)
        later = (timed.outcome for timed in crashed if timed.began > last)
        return next(later, None) if mine.began > last else None

    def _mistake_alike(self, outcome: Outcome) -> Outcome | None:
        """Return a mistake that got the same status, and also an error or none, and no image."""
        for case, timed in self.known:
            other = timed.outcome
            if not self._may_be_accepted(case):
                same = other.status == outcome.status and bool(other.said) == bool(outcome.said)
                if same and other.result is Result.UNCLEAR:
                    return other
        return None

    def _blamed(self, case: Case) -> tuple[str, list[TimedOutcome]]:
        """Name what the most requests that came to nothing share, and no accepted one has.

        Without what a smaller request came to nothing as well, so that is not to blame.
        """
        fine = {token for other, _ in self.accepted() for token in other.asks}
        crashed = [one for one in self.known if one[1].crashed and self._may_be_accepted(one[0])]
        smaller = [other.asks for other, _ in crashed if other.asks < case.asks]
        innocent = {token for token in case.asks if any(token not in asks for asks in smaller)}
        sharing = {
            token: [timed for other, timed in crashed if token in other.asks]
            for token in sorted(case.asks - fine - innocent)
        }
        if not sharing:
            return "", [timed for other, timed in crashed if other.path == case.path]
        # where a value and its parameter are shared by as many, it is the value
        best = max(sharing, key=lambda token: (len(sharing[token]), "=" in token))
        return best, sharing[best]

    def _counted(self, blamed: str, alike: list[TimedOutcome]) -> str:
        """Describe in how many cases and attempts requests like these came to nothing."""
        asked = [
            case
            for case, _ in self.known
            if blamed and self._may_be_accepted(case) and blamed in case.asks
        ]
        of = max(len(asked), len(alike))
        cases = f"{len(alike)} of {of} case{'' if of == 1 else 's'}"
        attempts = total(timed.attempts for timed in alike)
        if attempts is None:
            return cases
        return f"{cases}, {attempts} of {attempts} attempt{'' if attempts == 1 else 's'}"


def size_of(case: Case) -> tuple[int, str]:
    """Order requests from the smallest on, alike in every run."""
    return len(case.body or {}), case.id


def total(counts: Iterable[int | None]) -> int | None:
    """Add up attempts; None where one of the counts is not known."""
    known = list(counts)
    return None if None in known else sum(filter(None, known))
