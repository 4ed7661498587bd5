"""The plan: what a budget buys, in which order, and what is left out."""

from __future__ import annotations

import io
import json
import re
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
from conformance.exchange.source import Client
from conformance.findings import Verdict
from conformance.live.budget import BudgetError
from conformance.live.plan import Plan, combined_cases, plan
from conformance.live.plan_report import show, starts_with
from conformance.providers import load_provider
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import changed_edition
from tests.extent import sample
from tests.workflows import workflow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EDITION = load_edition()
COMETAPI = load_provider("cometapi")
REFERENCE = load_provider("reference")
SCHEMA = json.loads((schemas_directory() / "plan.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True, scope="module")
def _fewer_steps() -> Iterator[None]:
    """Search for cheap rows a tenth as long, and once: every plan of these tests does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.cases.covering._SALTS", ("0",))
        patch.setattr("conformance.cases.covering._STEPS", 2000)
        patch.setenv("COMETAPI_KEY", "sk-never-sent")
        yield


@cache
def plan_of(models: str = "dall-e-3", **limits: Any) -> Plan:
    return plan(EDITION, COMETAPI, models=models, **limits)


def test_budget_is_never_crossed_and_more_money_reaches_more_pairs() -> None:
    covered = []
    for budget in (0, 0.05, 0.40, 0.41, 5.0):
        part = plan_of(budget=budget)
        assert part.usd <= budget
        assert len(part.chosen) + len(part.left_out) == len(plan_of().chosen)
        covered.append(part.reach["dall-e-3"].covered)
    assert covered == sorted(covered)
    assert (covered[0], plan_of().left_out) == (0, ())
    whole = plan_of().reach["dall-e-3"]
    assert covered[-1] == whole.covered == whole.feasible > 100


@pytest.mark.parametrize("limits", [{}, {"budget": 0.2}, {"max_requests": 7}])
def test_every_request_comes_after_its_control_and_the_cheapest_first(
    limits: dict[str, Any],
) -> None:
    cases: set[str | None] = {None}
    requests = plan_of(**limits).chosen
    for request in requests:
        assert request.case.control in cases
        cases.add(request.case.id)
    _control, *prices = (request.estimate.usd for request in requests if request.case.billed)
    assert prices == sorted(prices), "but for the first, the control of the rest"
    assert len(requests) == limits.get("max_requests", len(requests))


def test_models_are_named_one_by_one_or_by_globs_with_commas_between() -> None:
    names = set(plan_of("dall-e-2, gpt-image-1*", combined=False).reach)
    assert names == {"dall-e-2", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"}


def test_unknown_price_is_told() -> None:
    assert plan_of("dall-e-2", combined=False).unknown
    assert not plan_of("dall-e-3").unknown


def test_documented_cases_count_as_covered() -> None:
    mine = combined_cases(EDITION, COMETAPI, EDITION.models["dall-e-3"])
    cases = cases_for(EDITION, EDITION.models["dall-e-3"], lead=True)
    names = {case.id for case in filter(Depth.STANDARD.includes, cases)}
    covered = {request.case.id: request.newly_covered for request in plan_of().chosen}
    assert covered.keys() == names | {case.id for case in mine}
    assert all(covered[case.id] > 0 for case in mine)


def test_ids_come_from_what_is_sent(tmp_path: Path) -> None:
    mood = {"mood": {"type": "string", "enum": ["calm"], "citations": []}}
    edition = changed_edition(tmp_path, "dall-e-2", lambda rules: rules["properties"].update(mood))
    before, after = (
        {json.dumps(case.body): case.id for case in combined_cases(contract, COMETAPI, model)}
        for contract in (EDITION, edition)
        for model in [contract.models["dall-e-2"]]
    )
    assert any("mood" in body for body in after)
    assert all(after[body] == before[body] for body in before.keys() & after.keys())
    assert len(set(before.values())) == len(before)


@pytest.mark.parametrize("name", sample(["dall-e-3", "gpt-image-1.5"], 2))
def test_combined_cases_pass_under_every_clause_that_binds(
    reference_client: Client, name: str
) -> None:
    for case in combined_cases(EDITION, REFERENCE, EDITION.models[name])[:6]:
        exchange = reference_client.exchange(case)
        findings = judge(exchange, EDITION, clauses_of(EDITION), None, Answer(exchange))
        assert {finding.verdict for finding in findings} == {Verdict.PASS}
        assert "parameters.valid-accepted" in {finding.clause for finding in findings}
        assert len(findings) > 20


def run(*arguments: str) -> Any:
    command = ["plan", "--provider", "cometapi", "--models", "dall-e-*", *arguments]
    return CliRunner().invoke(app, command)


@cache
def document(*arguments: str) -> Any:
    return json.loads(run("--format", "json", *arguments).stdout)


def options(**values: Any) -> Options:
    return Options(providers=("cometapi",), models="dall-e-*", live=True, **values)


SELECTIONS: dict[str, dict[str, Any]] = {
    "cases": {"cases": "n-*"},
    "near-misses": {"cases": "*-near*"},
    "clauses": {"clauses": "count.*"},
    "clauses-and-cases": {"clauses": "errors.*", "cases": "size-*"},
    "combined": {"cases": "combined-*", "strength": 1},
    "address": {"cases": "baseline", "base_url": "https://api.example.com/v1"},
}


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
def test_plan_of_a_selection_is_what_the_run_sends(selection: dict[str, Any]) -> None:
    words = (f"--{name.replace('_', '-')}={value}" for name, value in selection.items())
    content = document(*words)
    estimate = Session(options(**selection)).cost_estimate
    assert len(content["requests"]) == estimate.requests < 60
    assert content["total_usd"] == pytest.approx(estimate.usd)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--models dall-e-9", "unknown model 'dall-e-9'"),
        ("--cases n-22", "unknown case 'n-22' in cometapi; did you mean 'n-2'"),
        ("--clauses conut.*", "unknown clause 'conut"),
        ("--clauses stream.*", "leave nothing of cometapi to judge"),
    ],
)
def test_selection_of_nothing_is_an_error(words: str, message: str) -> None:
    assert message in str(run(*words.split()).exception)


def test_strength_that_no_plan_knows_is_an_error() -> None:
    with pytest.raises(ConformanceError, match="1, 2 and 3"):
        plan_of(strength=4)


def test_plan_has_every_option_of_run_that_selects() -> None:
    wide = {"COLUMNS": "200"}
    helps = (CliRunner().invoke(app, [name, "--help"], env=wide).stdout for name in ("plan", "run"))
    plans, runs = (set(re.findall(r"--[a-z-]+", text)) for text in helps)
    names = "replay record-mode cassettes limit workers concurrency resume resend baseline"
    names += " confirm quiet partial"
    assert runs - plans == {f"--{name}" for name in names.split()}


@pytest.mark.parametrize("strength", [None, 2], ids=["documented", "pairs"])
def test_run_sends_in_the_order_of_the_plan_for_the_least_budget_that_it_names(
    strength: int | None,
) -> None:
    content = document(*(["--strength", str(strength)] if strength else []))
    session = Session(options(budget=content["starts_with_usd"], strength=strength))
    session.check_affordable()
    (engine,) = session.engines
    paths = [case.path for case, _ in session.selected(engine)]
    assert [f"{request['model']}/{request['case']}" for request in content["requests"]] == paths
    assert content["combined"] is bool(strength)
    coverage = content["coverage"]["dall-e-3"]
    assert (coverage["covered"] < coverage["feasible"]) is not bool(strength)
    less = options(budget=content["starts_with_usd"] - 0.02, strength=strength)
    with pytest.raises(BudgetError, match="more than --budget"):
        Session(less).check_affordable()


@pytest.mark.parametrize("name", sample(["cometapi", "openai"], 2))
def test_night_of_the_workflow_starts_with_its_budget(name: str) -> None:
    entries = workflow("nightly")["jobs"]["judge"]["strategy"]["matrix"]["include"]
    night = next(entry for entry in entries if entry["name"] == name)
    strength = night["strength"]
    provider = load_provider(night["provider"])
    edition = load_edition(provider.edition or DEFAULT_EDITION)
    its_plan = plan(edition, provider, int(strength or 2), night["models"], combined=bool(strength))
    assert starts_with(its_plan) <= float(night["budget"])


def test_providers_of_a_plan_spend_one_budget_as_those_of_a_run_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    arguments = ["--provider", "reference", "--budget", "0.50"]
    paid, free = json.loads(run("--format", "json", *arguments).stdout)
    assert [part["provider"] for part in (paid, free)] == ["cometapi", "reference"]
    assert free["budget_usd"] == pytest.approx(0.50 - paid["total_usd"])
    options = Options(providers=("cometapi", "reference"), models="dall-e-*", live=True)
    estimate = Session(options).cost_estimate
    output = run(*arguments).stdout
    assert f"--budget {estimate.usd + estimate.reserve:.2f}" in output
    assert f"together: {len(paid['requests']) + len(free['requests'])} requests" in output


@pytest.mark.parametrize("width", [60, 100])
def test_plan_is_no_wider_than_the_terminal(width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    show([plan(EDITION, COMETAPI, models="dall-e-*", budget=0.5)], console)
    assert max(map(len, console.export_text().splitlines())) <= width


@pytest.mark.parametrize("strength", ["1", "2"])
def test_json_has_its_published_form(strength: str) -> None:
    content = document("--budget", "0.50", "--strength", strength)
    Draft202012Validator(SCHEMA).validate(content)
    prices = [request["usd"] for request in content["requests"]]
    assert content["total_usd"] == pytest.approx(sum(prices))
    assert content["left_out"]


def test_table_tells_price_source_coverage_what_is_left_out_and_how_to_start() -> None:
    result = run("--budget", "0.50")
    assert result.exit_code == 0
    prices = ("of 0.50 USD", "February 2026", f"as of {COMETAPI.prices.date}", "not billed")
    coverage = ("counted as the dearest", "pairs reached", "baseline", "left out: ")
    start = ("run --live starts with --budget", "with less, --partial starts it")
    for part in (*prices, *coverage, *start, "--strength 2 adds the fewest"):
        assert part in " ".join(result.stdout.split())


def test_free_provider_is_said_to_be_free() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    show([plan(EDITION, REFERENCE, models="qwen-image")], console)
    assert "nothing is billed on loopback" in console.export_text()


def test_output_is_the_json(tmp_path: Path) -> None:
    result = run("--output", str(tmp_path / "plan.json"), "--max-requests", "5")
    assert result.exit_code == 0
    Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "plan.json").read_text()))


def test_plan_without_a_limit_is_the_whole_plan() -> None:
    content = document("--budget", "Unlimited")
    assert (content["budget_usd"], content["left_out"]) == (None, [])
