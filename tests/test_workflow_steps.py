"""The steps of the nightly workflow and of the action, one by one."""

from __future__ import annotations

import json

import pytest

from conformance.contract import DEFAULT_EDITION
from tests import runs
from tests.nights import night
from tests.runs import write_run
from tests.workflows import KEY, PROVIDER, ROOT, Runner, lying, resolve_expressions, step, workflow

pytest_plugins = ["tests.workflows"]


def test_judge_without_a_key_fails_and_says_so(runner: Runner) -> None:
    (runner.work / "acme.toml").write_text(PROVIDER.format(url="https://acme.test/v1"))
    values = {"PROVIDER": "./acme.toml", "RUN_FILE": "night/acme.jsonl", "KEY": ""}
    process = runner.run("bash .github/scripts/judge.sh", **values)
    assert process.returncode == 1
    assert "ACME_KEY" in process.stderr
    assert "was not judged at all" in process.stdout


def test_page_step_writes_page_and_summary(runner: Runner) -> None:
    for name in ("acme", "relay"):
        folder = runner.work / "nights" / name
        folder.mkdir(parents=True)
        head = runs.header([name], id=name)
        write_run(runs.run(runs.finding(provider=name), head=head), folder / f"{name}.jsonl")
    process = runner.run(step("nightly", "Page")["run"])
    assert process.returncode == 0, process.stderr
    assert (runner.work / "page" / "index.html").exists()
    assert "relay" in runner.summary


@pytest.mark.parametrize("name", ["nightly", "action"])
def test_job_ends_as_the_suite_did(runner: Runner, name: str) -> None:
    last_step = step(name, "Say how it ended")
    for code in range(3):
        values = dict.fromkeys(last_step["env"], str(code))
        assert runner.run(last_step["run"], **values).returncode == code


def test_action_confirms_what_is_worse_than_its_baseline_and_fails(runner: Runner) -> None:
    edition = {**runs.EDITION, "id": DEFAULT_EDITION}
    finding = runs.finding("envelope.created-integer", model="qwen-image")
    write_run(night(1, finding, head={"edition": edition}), runner.work / "base.jsonl")
    (runner.work / "out").mkdir()
    inputs = workflow("action")["inputs"]
    arguments = {name: entry.get("default", "") for name, entry in inputs.items()}
    arguments |= {"provider": "./acme.toml", "key": KEY, "budget": "2.00", "models": "qwen-image"}
    arguments |= {"baseline": "base.jsonl", "output": "out"}
    values = {f"inputs.{name}": str(value) for name, value in arguments.items()}
    values |= {"runner.temp": str(runner.home), "github.action_path": str(ROOT)}
    environment = resolve_expressions(step("action", "Judge")["env"], values)
    with lying("envelope.created-float") as server:
        (runner.work / "acme.toml").write_text(PROVIDER.format(url=server.base_url))
        assert runner.run(step("action", "Judge")["run"], **environment).returncode == 0
    environment = resolve_expressions(step("action", "Drift")["env"], values)
    process = runner.run(step("action", "Drift")["run"], **environment)
    assert process.returncode == 1, process.stdout + process.stderr
    assert "confirmed, broken again 3 times" in runner.summary
    (report,) = json.loads((runner.work / "out" / "drift.json").read_text())["providers"]
    assert "One of these requests: `curl -sS -X POST" in report["body"]
    assert KEY not in report["body"]
