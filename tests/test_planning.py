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
    """Search for cheap rows a tenth as long: every plan of these tests does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.cases.covering._STEPS", 2000)
        patch.setenv("COMETAPI_KEY", "sk-never-sent")
        yield


@cache
def made(models: str = "dall-e-3", **limits: Any) -> Plan:
    return plan(EDITION, COMETAPI, models=models, **limits)


def test_budget_is_never_crossed_and_more_money_reaches_more_pairs() -> None:
    reached = []
    for budget in (0, 0.05, 0.40, 0.41, 5.0):
        found = made(budget=budget)
        assert found.usd <= budget
        assert len(found.chosen) + len(found.left_out) == len(made().chosen)
        reached.append(found.reach["dall-e-3"].covered)
    assert reached == sorted(reached)
    assert (reached[0], made().left_out) == (0, ())
    assert (
        reached[-1] == made().reach["dall-e-3"].covered == made().reach["dall-e-3"].feasible > 100
    )


@pytest.mark.parametrize("limits", [{}, {"budget": 0.2}, {"max_requests": 7}])
def test_every_request_comes_after_its_control_and_the_cheapest_first(
    limits: dict[str, Any],
) -> None:
    seen: set[str | None] = {None}
    chosen = made(**limits).chosen
    for request in chosen:
        assert request.case.control in seen
        seen.add(request.case.id)
    _control, *prices = (request.estimate.usd for request in chosen if request.case.billed)
    assert prices == sorted(prices), "but for the first, the control of the rest"
    assert len(chosen) == limits.get("max_requests", len(chosen))


def test_models_are_named_one_by_one_or_by_globs_with_commas_between() -> None:
    planned = made("dall-e-2, gpt-image-1*")
    names = set(planned.reach)
    assert names == {"dall-e-2", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"}


def test_unknown_price_is_told() -> None:
    assert made("dall-e-2", combined=False).unknown
    assert not made("dall-e-3").unknown


def test_documented_cases_count_as_covered() -> None:
    mine = combined_cases(EDITION, COMETAPI, EDITION.models["dall-e-3"])
    cases = cases_for(EDITION, EDITION.models["dall-e-3"], lead=True)
    documented = {case.id for case in filter(Depth.STANDARD.includes, cases)}
    chosen = {request.case.id: request.newly_covered for request in made().chosen}
    assert chosen.keys() == documented | {case.id for case in mine}
    assert all(chosen[case.id] > 0 for case in mine)


def test_ids_come_from_what_is_sent(tmp_path: Path) -> None:
    added = {"mood": {"type": "string", "enum": ["calm"], "citations": []}}
    edition = changed_edition(tmp_path, "dall-e-2", lambda rules: rules["properties"].update(added))
    before, after = (
        {json.dumps(case.body): case.id for case in combined_cases(each, COMETAPI, model)}
        for each in (EDITION, edition)
        for model in [each.models["dall-e-2"]]
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
        found = judge(exchange, EDITION, clauses_of(EDITION), None, Answer(exchange))
        assert {finding.verdict for finding in found} == {Verdict.PASS}
        assert "parameters.valid-accepted" in {finding.clause for finding in found}
        assert len(found) > 20


def run(*arguments: str) -> Any:
    command = ["plan", "--provider", "cometapi", "--models", "dall-e-*", *arguments]
    return CliRunner().invoke(app, command)


@cache
def document(*arguments: str) -> Any:
    return json.loads(run("--format", "json", *arguments).stdout)


def options(**chosen: Any) -> Options:
    return Options(providers=("cometapi",), models="dall-e-*", live=True, **chosen)


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
    told = document(*(f"--{name.replace('_', '-')}={each}" for name, each in selection.items()))
    estimate = Session(options(**selection)).cost_estimate
    assert len(told["requests"]) == estimate.requests < 60
    assert told["total_usd"] == pytest.approx(estimate.usd)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--models dall-e-9", "unknown model 'dall-e-9'"),
        ("--cases n-22", "unknown case 'n-22' in cometapi; did you mean 'n-2'"),
        ("--clauses conut.*", "unknown clause 'conut"),
        ("--clauses stream.*", "leave nothing of cometapi to judge"),
    ],
)
def test_selection_of_nothing_is_an_error(words: str, told: str) -> None:
    assert told in str(run(*words.split()).exception)


def test_strength_that_no_plan_knows_is_an_error() -> None:
    with pytest.raises(ConformanceError, match="1, 2 and 3"):
        made(strength=4)


def test_plan_has_every_option_of_run_that_selects() -> None:
    wide = {"COLUMNS": "200"}
    helps = (CliRunner().invoke(app, [name, "--help"], env=wide).stdout for name in ("plan", "run"))
    plans, runs = (set(re.findall(r"--[a-z-]+", text)) for text in helps)
    sending = "replay record-mode cassettes limit workers concurrency resume resend baseline"
    sending += " confirm quiet partial"
    assert runs - plans == {f"--{name}" for name in sending.split()}


@pytest.mark.parametrize("strength", [None, 2], ids=["documented", "pairs"])
def test_run_sends_in_the_order_of_the_plan_for_the_least_budget_that_it_names(
    strength: int | None,
) -> None:
    told = document(*(["--strength", str(strength)] if strength else []))
    session = Session(options(budget=told["starts_with_usd"], strength=strength))
    session.check_affordable()
    (engine,) = session.engines
    sent = [case.path for case, _ in session.selected(engine)]
    assert [f"{request['model']}/{request['case']}" for request in told["requests"]] == sent
    assert told["combined"] is bool(strength)
    coverage = told["coverage"]["dall-e-3"]
    assert (coverage["covered"] < coverage["feasible"]) is not bool(strength)
    less = options(budget=told["starts_with_usd"] - 0.02, strength=strength)
    with pytest.raises(BudgetError, match="more than --budget"):
        Session(less).check_affordable()


@pytest.mark.parametrize("name", sample(["cometapi", "openai"], 2))
def test_night_of_the_workflow_starts_with_its_budget(name: str) -> None:
    entries = workflow("nightly")["jobs"]["judge"]["strategy"]["matrix"]["include"]
    night = next(entry for entry in entries if entry["name"] == name)
    strength = night["strength"]
    found = load_provider(night["provider"])
    edition = load_edition(found.edition or DEFAULT_EDITION)
    made = plan(edition, found, int(strength or 2), night["models"], combined=bool(strength))
    assert starts_with(made) <= float(night["budget"])


def test_providers_of_a_plan_spend_one_budget_as_those_of_a_run_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMETAPI_KEY", "sk-never-sent")
    both = ["--provider", "reference", "--budget", "0.50"]
    paid, free = json.loads(run("--format", "json", *both).stdout)
    assert [each["provider"] for each in (paid, free)] == ["cometapi", "reference"]
    assert free["budget_usd"] == pytest.approx(0.50 - paid["total_usd"])
    asked = Options(providers=("cometapi", "reference"), models="dall-e-*", live=True)
    needed = Session(asked).cost_estimate
    said = run(*both).stdout
    assert f"--budget {needed.usd + needed.reserve:.2f}" in said
    assert f"together: {len(paid['requests']) + len(free['requests'])} requests" in said


@pytest.mark.parametrize("width", [60, 100])
def test_plan_is_no_wider_than_the_terminal(width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    show([plan(EDITION, COMETAPI, models="dall-e-*", budget=0.5)], console)
    assert max(map(len, console.export_text().splitlines())) <= width


@pytest.mark.parametrize("strength", ["1", "2"])
def test_json_has_its_published_form(strength: str) -> None:
    told = document("--budget", "0.50", "--strength", strength)
    Draft202012Validator(SCHEMA).validate(told)
    assert told["total_usd"] == pytest.approx(sum(each["usd"] for each in told["requests"]))
    assert told["left_out"]


def test_table_tells_price_source_coverage_what_is_left_out_and_how_to_start() -> None:
    done = run("--budget", "0.50")
    assert done.exit_code == 0
    prices = ("of 0.50 USD", "February 2026", f"as of {COMETAPI.prices.date}", "not billed")
    told = ("counted as the dearest", "pairs reached", "baseline", "left out: ")
    how = ("run --live starts with --budget", "with less, --partial starts it")
    for part in (*prices, *told, *how, "--strength 2 adds the fewest"):
        assert part in " ".join(done.stdout.split())


def test_free_provider_is_said_to_be_free() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    show([plan(EDITION, REFERENCE, models="qwen-image")], console)
    assert "nothing is billed on loopback" in console.export_text()


def test_output_is_the_json(tmp_path: Path) -> None:
    done = run("--output", str(tmp_path / "plan.json"), "--max-requests", "5")
    assert done.exit_code == 0
    Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "plan.json").read_text()))


def test_plan_without_a_limit_is_the_whole_plan() -> None:
    whole = document("--budget", "Unlimited")
    assert (whole["budget_usd"], whole["left_out"]) == (None, [])
