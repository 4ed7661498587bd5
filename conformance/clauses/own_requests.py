"""A clause for each request of the user's own that something is expected of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from conformance.cases.model import Authorization
from conformance.cases.own_requests import OwnRequest, OwnRequests
from conformance.clauses.extensions import define_source
from conformance.clauses.parameters import valid_accepted
from conformance.clauses.refusals import refused_alike, reply
from conformance.clauses.registry import Clause, Judge, Needs, cite
from conformance.clauses.subject import NotTestableError, Problem, Subject, UnavailableError
from conformance.exchange.outcome import Result, undecided
from conformance.exchange.sent_request import SentRequest


def clauses_of_own(own_requests: OwnRequests) -> tuple[Clause, ...]:
    """Return what is expected of the requests of a file, as clauses that cite the file."""
    source = f"own:{own_requests.file}"
    define_source(source, f"Requests of {own_requests.file}", "", edition="", retrieved="")
    return tuple(
        _clause(source, request) for request in own_requests.requests if request.expect != "open"
    )


def _clause(source: str, request: OwnRequest) -> Clause:
    says = f": {request.says}" if request.says else "."
    is_accepted = request.expect == "accepted"
    judge: Judge = valid_accepted if is_accepted else partial(_is_refused, request.id)
    return Clause(
        id=f"own.{request.id}",
        level=request.level,
        statement=f"The request {request.id} is {request.expect}{says}",
        citations=(cite(source, f"request {request.id}"),),
        binds=partial(_binds, request),
        needs=Needs.ACCEPTANCE if is_accepted else Needs.REFUSAL,
        judge=judge,
        how=f"Passes when the request is {request.expect}, as the file expects.",
    )


def _binds(request: OwnRequest, sent: SentRequest) -> bool:
    reading = sent.reading
    if reading is None or sent.faults or sent.authorization is not Authorization.VALID:
        return False
    return request.is_for(str(reading.body.get("model"))) and request.is_body(reading.body)


def _is_refused(name: str, subject: Subject) -> Iterator[Problem]:
    """Report an image for a request that the user expects to be refused.

    Unlike `refusal`, it asks for no documented rule that the request breaks: there may be none.
    """
    outcome = subject.outcome
    if undecided(subject.response.status):
        raise UnavailableError(reply(subject))
    if outcome.accepted:
        yield Problem(f"the request {name} was accepted", "4xx", reply(subject))
    elif outcome.result is not Result.REFUSED:
        raise NotTestableError(f"it was not refused with a 4xx: {reply(subject)}")
    elif outcome.cause is not None or refused_alike(subject) is not None:
        raise NotTestableError(f"it was refused for another reason: {reply(subject)}")
