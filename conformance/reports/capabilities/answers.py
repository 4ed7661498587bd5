"""What one answer says of one value that its request asked for, in the words of the table.

That a parameter took effect shows in the clauses that read it, and in a trait of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.findings import BROKEN, Finding, Verdict
from conformance.reports.contracts import NOT_IN_EDITION
from conformance.results.records import ExchangeRecord, ImageRecord

ACCEPTANCE = "parameters.valid-accepted"
_FAILED = 500
_UNLIKE = BROKEN | {Verdict.FLAKY}
_PROVIDERS_CHOICE = frozenset({"auto", "null"})
_ALPHA = {None: None, True: "an alpha channel", False: "no alpha channel"}


class Word(StrEnum):
    """What became of a value, from worst to best; the last three decide nothing."""

    CRASHES = "crashes"
    REFUSED = "refused"
    IGNORED = "ignored"
    ALTERED = "altered"
    ACCEPTED = "accepted"
    HONOURED = "honoured"
    UNDECIDED = "undecided"
    NOT_ASKED = "not asked"
    NOT_IN_EDITION = NOT_IN_EDITION


@dataclass(frozen=True, slots=True)
class Meaning:
    """How reports show a word, and what it says."""

    symbol: str
    style: str  # of Rich
    text: str


# fmt: off
MEANINGS = {
    Word.HONOURED: Meaning("✓", "green",
        "accepted, and the answer shows that it is what was asked for"),
    Word.ACCEPTED: Meaning("+", "default",
        "accepted; whether it took effect, no answer shows or this one did not"),
    Word.ALTERED: Meaning("≠", "yellow",
        "accepted, but what came is neither what was asked for nor what comes without it"),
    Word.IGNORED: Meaning("⊘", "yellow",
        "accepted, but what came is what comes where the parameter is left out"),
    Word.REFUSED: Meaning("✗", "red",
        "an error, while a request without it was accepted, or one that names it"),
    Word.CRASHES: Meaning("!", "bold red",
        "no error and no image (5xx, silence, an empty success), while others were accepted"),
    Word.UNDECIDED: Meaning("?", "magenta",
        "asked, but what came says nothing of this value: the cell says why"),
    Word.NOT_ASKED: Meaning("-", "dim", "not asked: the cell says why"),
    Word.NOT_IN_EDITION: Meaning("∉", "dim",
        "another edition names this value; that of this provider does not"),
}
# fmt: on
"""Every word in the order of legends."""

SILENT = frozenset({Word.NOT_ASKED, Word.NOT_IN_EDITION})
"""The words of a value that nobody asked for."""

DECIDED = frozenset(Word) - {Word.UNDECIDED} - SILENT

Trait = Callable[[ExchangeRecord], str | None]
"""What came, in a word that two answers can be compared by; None where it could not be seen."""


def _of_images(read: Callable[[ImageRecord], str | None]) -> Trait:
    """Return a trait of all images, each value of it once; None if one could not be read."""

    def trait(exchange: ExchangeRecord) -> str | None:
        values = [read(image) for image in exchange.images]
        known = {value for value in values if value is not None}
        return " and ".join(sorted(known)) if known and None not in values else None

    return trait


def _pixels(image: ImageRecord) -> str | None:
    return f"{image.width}x{image.height}" if image.width and image.height else None


def _member(exchange: ExchangeRecord) -> str | None:
    shape = exchange.shape or ()
    members = [name for name in ("url", "b64_json") if f"data[].{name}:string" in shape]
    return members[0] if len(members) == 1 else None


def _streamed(exchange: ExchangeRecord) -> str | None:
    if not exchange.shape:
        return None
    return "true" if any(path.startswith("<") for path in exchange.shape) else "false"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one parameter shows in an answer."""

    clauses: tuple[str, ...]
    """They pass if what came is what was asked for."""
    trait: Trait = lambda _: None
    in_words: bool = True
    """Whether the trait is in the words of the request, so that both can be compared."""


NOTHING = Reading(())
"""The reading of a parameter whose effect no answer shows."""

READINGS = {
    "n": Reading(
        ("count.as-asked",),
        lambda exchange: str(len(exchange.images)) if exchange.images else None,
    ),
    "size": Reading(("image.size-as-asked", "stream.size-as-asked"), _of_images(_pixels)),
    "output_format": Reading(
        ("image.type-as-asked", "stream.format-as-asked"), _of_images(lambda image: image.type)
    ),
    "background": Reading(
        ("image.alpha-when-transparent", "image.transparent-pixels", "image.opaque-when-asked"),
        _of_images(lambda image: _ALPHA[image.alpha]),
        in_words=False,
    ),
    "response_format": Reading(("format.url-when-asked", "format.b64-when-asked"), _member),
    "quality": Reading(("extras.quality-as-asked",)),
    "stream": Reading(("stream.content-type", "stream.completed"), _streamed),
    "partial_images": Reading(("stream.partial-count",)),
}
"""Of the echoes of an answer only that of quality counts: no picture shows it."""


@dataclass(frozen=True, slots=True)
class JudgedGeneration:
    """One generation of a run, with what its clauses found, by clause."""

    exchange: ExchangeRecord
    findings: Mapping[str, Finding]
    run: int  # its index among the runs

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


class ModelAnswers:
    """The generations of one model at one provider, each of which is judged beside the others."""

    def __init__(self, generations: Sequence[JudgedGeneration]) -> None:
        self.generations = generations
        accepted = (generation.exchange for generation in generations if generation.accepted)
        self._accepted = {pair for exchange in accepted for pair in exchange.asks.items()}
        # one that comes back empty though nothing else that it asks for does: not for a value
        self._empties_by_chance = any(
            generation.exchange.outcome == "unclear"
            and generation.exchange.expected != "refused"
            and generation.exchange.asks.items() <= self._accepted
            for generation in generations
        )
        self._usual: dict[str, str | None] = {}

    def evidence_of(self, values: Mapping[str, str]) -> list[Evidence]:
        """Return what every request that asks for some values says of them.

        One value is read from all requests that ask for it and may be accepted; several, which
        the contract forbids together, from those that ask for nothing else.
        """
        return [
            Evidence(generation.run, generation.exchange.case, *self._word(generation, values))
            for generation in self.generations
            if values.items() <= generation.exchange.asks.items()
            and (generation.exchange.expected != "refused" or values == generation.exchange.asks)
            and (generation.exchange.expected != "refused") == (len(values) == 1)
        ]

    def _word(self, generation: JudgedGeneration, values: Mapping[str, str]) -> tuple[Word, str]:
        exchange = generation.exchange
        if not exchange.was_sent:
            return Word.NOT_ASKED, exchange.reason
        if generation.accepted:
            effects = [self._effect(generation, name, value) for name, value in values.items()]
            return min(effects, key=lambda effect: list(Word).index(effect[0]))
        why = exchange.reason
        if exchange.said and exchange.said not in why:
            why += f": {exchange.said}"
        blamed = self._another_value(generation, values)
        if blamed is not None:
            return Word.UNDECIDED, f"{why}, because of {blamed}"
        refused = exchange.outcome == "refused" or (exchange.outcome == "unclear" and exchange.said)
        # a refusal with a cause is about the account, or about the prompt
        if refused and exchange.cause is None and self._is_for(generation, values):
            return Word.REFUSED, why
        came_to_nothing = exchange.outcome in ("unavailable", "unclear")
        if came_to_nothing and not refused and self._is_crash(generation, values):
            return Word.CRASHES, why
        if refused and exchange.cause is None:
            why += "; nothing without it was accepted either"
        if exchange.outcome == "unclear" and not refused and self._empties_by_chance:
            why += "; so came one that asks only for values with which others were accepted"
        return Word.UNDECIDED, why

    def _effect(self, generation: JudgedGeneration, parameter: str, value: str) -> tuple[Word, str]:
        """Return what an accepted answer shows of a parameter, and why it does not show more."""
        reading = READINGS.get(parameter, NOTHING)
        found = generation.findings
        findings = [found[clause] for clause in found if clause in reading.clauses]
        observed = reading.trait(generation.exchange)
        broken = next((finding for finding in findings if finding.verdict in _UNLIKE), None)
        passes = any(finding.verdict is Verdict.PASS for finding in findings)
        if broken is None:
            if passes or (reading.in_words and observed == value):
                return Word.HONOURED, ""
            if value in _PROVIDERS_CHOICE:
                return Word.ACCEPTED, "it leaves the matter to the provider"
            if observed is None or not reading.in_words or findings:
                messages = (finding.message for finding in findings if finding.message)
                return Word.ACCEPTED, next(messages, "no answer shows its effect")
        why = f"{broken.message}: {broken.observed}" if broken else f"came: {observed}"
        if observed is not None and observed == self._usually(parameter):
            return Word.IGNORED, f"{why}, as without {parameter}"
        return Word.ALTERED, why

    def _usually(self, parameter: str) -> str | None:
        """Return what comes where a parameter is left out."""
        if parameter not in self._usual:
            trait = READINGS.get(parameter, NOTHING).trait
            smallest = next(self._without((parameter,)), None)
            self._usual[parameter] = trait(smallest.exchange) if smallest else None
        return self._usual[parameter]

    def _without(self, parameters: Sequence[str]) -> Iterator[JudgedGeneration]:
        """Yield the accepted requests that leave some parameters out, the smallest first."""
        accepted = [
            generation
            for generation in self.generations
            if generation.accepted and not generation.exchange.asks.keys() & set(parameters)
        ]
        yield from sorted(
            accepted,
            key=lambda generation: (
                generation.exchange.expected != "accepted",
                len(generation.exchange.asks),
            ),
        )

    def _is_for(self, generation: JudgedGeneration, values: Mapping[str, str]) -> bool:
        """Return whether a refusal is for these values, and not for what every request has."""
        error = generation.exchange.error
        names_value = error is not None and error.param in values
        return names_value or any(True for _ in self._without(tuple(values)))

    def _is_crash(self, generation: JudgedGeneration, values: Mapping[str, str]) -> bool:
        """Return whether it is this request alone that gets no answer, as its own clause found.

        Where no clause may say so, others must have been accepted before it and after it.
        """
        acceptance = generation.findings.get(ACCEPTANCE)
        if acceptance is not None and generation.exchange.outcome == "unavailable":
            return acceptance.verdict in BROKEN
        # before and after, else the provider may have been out for good, or until then
        moments = [other.exchange.sent_at or "" for other in self._without(tuple(values))]
        if generation.exchange.outcome == "unclear":
            # of what a recorder cut nothing is found broken
            breaks = any(found.verdict in BROKEN for found in generation.findings.values())
            return bool(moments) and breaks and not self._empties_by_chance
        status = generation.exchange.response.status if generation.exchange.response else _FAILED
        moment = generation.exchange.sent_at or ""
        is_between = bool(moments) and min(moments) <= moment <= max(moments)
        return status >= _FAILED and is_between and (generation.exchange.attempts or 1) > 1

    def _another_value(self, generation: JudgedGeneration, values: Mapping[str, str]) -> str | None:
        """Name the other value that a request failed for, where that is known."""
        asks = generation.exchange.asks
        other_values = {name: value for name, value in asks.items() if name not in values}
        error = generation.exchange.error
        if error is not None and error.param in other_values:
            return error.param
        if not values.items() <= self._accepted:
            return None
        never_accepted = (pair for pair in other_values.items() if pair not in self._accepted)
        return next((f"{name} = {value}" for name, value in never_accepted), None)
