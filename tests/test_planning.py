"""The plan: what a budget buys, in which order, and what is left out."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from typer.testing import CliRunner

from conformance.cases.documented import cases_for
from conformance.cases.model import Depth
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.cli import app
from conformance.contract import DEFAULT_EDITION, load_edition, schemas_directory
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.findings import Verdict
from conformance.live.budget import BudgetError
from conformance.live.plan import Plan, combined_cases, plan
from conformance.live.plan_report import show, starts_with
from conformance.providers import load_provider
from conformance.reference.server import ReferenceServer
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import changed_edition
from tests.extent import sample
from tests.workflows import workflow

if TYPE_CHECKING:
    from pathlib import Path

EDITION = load_edition()
COMETAPI = load_provider("cometapi")
REFERENCE = load_provider("reference")
SCHEMA = json.loads((schemas_directory() / "plan.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search for cheap rows a tenth as long: every plan of these tests does."""
    monkeypatch.setattr("conformance.cases.covering._STEPS", 2000)


@cache
def made(models: str = "dall-e-3", **limits: Any) -> Plan:
    return plan(EDITION, COMETAPI, models=models, **limits)


def test_without_a_budget_every_pair_is_reached() -> None:
    assert made().left_out == ()
    assert made().reach["dall-e-3"].covered == made().reach["dall-e-3"].feasible > 100


@pytest.mark.parametrize("budget", [0, 0.05, 0.40, 0.41])
def test_budget_is_never_crossed(budget: float) -> None:
    found = made(budget=budget)
    assert found.usd <= budget
    assert found.left_out
    assert len(found.chosen) + len(found.left_out) == len(made().chosen)


def test_more_money_reaches_more_pairs() -> None:
    reached = [made(budget=budget).reach["dall-e-3"].covered for budget in (0, 0.2, 0.8, 5.0)]
    assert reached == sorted(reached)
    assert reached[0] == 0
    assert reached[-1] == made().reach["dall-e-3"].feasible


@pytest.mark.parametrize("limits", [{}, {"budget": 0.2}, {"max_requests": 7}])
def test_every_request_comes_after_its_control(limits: dict[str, Any]) -> None:
    seen: set[str | None] = {None}
    for request in made(**limits).chosen:
        assert request.case.control in seen
        seen.add(request.case.id)


def test_cheapest_comes_first() -> None:
    billed = [request for request in made("gpt-image-1-mini").chosen if request.case.billed]
    prices = [
        request.estimate.usd for request in billed[1:]
    ]  # the first is the control of the rest
    assert billed[0].case.id == "baseline"
    assert prices == sorted(prices)


def test_number_of_requests_is_kept() -> None:
    assert len(made(max_requests=7).chosen) == 7


def test_unknown_price_is_told() -> None:
    assert made("dall-e-2").unknown
    assert not made("dall-e-3").unknown


def test_documented_cases_count_as_covered() -> None:
    mine = combined_cases(EDITION, COMETAPI, EDITION.models["dall-e-3"])
    cases = cases_for(EDITION, EDITION.models["dall-e-3"], lead=True)
    documented = {case.id for case in filter(Depth.STANDARD.includes, cases)}
    chosen = {request.case.id: request.newly_covered for request in made().chosen}
    assert chosen.keys() == documented | {case.id for case in mine}
    assert all(chosen[case.id] > 0 for case in mine)


def test_ids_come_from_what_is_sent(tmp_path: Path) -> None:
    model = EDITION.models["dall-e-2"]
    added = {"type": "string", "enum": ["calm"], "citations": []}
    edition = changed_edition(
        tmp_path, "dall-e-2", lambda schema: schema["properties"].update(mood=added)
    )
    known = {json.dumps(case.body): case.id for case in combined_cases(EDITION, COMETAPI, model)}
    changed = combined_cases(edition, COMETAPI, edition.models["dall-e-2"])
    both = [(case.id, known[key]) for case in changed if (key := json.dumps(case.body)) in known]
    assert any("mood" in (case.body or {}) for case in changed)
    assert all(old == new for new, old in both)
    assert len(set(known.values())) == len(known)


@pytest.mark.parametrize("name", sample(["dall-e-3", "gpt-image-1.5"], 2))
def test_combined_cases_pass_under_every_clause_that_binds(name: str) -> None:
    with ReferenceServer(EDITION, key="sk-plan") as server:
        target = Target("reference", server.base_url, "sk-plan", {})
        with Transport(Limits(), AddressPolicy.for_provider(server.base_url)) as transport:
            client = Client(target, transport)
            for case in combined_cases(EDITION, REFERENCE, EDITION.models[name])[:6]:
                exchange = client.exchange(case)
                found = judge(exchange, EDITION, clauses_of(EDITION), None, Answer(exchange))
                assert {finding.verdict for finding in found} == {Verdict.PASS}
                assert "parameters.valid-accepted" in {finding.clause for finding in found}
                assert len(found) > 20


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"models": "dall-e-9"}, "unknown model 'dall-e-9'"), ({"strength": 4}, "1, 2 and 3")],
)
def test_wrong_choice_is_an_error(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConformanceError, match=told):
        plan(EDITION, COMETAPI, **wrong)


def run(*arguments: str) -> Any:
    command = ["plan", "--provider", "cometapi", "--models", "dall-e-*", *arguments]
    return CliRunner().invoke(app, command)


SELECTIONS: dict[str, dict[str, Any]] = {
    "cases": {"cases": "n-*"},
    "near-misses": {"cases": "*-near*"},
    "clauses": {"clauses": "count.*"},
    "clauses-and-cases": {"clauses": "errors.*", "cases": "size-*"},
    "combined": {"cases": "combined-*", "strength": 1},
    "address": {"cases": "baseline", "base_url": "https://api.example.com/v1"},
}


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
def test_plan_of_a_selection_is_what_the_run_sends(
    monkeypatch: pytest.MonkeyPatch, selection: dict[str, Any]
) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    words = [f"--{name.replace('_', '-')}={value}" for name, value in selection.items()]
    document = json.loads(run("--format", "json", *words).stdout)
    asked = Options(providers=("cometapi",), models="dall-e-*", live=True, **selection)
    session = Session(asked)
    assert len(document["requests"]) == session.cost_estimate.requests < 60
    assert document["total_usd"] == pytest.approx(session.cost_estimate.usd)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--cases", "n-22"], "unknown case 'n-22' in cometapi; did you mean 'n-2'"),
        (["--clauses", "conut.*"], "unknown clause 'conut"),
        (["--clauses", "stream.*"], "leave nothing of cometapi to judge"),
    ],
)
def test_selection_of_nothing_is_an_error(words: list[str], told: str) -> None:
    assert told in str(run(*words).exception)


def test_plan_has_every_option_of_run_that_selects() -> None:
    listed = [set(re.findall(r"--[a-z-]+", help_of(command))) for command in ("plan", "run")]
    sending = {"--live", "--replay", "--record-mode", "--cassettes", "--limit", "--workers"}
    sending |= {"--concurrency", "--resume", "--resend", "--baseline", "--confirm", "--quiet"}
    assert listed[1] - listed[0] - sending == {"--partial"}


def help_of(command: str) -> str:
    return CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout


@pytest.mark.parametrize("strength", [None, 2], ids=["documented", "pairs"])
def test_run_sends_in_the_order_of_the_plan(
    monkeypatch: pytest.MonkeyPatch, strength: int | None
) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    words = ["--strength", str(strength)] if strength else []
    document = json.loads(run("--format", "json", *words).stdout)
    asked = Options(
        providers=("cometapi",), models="dall-e-*", live=True, budget=99, strength=strength
    )
    session = Session(asked)
    (engine,) = session.engines
    sent = [case.path for case, _ in session.selected(engine)]
    assert [f"{request['model']}/{request['case']}" for request in document["requests"]] == sent
    assert document["combined"] is bool(strength)
    coverage = document["coverage"]["dall-e-3"]
    assert (coverage["covered"] < coverage["feasible"]) is not bool(strength)


@pytest.mark.parametrize("strength", [None, 2], ids=["documented", "pairs"])
def test_budget_that_a_plan_names_is_the_least_that_starts(
    monkeypatch: pytest.MonkeyPatch, strength: int | None
) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    words = ["--strength", str(strength)] if strength else []
    needed = json.loads(run("--format", "json", *words).stdout)["starts_with_usd"]
    asked = Options(providers=("cometapi",), models="dall-e-*", live=True, strength=strength)
    Session(replace(asked, budget=needed)).check_affordable()
    with pytest.raises(BudgetError, match="more than --budget"):
        Session(replace(asked, budget=needed - 0.02)).check_affordable()


@pytest.mark.parametrize("name", sample(["cometapi", "openai"], 2))
def test_night_of_the_workflow_starts_with_its_budget(name: str) -> None:
    entries = workflow("nightly")["jobs"]["judge"]["strategy"]["matrix"]["include"]
    night = next(entry for entry in entries if entry["name"] == name)
    strength = night["strength"]
    found = load_provider(night["provider"])
    edition = load_edition(found.edition or DEFAULT_EDITION)
    made = plan(edition, found, int(strength or 2), night["models"], combined=bool(strength))
    assert starts_with(made) <= float(night["budget"])


def test_plan_over_its_budget_says_how_to_start() -> None:
    said = " ".join(run("--budget", "0.50").stdout.split())
    assert "run --live starts with --budget" in said
    assert "with less, --partial starts it" in said
    assert "--strength 2 adds the fewest" in said


@pytest.mark.parametrize("strength", ["1", "2"])
def test_json_has_its_published_form(strength: str) -> None:
    done = run("--format", "json", "--budget", "0.50", "--strength", strength)
    document = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(document)
    assert document["total_usd"] == pytest.approx(
        sum(request["usd"] for request in document["requests"])
    )
    assert document["left_out"]


def test_table_tells_price_source_coverage_and_what_is_left_out() -> None:
    done = run("--budget", "0.50")
    assert done.exit_code == 0
    wanted = (
        "of USD 0.50",
        "February 2026",
        f"as of {COMETAPI.prices.date}",
        "left out: ",
        "counted as the dearest",
    )
    for part in (*wanted, "pairs reached", "baseline", "not billed"):
        assert part in done.stdout


def test_free_provider_is_said_to_be_free() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    show(plan(EDITION, REFERENCE, models="qwen-image"), console)
    assert "nothing is billed on loopback" in console.export_text()


def test_output_is_the_json(tmp_path: Path) -> None:
    done = run("--output", str(tmp_path / "plan.json"), "--max-requests", "5")
    assert done.exit_code == 0
    Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "plan.json").read_text()))


@pytest.mark.parametrize("budget", ["unlimited", "Unlimited"])
def test_plan_without_a_limit_is_the_whole_plan(budget: str) -> None:
    document = json.loads(run("--format", "json", "--budget", budget).stdout)
    assert (document["budget_usd"], document["left_out"]) == (None, [])
