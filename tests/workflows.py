"""Workflows as data, their steps run as scripts beside a `gh` that only remembers, and nights."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.contract import load_edition
from conformance.findings import Finding
from conformance.reference.defects import lying_steps
from conformance.reference.server import ReferenceServer
from conformance.results.run_file import Run
from tests import runs
from tests.nights import answer, night
from tests.processes import STUB, door
from tests.runs import write_run

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
SCRIPTS = ROOT / ".github" / "scripts"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
KEY = "sk-acme-for-the-nightly-0123456789"
PROVIDER = """title = "Acme"
base_url = "{url}"
free = true
key_variable = "ACME_KEY"
[models]
"qwen-image" = "qwen-image"
"""
VALUES = {
    "github.token": "token",
    "github.repository": "acme/images",
    "github.event.repository.default_branch || 'main'": "main",
    "github.server_url": "https://ci.test",
    "github.run_id": "1",
    "inputs.budget || matrix.budget": "2.00",
    "inputs.strength || matrix.strength": "",
    "matrix.models": "*",
    "matrix.name": "acme",
    "matrix.provider": "./acme.toml",
}

GH = f"#!{sys.executable} -SE\n{Path(__file__).with_name('fake_gh.py').read_text()}"


@dataclass
class Runner:
    """A machine that runs steps, in a folder of its own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put `gh` on the path, with nothing remembered yet."""
        (self.home / "bin").mkdir(parents=True)
        (self.home / "bin" / "gh").write_text(GH)
        (self.home / "bin" / "gh").chmod(0o755)
        (self.home / "bin" / "image-conformance").write_text(STUB)
        (self.home / "bin" / "image-conformance").chmod(0o755)
        (self.home / "gh").mkdir()
        self._write({"issues": [], "artifacts": [], "calls": []})
        (self.home / "work").mkdir()
        (self.home / "work" / ".github").symlink_to(ROOT / ".github")

    @property
    def work(self) -> Path:
        """The folder of the checkout."""
        return self.home / "work"

    @property
    def state(self) -> dict[str, Any]:
        """What `gh` remembers."""
        state: dict[str, Any] = json.loads((self.home / "gh" / "state.json").read_text())
        return state

    @property
    def summary(self) -> str:
        """What the steps said to people."""
        path = self.home / "summary"
        return path.read_text() if path.exists() else ""

    def remember(self, **state: Any) -> None:
        """Make `gh` remember something else."""
        self._write({**self.state, **state})

    def _write(self, state: Mapping[str, Any]) -> None:
        (self.home / "gh" / "state.json").write_text(json.dumps(state))

    def run(
        self, script: str, shell: str = "bash", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as the machines of GitHub do."""
        process = subprocess.run(
            [shell, "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.work,
            env=self._environment(environment),
            capture_output=True,
            text=True,
            timeout=180,
        )
        for line in (self.home / "output").read_text().splitlines():
            name, _, value = line.partition("=")
            self.outputs[name] = value
        return process

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{self.home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        files = {"GITHUB_OUTPUT": "output", "GITHUB_ENV": "env", "GITHUB_STEP_SUMMARY": "summary"}
        for name in files.values():
            (self.home / name).touch()
        there = {name: str(self.home / file) for name, file in files.items()}
        gh = {"FAKE_GH": str(self.home / "gh"), "RUN_URL": "https://ci.test/1", "CONCURRENCY": "2"}
        return {**os.environ, "PATH": path, **there, **gh, **self.variables, **more}


def workflow(name: str) -> dict[Any, Any]:
    """Read a workflow, or the action."""
    path = ROOT / "action.yml" if name == "action" else WORKFLOWS / f"{name}.yml"
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def steps(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return every step of a workflow or action, with the name of its job."""
    document = workflow(name)
    if name == "action":
        return [("action", step) for step in document["runs"]["steps"]]
    return [(job, step) for job, about in document["jobs"].items() for step in about["steps"]]


def step(workflow_name: str, name: str) -> dict[str, Any]:
    """Return a step by its name."""
    (only,) = [about for _, about in steps(workflow_name) if about.get("name") == name]
    return only


def resolve_expressions(
    environment: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """Put values in place of expressions; a KeyError names one that has none."""
    return {
        name: EXPRESSION.sub(lambda match: values[" ".join(match[1].split())], str(text))
        for name, text in environment.items()
    }


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    machine = Runner(tmp_path / "machine")
    machine.variables.update(
        GITHUB_REPOSITORY="acme/images", GITHUB_REPOSITORY_ID="7", GH_REPO="acme/images"
    )
    with door() as path:
        machine.variables["DOOR"] = str(path)
        yield machine


def environment_of(name: str, **more: str) -> dict[str, str]:
    job = workflow("nightly")["jobs"]["judge"]
    values = {**VALUES, **more}
    return resolve_expressions({**job["env"], **step("nightly", name).get("env", {})}, values)


def lying(*defects: str) -> ReferenceServer:
    return ReferenceServer(load_edition(), key=KEY, steps=lying_steps(defects))


def judge(runner: Runner, *defects: str, **more: str) -> None:
    """Run the step that judges, against a reference provider that lies as told."""
    secret = " ".join(EXPRESSION.findall(step("nightly", "Judge")["env"]["KEY"])[0].split())
    variables = {**environment_of("Judge", **{secret: KEY}), "MODELS": "qwen-image", **more}
    with lying(*defects) as server:
        (runner.work / "acme.toml").write_text(PROVIDER.format(url=server.base_url))
        process = runner.run(step("nightly", "Judge")["run"], **variables)
    assert process.returncode == 0, process.stdout + process.stderr


def drift_of_last_night(runner: Runner) -> None:
    conclusion = {"steps.judge.outputs.conclusion": runner.outputs["conclusion"]}
    process = runner.run(step("nightly", "Drift")["run"], **environment_of("Drift", **conclusion))
    assert process.returncode == 0, process.stderr


class Nights:
    """Nights of one provider, one after another, as the workflow goes through them."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.day = 0
        (runner.work / "night").mkdir()

    def next(self, *findings: Finding, end: Any = ..., conclusion: str = "0") -> dict[str, str]:
        """Let a night pass: drift, then the issue; return the outputs of drift."""
        self.day += 1
        run: Run = night(self.day, answer(), *findings, runs.finding("envelope.json"), end=end)
        write_run(run, self.runner.work / "night" / "acme.jsonl")
        variables = environment_of("Drift", **{"steps.judge.outputs.conclusion": conclusion})
        drift = self.runner.run(step("nightly", "Drift")["run"], **variables)
        assert drift.returncode == 0, drift.stderr
        shutil.copytree(
            self.runner.work / "night", self.runner.work / "nights" / "acme", dirs_exist_ok=True
        )
        issue = self.runner.run(
            step("nightly", "Issue")["run"],
            **resolve_expressions(step("nightly", "Issue")["env"], VALUES),
        )
        assert issue.returncode == 0, issue.stderr
        return self.runner.outputs


@pytest.fixture
def nights(runner: Runner) -> Nights:
    return Nights(runner)
