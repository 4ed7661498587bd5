"""The lies of the reference provider, each told in process to the requests that show it.

A planted defect is the one source of a lie: the proof judges it in all its exchanges, and the tests
of clauses in the first one in which each clause that claims it turns red.
"""

from __future__ import annotations

import asyncio
from functools import cache

from conformance.cases import all_cases
from conformance.cases.model import Case as Request
from conformance.clauses import clauses_of
from conformance.clauses.registry import Clause
from conformance.contract import load_edition
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import outcome_of
from conformance.proof.extra_cases import (
    family_names,
    retired_cases,
    standing_of,
    supplementary_cases,
)
from conformance.proof.in_process import Bench
from conformance.proof.matrix import RED
from conformance.reference import TRUTHFUL
from conformance.reference.defects import defects
from conformance.runner.planned_request import sent_by
from tests.miniatures import Case, judged, read_answer

EDITION = load_edition()
MODELS = (*EDITION.models, *family_names(EDITION))


@cache
def _requests() -> dict[str, Request]:
    planned = (
        *all_cases(EDITION, MODELS),
        *supplementary_cases(EDITION, MODELS),
        *retired_cases(EDITION, MODELS[0]),
    )
    return {request.path: request for request in planned}


@cache
def _provider(defect: str) -> Bench:
    steps = defects(EDITION)[defect].plant(TRUTHFUL)
    return Bench(EDITION, steps, MODELS, _loop())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _sent(defect: str, path: str) -> Exchange:
    return _provider(defect).exchange(_requests()[path])


@cache
def lie(defect: str, path: str) -> Case:
    """Send a request and its control to the provider with this defect."""
    request = _requests()[path]
    standing = standing_of(request)
    if request.control is None:
        return Case(_sent(defect, path), None, standing)
    control = _sent(defect, f"{request.model}/{request.control}")
    return Case(_sent(defect, path), outcome_of(control, read_answer(control)), standing)


def witnesses(defect: str) -> list[str]:
    """Return the first request for each claimed clause that turns it red; none for an outage."""
    known = defects(EDITION)[defect]
    clauses = {clause.id: clause for clause in clauses_of(EDITION)}
    found: dict[str, None] = {}
    for clause in () if known.silent else (clauses[name] for name in known.claims):
        found[next(path for path in _requests() if _sees(clause, defect, path))] = None
    return list(found)


def _sees(clause: Clause, defect: str, path: str) -> bool:
    if not clause.binds(sent_by(_requests()[path], EDITION)):
        return False
    told = lie(defect, path)
    return any(
        each.verdict in RED for each in judged(told.exchange, told.control, [clause], told.standing)
    )
