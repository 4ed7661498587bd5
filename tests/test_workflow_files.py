"""The workflows and the action as data: linted, and without a way in for others' text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows import EXPRESSION, ROOT, WORKFLOWS, steps, workflow

ALL = ("ci", "weekly", "nightly", "action")
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["actionlint"], ["zizmor", "--offline", "--no-progress", "--quiet", "."]],
    ids=["actionlint", "zizmor"],
)
def test_linters_find_nothing(command: list[str]) -> None:
    process = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize("page", ["ci", "nightly"])
def test_workflows_of_the_documentation_are_whole(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    night = (WORKFLOWS / "nightly.yml").read_text(encoding="utf-8")
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yml").write_text(block if "jobs:" in block else night + block)
    inputs = [one["with"] for one in action_steps(blocks) if "image-conformance" in one["uses"]]
    assert all(values.keys() <= workflow("action")["inputs"].keys() for values in inputs)
    files = sorted(tmp_path.iterdir())
    done = subprocess.run([BIN / "actionlint", *files], capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(inputs)) == (0, 1), done.stdout


def action_steps(blocks: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the steps of workflows, or of jobs, that use an action."""
    for block in map(yaml.safe_load, blocks):
        for job in block.get("jobs", block).values():
            yield from (step for step in job["steps"] if "uses" in step)


@pytest.mark.parametrize("name", ALL)
def test_no_expression_stands_in_a_script_and_actions_are_githubs_own(name: str) -> None:
    scripts = [step["run"] for _, step in steps(name) if "run" in step]
    assert scripts
    assert not [script for script in scripts if EXPRESSION.search(script)]
    actions = {step["uses"] for _, step in steps(name) if "uses" in step}
    assert all(action.startswith("actions/") and "@v" in action for action in actions)


def test_rights_are_the_least_and_keys_reach_only_the_step_that_judges() -> None:
    assert workflow("ci")["permissions"] == {"contents": "read"}
    assert workflow("weekly")["permissions"] == {"contents": "read"}
    nightly = workflow("nightly")
    assert nightly["permissions"] == {}
    rights = {name: job["permissions"] for name, job in nightly["jobs"].items()}
    assert rights["judge"] == {"contents": "read", "actions": "read"}
    assert rights["tell"] == {"contents": "read", "issues": "write"}
    secret = [step.get("name") for _, step in steps("nightly") if "secrets." in json.dumps(step)]
    assert secret == ["Judge"]
    assert "secrets" not in json.dumps([workflow("ci"), workflow("weekly")])


def test_nightly_runs_only_where_it_was_turned_on() -> None:
    assert "vars.NIGHTLY == 'on'" in workflow("nightly")["jobs"]["judge"]["if"]
    assert set(workflow("nightly")[True]) == {"schedule", "workflow_dispatch"}  # `on` is YAML's yes


def test_action_needs_only_a_provider_and_leaves_the_python_of_the_job_alone() -> None:
    inputs = workflow("action")["inputs"]
    assert [name for name, entry in inputs.items() if entry.get("required")] == ["provider"]
    action = [step for _, step in steps("action")]
    (python,) = (step for step in action if "setup-python" in step.get("uses", ""))
    assert python["with"]["update-environment"] is False
    own_steps = [step for step in action if "image-conformance" in step.get("run", "")]
    assert all("VENV" in step["env"] for step in own_steps)


def test_ci_calls_targets_that_there_are() -> None:
    scripts = [step.get("run", "") for _, step in steps("ci")]
    targets = [script.split()[1] for script in scripts if script.startswith("make ")]
    targets += workflow("weekly")["jobs"]["long"]["strategy"]["matrix"]["target"]
    subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, check=True, timeout=60)
    assert {"test", "report", "fuzz", "mutants", "benchmarks", "proof"} <= set(targets)
