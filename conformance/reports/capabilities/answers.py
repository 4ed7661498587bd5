"""What one answer says of one value that its request asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.findings import BROKEN, Finding, Verdict
from conformance.reports.capabilities.readings import NOTHING, READINGS
from conformance.reports.capabilities.words import Word, worst_word
from conformance.results.records import ExchangeRecord

ACCEPTANCE = "parameters.valid-accepted"
_FAILED = 500
_UNLIKE = BROKEN | {Verdict.FLAKY}
_LEAVES_IT = frozenset({"auto", "null"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One generation of a run, with what its clauses found, by clause."""

    exchange: ExchangeRecord
    findings: Mapping[str, Finding]
    run: int  # its place among the runs that are shown

    @property
    def accepted(self) -> bool:
        """Return whether an image came."""
        return self.exchange.outcome == "accepted"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange behind a cell: the run by its place, its case, what it says, and why."""

    run: int
    case: str
    word: Word
    why: str


class Answers:
    """The generations of one model at one provider, each of which is judged beside the others."""

    def __init__(self, every: Sequence[Asked]) -> None:
        self.every = every
        self._usual: dict[str, str | None] = {}

    def about(self, values: Mapping[str, str]) -> list[Evidence]:
        """Return what every request that asks for some values says of them.

        One value is read from all requests that ask for it and may be accepted; several, which
        the contract forbids together, from those that ask for nothing else.
        """
        return [
            Evidence(asked.run, asked.exchange.case, *self._word(asked, values))
            for asked in self.every
            if values.items() <= asked.exchange.asks.items()
            and (asked.exchange.expected != "refused" or values == asked.exchange.asks)
            and (asked.exchange.expected != "refused") == (len(values) == 1)
        ]

    def _word(self, asked: Asked, values: Mapping[str, str]) -> tuple[Word, str]:
        exchange = asked.exchange
        if not exchange.was_sent:
            return Word.NOT_ASKED, exchange.reason
        if asked.accepted:
            effects = [self._effect(asked, name, value) for name, value in values.items()]
            word = worst_word(word for word, _ in effects)
            return next(each for each in effects if each[0] is word)
        why = _told(exchange)
        blamed = self._another_value(asked, values)
        if blamed is not None:
            return Word.UNDECIDED, f"{why}, because of {blamed}"
        refused = exchange.outcome == "refused" or (exchange.outcome == "unclear" and exchange.said)
        if refused and exchange.cause is None and self._is_for(asked, values):
            return Word.REFUSED, why
        came_to_nothing = exchange.outcome in ("unavailable", "unclear")
        if came_to_nothing and not refused and self._is_crash(asked, values):
            return Word.CRASHES, why
        if refused and exchange.cause is None:
            why += "; nothing without it was accepted either"
        return Word.UNDECIDED, why

    def _effect(self, asked: Asked, parameter: str, value: str) -> tuple[Word, str]:
        """Return what an accepted answer shows of a parameter, and why it does not show more."""
        reading = READINGS.get(parameter, NOTHING)
        findings = [each for name, each in asked.findings.items() if name in reading.clauses]
        came = reading.trait(asked.exchange)
        broken = next((each for each in findings if each.verdict in _UNLIKE), None)
        kept = any(each.verdict is Verdict.PASS for each in findings)
        if broken is None and kept:
            return Word.HONOURED, ""
        if broken is None and came == value and reading.in_words:
            return Word.HONOURED, ""
        if broken is None and value in _LEAVES_IT:
            return Word.ACCEPTED, "it leaves the matter to the provider"
        if broken is None and (came is None or not reading.in_words or findings):
            messages = (each.message for each in findings if each.message)
            return Word.ACCEPTED, next(messages, "no answer shows its effect")
        why = f"{broken.message}: {broken.observed}" if broken else f"came: {came}"
        if came is not None and came == self._usually(parameter):
            return Word.IGNORED, f"{why}, as without {parameter}"
        return Word.ALTERED, why

    def _usually(self, parameter: str) -> str | None:
        """Return what comes where a parameter is left out."""
        if parameter not in self._usual:
            trait = READINGS.get(parameter, NOTHING).trait
            first = next(self._without((parameter,)), None)
            self._usual[parameter] = trait(first.exchange) if first else None
        return self._usual[parameter]

    def _without(self, parameters: Sequence[str]) -> Iterator[Asked]:
        """Yield the accepted requests that leave some parameters out, the smallest first."""
        others = [
            each
            for each in self.every
            if each.accepted and not any(name in each.exchange.asks for name in parameters)
        ]
        yield from sorted(
            others, key=lambda each: (each.exchange.expected != "accepted", len(each.exchange.asks))
        )

    def _is_for(self, asked: Asked, values: Mapping[str, str]) -> bool:
        """Return whether a refusal is for these values, and not for what every request has."""
        error = asked.exchange.error
        named = error is not None and error.param in values
        return named or any(True for _ in self._without(tuple(values)))

    def _is_crash(self, asked: Asked, values: Mapping[str, str]) -> bool:
        """Return whether a request comes to nothing by itself, as its own clause found.

        Where no clause may say so, others must have been accepted before it and after it.
        """
        acceptance = asked.findings.get(ACCEPTANCE)
        if acceptance is not None and asked.exchange.outcome == "unavailable":
            return acceptance.verdict in BROKEN
        others = [each.exchange.sent_at or "" for each in self._without(tuple(values))]
        if asked.exchange.outcome == "unclear":
            return bool(others)
        status = asked.exchange.response.status if asked.exchange.response else _FAILED
        moment = asked.exchange.sent_at or ""
        around = any(each <= moment for each in others) and any(each >= moment for each in others)
        return status >= _FAILED and around and (asked.exchange.attempts or 1) > 1

    def _another_value(self, asked: Asked, values: Mapping[str, str]) -> str | None:
        """Name the other value that a request failed for, where that is known."""
        asks = asked.exchange.asks
        others = {name: value for name, value in asks.items() if name not in values}
        error = asked.exchange.error
        if error is not None and error.param in others:
            return error.param
        if not all(map(self._is_ever_accepted, values.items())):
            return None
        never = (each for each in others.items() if not self._is_ever_accepted(each))
        return next((f"{name} = {value}" for name, value in never), None)

    def _is_ever_accepted(self, value: tuple[str, str]) -> bool:
        return any(each.accepted and value in each.exchange.asks.items() for each in self.every)


def _told(exchange: ExchangeRecord) -> str:
    """Return how a request ended, with the provider's words where the reason lacks them."""
    lacking = exchange.said and exchange.said not in exchange.reason
    return f"{exchange.reason}: {exchange.said}" if lacking else exchange.reason
