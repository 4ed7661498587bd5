"""The same judgements as pytest-recording users write them: a test, and a cassette, for each."""

from __future__ import annotations

import os

import httpx
import pytest

from benchmarks.samples import BASE_URL, SENT_AT, Plan, sample_case
from conformance.cases.request import Request, build_request
from conformance.clauses.judge import judge
from conformance.contract import load_edition
from conformance.exchange.model import REDACTED_KEY, Exchange, Response
from conformance.findings import Verdict

PLAN = Plan.read()
EDITION = load_edition()
CLAUSES = PLAN.select(EDITION)
SHARED = "BENCHMARK_SHARED_CLIENT"
"""Environment variable: set, all tests share a client, and its certificates are read once."""
SEND = httpx.Client().request if os.environ.get(SHARED) else httpx.request


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(PLAN.folder / "stock")


@pytest.mark.vcr
@pytest.mark.parametrize("clause", range(len(CLAUSES)), ids=str)
@pytest.mark.parametrize("number", range(PLAN.exchanges), ids=str)
def test_promise(number: int, clause: int) -> None:
    case = sample_case(number)
    request = build_request(case, base_url=BASE_URL, key=REDACTED_KEY)
    reply = SEND(request.method, request.url, headers=list(request.headers), content=request.body)
    exchange = Exchange(
        provider="sample",
        model=case.model,
        case=case.id,
        request=Request(request.method, request.url, request.headers, request.body),
        response=Response(reply.status_code, tuple(reply.headers.multi_items()), reply.content),
        sent_at=SENT_AT,
    )
    (finding,) = judge(exchange, EDITION, [CLAUSES[clause]])
    assert finding.verdict is Verdict.PASS
