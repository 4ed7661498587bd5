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
from conformance.exchange.outcome import Outcome, Result, outcome_of, same_refusal
from conformance.exchange.refusal_matching import names_parameter, quotes_value, speaks_of
from conformance.exchange.sent_request import read_request
from conformance.live.ledger import NotSentError

ACCOUNT_AGAIN = "account-again"  # the id under which an accepted request is sent again

_MOST = 3  # requests that are sent again and accepted, each of which costs an image


@dataclass(slots=True)
class AccountDoubt:
    """Finds out what a refusal is about that names nothing of the request.

    The request itself is sent again. If it is accepted, the refusal was a mishap. Else the
    cheapest accepted request is sent: if that is refused in the same words, in whatever language,
    the account is at its end. Both are billed only where they are accepted.
    """

    ask: Callable[[Case], Exchange]
    estimate: Callable[[Case], float]
    edition: Edition
    _accepted: Case | None = None
    _painted: set[str] = field(default_factory=set)  # models that did
    _request_refusals: list[Outcome] = field(default_factory=list)
    _account_refusal: Outcome | None = None
    _lock: Lock = field(default_factory=Lock)

    def remember(self, case: Case, outcome: Outcome) -> None:
        """Remember the cheapest generation that was accepted, and which models painted."""
        if outcome.accepted and case.operation is Operation.GENERATE:
            self._painted.add(case.model)
            cheapest = self._accepted
            if cheapest is None or self.estimate(case) < self.estimate(cheapest):
                self._accepted = case

    def settle(self, refusal: Outcome) -> tuple[bool, list[Exchange]]:
        """Return whether a refusal is of the account, and what was sent to find out."""
        if self._accepted is None or refusal.result is Result.NOT_SERVED:
            return False, []
        with self._lock:  # several threads are refused at once, and one of them asks
            sent = []
            may_ask = self._account_refusal is None and len(self._request_refusals) < _MOST
            if may_ask and not self.is_of_request(refusal):
                try:
                    sent = [self.ask(replace(self._accepted, id=ACCOUNT_AGAIN, control=None))]
                except NotSentError:
                    return False, []
                if same_refusal(outcome_of(sent[0]), refusal):
                    self._account_refusal = refusal
                else:
                    self._request_refusals.append(refusal)
            known = self._account_refusal
            return known is not None and same_refusal(known, refusal), sent

    def is_of_request(self, refusal: Outcome) -> bool:
        """Return whether a refusal in these words was found to be of what was asked."""
        return any(same_refusal(outcome, refusal) for outcome in self._request_refusals)

    def is_raised(self, exchange: Exchange, case: Case, outcome: Outcome) -> bool:
        """Return whether a request was refused, and nothing that it asks for was named.

        That a model is not there says as little, once it has painted. A mistake is to be
        refused; but hardly with a page, a redirect, or as forbidden.
        """
        leads_away = 300 <= (outcome.status or 0) < 400
        is_refusal = (
            outcome.result is Result.REFUSED
            or (outcome.result is Result.UNCLEAR and (bool(outcome.said) or leads_away))
            or (outcome.result is Result.NOT_SERVED and case.model in self._painted)
        )
        if self._accepted is None or not is_refusal:
            return False
        error, body = error_text(Answer(exchange)), exchange.request.body
        words = f"{error.param} {error.text}"
        if names_parameter(words, body) or quotes_value(error.text, body):
            return False
        expected = read_request(exchange, self.edition).expectation
        if expected == "open" and (speaks_of(words, "model") or speaks_of(words, "prompt")):
            return False  # what the contract leaves open may be that one of them is missing
        causes = ("other",) if expected == "refused" else (None, "other", "not served")
        return leads_away or outcome.cause in causes
