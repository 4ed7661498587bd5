"""Requests that the contract leaves open, answered by a provider that accepts them.

Every documented request is sent once more with a parameter that no source knows. Whatever is
promised of an answer is promised of that answer too, so a lie in it must be caught as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.cases.model import Case
from conformance.contract import Edition, RequestBody
from conformance.findings import DECIDED, Finding, Verdict
from conformance.proof.extra_cases import usual_model
from conformance.reference.answers import Job
from conformance.reference.errors import Refusal
from conformance.reference.steps import Steps
from conformance.runner.planned_request import sent_by

UNKNOWN = {"conformance_unknown": "lantern"}
_OF_THE_REQUEST = frozenset({"authentication", "errors", "models", "parameters"})
"""Chapters that judge what becomes of a request; the others judge answers."""

ANSWERING = frozenset(
    {"resolve", "paint", "answer", "events", "encode", "encode_event", "file", "finish"}
)
"""The steps of a provider that lead to an answer."""

LEAST_JUDGED = 0.9
"""The share of an answer's promises that must be judged, whatever the contract foresaw."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An open request that was answered: how many of its promises there are, and were judged."""

    case: str
    promised: int
    judged: int

    @property
    def hardly_judged(self) -> bool:
        """Return whether too few of its promises were judged."""
        return self.judged < LEAST_JUDGED * self.promised


def accept_open_requests(steps: Steps, edition: Edition) -> Steps:
    """Return steps that ignore unknown parameters, and use a default model where none is named."""

    def settled(request: RequestBody) -> RequestBody:
        if request.expectation != "open":
            return request
        known = {name: value for name, value in request.body.items() if name not in request.unknown}
        return edition.read({"model": usual_model(edition), **known})

    def validate(request: RequestBody, served: Collection[str]) -> Refusal | None:
        return steps.validate(settled(request), served)

    def resolve(request: RequestBody) -> Job:
        return steps.resolve(settled(request))

    return replace(steps, validate=validate, resolve=resolve)


def open_twins(edition: Edition, cases: Iterable[Case]) -> dict[str, tuple[Case, str]]:
    """Return an open request for every documented one: path to case and path of the latter."""
    twins: dict[str, tuple[Case, str]] = {}
    for case in cases:
        if case.body is None or sent_by(case, edition).expectation != "accepted":
            continue
        twin = _open(case, {**case.body, **UNKNOWN}, f"open-{case.id}")
        twins[twin.path] = twin, case.path
        if case.model == usual_model(edition) and set(case.body) == {"model", "prompt"}:
            unnamed = _open(case, {"prompt": case.body["prompt"]}, "open-model-omitted")
            twins[unnamed.path] = unnamed, case.path
    return twins


def _open(case: Case, body: Mapping[str, Any], name: str) -> Case:
    return replace(case, id=name, body=body, control=None)


def judges_answers(clause: str) -> bool:
    """Return whether a clause judges answers, and not what becomes of a request."""
    return clause.partition(".")[0] not in _OF_THE_REQUEST


def count_judged(case: str, twin: Iterable[Finding], findings: Iterable[Finding]) -> Answered:
    """Count what a documented request was judged by, and how much of that its open twin was."""
    promised = {finding.clause for finding in twin if finding.verdict is Verdict.PASS}
    promised = {clause for clause in promised if judges_answers(clause)}
    judged = {finding.clause for finding in findings if finding.verdict in DECIDED}
    return Answered(case, len(promised), len(promised & judged))
