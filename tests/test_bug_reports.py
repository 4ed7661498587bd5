"""Misbehaviours that public bug reports tell of, and what has to be said of each.

The servers and recordings lie beside the checkout, in ``../shared/cases/``.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from conformance.cases.documented import all_cases
from conformance.cases.valid import BASELINE
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.subject import Context
from conformance.contract import load_edition
from conformance.exchange.model import Provenance
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.exchange.source import Client, Target
from conformance.findings import Verdict
from conformance.proof.in_process import BASE_URL, InProcess
from conformance.reference.app import create_app

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.exchange.model import Exchange
    from conformance.findings import Finding

SHARED = Path(__file__).resolve().parents[2] / "shared" / "cases"

pytestmark = pytest.mark.skipif(
    not (SHARED / "misbehaviours.py").exists(),
    reason="the shared cases are not beside the checkout",
)

EDITION = load_edition()
CASES = {
    "dall-e-2": "models-list baseline n-2 b64_json-256x256 size-outside-enum n-0 n-many "
    "prompt-missing conformance_unknown model-unknown json-malformed authentication-missing",
    "dall-e-3": "models-list baseline url-1792x1024 size-outside-enum n-above-maximum",
    "gpt-image-1": "models-list baseline n-2 stream partial_images-2 output_format-webp n-0",
    "qwen-image": "models-list baseline size-1664x928 size-1024x1024 n-0",
}
SENT_CASES = {
    case.path: case
    for case in all_cases(EDITION, list(CASES))
    if case.id in CASES[case.model].split()
}


class Judged:
    """What a misbehaving server was asked, and what was found."""

    def __init__(self, name: str) -> None:
        sys.path.insert(0, str(SHARED))
        base, bugs = importlib.import_module("base"), importlib.import_module("misbehaviours")
        sys.path.remove(str(SHARED))
        app = create_app(EDITION, key=base.KEY, models=list(CASES), threads=False)
        asgi = httpx.ASGITransport(base.wrap(app, bugs.BUGS[name]), raise_app_exceptions=False)
        self.outcomes: dict[str, Outcome] = {}
        self.findings: list[Finding] = []
        self.observed: set[str] = set()
        loop = asyncio.new_event_loop()
        target = Target("bug", BASE_URL, base.KEY, {model: model for model in CASES})
        bench = InProcess(asgi, loop, "reference.example")
        client = Client(target, bench, Provenance.REFERENCE, time.time)
        for case in SENT_CASES.values():
            self._judge(case, client.exchange(case))
        loop.close()

    def _judge(self, case: Case, exchange: Exchange) -> None:
        """Judge a case; the smallest request stands before and after one that is a field away."""
        control = self.outcomes.get(f"{case.model}/{case.control}")
        around = self.outcomes.get(f"{case.model}/{BASELINE}") if case.id != BASELINE else None
        context = Context(control, (), around, around, "4 of 4 attempts")
        self.outcomes[case.path] = outcome_of(exchange)
        self.findings += judge(exchange, EDITION, clauses_of(EDITION), context=context)
        self.observed |= {observation.id for observation in observe(exchange, EDITION)}

    def failures(self) -> dict[str, list[str]]:
        """Return the MUST clauses that are broken, each with what was observed."""
        observed: dict[str, list[str]] = defaultdict(list)
        for finding in self.findings:
            if finding.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR):
                observed[finding.clause].append(finding.observed)
        return dict(observed)


FINDINGS: dict[str, dict[str, str]] = {
    "dynamo_13000": {"errors.not-2xx": "HTTP 200", "envelope.data-not-empty": "none"},
    "vllmomni_3092": {},
    "llmgateway_3963": {"parameters.valid-accepted": "HTTP 400: Streaming is only supported"},
    "sglang_19346": {"parameters.valid-accepted": "requires cloud storage to be configured"},
    "surfsense_1496": {
        "url.absolute": "/data/image/0000.jpg",
        "parameters.valid-accepted": "stream: true: HTTP 500",  # the server reads JSON alone
    },
    "nextcloud_65": {
        "parameters.valid-accepted": 'response_format: "b64_json", size: "256x256": HTTP 500: fail'
    },
    "comfy_9952": {
        "format.url-by-default": "it is an error: The service met an unexpected error.",
        "format.gpt-image-b64": "it is an error: The service met an unexpected error.",
    },
    "exo_1328": {"stream.content-type": "application/json"},
    "vercelai_11460": {"envelope.data-present": "images"},
    "gpt2imagepro_21": {
        "url.fetchable": "HTTP 403",
        "parameters.valid-accepted": "stream: true: HTTP 500",
    },
    "coursia_8474": {
        "models.listed": "gpt-image-1, qwen-image",
        "format.url-by-default": "b64_json present",
        "format.url-when-asked": "b64_json present",
        "image.size-as-asked": "1536x1024",
        "count.above-maximum-refused": "HTTP 200",
    },
    "conductor_1510": {"models.listed": "gpt-image-1, qwen-image"},
    "sub2api_4298": {"envelope.json-syntax": '{"created":'},
    "sub2api_4219_late_error": {
        "errors.not-2xx": "HTTP 200: ",
        "envelope.no-error": "HTTP 200: 'conformance_unknown' is not a parameter",
    },
    "letta_4350": {"errors.error-object": "issues, name"},
    "comfyui_7528": {"parameters.valid-accepted": "Allowed sizes are 1664*928"},
}


judge_bug = cache(Judged)


@pytest.mark.parametrize(("name", "expectation"), FINDINGS.items(), ids=FINDINGS)
def test_misbehaviour_is_told_by_its_clauses_alone(name: str, expectation: dict[str, str]) -> None:
    failures = judge_bug(name).failures()
    assert set(failures) == set(expectation)
    for clause, observed in expectation.items():
        assert any(observed in message for message in failures[clause]), failures[clause]


def test_legal_variation_passes_all_it_is_asked() -> None:
    for name in ("ok_sub2api_4219_blanks", "ok_sse_comments"):
        assert {finding.verdict for finding in judge_bug(name).findings} == {Verdict.PASS}


def test_refusals_that_come_as_200_leave_the_rest_untestable() -> None:
    mistake = [finding for finding in judge_bug("dynamo_13000").findings if finding.case == "n-0"]
    zero = {
        finding.clause: finding.verdict
        for finding in mistake
        if finding.clause[:5] in ("count", "error")
    }
    assert zero.pop("errors.not-2xx") is Verdict.FAIL
    assert zero.pop("errors.not-5xx") is Verdict.PASS
    assert set(zero.values()) == {Verdict.NOT_TESTABLE}


def test_what_no_source_forbids_is_observed() -> None:
    assert "null-members" in judge_bug("vllmomni_3092").observed
    assert "another-family" in judge_bug("coursia_8474").observed
