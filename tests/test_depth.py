"""How much is asked: a near miss only of who refused the coarse, and a night costs no more."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from conformance.cases.model import Case, Depth
from conformance.clauses import clauses_of
from conformance.cli import app
from conformance.contract import load_edition
from conformance.exchange.source import Live
from conformance.findings import Verdict
from conformance.live.cost import cost_of
from conformance.live.plan import Plan, painted_usd, plan
from conformance.proof.in_process import bench_client
from conformance.providers import load_provider
from conformance.providers.asked import depth_of, documented_cases
from conformance.reference.defects import lying_steps
from conformance.results.conclusion import undecided
from conformance.runner.engine import Engine
from conformance.runner.options import Options
from conformance.runner.session import Session

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

EDITION = load_edition()
PAID = [load_provider(name) for name in ("cometapi", "openai")]
REFERENCE = load_provider("reference")


def plan_of(provider: Any, depth: Depth | None = None) -> Plan:
    return plan(EDITION, provider, combined=False, depth=depth)


class Asked:
    """An engine in front of a provider that tells one lie, and what it was asked."""

    def __init__(self, lie: str, model: str = "dall-e-2") -> None:
        steps = lying_steps([lie] if lie else [], edition=EDITION)
        loop = asyncio.new_event_loop()
        self.client = bench_client(EDITION, steps, [model], loop)
        self.target = self.client.target
        self.asked: list[str] = []
        provider = replace(REFERENCE, models={model: model})
        cases = documented_cases(EDITION, provider, Depth.THOROUGH)
        clauses, today = clauses_of(EDITION), Session(Options()).today
        self.engine = Engine(provider, EDITION, clauses, cases, Live(lambda: self), today)
        self.findings = [
            finding
            for case in self.engine.cases.values()
            for finding in self.engine.judged(case).findings.values()
        ]
        loop.close()

    def exchange(self, case: Any) -> Exchange:
        self.asked.append(case.id)
        return self.client.exchange(case)


@pytest.mark.parametrize("provider", PAID, ids=lambda provider: provider.id)
def test_night_of_a_paid_provider_costs_no_more_than_without_fine_faults(provider: Any) -> None:
    standard = plan_of(provider)
    before = [request for request in standard.chosen if not request.case.after]
    assert len(before) < len(standard.chosen)
    assert painted_usd(before) == pytest.approx(painted_usd(standard.chosen), abs=1e-6)
    thorough = plan_of(provider, Depth.THOROUGH)
    assert paths(standard) < paths(thorough)
    assert standard.usd < min(thorough.usd, standard.usd_if_painted)


def paths(its_plan: Plan) -> set[str]:
    return {request.case.path for request in its_plan.chosen}


@pytest.mark.parametrize(("n", "images"), [("2", 2), ("9999", 16), (10**20, 16), (True, 1)])
def test_wrong_number_is_priced_as_the_images_it_is_taken_for(n: Any, images: int) -> None:
    case = Case("n", "dall-e-3", body={"model": "dall-e-3", "prompt": "A kite.", "n": n})
    assert cost_of(case, PAID[0], EDITION).most.usd == pytest.approx(0.04 * images)


def test_what_costs_nothing_is_asked_thoroughly() -> None:
    assert depth_of(REFERENCE, None) is Depth.THOROUGH
    assert depth_of(REFERENCE, Depth.STANDARD) is Depth.STANDARD
    assert depth_of(PAID[0], None) is Depth.STANDARD


def test_finer_faults_are_sent_after_all_that_is_billed() -> None:
    cases = [request.case for request in plan_of(PAID[0]).chosen]
    first = next(at for at, case in enumerate(cases) if case.after)
    assert not any(case.billed for case in cases[first:])
    assert [len(case.after) for case in cases] == sorted(len(case.after) for case in cases)


@pytest.mark.parametrize(
    ("lie", "sent", "spared", "failed"),
    [
        ("", "size-near-miss size-huge prompt-missing-after-size-huge", "", ""),
        (
            "parameters.size-rounded",
            "size-of-another-model",
            "size-near-miss size-huge",
            "parameters.size-enum",
        ),
        (
            "count.string-coerced",
            "n-true n-string-1",
            "n-string-2",
            "count.non-numeric-refused",
        ),
    ],
    ids=["truth", "size", "n"],
)
def test_fine_fault_is_sent_only_where_the_coarser_were_refused_and_is_found(
    lie: str, sent: str, spared: str, failed: str
) -> None:
    run = Asked(lie)
    assert {*sent.split()} <= {*run.asked}
    assert not {*spared.split()} & {*run.asked}
    assert {finding.clause for finding in run.findings if finding.verdict == "fail"} == {
        *failed.split()
    }


def test_what_was_not_asked_is_explained_by_the_coarser_fault() -> None:
    findings = Asked("parameters.accept-all", "dall-e-3").findings
    spared = [finding for finding in findings if finding.case == "size-huge"]
    assert {finding.verdict for finding in spared} == {Verdict.NOT_TESTABLE}
    assert {finding.control for finding in spared} == {"size-outside-enum"}
    assert undecided(findings) == []


def test_plan_and_run_have_the_same_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    model, depth = "gpt-image-1-mini", Depth.THOROUGH
    words = ["plan", "--models", model, "--depth", depth, "--format", "json"]
    document = json.loads(CliRunner().invoke(app, words).stdout)
    session = Session(Options(providers=("cometapi",), models=model, live=True, depth=depth))
    (engine,) = session.engines
    assert document["depth"] == depth
    planned_cases = [request["case"] for request in document["requests"]]
    assert planned_cases == [case.id for case, _ in session.selected(engine)]


def test_run_at_any_depth_is_whole_says_so_and_leaves_no_cassette_unused() -> None:
    for depth in (None, *Depth):
        session = Session(Options(providers=("aimock",), depth=depth))
        assert session.options.mode == "replay"
        assert session.unused_cassettes() == []
        assert session.options.whole
        assert session.header().selection.depth == depth
