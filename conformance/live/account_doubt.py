"""Whether a refusal in unknown words is of the account: what was accepted before is refused too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from conformance.cases.model import Case, Operation
from conformance.contract import Edition
from conformance.exchange.answer import Answer
from conformance.exchange.error_text import error_text
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.refusal_matching import (
    names_parameter,
    quotes_value,
    same_refusal,
    speaks_of,
)
from conformance.exchange.sent_request import read_request
from conformance.live.ledger import NotSentError

ACCOUNT_AGAIN = "account-again"
"""The id under which an accepted request is sent again."""

_MOST = 3  # requests that are sent again and accepted, each of which costs an image


@dataclass(slots=True)
class AccountDoubt:
    """Finds out what a refusal is about that names nothing of the request.

    The request itself is sent again: is it accepted, the refusal was a mishap. Else the cheapest
    accepted request is: is that refused in the same words, the account is at its end, whatever
    the language. Both are billed only where they are accepted.
    """

    ask: Callable[[Case], Exchange]
    estimate: Callable[[Case], float]
    edition: Edition
    _accepted: Case | None = None
    _painted: set[str] = field(default_factory=set)  # models that did
    _of_requests: list[Outcome] = field(default_factory=list)
    _of_account: Outcome | None = None
    _lock: Lock = field(default_factory=Lock)

    def remember(self, case: Case, outcome: Outcome) -> None:
        """Remember the cheapest generation that was accepted, and which models painted."""
        if outcome.accepted and case.operation is Operation.GENERATE:
            self._painted.add(case.model)
            best = self._accepted
            if best is None or self.estimate(case) < self.estimate(best):
                self._accepted = case

    def settle(self, refusal: Outcome) -> tuple[bool, list[Exchange]]:
        """Return whether a refusal is of the account, and what was sent to find out."""
        if self._accepted is None or refusal.result is Result.NOT_SERVED:
            return False, []
        with self._lock:  # several threads are refused at once, and one of them asks
            sent = []
            may_ask = self._of_account is None and len(self._of_requests) < _MOST
            if may_ask and not self.is_of_request(refusal):
                try:
                    sent = [self.ask(replace(self._accepted, id=ACCOUNT_AGAIN, control=None))]
                except NotSentError:
                    return False, []
                if same_refusal(outcome_of(sent[0]), refusal):
                    self._of_account = refusal
                else:
                    self._of_requests.append(refusal)
            return self._of_account is not None and same_refusal(self._of_account, refusal), sent

    def is_of_request(self, refusal: Outcome) -> bool:
        """Return whether a refusal in these words was found to be of what was asked."""
        return any(same_refusal(outcome, refusal) for outcome in self._of_requests)

    def is_raised(self, exchange: Exchange, case: Case, outcome: Outcome) -> bool:
        """Return whether a request was refused, and nothing that it asks for was named.

        That a model is not there says as little, once it has painted. A mistake is to be
        refused; but hardly with a page, or as forbidden.
        """
        refused = outcome.result is Result.REFUSED
        refused = refused or (outcome.result is Result.UNCLEAR and bool(outcome.said))
        refused = refused or (outcome.result is Result.NOT_SERVED and case.model in self._painted)
        if self._accepted is None or not refused:
            return False
        error, body = error_text(Answer(exchange)), exchange.request.body
        said = f"{error.param} {error.text}"
        if names_parameter(said, body) or quotes_value(error.text, body):
            return False
        expected = read_request(exchange, self.edition).expectation
        if expected == "open" and (speaks_of(said, "model") or speaks_of(said, "prompt")):
            return False  # what the contract leaves open may be that one of them is missing
        return outcome.cause in (
            ("other",) if expected == "refused" else (None, "other", "not served")
        )
