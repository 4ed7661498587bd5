"""The request that a case will send, and what the contract expects of it."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.clauses.models_lifecycle import applies
from conformance.clauses.registry import Clause
from conformance.contract import Edition, Expectation
from conformance.exchange.model import Exchange
from conformance.exchange.sent_request import SentRequest, read_request

_SENT: dict[tuple[Edition, str], SentRequest] = {}


def sent_by(case: Case, edition: Edition) -> SentRequest:
    """Return what a case will ask for, read by the contract before anything is sent."""
    key = (edition, case.path)
    if key not in _SENT:
        _SENT[key] = read_case(case, edition)
    return _SENT[key]


def read_case(case: Case, edition: Edition) -> SentRequest:
    """Read the request of a case that may be another edition's."""
    request = build_request(case, base_url="http://127.0.0.1/v1", key="-" * 8)
    return read_request(Exchange("", case.model, case.id, request, None), edition)


def planned_clauses(
    case: Case, edition: Edition, clauses: Iterable[Clause], retired: bool
) -> tuple[Clause, ...]:
    """Return which clauses judge a case, of a model that has ended or has not."""
    sent = sent_by(case, edition)
    return tuple(clause for clause in clauses if applies(clause, retired) and clause.binds(sent))


def expectation_of(case: Case, edition: Edition) -> Expectation:
    """Return what the contract expects of a case."""
    return sent_by(case, edition).expectation
