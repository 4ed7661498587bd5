"""The properties: what must hold of every request to a provider, and what a falsified one says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from conformance.cases.model import GENERATED, Case
from conformance.cases.request import canonical_json, curl
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.contract import Edition, Model
from conformance.exchange.answer import COMPLETED, Answer, Payload
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.source import Source
from conformance.exchange.transport.limits import Limits
from conformance.findings import Finding, Verdict
from conformance.live.ledger import NotSentError
from conformance.output.globs import matches
from conformance.output.printing import printable
from conformance.parsing import read_json
from conformance.providers import Provider
from conformance.runner.session import Session

if TYPE_CHECKING:  # types only, so that replay does not import hypothesis
    from conformance.generated.strategies import Between, Body, Formats, Invalid, Placed

UNAVAILABLE = "unavailable"  # the id for requests that were neither accepted nor refused

_LONGEST_SHOWN = 60  # characters of one string


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """A promise that one example breaks, and the curl lines that show it."""

    id: str
    promise: str
    message: str
    request: Mapping[str, Any]
    curls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Falsified:
    """The smallest example that breaks a promise, with whatever else that example breaks."""

    broken: BrokenPromise
    others: tuple[str, ...]
    flaky: bool = False

    def __str__(self) -> str:
        """Return the promise, the request and the command that sends it again."""
        broken = self.broken
        lines = [broken.id, broken.promise, f"verdict:  {broken.message}"]
        shown = {
            name: f"{value[:_LONGEST_SHOWN]}… ({len(value)} characters)"
            if isinstance(value, str) and len(value) > _LONGEST_SHOWN
            else value
            for name, value in broken.request.items()
        }
        lines += [f"smallest: {printable(canonical_json(shown))}"]
        lines += [f"as well:  {', '.join(self.others)}"] if self.others else []
        lines += ["flaky:    the same request did not break it every time"] if self.flaky else []
        return "\n".join([*lines, *broken.curls])


Check = Callable[[Any], Iterable[BrokenPromise]]


def conclude(falsified: list[Falsified]) -> None:
    """Fail the test if a promise is broken; skip it if requests could not be judged."""
    broken = [failure for failure in falsified if failure.broken.id != UNAVAILABLE]
    text = "\n\n".join(map(str, broken or falsified))
    if broken:
        pytest.fail(text, pytrace=False)
    if falsified:
        pytest.skip(text)


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
class AnsweredExample:
    """One generated request that was sent, with its exchange and outcome."""

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

    @classmethod
    def of(cls, session: Session, source: Source, provider: Provider, model: str) -> Explorer:
        """Return what explores a model as a run judges it."""
        options = session.options
        chosen, limits = options.clauses, options.limits
        clauses, today = session.clauses, session.today
        return cls(source, provider, session.edition, model, clauses, chosen, today, limits)

    @property
    def documented(self) -> Model:
        """The model, as the edition documents it."""
        return self.edition.model(self.model)

    def accepts_valid(self, body: Body) -> Iterator[BrokenPromise]:
        """Every valid request is honoured, under all clauses that bind it."""
        yield from self._judge(self._send(body), self.clauses)

    def refuses_invalid(self, example: Invalid) -> Iterator[BrokenPromise]:
        """A request with one fault is refused, and the same request without it is accepted."""
        control = self._send(example.control)
        accepting = [clause for clause in self.clauses if clause.id == _ACCEPTED]
        yield from self._judge(control, accepting)
        refused = self._send(example.body, billed=False)
        yield from self._judge(refused, self.clauses, control)

    def follows_format(self, example: Formats) -> Iterator[BrokenPromise]:
        """`response_format` decides the format of the answer, whatever else is asked."""
        chapter = [clause for clause in self.clauses if clause.chapter == "format"]
        for body in example.bodies:
            yield from self._judge(self._send(body), chapter)

    def is_stateless(self, example: Between) -> Iterator[BrokenPromise]:
        """The same request is answered in the same shape, whatever was asked in between."""
        exchanges = [self._send(body) for body in (example.body, example.other, example.body)]
        unavailable = list(self._unavailable(exchanges))
        yield from unavailable
        first, second = self._shape(exchanges[0]), self._shape(exchanges[2])
        if not unavailable and first != second and matches(STATELESS, self.chosen):
            pairs = zip(AnswerShape._fields, first, second, strict=True)
            differing = [f"{name} {a} and then {b}" for name, a, b in pairs if a != b]
            message = f"the same request was answered with {', '.join(differing)}"
            promise = "The answer depends on what was asked, and not on what was asked before."
            yield self._broken_promise(STATELESS, promise, message, exchanges)

    def treats_unknown_alike(self, example: Placed) -> Iterator[BrokenPromise]:
        """An unknown parameter is treated alike in any position, beside any other parameters."""
        exchanges = [self._send_text(text) for _, text in example.texts]
        unavailable = list(self._unavailable(exchanges))
        yield from unavailable
        for sent in exchanges:
            yield from self._judge(sent, self.clauses)
        results = {sent.outcome.result for sent in exchanges}
        if not unavailable and len(results) > 1 and matches(ALIKE, self.chosen):
            pairs = zip(example.texts, exchanges, strict=True)
            reasons = [f"{position}: {sent.outcome.reason}" for (position, _), sent in pairs]
            promise = "A parameter that no source knows is treated alike wherever it stands."
            yield self._broken_promise(
                ALIKE, promise, f"{example.name} {', '.join(reasons)}", exchanges
            )

    def _send(self, body: Body, billed: bool = True) -> AnsweredExample:
        return self._send_case(Case(GENERATED, self.model, body=body, billed=billed), body)

    def _send_text(self, text: str) -> AnsweredExample:
        raw = text.encode("utf-8")
        body = read_json(raw).value
        return self._send_case(Case(GENERATED, self.model, body=body, raw=raw, billed=True), body)

    def _send_case(self, case: Case, body: Body) -> AnsweredExample:
        """Send a request, or skip the property where nothing is sent or answered any more."""
        try:
            exchange = self.client.exchange(case)
        except NotSentError as reason:
            pytest.skip(f"not run: {reason}")
        answer = Answer(exchange, self.limits.pixels, self.limits.images_pixels)
        example = AnsweredExample(case, body, exchange, answer, outcome_of(exchange, answer))
        # hypothesis would go on asking an address that is gone
        self.silent = self.silent + 1 if exchange.response is None else 0
        if self.silent == _MOST_SILENT:
            pytest.skip(f"{UNAVAILABLE}: {example.outcome.reason}\n{self._curl(example)}")
        return example

    def _judge(
        self,
        example: AnsweredExample,
        clauses: Iterable[Clause],
        control: AnsweredExample | None = None,
    ) -> Iterator[BrokenPromise]:
        """Yield the MUST clauses that a request breaks, or that it could not be judged."""
        by_id = {clause.id: clause for clause in clauses}
        outcome = control.outcome if control else None
        findings = judge(example.exchange, self.edition, by_id.values(), outcome, example.answer)
        broken = [
            finding
            for finding in findings
            if finding.verdict in _FAILING and not self._is_excused(finding)
        ]
        for finding in broken:
            clause = by_id[finding.clause]
            promise = f"{clause.level.value}: {clause.statement}"
            lines = [f"{finding.verdict.value}: {finding.message}"]
            lines += [f"expected: {finding.expected}"] if finding.expected else []
            lines += [f"observed: {finding.observed}"] if finding.observed else []
            examples = (example,) if control is None else (control, example)
            yield self._broken_promise(clause.id, promise, "\n".join(lines), examples)
        silent = [finding for finding in findings if finding.verdict is Verdict.UNAVAILABLE]
        if not broken and any(not self._is_excused(finding) for finding in silent):
            yield self._undecided_promise(example)

    def _unavailable(self, examples: Iterable[AnsweredExample]) -> Iterator[BrokenPromise]:
        for example in examples:
            if example.outcome.result is Result.UNAVAILABLE:
                yield self._undecided_promise(example)

    def _undecided_promise(self, example: AnsweredExample) -> BrokenPromise:
        promise = "neither honoured nor refused, so nothing could be judged"
        return self._broken_promise(UNAVAILABLE, promise, example.outcome.reason, (example,))

    def _is_excused(self, finding: Finding) -> bool:
        """Return whether a claim or deviation of the provider excuses the finding."""
        if any(claim.covers(finding) for claim in self.provider.not_claimed):
            return True
        for deviation in self.provider.deviations:
            if not deviation.expired(self.today) and deviation.explains(finding):
                # one that no longer occurs fails the run (ARCHITECTURE 12)
                self.occurred.add(deviation.name)
                return True
        return False

    def _broken_promise(
        self, id_: str, promise: str, message: str, examples: Sequence[AnsweredExample]
    ) -> BrokenPromise:
        curls = tuple(dict.fromkeys(map(self._curl, examples)))
        return BrokenPromise(id_, promise, message, examples[-1].body, curls)

    def _curl(self, example: AnsweredExample) -> str:
        provider = self.provider
        return curl(
            example.case,
            base_url=provider.base_url,
            key_variable=provider.key_variable or "API_KEY",
            served_as=provider.models.get(self.model),
        )

    def _shape(self, example: AnsweredExample) -> AnswerShape:
        answer = example.answer
        images: tuple[Payload, ...] = answer.payloads
        if answer.streams:  # the provider may choose the number of partial images
            images = tuple(event for event in answer.events if event.called(COMPLETED))
        facts = [image.image for image in images]
        size = self.edition.read(example.body).value("size")
        return AnswerShape(
            example.outcome.result,
            len(images),
            tuple(image.carries for image in images),
            tuple(image.type if image else None for image in facts),
            None
            if size == "auto"
            else tuple(image.dimensions if image else "none" for image in facts),
        )
