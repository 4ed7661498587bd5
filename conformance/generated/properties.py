"""The properties: what must hold of every request to a provider."""

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
from conformance.exchange.answer import COMPLETED, Answer, Payload
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.source import Source
from conformance.exchange.transport.limits import Limits
from conformance.findings import Finding, Verdict
from conformance.generated.failures import UNAVAILABLE, BrokenPromise
from conformance.live.ledger import NotSentError
from conformance.parsing import read_json
from conformance.providers import Provider

if TYPE_CHECKING:  # types only, so that replay does not import hypothesis
    from conformance.generated.inputs import Between, Formats, Placed
    from conformance.generated.strategies import Body, Invalid

ALIKE = "property.unknown-parameters-alike"
STATELESS = "property.answer-depends-on-the-request"
_ACCEPTED = "parameters.valid-accepted"
_MOST_SILENT = 3  # consecutive requests without an answer before a property is skipped
_FAILING = frozenset({Verdict.FAIL, Verdict.HARNESS_ERROR})


class AnswerShape(NamedTuple):
    """What two answers to one request must have in common; the images may differ."""

    result: Result
    images: int
    kinds: tuple[tuple[str, ...], ...]
    types: tuple[str | None, ...]
    pixels: tuple[str, ...] | None  # None if the provider may choose them


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent, with its exchange and outcome."""

    case: Case
    body: Body
    exchange: Exchange
    answer: Answer
    outcome: Outcome


@dataclass(slots=True)
class Explorer:
    """Sends generated requests to one model of a provider and yields the promises they break."""

    client: Source
    provider: Provider
    edition: Edition
    model: str
    clauses: Sequence[Clause]
    chosen: str = "*"  # the glob that the clauses were chosen by
    today: date = field(default_factory=date.today)
    limits: Limits = field(default_factory=Limits)
    silent: int = 0
    occurred: set[str] = field(default_factory=set)  # names of deviations that excused a finding

    @property
    def documented(self) -> Model:
        """The model, as the edition documents it."""
        return self.edition.model(self.model)

    def accepts_valid(self, body: Body) -> Iterator[BrokenPromise]:
        """Every valid request is honoured, under all clauses that bind it."""
        yield from self._judged(self._send(body), self.clauses)

    def refuses_invalid(self, drawn: Invalid) -> Iterator[BrokenPromise]:
        """A request with one fault is refused, and the same request without it is accepted."""
        control = self._send(drawn.control)
        yield from self._judged(control, self._named(_ACCEPTED))
        yield from self._judged(self._send(drawn.body), self.clauses, control)

    def follows_format(self, drawn: Formats) -> Iterator[BrokenPromise]:
        """`response_format` decides the format of the answer, whatever else is asked."""
        chapter = [clause for clause in self.clauses if clause.chapter == "format"]
        for body in drawn.bodies:
            yield from self._judged(self._send(body), chapter)

    def is_stateless(self, drawn: Between) -> Iterator[BrokenPromise]:
        """The same request is answered in the same shape, whatever was asked in between."""
        first = self._send(drawn.body)
        other, second = self._send(drawn.other), self._send(drawn.body)
        all_three = (first, other, second)
        unavailable = [broken for tried in all_three for broken in self._unavailable(tried)]
        yield from unavailable
        shapes = self._shape(first), self._shape(second)
        if not unavailable and shapes[0] != shapes[1] and fnmatchcase(STATELESS, self.chosen):
            message = f"the same request was answered with {_differing(*shapes)}"
            promise = "The answer depends on what was asked, and not on what was asked before."
            yield self._broken(STATELESS, promise, message, all_three)

    def treats_unknown_alike(self, drawn: Placed) -> Iterator[BrokenPromise]:
        """An unknown parameter is treated alike in any position, beside any other parameters."""
        tried = [self._send_text(text) for _, text in drawn.texts]
        unavailable = [broken for attempt in tried for broken in self._unavailable(attempt)]
        yield from unavailable
        for attempt in tried:
            yield from self._judged(attempt, self.clauses)
        results = {attempt.outcome.result for attempt in tried}
        if not unavailable and len(results) > 1 and fnmatchcase(ALIKE, self.chosen):
            pairs = zip(drawn.texts, tried, strict=True)
            said = ", ".join(f"{place}: {attempt.outcome.reason}" for (place, _), attempt in pairs)
            promise = "A parameter that no source knows is treated alike wherever it stands."
            yield self._broken(ALIKE, promise, f"{drawn.name} {said}", tried)

    def _send(self, body: Body) -> Attempt:
        return self._tried(Case(GENERATED, self.model, body=body), body)

    def _send_text(self, text: str) -> Attempt:
        case = Case(GENERATED, self.model, raw=text.encode("utf-8"))
        return self._tried(case, read_json(text.encode("utf-8")).value)

    def _tried(self, case: Case, body: Body) -> Attempt:
        try:
            exchange = self.client.exchange(case)
        except NotSentError as reason:
            pytest.skip(f"not run: {reason}")
        answer = Answer(exchange, self.limits.pixels, self.limits.images_pixels)
        tried = Attempt(case, body, exchange, answer, outcome_of(exchange, answer))
        self.silent = self.silent + 1 if exchange.response is None else 0
        if self.silent == _MOST_SILENT:
            pytest.skip(f"{UNAVAILABLE}: {tried.outcome.reason}\n{self._curl(tried)}")
        return tried

    def _judged(
        self, tried: Attempt, clauses: Iterable[Clause], control: Attempt | None = None
    ) -> Iterator[BrokenPromise]:
        """Yield the MUST clauses that a request breaks, or that it could not be judged."""
        known = {clause.id: clause for clause in clauses}
        before = control.outcome if control else None
        findings = judge(tried.exchange, self.edition, known.values(), before, tried.answer)
        broken = [
            finding
            for finding in findings
            if finding.verdict in _FAILING and not self._excused(finding)
        ]
        for finding in broken:
            clause = known[finding.clause]
            promise = f"{clause.level.value}: {clause.statement}"
            yield self._broken(clause.id, promise, _described(finding), _both(control, tried))
        silent = [finding for finding in findings if finding.verdict is Verdict.UNAVAILABLE]
        if not broken and any(not self._excused(finding) for finding in silent):
            yield self._undecided(tried)

    def _unavailable(self, tried: Attempt) -> Iterator[BrokenPromise]:
        if tried.outcome.result is Result.UNAVAILABLE:
            yield self._undecided(tried)

    def _undecided(self, tried: Attempt) -> BrokenPromise:
        promise = "neither honoured nor refused, so nothing could be judged"
        return self._broken(UNAVAILABLE, promise, tried.outcome.reason, (tried,))

    def _excused(self, finding: Finding) -> bool:
        """Return whether a claim or deviation of the provider excuses the finding."""
        if any(claim.covers(finding) for claim in self.provider.not_claimed):
            return True
        known = (
            deviation for deviation in self.provider.deviations if not deviation.expired(self.today)
        )
        known_deviation = next(
            (deviation for deviation in known if deviation.explains(finding)), None
        )
        self.occurred |= {known_deviation.name} if known_deviation else set()
        return known_deviation is not None

    def _named(self, id_: str) -> list[Clause]:
        return [clause for clause in self.clauses if clause.id == id_]

    def _broken(
        self, id_: str, promise: str, message: str, tried: Sequence[Attempt]
    ) -> BrokenPromise:
        curls = tuple(dict.fromkeys(map(self._curl, tried)))
        return BrokenPromise(id_, promise, message, tried[-1].body, curls)

    def _curl(self, tried: Attempt) -> str:
        provider = self.provider
        return curl(
            tried.case,
            base_url=provider.base_url,
            key_variable=provider.key_variable or "API_KEY",
            served_as=provider.models.get(self.model),
        )

    def _shape(self, tried: Attempt) -> AnswerShape:
        answer = tried.answer
        images: tuple[Payload, ...] = answer.payloads
        if answer.streams:  # the provider may choose the number of partial images
            images = tuple(event for event in answer.events if event.called(COMPLETED))
        facts = [image.image for image in images]
        asked = self.edition.read(tried.body).value("size")
        return AnswerShape(
            tried.outcome.result,
            len(images),
            tuple(image.carries for image in images),
            tuple(image.type if image else None for image in facts),
            None
            if asked == "auto"
            else tuple(f"{image.width}x{image.height}" if image else "none" for image in facts),
        )


def _both(control: Attempt | None, tried: Attempt) -> tuple[Attempt, ...]:
    return (tried,) if control is None else (control, tried)


def _described(finding: Finding) -> str:
    """Format a finding with what was expected and observed."""
    parts = [f"{finding.verdict.value}: {finding.message}"]
    parts += [f"expected: {finding.expected}"] if finding.expected else []
    parts += [f"observed: {finding.observed}"] if finding.observed else []
    return "\n".join(parts)


def _differing(first: AnswerShape, second: AnswerShape) -> str:
    pairs: Iterable[tuple[str, Any, Any]] = zip(AnswerShape._fields, first, second, strict=True)
    return ", ".join(f"{name} {one} and then {two}" for name, one, two in pairs if one != two)
