"""The model list, the model under test, and a model that nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from conformance.clauses.authentication import blames_key
from conformance.clauses.bindings import accepted, all_of, fault, minimal, model_list
from conformance.clauses.envelope import YEAR_3000
from conformance.clauses.refusals import refusal, refused_alike, reply, require_fault
from conformance.clauses.registry import Needs, cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level
from conformance.contract.checker import is_integer
from conformance.exchange.error_text import error_text
from conformance.exchange.outcome import Result
from conformance.exchange.wrong_endpoint import redirect_target


@clause(
    "models.list-answered",
    Level.MUST,
    "The provider tells which models it has.",
    cite("cometapi-models", "GET /v1/models"),
    cite("openai", "GET /models: 200"),
    binds=model_list,
    needs=Needs.DECISION,
)
def list_answered(subject: Subject) -> Iterator[Problem]:
    """Fails when `GET /models` with a valid key is answered with anything but a 200. That the key
    is not let in is another clause; a 403 that says nothing of it is about who asks, or from where,
    and so are the words in which the first request for an image is refused as well.
    """
    if blames_key(subject):
        raise NotTestableError(f"the key was not accepted: {reply(subject)}")
    if subject.outcome.forbidden or refused_alike(subject) is not None:
        raise UnavailableError(f"this account is not let in: {reply(subject)}")
    if not subject.outcome.answered:
        moved = redirect_target(subject.exchange)
        where = "the model list is elsewhere" if moved else "there is no model list"
        yield Problem(where, "200", reply(subject))
    elif subject.response.status != 200:
        yield Problem("the success status is another", "200", reply(subject))


@clause(
    "models.list-schema",
    Level.MUST,
    "The model list has the documented form.",
    cite("openai", "ListModelsResponse"),
    cite("openai", "Model"),
    cite("cometapi-models", "GET /v1/models"),
    binds=model_list,
)
def list_schema(subject: Subject) -> Iterator[Problem]:
    """Validates the body: an object of the kind `list`, whose `data` are objects of the kind
    `model` with id, time of creation in seconds and owner. What is no JSON fails as well.
    """
    reading = subject.answer.json
    if reading.is_unreadable:
        yield Problem(f"the model list {reading.fault}", "JSON", subject.body_start)
        return
    yield from map(Problem.of, subject.edition.model_list_errors(reading.value))
    for payload in subject.answer.payloads:
        created: Any = payload.item.get("created")
        if is_integer(created) and created >= YEAR_3000:
            message = f"{payload.path}.created does not count seconds"
            yield Problem(message, "seconds since 1970", str(created)[:40])


@clause(
    "models.unknown-refused",
    Level.MUST,
    "A model that the provider does not have is refused.",
    cite("cometapi", "Body: model"),
    cite("cometapi-errors", "400"),
    cite("openai-errors", "404"),
    binds=fault("model-unknown"),
    needs=Needs.REFUSAL,
)
def unknown_refused(subject: Subject) -> Iterator[Problem]:
    """Fails when a made-up model is answered with a success. Any 4xx will do. The 503 by which
    gateways say that no channel has the model refuses nothing: it is judged by `errors.not-5xx`.
    """
    yield from refusal(subject, "a made-up model")


@clause(
    "models.unknown-not-found",
    Level.SHOULD,
    "A model that the provider does not have is refused as not found.",
    cite("openai-errors", "404"),
    cite("openai-observed", "400: param model"),
    binds=fault("model-unknown"),
    needs=Needs.REFUSAL,
)
def unknown_not_found(subject: Subject) -> Iterator[Problem]:
    """Passes on status 404 and on every known form of the same: the code `model_not_found`,
    `param` naming the model, a message that says so. Deviates on a refusal that leaves the
    reason open.
    """
    if subject.outcome.accepted or subject.outcome.result is Result.UNCLEAR:
        raise NotTestableError("the made-up model was not refused")
    require_fault(subject)
    names_param = error_text(subject.answer).param == "model"
    says_so = names_param or subject.outcome.result is Result.NOT_SERVED
    if not says_so and subject.response.status != 404:
        yield Problem("the refusal does not say that there is no such model", "404", reply(subject))


SMALLEST = all_of(accepted, minimal)


@clause(
    "models.listed",
    Level.MUST,
    "A model that the provider serves is in its model list.",
    cite("cometapi-models", "GET /v1/models"),
    cite("openai", "GET /models"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def listed(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request, whose control is the model list. Fails when an image came,
    and the list lacks the id by which the provider knows the model. One that is neither listed
    nor served has ended, or was never there. Not testable when the answer to the control is no
    list of models.
    """
    ids = subject.control.listed if subject.control else None
    if subject.control is None:
        raise NotApplicableError
    if ids is None:
        raise NotTestableError("the answer to the control is no model list")
    if subject.served_name in ids:
        return
    _require_painted(subject)
    names = ", ".join(sorted(ids)[:8]) or "no model at all"
    yield Problem("the model is served and not listed", subject.served_name, names)


def shutdown_date(subject: Subject) -> str | None:
    """Return the day on which the model list says that the model ends; None where it does not."""
    dates = dict(subject.control.shutdowns) if subject.control else {}
    return dates.get(subject.served_name)


def _require_painted(subject: Subject) -> None:
    """Raise unless the model painted."""
    outcome = subject.outcome
    if outcome.result in (Result.NOT_SERVED, Result.UNAVAILABLE):
        raise UnavailableError(outcome.reason)
    if not outcome.accepted:
        raise NotTestableError(f"the request was not accepted: {outcome.reason}")


@clause(
    "models.served",
    Level.MUST,
    "A model that the provider lists is served.",
    cite("cometapi-models", "GET /v1/models"),
    cite("openai", "GET /models"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def served(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request, of a model and a prompt. Fails when the answer says, in
    any known form, that the model is not there, and the model list has it. When the list does
    not have it either, or says that the model has ended, or a 403 says that this account may not
    use it, the model is unavailable, and nothing else of it is judged.
    """
    listed_models = (subject.control.listed if subject.control else None) or frozenset()
    # A 403 says who may use the model, and not that there is none.
    is_missing = subject.outcome.result is Result.NOT_SERVED and subject.outcome.status != 403
    standing, ends = subject.context.standing, shutdown_date(subject)
    if not is_missing or subject.served_name not in listed_models or subject.ended_meanwhile:
        _require_painted(subject)
    elif standing and ends and date.fromisoformat(ends) <= standing.day:
        raise UnavailableError(f"the model list says that it ended on {ends}")
    else:
        yield Problem("the model is listed and not served", "2xx", reply(subject))
