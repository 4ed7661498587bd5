"""The workflows and the action as data: linted, and without a way in for others' text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows import EXPRESSION, ROOT, steps, workflow

ALL = ("ci", "weekly", "nightly", "action")
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["actionlint"], ["zizmor", "--offline", "--no-progress", "--quiet", "."]],
    ids=["actionlint", "zizmor"],
)
def test_linters_find_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALL)
def test_no_expression_stands_in_a_script(name: str) -> None:
    scripts = [each["run"] for _, each in steps(name) if "run" in each]
    assert scripts
    assert not [each for each in scripts if EXPRESSION.search(each)]


@pytest.mark.parametrize("name", ALL)
def test_actions_are_githubs_own_and_named_by_version(name: str) -> None:
    used = {each["uses"] for _, each in steps(name) if "uses" in each}
    assert all(each.startswith("actions/") and "@v" in each for each in used)


def test_rights_are_the_least() -> None:
    nightly = workflow("nightly")
    assert workflow("ci")["permissions"] == {"contents": "read"}
    assert workflow("weekly")["permissions"] == {"contents": "read"}
    assert nightly["permissions"] == {}
    rights = {name: job["permissions"] for name, job in nightly["jobs"].items()}
    assert rights["judge"] == {"contents": "read", "actions": "read"}
    assert rights["tell"] == {"contents": "read", "issues": "write"}


def test_keys_reach_only_the_step_that_judges() -> None:
    with_secrets = [
        each.get("name") for _, each in steps("nightly") if "secrets." in json.dumps(each)
    ]
    assert with_secrets == ["Judge"]
    assert "secrets" not in json.dumps([workflow("ci"), workflow("weekly")])


def test_nightly_runs_only_where_it_was_turned_on() -> None:
    assert "vars.NIGHTLY == 'on'" in workflow("nightly")["jobs"]["judge"]["if"]
    triggers = {key: value for key, value in workflow("nightly").items() if key is True}
    assert set(triggers[True]) == {"schedule", "workflow_dispatch"}  # `on` is YAML's yes


def test_action_needs_a_provider_and_nothing_else() -> None:
    given = workflow("action")["inputs"]
    assert [name for name, about in given.items() if about.get("required")] == ["provider"]


def test_action_leaves_the_python_of_the_job_alone() -> None:
    (used,) = [each for _, each in steps("action") if "setup-python" in each.get("uses", "")]
    assert used["with"]["update-environment"] is False
    scripts = [each for _, each in steps("action") if "image-conformance" in each.get("run", "")]
    assert all("VENV" in each["env"] for each in scripts)


def test_ci_calls_targets_that_there_are() -> None:
    scripts = [each.get("run", "") for _, each in steps("ci")]
    called = [script.removeprefix("make ") for script in scripts if script.startswith("make ")]
    called += workflow("weekly")["jobs"]["long"]["strategy"]["matrix"]["target"]
    subprocess.run(["make", "--dry-run", *called], cwd=ROOT, check=True, timeout=60)
    assert {"test", "report", "fuzz", "mutants", "benchmarks", "proof"} <= set(called)
