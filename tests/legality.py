"""Judging variations of the truth: which clauses still pass, and which cry wolf."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from conformance.cases import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.exchange.client import Client, Target
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.findings import Verdict
from conformance.proof.extra_cases import NOW, supplementary_cases
from conformance.proof.in_process import BASE_URL, InProcess
from conformance.reference import DEFAULT_KEY, TRUTHFUL, Steps, create_app
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
class Told:
    """One exchange and what was found of it."""

    exchange: Exchange
    outcome: Outcome
    findings: tuple[Finding, ...]

    def with_verdict(self, *verdicts: Verdict) -> set[str]:
        """Return the clauses with one of these verdicts."""
        return {each.clause for each in self.findings if each.verdict in verdicts}


class Table:
    """Judges the chosen cases, as told by a provider that varies the truth or does not."""

    def __init__(self, edition: Edition, cases: Mapping[str, str] = CASES) -> None:
        self.edition = edition
        self.clauses = clauses_of(edition)
        self.loop = asyncio.new_event_loop()
        self.models = list(cases)
        everything = (*all_cases(edition, self.models), *supplementary_cases(edition, self.models))
        chosen = [each for each in everything if each.id in cases[each.model].split()]
        self.cases = {each.path: each for each in chosen}
        self.truth: Mapping[str, Told] = {}
        self.truth = self.told(TRUTHFUL)

    def told(
        self, steps: Steps, later: Callable[[Exchange], Exchange] = lambda exchange: exchange
    ) -> Mapping[str, Told]:
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
        return self.judged(lambda case: later(client.exchange(case)))

    def judged(
        self, send: Callable[[Case], Exchange], cases: Mapping[str, Case] | None = None
    ) -> Mapping[str, Told]:
        """Judge what comes back, each case after its control."""
        found: dict[str, Told] = {}
        for case in (self.cases if cases is None else cases).values():
            name = f"{case.model}/{case.control}"
            control = found.get(name)
            exchange = send(case)
            true = self.truth.get(case.path)
            known = control is None or control is self.truth.get(name)
            if true is not None and known and _same(exchange, true.exchange):
                found[case.path] = true
                continue
            before = control.outcome if control else None
            findings = judge(exchange, self.edition, self.clauses, before)
            found[case.path] = Told(exchange, outcome_of(exchange), tuple(findings))
        return found


def differs(truth: Mapping[str, Told], told: Mapping[str, Told]) -> bool:
    """Return whether any exchange is another."""
    return any(not _same(told[name].exchange, truth[name].exchange) for name in told)


def _same(one: Exchange, other: Exchange) -> bool:
    left, right = (
        (each.response, each.failure, each.downloads, (each.elapsed or 0) > 100)
        for each in (one, other)
    )
    return left == right


ALARMS = (Verdict.FAIL, Verdict.DEVIATES, Verdict.HARNESS_ERROR, Verdict.UNAVAILABLE)


def alarms(told: Mapping[str, Told]) -> list[str]:
    """Return which clauses raise an alarm, where, and why."""
    found = [each for one in told.values() for each in one.findings if each.verdict in ALARMS]
    return [f"{each.id}: {each.verdict.value}: {each.message} {each.observed}" for each in found]


def silenced(truth: Mapping[str, Told], told: Mapping[str, Told]) -> set[str]:
    """Return the clauses that passed somewhere and there pass no longer."""
    return {
        clause
        for name, one in told.items()
        for clause in truth[name].with_verdict(Verdict.PASS) - one.with_verdict(Verdict.PASS)
    }
