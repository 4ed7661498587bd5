"""The properties: what must hold of any request, sent to one provider and judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from conformance.cases.model import GENERATED, Case
from conformance.cases.request import curl
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.contract import Edition, Model
from conformance.exchange.answer import Answer, Payload
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.source import Source
from conformance.exchange.stream_events import COMPLETED, events_of
from conformance.exchange.transport.limits import Limits
from conformance.findings import Finding, Verdict
from conformance.generated.failures import UNAVAILABLE, Broken
from conformance.generated.response_cache import Memory
from conformance.live.ledger import NotSentError
from conformance.parsing import read_json
from conformance.providers import Provider

if TYPE_CHECKING:  # what is drawn is only read here, so that replay needs no hypothesis
    from conformance.generated.inputs import Between, Formats, Placed
    from conformance.generated.strategies import Body, Invalid

ALIKE = "property.unknown-parameters-alike"
STATELESS = "property.answer-depends-on-the-request"
_ACCEPTED = "parameters.valid-accepted"
_MOST_SILENT = 3  # requests without an answer before a property is given up
_FAILING = frozenset({Verdict.FAIL, Verdict.HARNESS_ERROR})


class Shape(NamedTuple):
    """What two answers to one request have in common; the images themselves may differ."""

    result: Result
    images: int
    kinds: tuple[tuple[str, ...], ...]
    types: tuple[str | None, ...]
    pixels: tuple[str, ...] | None  # None where the provider may choose them


@dataclass(frozen=True, slots=True)
class Tried:
    """One request that was sent, and what became of it."""

    case: Case
    body: Body
    exchange: Exchange
    answer: Answer
    outcome: Outcome


@dataclass(slots=True)
class Explorer:
    """Sends generated requests for one model of one provider, and says what they break."""

    client: Source
    provider: Provider
    edition: Edition
    model: str
    clauses: Sequence[Clause]
    chosen: str = "*"  # the glob that the clauses were chosen by
    today: date = field(default_factory=date.today)
    limits: Limits = field(default_factory=Limits)
    silent: int = 0
    occurred: set[str] = field(default_factory=set)  # names of deviations that excused something
    memory: Memory | None = None  # where requests cost: one that was answered is not sent again

    @property
    def documented(self) -> Model:
        """The model, as the edition documents it."""
        return self.edition.model(self.model)

    def honours(self, body: Body) -> Iterator[Broken]:
        """Every valid request is honoured, under all clauses that bind it."""
        yield from self._judged(self._send(body), self.clauses)

    def refuses(self, drawn: Invalid) -> Iterator[Broken]:
        """A request with one fault is refused, and the same request without it is accepted."""
        control = self._send(drawn.control)
        yield from self._judged(control, self._named(_ACCEPTED))
        yield from self._judged(self._send(drawn.body), self.clauses, control)

    def formats(self, drawn: Formats) -> Iterator[Broken]:
        """`response_format` decides what the answer carries, whatever else is asked."""
        chapter = [each for each in self.clauses if each.chapter == "format"]
        for body in drawn.bodies:
            yield from self._judged(self._send(body), chapter)

    def forgets(self, drawn: Between) -> Iterator[Broken]:
        """The same request is answered in the same shape, whatever was asked in between."""
        first = self._send(drawn.body)
        other, second = self._send(drawn.other, anew=True), self._send(drawn.body, anew=True)
        all_three = (first, other, second)
        unavailable = [each for tried in all_three for each in self._unavailable(tried)]
        yield from unavailable
        shapes = self._shape(first), self._shape(second)
        if not unavailable and shapes[0] != shapes[1] and fnmatchcase(STATELESS, self.chosen):
            message = f"the same request was answered with {_differing(*shapes)}"
            promise = "The answer depends on what was asked, and not on what was asked before."
            yield self._broken(STATELESS, promise, message, all_three)

    def places(self, drawn: Placed) -> Iterator[Broken]:
        """An unknown parameter is treated alike, wherever it stands and whatever stands beside."""
        tried = [self._send_text(text) for _, text in drawn.texts]
        unavailable = [broken for each in tried for broken in self._unavailable(each)]
        yield from unavailable
        for each in tried:
            yield from self._judged(each, self.clauses)
        results = {each.outcome.result for each in tried}
        if not unavailable and len(results) > 1 and fnmatchcase(ALIKE, self.chosen):
            pairs = zip(drawn.texts, tried, strict=True)
            said = ", ".join(f"{place}: {each.outcome.reason}" for (place, _), each in pairs)
            promise = "A parameter that no source knows is treated alike wherever it stands."
            yield self._broken(ALIKE, promise, f"{drawn.name} {said}", tried)

    def _send(self, body: Body, anew: bool = False) -> Tried:
        return self._tried(Case(GENERATED, self.model, body=body), body, anew)

    def _send_text(self, text: str) -> Tried:
        case = Case(GENERATED, self.model, raw=text.encode("utf-8"))
        return self._tried(case, read_json(text.encode("utf-8")).value)

    def _tried(self, case: Case, body: Body, anew: bool = False) -> Tried:
        known = None if anew or self.memory is None else self.memory.recall(case)
        exchange = known or self._sent(case)
        answer = Answer(exchange, self.limits.pixels, self.limits.images_pixels)
        tried = Tried(case, body, exchange, answer, outcome_of(exchange, answer))
        if known is None:
            self.silent = self.silent + 1 if exchange.response is None else 0
        if self.silent == _MOST_SILENT:
            pytest.skip(f"{UNAVAILABLE}: {tried.outcome.reason}\n{self._curl(tried)}")
        return tried

    def _sent(self, case: Case) -> Exchange:
        try:
            exchange = self.client.exchange(case)
        except NotSentError as reason:
            pytest.skip(f"not run: {reason}")
        if self.memory is not None:
            self.memory.keep(case, exchange)
        return exchange

    def _judged(
        self, tried: Tried, clauses: Iterable[Clause], control: Tried | None = None
    ) -> Iterator[Broken]:
        """Give the MUST clauses that a request breaks, and whether it was decided at all."""
        known = {each.id: each for each in clauses}
        before = control.outcome if control else None
        found = judge(tried.exchange, self.edition, known.values(), before, tried.answer)
        broken = [each for each in found if each.verdict in _FAILING and not self._excused(each)]
        for each in broken:
            clause = known[each.clause]
            promise = f"{clause.level.value}: {clause.statement}"
            yield self._broken(clause.id, promise, _told(each), _both(control, tried))
        silent = [each for each in found if each.verdict is Verdict.UNAVAILABLE]
        if not broken and any(not self._excused(each) for each in silent):
            yield self._undecided(tried)

    def _unavailable(self, tried: Tried) -> Iterator[Broken]:
        if tried.outcome.result is Result.UNAVAILABLE:
            yield self._undecided(tried)

    def _undecided(self, tried: Tried) -> Broken:
        promise = "neither honoured nor refused, so nothing could be judged"
        return self._broken(UNAVAILABLE, promise, tried.outcome.reason, (tried,))

    def _excused(self, finding: Finding) -> bool:
        """Whether the provider's file sets the finding aside."""
        if any(each.covers(finding) for each in self.provider.not_claimed):
            return True
        known = (each for each in self.provider.deviations if not each.expired(self.today))
        found = next((each for each in known if each.explains(finding)), None)
        self.occurred |= {found.name} if found else set()
        return found is not None

    def _named(self, id_: str) -> list[Clause]:
        return [each for each in self.clauses if each.id == id_]

    def _broken(self, id_: str, promise: str, message: str, tried: Sequence[Tried]) -> Broken:
        curls = tuple(dict.fromkeys(map(self._curl, tried)))
        return Broken(id_, promise, message, tried[-1].body, curls)

    def _curl(self, tried: Tried) -> str:
        provider = self.provider
        return curl(
            tried.case,
            base_url=provider.base_url,
            key_variable=provider.key_variable or "API_KEY",
            served_as=provider.models.get(self.model),
        )

    def _shape(self, tried: Tried) -> Shape:
        answer = tried.answer
        images: tuple[Payload, ...] = answer.payloads
        if answer.streams:  # how many partial images come first is for the provider to choose
            images = tuple(each for each in events_of(answer) if each.called(COMPLETED))
        facts = [each.image for each in images]
        asked = self.edition.read(tried.body).value("size")
        return Shape(
            tried.outcome.result,
            len(images),
            tuple(each.carries for each in images),
            tuple(each.type if each else None for each in facts),
            None
            if asked == "auto"
            else tuple(f"{each.width}x{each.height}" if each else "none" for each in facts),
        )


def _both(control: Tried | None, tried: Tried) -> tuple[Tried, ...]:
    return (tried,) if control is None else (control, tried)


def _told(finding: Finding) -> str:
    """Say what came and what was promised."""
    parts = [f"{finding.verdict.value}: {finding.message}"]
    parts += [f"expected: {finding.expected}"] if finding.expected else []
    parts += [f"observed: {finding.observed}"] if finding.observed else []
    return "\n".join(parts)


def _differing(first: Shape, second: Shape) -> str:
    pairs: Iterable[tuple[str, Any, Any]] = zip(Shape._fields, first, second, strict=True)
    return ", ".join(f"{name} {one} and then {two}" for name, one, two in pairs if one != two)
