"""Judging variations of the truth: which clauses still pass, and which cry wolf."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.exchange.source import Client, Target
from conformance.findings import Verdict
from conformance.proof.extra_cases import NOW, supplementary_cases
from conformance.proof.in_process import BASE_URL, InProcess
from conformance.reference.app import create_app
from conformance.reference.server import DEFAULT_KEY
from conformance.reference.steps import TRUTHFUL, Steps
from tests.variations.urls import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.cases.model import Case
    from conformance.contract import Edition
    from conformance.exchange.model import Failure, Response
    from conformance.findings import Finding

CASES = {
    "dall-e-2": "models-list baseline b64_json-256x256 n-2 size-outside-enum n-0 model-unknown "
    "authentication-missing json-malformed method-get prompt-missing conformance_unknown",
    "dall-e-3": "models-list baseline url-1024x1792 b64_json-1024x1024 size-not-string",
    "gpt-image-1": "models-list baseline n-2 size-1536x1024 quality-low background-opaque "
    "output_format-jpeg output_format-webp stream partial_images-2 background-transparent "
    "response_format-b64_json stream-size background-transparent-output_format-jpeg n-2",
    "qwen-image": "models-list baseline size-1664x928 n-above-maximum",
}
"""The requests that variations answer: every model, every kind of answer, some refusals."""

REMEMBERED = 8 << 20  # bytes: the same images come again and again
_FEW = "models-list baseline n-2 stream prompt-missing"


def few_cases(edition: Edition) -> Mapping[str, str]:
    """Return a few requests to one model of every family."""
    families = {model.family: name for name, model in edition.models.items()}
    return dict.fromkeys(families.values(), _FEW)


class _Bench(InProcess):
    """The reference provider in process, and the hosts to which variations move its images."""

    def fetch(self, url: str) -> Response | Failure:
        return super().fetch(ELSEWHERE.get(url, url))


@dataclass(frozen=True, slots=True)
class JudgedExchange:
    """One exchange, its outcome and its findings."""

    exchange: Exchange
    outcome: Outcome
    findings: tuple[Finding, ...]

    def with_verdict(self, *verdicts: Verdict) -> set[str]:
        """Return the clauses with one of these verdicts."""
        return {finding.clause for finding in self.findings if finding.verdict in verdicts}


class Table:
    """Judges the chosen cases, as a provider answers that varies the truth or does not."""

    def __init__(self, edition: Edition, cases: Mapping[str, str] = CASES) -> None:
        self.edition = edition
        self.clauses = clauses_of(edition)
        self.loop = asyncio.new_event_loop()
        self.models = list(cases)
        everything = (*all_cases(edition, self.models), *supplementary_cases(edition, self.models))
        self.cases = {
            case.path: case for case in everything if case.id in cases[case.model].split()
        }
        self.truth: Mapping[str, JudgedExchange] = {}
        self.truth = self.answers_of(TRUTHFUL)

    def answers_of(
        self, steps: Steps, later: Callable[[Exchange], Exchange] = lambda exchange: exchange
    ) -> Mapping[str, JudgedExchange]:
        """Send every case to a provider that goes by these steps."""
        application = create_app(
            self.edition,
            key=DEFAULT_KEY,
            clock=lambda: NOW,
            models=self.models,
            steps=steps,
            threads=False,
        )
        asgi = httpx.ASGITransport(application, raise_app_exceptions=False)
        target = Target("reference", BASE_URL, DEFAULT_KEY, {name: name for name in self.models})
        bench = _Bench(asgi, self.loop, "reference.example")
        client = Client(target, bench, Provenance.REFERENCE, lambda: NOW, REMEMBERED)
        return self.judge(lambda case: later(client.exchange(case)))

    def judge(
        self, send: Callable[[Case], Exchange], cases: Mapping[str, Case] | None = None
    ) -> Mapping[str, JudgedExchange]:
        """Judge what comes back, each case after its control."""
        results: dict[str, JudgedExchange] = {}
        for case in (self.cases if cases is None else cases).values():
            name = f"{case.model}/{case.control}"
            control = results.get(name)
            exchange = send(case)
            true = self.truth.get(case.path)
            control_is_true = control is None or control is self.truth.get(name)
            if true is not None and control_is_true and _same(exchange, true.exchange):
                results[case.path] = true
                continue
            before = control.outcome if control else None
            answer = Answer(exchange)
            findings = tuple(judge(exchange, self.edition, self.clauses, before, answer))
            results[case.path] = JudgedExchange(exchange, outcome_of(exchange, answer), findings)
        return results


def differs(truth: Mapping[str, JudgedExchange], answers: Mapping[str, JudgedExchange]) -> bool:
    """Return whether any exchange is another."""
    return any(not _same(answers[name].exchange, truth[name].exchange) for name in answers)


def _same(one: Exchange, another: Exchange) -> bool:
    left, right = (
        (exchange.response, exchange.failure, exchange.downloads, (exchange.elapsed or 0) > 100)
        for exchange in (one, another)
    )
    return left == right


ALARMS = (Verdict.FAIL, Verdict.DEVIATES, Verdict.HARNESS_ERROR, Verdict.UNAVAILABLE)


def alarms(answers: Mapping[str, JudgedExchange]) -> list[str]:
    """Return which clauses raise an alarm, where, and why."""
    return [
        f"{finding.id}: {finding.verdict.value}: {finding.message} {finding.observed}"
        for exchange in answers.values()
        for finding in exchange.findings
        if finding.verdict in ALARMS
    ]


def silenced_clauses(
    truth: Mapping[str, JudgedExchange], answers: Mapping[str, JudgedExchange]
) -> set[str]:
    """Return the clauses that passed somewhere and there pass no longer."""
    return {
        clause
        for name, exchange in answers.items()
        for clause in truth[name].with_verdict(Verdict.PASS) - exchange.with_verdict(Verdict.PASS)
    }
