"""A request that came to nothing: an outage, or what one value brings every time?

It is the value where other requests to the model are accepted before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conformance.cases.model import Case
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.clauses.subject import Subject
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, Result, by_status_alone, outcome_of
from conformance.exchange.source import Record, Replay, Source
from conformance.live.cost import price_of_all
from conformance.live.ledger import NotSentError
from conformance.live.retries import attempt_of
from conformance.providers import Provider
from conformance.runner.case_runner import CaseRunner
from conformance.runner.model_outcomes import CONTROL_AGAIN, TimedOutcome, total
from conformance.runner.planned_request import expectation_of

_MOST_ATTEMPTS = 8  # by which a value that never works is proven even on a bad line


@dataclass(frozen=True, slots=True)
class Crashes:
    """Retries what may be a mishap of one provider, and runs the requests that explain it."""

    provider: Provider
    source: Source
    runner: CaseRunner
    edition: Edition

    def is_crash(self, case: Case) -> bool:
        """Return whether a request that is no mistake came to nothing in all its attempts."""
        timed_outcome = self.runner.known(case)
        is_mistake = expectation_of(case, self.edition) == "refused" or case.id == MODELS_LIST
        return timed_outcome is not None and timed_outcome.crashed and not is_mistake

    def paints_around(
        self, case: Case, exchange: Exchange, outcome: Outcome
    ) -> tuple[bool, Exchange]:
        """Return whether a model painted before and after a documented request did not find it.

        The exchange that is returned has the price of finding out.
        """
        is_documented = case.id != BASELINE and expectation_of(case, self.edition) == "accepted"
        if outcome.result is not Result.NOT_SERVED or not is_documented or case.id == MODELS_LIST:
            return False, exchange
        self._run_others(case)
        if not self._has_before(case, exchange):
            return False, exchange
        paid = self._run_after(case, exchange)
        return not self._lacks_after(case), replace(exchange, price=price_of_all([*paid, exchange]))

    def retried(self, case: Case, first: Exchange, paints: bool = False) -> Exchange:
        """Return the exchange by which a request is judged, after more if that came to nothing.

        Before that, other requests to the model are made that this run makes anyway. If one is
        accepted, an outage that is over can be told from a value that never works: the request is
        sent once more, unless that value was; and again while it may have failed by chance.
        Of a model that `paints`, a 5xx which says that it is not there is one of these too.
        """
        if not self.is_crash(case):
            first = self._after_first_refusal(case, first)
        if not self.is_crash(case):  # what was refused first may crash from then on
            return first
        self._run_others(case)
        exchanges, combined = [first], _with_all(first, [first])
        timed_outcome = _timed_outcome(combined, paints)
        while self._may_try_again(case, exchanges):
            try:
                exchanges.append(self._send(case))
            except NotSentError:
                break
            combined = _with_all(exchanges[-1], exchanges)
            timed_outcome = _timed_outcome(combined, paints)
            self.runner.record_outcome(case, timed_outcome)
            if not timed_outcome.crashed:
                self._keep(case, combined)
                return combined
        # judged is the first attempt, where a request was accepted before that one
        if self._has_before(case, first):
            combined = _with_all(first, exchanges)
            self.runner.record_outcome(
                case, replace(timed_outcome, began=first.sent_at, last=timed_outcome.began)
            )
        # an accepted request after it is only worth its price where it would prove something
        doubt = self.runner.outcomes(case.model).doubt(case)
        paid = [] if doubt else self._run_after(case, combined)
        priced = replace(combined, price=price_of_all([*paid, combined]))
        if len(exchanges) > 1:
            self._keep(case, priced)
        return priced

    def _after_first_refusal(self, case: Case, first: Exchange) -> Exchange:
        """Return the exchange by which a refusal of the smallest request is judged, sent once more.

        The sender tells a mishap by what was accepted before, and nothing was. So it is asked
        again once another request to the model is accepted, and not at all where none is.
        """
        outcome = outcome_of(first)
        is_refused = outcome.result in (Result.REFUSED, Result.UNCLEAR) and not outcome.answered
        may_be_mishap = is_refused and outcome.cause in (None, "other") and first.attempts == 1
        is_played = isinstance(self.source, Replay) or first.provenance is Provenance.CASSETTE
        if case.id != BASELINE or not may_be_mishap or is_played:
            return first
        self._run_others(case)
        if not self.runner.outcomes(case.model).any_accepted:
            return first
        try:
            exchange = self._send(case)
        except NotSentError:
            return first
        combined = _with_all(exchange, [first, exchange])
        self.runner.record_outcome(case, _timed_outcome(combined, paints=False))
        self._keep(case, combined)
        return combined

    def _run_others(self, case: Case) -> None:
        began = self.runner.outcome_of(case).began
        if self.runner.in_order:
            self.runner.run_until_accepted(self.runner.pool(case.model), began)
        else:
            self.runner.run_all(self.runner.valid(case.model))
        if not self.runner.outcomes(case.model).any_accepted:
            # also where nobody chose it
            baseline = self.runner.cases.get(f"{case.model}/{BASELINE}")
            self.runner.run_until_accepted([baseline] if baseline else [], began)

    def _may_try_again(self, case: Case, exchanges: Sequence[Exchange]) -> bool:
        """Return whether one more attempt may say more, where something can be sent at all."""
        # where no request is accepted it is an outage, and one more attempt would say the same
        outcomes, timed_outcome = self.runner.outcomes(case.model), self.runner.outcome_of(case)
        if isinstance(self.source, Replay) or exchanges[0].provenance is Provenance.CASSETTE:
            return False
        if not outcomes.any_accepted or (timed_outcome.attempts or 0) >= _MOST_ATTEMPTS:
            return False
        confirmed = len(exchanges) > 1 or outcomes.is_confirmed(case, timed_outcome)
        return not confirmed or bool(outcomes.doubt(case))

    def _send(self, case: Case) -> Exchange:
        # a cassette that has just been written holds the attempt before, and is not played
        return (self.source.send if isinstance(self.source, Record) else self.source.exchange)(case)

    def _keep(self, case: Case, exchange: Exchange) -> None:
        """Keep all attempts in the cassette: replay decides by them."""
        if isinstance(self.source, Record):
            self.source.keep(case, exchange)

    def _has_before(self, case: Case, first: Exchange) -> bool:
        timed_outcome = TimedOutcome.of_exchange(first, outcome_of(first))
        return self.runner.outcomes(case.model).around(case, timed_outcome)[0] is not None

    def _run_after(self, case: Case, exchange: Exchange) -> list[Exchange]:
        """Run requests after one that came to nothing, until one that was sent later is accepted.

        What is planned anyway comes first; where none is left, the smallest one that was
        accepted is sent again, and its exchange returned.
        """
        if not self._lacks_after(case):
            return []
        self.runner.run_until_accepted(self.runner.pool(case.model), exchange.sent_at)
        if not self._lacks_after(case):
            return []
        smallest, _ = next(self.runner.outcomes(case.model).accepted())
        control = replace(smallest, id=CONTROL_AGAIN, control=None)
        try:
            control_exchange = self.source.exchange(control)
        except (NotSentError, ConformanceError):  # in replay: it was not recorded
            return []
        outcome = Subject(control_exchange, self.edition).outcome
        self.runner.record_outcome(control, TimedOutcome.of_exchange(control_exchange, outcome))
        return [control_exchange]

    def _lacks_after(self, case: Case) -> bool:
        before, after = self.runner.outcomes(case.model).around(case, self.runner.outcome_of(case))
        return before is not None and after is None


def _timed_outcome(exchange: Exchange, paints: bool) -> TimedOutcome:
    outcome = outcome_of(exchange)
    if paints and outcome.result is Result.NOT_SERVED:
        outcome = by_status_alone(outcome)
    return TimedOutcome.of_exchange(exchange, outcome)


def _with_all(exchange: Exchange, exchanges: Sequence[Exchange]) -> Exchange:
    """Return one of some exchanges with the attempts of all of them, and what all of them cost."""
    attempts = total(one_exchange.attempts for one_exchange in exchanges)
    repeated = [other for other in exchanges if other is not exchange]
    retried = [attempt for one_exchange in exchanges for attempt in one_exchange.retried]
    retried += map(attempt_of, repeated)
    price = price_of_all([*repeated, exchange])
    return replace(exchange, attempts=attempts, retried=tuple(retried), price=price)
