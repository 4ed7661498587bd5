"""A valid request that came to nothing: an outage, or what one value brings every time?

It is the value where other requests to the model are accepted before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from conformance.cases.model import Case
from conformance.clauses.subject import Subject
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import outcome_of
from conformance.exchange.source import Record, Replay, Source
from conformance.live.cost import all_of
from conformance.live.ledger import NotSentError
from conformance.providers import Provider
from conformance.runs.asking import Asking
from conformance.runs.others import CONTROL_AGAIN, Came, came_of, lost


@dataclass(frozen=True, slots=True)
class Crashes:
    """What a run does about the requests to one provider that came to nothing."""

    provider: Provider
    source: Source
    asking: Asking
    edition: Edition

    def is_one(self, case: Case, valid: bool) -> bool:
        """Whether a valid request came to nothing in all its attempts."""
        came = self.asking.known(case)
        return valid and came is not None and came.crashed

    def tried_again(self, case: Case, first: Exchange, valid: bool) -> Exchange:
        """Give the exchange by which a request is judged, after one more if that came to nothing.

        Before that, other requests to the model are made that this run makes anyway. If one is
        accepted, an outage that is over is told from a value that never works: the request is
        sent once more, unless that value was, or the answer that was lost may have been billed.
        """
        if not self.is_one(case, valid):
            return first
        self._ask_others(case)
        made = [first, *self._again(case, first)]
        again = _with_all(made[-1], made)
        came = came_of(again, outcome_of(again))
        self.asking.tell(case, came)
        if not came.crashed:
            return again
        if self._has_before(case, first):
            again = _with_all(first, made)
            self.asking.tell(case, replace(came, began=first.sent_at, last=came.began))
        paid = self._ask_after(case, again)
        kept = replace(again, price=all_of([*paid, again]))
        if len(made) > 1 and isinstance(self.source, Record):
            self.source.keep(case, kept)
        return kept

    def _ask_others(self, case: Case) -> None:
        if self.asking.in_order:
            self.asking.ask_until_accepted(self.asking.pool(case.model), self._moment(case))
        else:
            self.asking.ask_all(self.asking.valid(case.model))

    def _again(self, case: Case, first: Exchange) -> Iterable[Exchange]:
        others = self.asking.others(case.model)
        accepted = any(True for _ in others.accepted())
        billed = lost(first) and not self.provider.prices.free
        known = others.is_confirmed(case, self._came(case))
        if isinstance(self.source, Replay) or not accepted or billed or known:
            return
        try:
            yield self.source.exchange(case)
        except NotSentError:
            return

    def _has_before(self, case: Case, first: Exchange) -> bool:
        came = came_of(first, outcome_of(first))
        return self.asking.others(case.model).around(case, came)[0] is not None

    def _ask_after(self, case: Case, kept: Exchange) -> list[Exchange]:
        """Have a request made after one that came to nothing, unless one was accepted since.

        What is planned anyway comes first; where none is left, the smallest one that was
        accepted is sent again, and its exchange given.
        """
        if not self._lacks_after(case):
            return []
        self.asking.ask_until_accepted(self.asking.pool(case.model), kept.sent_at)
        if not self._lacks_after(case):
            return []
        smallest, _ = next(self.asking.others(case.model).accepted())
        control = replace(smallest, id=CONTROL_AGAIN, control=None)
        try:
            exchange = self.source.exchange(control)
        except (NotSentError, ConformanceError):  # in replay: it was not recorded
            return []
        outcome = Subject(exchange, self.edition).outcome
        self.asking.tell(control, came_of(exchange, outcome))
        return [exchange]

    def _lacks_after(self, case: Case) -> bool:
        before, after = self.asking.others(case.model).around(case, self._came(case))
        return before is not None and after is None

    def _came(self, case: Case) -> Came:
        return self.asking.ask(case)

    def _moment(self, case: Case) -> float:
        return self._came(case).began


def _with_all(exchange: Exchange, made: Sequence[Exchange]) -> Exchange:
    """Count all attempts, and what all of them came to, for one of some exchanges."""
    counts = [each.attempts for each in made]
    known = [each for each in counts if each is not None]
    attempts = sum(known) if len(known) == len(counts) else None
    others = [each for each in made if each is not exchange]
    return replace(exchange, attempts=attempts, price=all_of([*others, exchange]))
