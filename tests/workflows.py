"""Workflows read as data, their steps run as scripts, and a `gh` that only remembers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
SCRIPTS = ROOT / ".github" / "scripts"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)

GH = f"""#!{sys.executable}
import json, os, pathlib, sys
home = pathlib.Path(os.environ["FAKE_GH"])
state = json.loads((home / "state.json").read_text())
words, text = sys.argv[1:], ""
if "--body-file" in words:
    text = sys.stdin.read()
state["calls"].append(words)
issues = {{str(each["number"]): each for each in state["issues"]}}
def option(name):
    return words[words.index(name) + 1]
match words[:2]:
    case ["issue", "list"]:
        print(json.dumps(state["issues"]))
    case ["issue", "create"]:
        state["issues"].append({{"number": len(issues) + 1, "state": "OPEN", "comments": [],
                                "title": option("--title"), "body": text}})
    case ["issue", "edit"]:
        issues[words[2]].update(title=option("--title"), body=text)
    case ["issue", "comment"]:
        issues[words[2]]["comments"].append(text)
    case ["issue", "close"]:
        issues[words[2]]["state"] = "CLOSED"
    case ["issue", "reopen"]:
        issues[words[2]]["state"] = "OPEN"
    case ["label", "create"]:
        pass
    case ["api", _]:
        print(json.dumps({{"artifacts": state["artifacts"]}}))
    case ["run", "download"]:
        folder = pathlib.Path(option("--dir"))
        for file in (home / words[2]).iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    case _:
        sys.exit(f"unknown: {{words}}")
(home / "state.json").write_text(json.dumps(state))
"""


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
        found: dict[str, Any] = json.loads((self.home / "gh" / "state.json").read_text())
        return found

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
        done = subprocess.run(
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
        return done

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{self.home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        files = {"GITHUB_OUTPUT": "output", "GITHUB_ENV": "env", "GITHUB_STEP_SUMMARY": "summary"}
        for name in files.values():
            (self.home / name).touch()
        there = {name: str(self.home / file) for name, file in files.items()}
        gh = {"FAKE_GH": str(self.home / "gh"), "RUN_URL": "https://ci.test/1", "WORKERS": "2"}
        return {**os.environ, "PATH": path, **there, **gh, **self.variables, **more}


def workflow(name: str) -> dict[Any, Any]:
    """Read a workflow, or the action."""
    path = ROOT / "action.yml" if name == "action" else WORKFLOWS / f"{name}.yml"
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def steps(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Give every step of a workflow or action, with the name of its job."""
    found = workflow(name)
    if name == "action":
        return [("action", each) for each in found["runs"]["steps"]]
    return [(job, each) for job, about in found["jobs"].items() for each in about["steps"]]


def step(workflow_name: str, name: str) -> dict[str, Any]:
    """Give a step by its name."""
    (found,) = [each for _, each in steps(workflow_name) if each.get("name") == name]
    return found


def resolved(environment: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Put values in place of expressions; a KeyError names one that has none."""
    return {
        name: EXPRESSION.sub(lambda match: values[" ".join(match[1].split())], str(text))
        for name, text in environment.items()
    }
