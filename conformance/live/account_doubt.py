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
from conformance.exchange.outcome_causes import blames_another
from conformance.exchange.refusal_matching import same_refusal, speaks_of
from conformance.exchange.sent_request import read_request
from conformance.live.ledger import NotSentError

ACCOUNT_AGAIN = "account-again"
"""The id under which an accepted request is sent again."""

_MOST = 3  # requests that are sent again and accepted, each of which costs an image


@dataclass(slots=True)
class AccountDoubt:
    """Sends the cheapest accepted request again after a refusal that names nothing that was asked.

    If that is refused in the same words, the account is at its end, whatever the language. Such a
    second request is billed only where it is accepted, and then the refusal was of the first.
    """

    ask: Callable[[Case], Exchange]
    estimate: Callable[[Case], float]
    edition: Edition
    _accepted: Case | None = None
    _of_requests: list[Outcome] = field(default_factory=list)
    _of_account: Outcome | None = None
    _lock: Lock = field(default_factory=Lock)

    def remember(self, case: Case, outcome: Outcome) -> None:
        """Remember the cheapest generation that was accepted."""
        if outcome.accepted and case.operation is Operation.GENERATE:
            best = self._accepted
            if best is None or self.estimate(case) < self.estimate(best):
                self._accepted = case

    def settle(
        self, exchange: Exchange, case: Case, outcome: Outcome
    ) -> tuple[bool, list[Exchange]]:
        """Return whether a refusal is of the account, and what was sent to find out."""
        if self._accepted is None or not self._is_unnamed(exchange, case, outcome):
            return False, []
        with self._lock:
            sent = []
            if self._of_account is None and self._is_new(outcome):
                try:
                    sent = [self.ask(replace(self._accepted, id=ACCOUNT_AGAIN, control=None))]
                except NotSentError:
                    return False, []
                if same_refusal(outcome_of(sent[0]), outcome):
                    self._of_account = outcome
                else:
                    self._of_requests.append(outcome)
            return self._of_account is not None and same_refusal(self._of_account, outcome), sent

    def _is_new(self, outcome: Outcome) -> bool:
        known = self._of_requests
        return len(known) < _MOST and not any(same_refusal(one, outcome) for one in known)

    def _is_unnamed(self, exchange: Exchange, case: Case, outcome: Outcome) -> bool:
        """Return whether a request was refused, and nothing that it asks for was named.

        A mistake is to be refused; but hardly with a page, or as forbidden.
        """
        refused = outcome.result is Result.REFUSED
        refused = refused or (outcome.result is Result.UNCLEAR and bool(outcome.said))
        if not refused or outcome.cause not in (None, "other"):
            return False
        error = error_text(Answer(exchange))
        said, asked = f"{error.param} {error.text}", {"model", "prompt", *(case.body or {})}
        if blames_another(error.param) or any(speaks_of(said, name) for name in asked):
            return False
        mistake = read_request(exchange, self.edition).expectation == "refused"
        return outcome.cause == "other" or not mistake
