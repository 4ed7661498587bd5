"""What a run has spent and may spend, and the file that remembers it when the run is killed.

The threads of a run share one ledger. Where it has a file, a request is written there before it is
sent, and once more when it is answered. So nothing that may be billed is ever sent twice
(ARCHITECTURE 13). Moments are of the monotonic clock: no jump of the wall clock matters.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import IO, Any

from msgspec import to_builtins

from conformance.errors import ConformanceError
from conformance.live.circuit_breaker import Generation, in_vain
from conformance.output.counting import dollars
from conformance.output.files import refuse_links
from conformance.parsing import load_json

STOPPED = "the run was stopped"
ROUNDING = 1e-9  # US dollars; what sums of binary fractions may be off by


class NotSentError(Exception):
    """A request that was not sent, why, and the US dollars that it would have cost."""

    def __init__(self, why: str, estimate: float) -> None:
        super().__init__(why)
        self.estimate = estimate


class InFlightError(NotSentError):
    """A request that was not sent, for which answers still to come may release enough money."""


class LedgerError(ConformanceError):
    """A ledger that cannot be written or read; without it nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was sent so far: requests, and US dollars, each request counted once.

    By the price list, by usage (None where no answer said), and guessed where no price is known.
    """

    estimate: float
    actual: float | None
    guess: float
    requests: int
    counted: float  # US dollars that count against the budget: all of these, with what is reserved
    pending: float = 0.0  # US dollars reserved for answers still to come


@dataclass(slots=True)
class _Request:
    """One request: what was reserved for it, and what it cost once it was answered."""

    reserved: float
    known: bool  # whether a price stands behind the amount
    counted: float | None = None
    actual: float | None = None

    @property
    def usd(self) -> float:
        amounts = (self.actual, self.counted, self.reserved)
        return next(amount for amount in amounts if amount is not None)


@dataclass(slots=True)
class Ledger:
    """Counts money and requests; reserves the dearest outcome before each request."""

    path: Path | None = None
    budget: float | None = None
    max_requests: int | None = None
    durable: bool = True  # whether a request is on the disk before it is sent
    _requests: list[_Request] = field(default_factory=list)
    _next: dict[str, float] = field(default_factory=dict)  # moments, by provider
    _admitted: set[str] = field(default_factory=set)
    _halts: dict[str, str] = field(default_factory=dict)
    _generations: defaultdict[str, list[Generation]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _stopped: bool = False
    _lock: RLock = field(default_factory=RLock)
    _file: IO[str] | None = None

    def __post_init__(self) -> None:
        """Begin the file; one that is there belongs to a run that was replaced."""
        if self.path is None:
            return
        try:
            refuse_links(self.path)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            private = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(private, "w", encoding="utf-8")
        except OSError as error:
            raise LedgerError(
                f"{self.path}: no ledger can be kept there: {error.strerror}"
            ) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def reserve(
        self, provider: str, estimate: float, most: float, known: bool = True, case: str = ""
    ) -> int:
        """Reserve the most that a request may cost, and return its number.

        `estimate` is what it costs if all goes as it should; `known` says whether a price stands
        behind the most; `case` is `model/case`. Raises `NotSentError` where the request would
        exceed the budget or the number of requests, or where nothing more is to be sent.
        """
        with self._lock:
            self._check(provider, case.partition("/")[0], estimate, most)
            number = len(self._requests)
            name = f"{provider}::{case}"
            # on the disk before the request is out. What it cost later need not be: a settlement
            # that is lost counts as the most that was reserved (ARCHITECTURE 13)
            self._write({"request": number, "case": name, "usd": most, "known": known}, most > 0)
            self._requests.append(_Request(most, known))
            return number

    def settle(
        self,
        number: int,
        counted: float,
        actual: float | None,
        known: bool = True,
        status: int | None = None,
    ) -> None:
        """Replace what was reserved by what the request cost; `known` as in `reserve`.

        `status` is that of the answer, None where none came.
        """
        with self._lock:
            usd = counted if actual is None else actual
            self._write({"settled": number, "usd": usd, "known": known, "status": status})
            request = self._requests[number]
            request.counted, request.actual, request.known = counted, actual, known

    def carry_over(self, lost: LostRequest, counted: float) -> None:
        """Take over a request of an earlier run whose answer was lost, and what it counts for."""
        with self._lock:
            values = {"request": len(self._requests), "case": lost.case, "usd": lost.usd}
            self._write({**values, "known": lost.known, "lost": True})
            self._requests.append(_Request(counted, lost.known, counted))

    def keep_outcome(self, provider: str, case: str, outcome: object) -> None:
        """Write the outcome of a case, for a run that resumes this one."""
        with self._lock:
            values = to_builtins(outcome, order="deterministic")
            self._write({"outcome": f"{provider}::{case}", "values": values})

    def keep_result(self, provider: str, case: str, result: object) -> None:
        """Write the result of a case that the run file does not have, or not whole."""
        with self._lock:
            # it was paid for, and stands nowhere else yet
            values = to_builtins(result)
            self._write({"judged": f"{provider}::{case}", "values": values}, durably=True)

    def spent(self) -> Spent:
        """Return the sums so far."""
        with self._lock:
            sums = defaultdict[str, float](float)
            for request in self._requests:
                kind = "guess" if not request.known else "estimate"
                sums[kind if request.actual is None else "actual"] += request.usd
                sums["pending"] += request.reserved if request.counted is None else 0.0
            actual = round(sums["actual"], 6) if "actual" in sums else None
            counted = sums["actual"] + sums["estimate"] + sums["guess"]
            return Spent(
                estimate=round(sums["estimate"], 6),
                actual=actual,
                guess=round(sums["guess"], 6),
                requests=len(self._requests),
                counted=round(counted, 9),
                pending=round(sums["pending"], 9),
            )

    def slot(self, provider: str, now: float, interval: float) -> float:
        """Take the next moment at which a request to a provider may be sent, and return it."""
        with self._lock:
            moment = max(now, self._next.get(provider, now))
            self._next[provider] = moment + interval
            return moment

    def hold(self, provider: str, until: float) -> None:
        """Let nothing be sent to a provider before a moment."""
        with self._lock:
            self._next[provider] = max(until, self._next.get(provider, until))

    def admitted(self, provider: str) -> bool:
        """Return whether the provider has answered an authorised request, so the key is good."""
        return provider in self._admitted

    def admit(self, provider: str) -> None:
        """Remember that the key is good."""
        with self._lock:
            self._admitted.add(provider)

    def record_attempt(self, provider: str, generation: Generation) -> None:
        """Remember the result of a generation, and halt what is asked in vain."""
        with self._lock:
            self._generations[provider].insert(0, generation)
            if generation.why is not None:
                halt = in_vain(provider, self._generations[provider])
                if halt is not None:
                    self.halt(*halt)

    def halt(self, provider: str, why: str) -> None:
        """Let nothing more be sent to a provider, or `provider/model`; keep the first reason."""
        with self._lock:
            self._halts.setdefault(provider, why)

    def stop(self) -> None:
        """Let nothing more be sent to anybody; a signal handler may call this."""
        # without the lock, which the thread that was interrupted may hold (ARCHITECTURE 23)
        self._stopped = True

    def stopped(self) -> bool:
        """Return whether the whole run was stopped."""
        return self._stopped

    def halted(self, provider: str) -> str | None:
        """Return why nothing more is sent to a provider; None where it may be."""
        return STOPPED if self._stopped else self._halts.get(provider)

    def halts(self) -> list[str]:
        """Return the reasons for which providers and models are not asked any more."""
        with self._lock:
            return [why for _, why in sorted(self._halts.items())]

    def _check(self, provider: str, model: str, estimate: float, most: float) -> None:
        why = self.halted(provider) or self._halts.get(f"{provider}/{model}")
        if why is not None:
            raise NotSentError(why, estimate)
        if self.max_requests is not None and len(self._requests) >= self.max_requests:
            why = f"the {self.max_requests:,} requests of --max-requests are sent"
            raise NotSentError(why, estimate)
        if self.budget is None:
            return
        spent = self.spent()
        if spent.counted + most > self.budget + ROUNDING:
            budget = dollars(self.budget)
            why = f"it may cost {dollars(most)}, which would cross the budget of {budget}"
            # what is reserved and not settled may turn out cheaper
            may_wait = spent.counted - spent.pending + most <= self.budget + ROUNDING
            raise (InFlightError if may_wait else NotSentError)(why, estimate)

    def _write(self, values: Mapping[str, Any], durably: bool = False) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(values) + "\n")
            self._file.flush()
            if durably and self.durable:
                os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:  # ValueError: a thread outlived the run
            raise LedgerError(f"{self.path}: the ledger cannot be kept: {error}") from None


@dataclass(frozen=True, slots=True)
class LostRequest:
    """Requests for one case that may be billed, and whose answer no run file has."""

    case: str  # `provider::model/case`
    usd: float
    known: bool


@dataclass(slots=True)
class KeptLedger:
    """What the ledger of an earlier run says, by `provider::model/case`."""

    unanswered: dict[str, LostRequest] = field(default_factory=dict)
    """Requests that may be billed, and whose answer the ledger does not know to be a failure."""
    outcomes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    judged: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Results that are not whole in the run file: still to be confirmed, or judged in part."""


def read_ledger(path: Path) -> KeptLedger:
    """Read the ledger of a run that was cut off, perhaps within its last line.

    Without a file it is empty. Raises `LedgerError` if the file is not a ledger.
    """
    ledger, requests = KeptLedger(), dict[int, LostRequest]()
    try:
        lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
        for line in lines:
            if not line.endswith(b"\n"):  # the process was killed within it
                continue
            values = load_json(line)
            if "outcome" in values:
                ledger.outcomes[str(values["outcome"])] = dict(values["values"])
            elif "judged" in values:
                ledger.judged[str(values["judged"])] = dict(values["values"])
            elif "settled" in values:
                number, status = values["settled"], values["status"]
                # an answer that says it failed has no image that could be lost
                has_failed = status is not None and not 200 <= status < 300
                usd = 0.0 if has_failed else _amount(values["usd"])
                requests[number] = LostRequest(requests[number].case, usd, bool(values["known"]))
            else:
                usd, known = _amount(values["usd"]), bool(values["known"])
                requests[values["request"]] = LostRequest(str(values["case"]), usd, known)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise LedgerError(
            f"{path}: is no ledger of a run: {error}; without it nobody knows what was sent"
        ) from None
    for request in requests.values():
        if request.usd > 0:
            before = ledger.unanswered.get(request.case, LostRequest(request.case, 0.0, True))
            usd, known = before.usd + request.usd, before.known and request.known
            ledger.unanswered[request.case] = LostRequest(request.case, usd, known)
    return ledger


def _amount(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{value!r} is no amount")
    return float(value)
