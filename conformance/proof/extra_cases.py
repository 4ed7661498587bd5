"""Cases of the proof beyond the documented ones, so that every clause binds some.

Every documented request is sent once more with a parameter that no source knows, to a provider that
accepts it. Whatever is promised of an answer is promised of that answer too, so a lie in it must be
caught as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from conformance.cases.documented import all_cases, cases_of_retired
from conformance.cases.model import Case
from conformance.cases.valid import MODELS_LIST
from conformance.contract import Edition, RequestBody
from conformance.findings import DECIDED, Finding, Verdict
from conformance.lifecycle import Lifecycle, Standing
from conformance.reference.answers import Job
from conformance.reference.errors import Refusal
from conformance.reference.steps import Steps
from conformance.runner.planned_request import sent_by

RETIRED, _RETIRED_LIST = "retired", "retired-models-list"
"""The smallest request to a model that has ended, and its control."""

NOW = 1_790_000_000.0  # Unix time in seconds of every answer, so that answers can be compared

_DAY = datetime.fromtimestamp(NOW, UTC).date()
SHUTDOWN = _DAY + timedelta(days=10)  # the day on which all models end that have not ended

_ENDED = Standing(
    Lifecycle(until=_DAY - timedelta(days=1), source="the proof", retrieved=str(_DAY)), _DAY
)
_ENDING = Standing(Lifecycle(until=SHUTDOWN, source="the proof", retrieved=str(_DAY)), _DAY)

UNKNOWN = {"conformance_unknown": "lantern"}
_OF_THE_REQUEST = frozenset({"authentication", "errors", "models", "parameters"})
"""Chapters that judge what becomes of a request; the others judge answers."""

ANSWERING = frozenset(
    {"resolve", "paint", "answer", "events", "encode", "encode_event", "file", "finish"}
)
"""The steps of a provider that lead to an answer."""

LEAST_JUDGED = 0.9
"""The share of an answer's promises that must be judged, whatever the contract foresaw."""

_PROMPT = "A small red sailing boat on a calm sea, seen from the shore"


def family_names(edition: Edition) -> tuple[str, ...]:
    """Return the models that the edition knows by their family alone, and has an example of."""
    models = (example.content.get("model") for example in edition.examples)
    names = dict.fromkeys(name for name in models if isinstance(name, str))
    return tuple(name for name in names if name not in edition.models and edition.find(name))


def models_of_proof(edition: Edition) -> tuple[str, ...]:
    """Return the models that are asked: of those with one schema the first, for all are alike."""
    representatives: dict[object, str] = {}
    for name, model in edition.models.items():
        representatives.setdefault(model.schema, name)
    return (*representatives.values(), *family_names(edition))


def usual_model(edition: Edition) -> str:
    """Return the model of the edition's first example, else the first that it lists."""
    models = (example.content.get("model") for example in edition.examples)
    return next(name for name in (*models, *edition.models) if isinstance(name, str))


def is_of_retired(case: Case) -> bool:
    """Return whether a case is about a model that has ended."""
    return case.id in (RETIRED, _RETIRED_LIST)


def standing_of(case: Case) -> Standing:
    """Return how the model of a case stands: every one ends some day, and one has ended."""
    return _ENDED if is_of_retired(case) else _ENDING


def cases_of_proof(edition: Edition, models: Sequence[str]) -> dict[str, Case]:
    """Return every case that a proof judges on some models, by path."""
    listing, smallest = cases_of_retired(edition, models[0])
    of_retired = replace(smallest, id=RETIRED, control=_RETIRED_LIST)
    cases = (
        *all_cases(edition, models),
        *supplementary_cases(edition, models),
        replace(listing, id=_RETIRED_LIST),
        of_retired,
    )
    return {case.path: case for case in cases}


def supplementary_cases(edition: Edition, models: Sequence[str]) -> Iterator[Case]:
    """Yield streams with a size, or with whom they are for: no documented case combines them."""
    for name in models:
        model = edition.find(name)
        if model is None or "stream" not in model.parameters:
            continue
        base = {"model": name, "prompt": _PROMPT, "stream": True}
        sizes = model.documented("size") or model.examples("size")
        for size in [size for size in sizes if size != "auto"][1:2]:
            body = {**base, "size": size}
            yield Case("stream-size", name, body=body, control=MODELS_LIST, billed=True)
        if "safety_identifier" in model.parameters:
            body = {**base, "safety_identifier": "a-name"}
            yield Case("stream-identified", name, body=body, control=MODELS_LIST, billed=True)


@dataclass(frozen=True, slots=True)
class Answered:
    """An open request that was answered: how many of its promises there are, and were judged."""

    case: str
    promised: int
    judged: int


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
        twin = replace(case, id=f"open-{case.id}", body={**case.body, **UNKNOWN}, control=None)
        twins[twin.path] = twin, case.path
        if case.model == usual_model(edition) and set(case.body) == {"model", "prompt"}:
            body = {"prompt": case.body["prompt"]}
            unnamed = replace(case, id="open-model-omitted", body=body, control=None)
            twins[unnamed.path] = unnamed, case.path
    return twins


def judges_answers(clause: str) -> bool:
    """Return whether a clause judges answers, and not what becomes of a request."""
    return clause.partition(".")[0] not in _OF_THE_REQUEST


def count_judged(case: str, twin: Iterable[Finding], findings: Iterable[Finding]) -> Answered:
    """Count what a documented request was judged by, and how much of that its open twin was."""
    passed = {finding.clause for finding in twin if finding.verdict is Verdict.PASS}
    promised = set(filter(judges_answers, passed))
    judged = {finding.clause for finding in findings if finding.verdict in DECIDED}
    return Answered(case, len(promised), len(promised & judged))
