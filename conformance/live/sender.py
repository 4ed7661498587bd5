"""A client that pays attention: to the ledger, the provider's pace, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from tenacity import Retrying, retry_if_result, stop_after_attempt

from conformance.cases.model import Authorization, Case, Operation
from conformance.contract import Edition
from conformance.exchange.model import Exchange, Failure
from conformance.exchange.outcome import (
    ACCOUNT_ENDED,
    MOST_ATTEMPTS,
    Outcome,
    Result,
    outcome_of,
    same_refusal,
    undecided,
)
from conformance.exchange.sent_request import read_request
from conformance.exchange.source import Client, Target
from conformance.live.account_doubt import AccountDoubt
from conformance.live.circuit_breaker import Generation
from conformance.live.cost import Cost, cost_of, counted_estimate, price_of, price_of_all, usage_of
from conformance.live.ledger import InFlightError, Ledger, NotSentError
from conformance.live.retries import attempt_of, should_retry, wait
from conformance.output.printing import printable
from conformance.providers import Provider

_A_MOMENT = 0.2  # seconds
_NO_JSON = b"{"
_PROXY_LOGIN = 407
Sleep = Callable[[float], None]


@dataclass(slots=True)
class Sender:
    """Sends the cases of one provider: within budget and pace, again where that may help."""

    client: Client
    provider: Provider
    edition: Edition
    ledger: Ledger
    clock: Callable[[], float] = time.monotonic
    sleep: Sleep = time.sleep
    patience: float = 300.0  # seconds to wait for answers that may release money
    _first: Lock = field(default_factory=Lock)
    """Held while the key is not known to be good, so that one request alone finds out."""
    _doubt: AccountDoubt = field(init=False)

    def __post_init__(self) -> None:
        self._doubt = AccountDoubt(
            self._ask, lambda case: self.cost(case).planned.usd, self.edition
        )

    @property
    def target(self) -> Target:
        """Where cases are sent."""
        return self.client.target

    def cost(self, case: Case) -> Cost:
        """Return what a case will cost, and may."""
        return cost_of(case, self.provider, self.edition)

    def exchange(self, case: Case) -> Exchange:
        """Send a case until it is answered, a bounded number of times.

        Raises `NotSentError` where not even the first attempt may be made.
        """
        exchanges: list[Exchange] = []
        starts: list[float] = []

        def attempt() -> Exchange:
            exchanges.append(self._send(case))
            starts.append(self.clock() - (exchanges[-1].elapsed or 0))
            return exchanges[-1]

        retrying = Retrying(
            retry=retry_if_result(should_retry),
            stop=stop_after_attempt(MOST_ATTEMPTS),
            wait=wait,
            sleep=self._rest,
            retry_error_callback=lambda _: exchanges[-1],
        )
        try:
            retrying(attempt)
        except NotSentError as reason:
            if not exchanges:
                raise
            # the last answer stays, with why it was not asked for once more
            why = f"{outcome_of(exchanges[-1]).reason}; it was not sent again: {reason}"
            exchanges[-1] = replace(exchanges[-1], failure=Failure("not-sent-again", why))
        else:
            self._settle_doubt(case, exchanges, lambda: retrying(attempt))
            self._record_attempt(case, exchanges[-1], starts[0])
        retried = tuple(map(attempt_of, exchanges[:-1]))
        price = price_of_all(exchanges)
        return replace(exchanges[-1], attempts=len(exchanges), retried=retried, price=price)

    def _record_attempt(self, case: Case, exchange: Exchange, began: float) -> None:
        """Record the outcome of a generation for the circuit breaker.

        What a known deviation names may stay undecided, so it says nothing.
        """
        if case.operation is not Operation.GENERATE or self.provider.is_known(case.model, case.id):
            return
        valid = read_request(exchange, self.edition).expectation == "accepted"
        outcome = outcome_of(exchange)
        is_unavailable = outcome.result is Result.UNAVAILABLE
        why = printable(outcome.reason, 200) if is_unavailable else None
        generation = Generation(case.model, began, self.clock(), why, valid, case.asks)
        self.ledger.record_attempt(self.provider.id, generation)

    def _rest(self, seconds: float) -> None:
        """Wait, and let nobody else ask the provider meanwhile."""
        self.ledger.hold(self.provider.id, self.clock() + seconds)
        self.sleep(seconds)

    def _send(self, case: Case) -> Exchange:
        """Send a case once; alone while the key is not known to be good."""
        if case.authorization is not Authorization.VALID:
            return self._ask(case)
        if not self.ledger.admitted(self.provider.id):
            with self._first:
                if not self.ledger.admitted(self.provider.id):  # as it may be by now
                    return self._check_key(self._ask(case), case)
        return self._check_key(self._ask(case), case)

    def _ask(self, case: Case) -> Exchange:
        rate, now = self.provider.requests_per_minute, self.clock()
        moment = self.ledger.slot(self.provider.id, now, 60 / rate if rate else 0.0)
        if moment > now:  # all threads share the pace of the provider
            self.sleep(moment - now)
        cost = self.cost(case)
        number = self._reserve(cost, case.path)
        exchange = self.client.exchange(case)
        estimate = counted_estimate(exchange, cost)
        actual = self.provider.prices.actual(case.model, usage_of(exchange))
        status = exchange.response.status if exchange.response else None
        self.ledger.settle(number, estimate.usd, actual, estimate.known, status)
        return replace(exchange, price=price_of(estimate, actual))

    def _reserve(self, cost: Cost, case: str) -> int:
        """Reserve money; where answers still to come may release enough, wait for them."""
        deadline = self.clock() + self.patience
        while True:
            try:
                return self.ledger.reserve(
                    self.provider.id, cost.planned.usd, cost.most.usd, cost.most.known, case
                )
            except InFlightError:
                if self.clock() >= deadline:
                    raise
                self.sleep(_A_MOMENT)

    def _check_key(self, exchange: Exchange, case: Case) -> Exchange:
        """See whether the key is good, and the account not at its end; else send nothing more.

        What a key of ours brought about says nothing of the provider, so it is no answer. Some
        tell their models to everybody, so that a list says nothing of the key for generations.
        """
        name, proven = self.provider.id, f"{self.provider.id} {case.operation.value}"
        status = exchange.response.status if exchange.response else 0
        outcome = outcome_of(exchange)
        if exchange.response is not None and outcome.cause == "quota":
            why = f"the account has no quota left ({_in_words(exchange)}); top it up"
            self._halt(why)
        elif status == _PROXY_LOGIN:
            why = f"a proxy before the provider wants a login ({_in_words(exchange)})"
            self._halt(f"{why}; look at base_url and the network")
            return replace(exchange, failure=Failure("proxy-login", why))
        elif _blames_key(exchange) and not self.ledger.admitted(proven):
            why = f"the first authorised request was refused ({_in_words(exchange)})"
            why = f"{why}; look at the key in {self.provider.key_place}"
            self._halt(why)
            return replace(exchange, failure=Failure("key-refused", why))
        elif _blames_key(exchange):
            return self._recheck_key(exchange, case)
        elif status and not undecided(status):
            self.ledger.admit(name)
            self.ledger.admit(proven)
            self._doubt.remember(case, outcome)
        return exchange

    def _settle_doubt(
        self, case: Case, exchanges: list[Exchange], ask: Callable[[], Exchange]
    ) -> None:
        """Find out what a refusal is about that names nothing of what was asked.

        A mishap does not happen again; an account at its end refuses what was accepted before.
        What neither explains is sent twice more, so that two mishaps in a row are no verdict.
        """
        outcome = outcome_of(exchanges[-1])
        is_known = self.provider.is_known(case.model, case.id)
        if is_known or not self._doubt.is_raised(exchanges[-1], case, outcome):
            return
        # a success without an image is a broken promise, and may be billed: no mishap to repeat
        is_final = outcome.answered or case.operation is not Operation.GENERATE
        repeats = 0 if is_final else 1
        # a page or a redirect that bars the way has the same words whatever was asked
        is_barred = outcome.cause == "other" or outcome.result is Result.UNCLEAR
        was_settled = not is_barred and self._doubt.is_of_request(outcome)
        if not self._is_repeated(outcome, ask, repeats):
            return
        of_account, sent = self._doubt.settle(outcome)
        exchanges[-1] = replace(exchanges[-1], price=price_of_all([*sent, exchanges[-1]]))
        if of_account:
            why = f"what was accepted before is refused now ({_in_words(exchanges[-1])})"
            self._halt(f"{why}; look at the account and the key")
            exchanges[-1] = replace(exchanges[-1], failure=Failure(ACCOUNT_ENDED, why))
        elif not was_settled:
            self._is_repeated(outcome, ask, 2 * repeats)

    def _is_repeated(self, refusal: Outcome, ask: Callable[[], Exchange], times: int) -> bool:
        """Return whether a request is refused in the same words each time that it is sent again."""
        try:
            return all(same_refusal(outcome_of(ask()), refusal) for _ in range(times))
        except NotSentError:  # the refusal stands, as far as is known
            return True

    def _recheck_key(self, exchange: Exchange, case: Case) -> Exchange:
        """See whether a key that was good still is: if so, the 401 is about what was asked.

        To find out, a body that is no JSON is sent (ARCHITECTURE 22). It costs nothing, and a good
        key has it refused for what it is.
        """
        try:
            answer = self._ask(Case("key-again", case.model, raw=_NO_JSON))
        except NotSentError:
            answer = replace(exchange, response=None)
        is_refused = _blames_key(answer)
        if answer.response is not None and not is_refused and not undecided(answer.response.status):
            return exchange
        why = (
            f"the key in {self.provider.key_variable or 'its file'} was refused "
            f"({_in_words(exchange)}), though it was good before"
        )
        if is_refused:
            self._halt(f"{why}; look at it")
        return replace(exchange, failure=Failure("key-refused", why))

    def _halt(self, why: str) -> None:
        """Let nothing more be sent to the provider."""
        self.ledger.halt(self.provider.id, f"provider {self.provider.id!r}: {why}")


def _blames_key(exchange: Exchange) -> bool:
    """Return whether an answer to an authorised request says that its key is not let in."""
    status = exchange.response.status if exchange.response else 0
    return status == 401 or (status > 0 and outcome_of(exchange).cause == "key")


def _in_words(exchange: Exchange) -> str:
    """Return the status, and what the provider says."""
    status = exchange.response.status if exchange.response else 0
    said = printable(outcome_of(exchange).said, 200)
    return f"HTTP {status}" + (f": {said}" if said else "")
