"""The lies of the reference provider, each told in process to the requests that show it.

A planted defect is the one source of a lie: the proof judges it in all its exchanges, and the tests
of clauses in the first one in which each clause that claims it turns red.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import cache

from conformance.cases.model import Case as Request
from conformance.clauses import clauses_of
from conformance.clauses.registry import Clause
from conformance.contract import DEFAULT_EDITION, load_edition
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import outcome_of
from conformance.proof.extra_cases import cases_of_proof, models_of_proof, standing_of
from conformance.proof.in_process import Bench
from conformance.proof.matrix import RED
from conformance.reference.defects import defects
from conformance.reference.steps import TRUTHFUL
from conformance.runner.planned_request import sent_by
from tests.miniatures import Case, judged_case, read_answer


@cache
def requests(name: str) -> dict[str, Request]:
    """Return every request of the proof of an edition, by path."""
    return cases_of_proof(load_edition(name), models_of_proof(load_edition(name)))


@cache
def _provider(defect: str | None, name: str) -> Bench:
    edition = load_edition(name)
    steps = defects(edition)[defect].plant(TRUTHFUL) if defect else TRUTHFUL
    return Bench(edition, steps, models_of_proof(edition), _loop())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _send(defect: str | None, path: str, name: str) -> Exchange:
    return _provider(defect, name).exchange(requests(name)[path])


@cache
def lie(defect: str | None, path: str, name: str = DEFAULT_EDITION) -> Case:
    """Send a request and its control to the provider with this defect; None has no defect."""
    request = requests(name)[path]
    standing = standing_of(request)
    if request.control is None:
        return Case(_send(defect, path, name), None, standing)
    control = _send(defect, f"{request.model}/{request.control}", name)
    return Case(_send(defect, path, name), outcome_of(control, read_answer(control)), standing)


def witnesses(
    defect: str, name: str = DEFAULT_EDITION, among: Collection[str] | None = None
) -> dict[str, str]:
    """Return by clause the first request that turns it red; of an outage nothing.

    Only the clauses that claim the defect are asked, and of those only the ones in `among`.
    """
    row = defects(load_edition(name))[defect]
    clauses = {clause.id: clause for clause in clauses_of(load_edition(name))}
    claims = [claim for claim in row.claims if among is None or claim in among]
    return {
        clause: next(path for path in requests(name) if _sees(clauses[clause], defect, path, name))
        for clause in (() if row.silent else claims)
    }


def _sees(clause: Clause, defect: str, path: str, name: str) -> bool:
    edition = load_edition(name)
    if not clause.binds(sent_by(requests(name)[path], edition)):
        return False
    findings = judged_case(lie(defect, path, name), edition, [clause])
    return any(finding.verdict in RED for finding in findings)
