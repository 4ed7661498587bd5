"""The suite as a wheel in somebody else's repository: every block of docs/ci.md, and all else.

Their repository has all the same names of its own.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.wheel import installed_wheel, repository
from tests.workflows import KEY, ROOT, Runner, lying, resolve_expressions, steps, workflow

pytest_plugins = ["tests.wheel", "tests.workflows"]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROVIDER, RECORD, DEVIATION, REPLAY, PYTEST, WORKFLOW = (text for _, text in BLOCK.findall(PAGE))


@dataclass
class Theirs:
    """Their repository, with the suite installed from a wheel."""

    folder: Path
    environment: dict[str, str]
    output: list[str] = field(default_factory=list)

    def run(self, script: str, **more: str) -> int:
        process = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=180,
        )
        self.output.append(process.stdout + process.stderr)
        return process.returncode


def break_cassettes(folder: Path) -> None:
    for path in folder.glob("cassettes/**/*.yaml"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"""'{"created":\d+""", r"\g<0>.5", text), "utf-8")


@pytest.fixture(scope="module")
def recording(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Theirs:
    folder = repository(tmp_path_factory.mktemp("theirs"))
    path = f"{Path(sys.executable).parent}:{installed_wheel(site)['PATH']}"
    theirs = Theirs(folder, {**installed_wheel(site), "PATH": path, "NO_COLOR": "1"})
    where = "python -P -c 'import conformance; print(conformance.__file__)'"
    assert theirs.run(f"git init --quiet . && {where}") == 0
    assert str(site) in theirs.output[-1]
    with lying() as server:
        text = PROVIDER.replace("https://images.acme.example/v1", server.base_url)
        (folder / "acme.toml").write_text(text)
        assert theirs.run(RECORD, ACME_KEY=KEY) == 0, theirs.output
    files = [path for path in (folder / "cassettes").rglob("*") if path.is_file()]
    assert not any(KEY.encode() in path.read_bytes() for path in files)
    return theirs


@pytest.mark.long
def test_page_replays_by_pytest_and_says_that_nothing_is_worse_but_what_is_written_down(
    recording: Theirs, tmp_path: Path
) -> None:
    theirs = Theirs(shutil.copytree(recording.folder, tmp_path / "theirs"), recording.environment)
    assert theirs.run(PYTEST) == 0, theirs.output
    assert re.search(r"\d{3} passed", theirs.output[-1])
    break_cassettes(theirs.folder)
    with (theirs.folder / "acme.toml").open("a") as file:
        file.write(DEVIATION)
    assert theirs.run(REPLAY) == 0, theirs.output
    assert "Nothing got worse" in theirs.output[-1]


def test_action_fails_a_pull_request_whose_cassettes_break_a_promise(
    recording: Theirs, runner: Runner
) -> None:
    shutil.copytree(recording.folder, runner.work, dirs_exist_ok=True)
    break_cassettes(runner.work)
    codes = run_action(runner, yaml.safe_load(WORKFLOW)["jobs"]["replay"]["steps"][-1]["with"])
    assert codes == {"Judge": 0, "Report": 0, "Drift": 1, "Say how it ended": 1}
    assert "1 confirmed regression" in runner.summary


def run_action(runner: Runner, words: dict[str, str]) -> dict[str, int]:
    """Return how each script of the action ended, but for the one that installs our checkout."""
    inputs: dict[str, Any] = workflow("action")["inputs"]
    assert words.keys() <= inputs.keys()
    values = {f"inputs.{name}": str(entry.get("default", "")) for name, entry in inputs.items()}
    values |= {f"inputs.{name}": value for name, value in words.items()}
    values |= {"github.action_path": str(ROOT), "runner.temp": str(runner.home / "temp")}
    codes = {}
    for _, step in steps("action"):
        if "run" in step and step["name"] != "Install":
            process = runner.run(step["run"], **resolve_expressions(step["env"], values))
            codes[step["name"]] = process.returncode
            values["steps.judge.outputs.conclusion"] = runner.outputs["conclusion"]
    return codes


# whoever has installed the suite, and does or does not call it

ONE = ["--provider=reference", "--live", "--models=dall-e-2", "--cases=b*e", "--clauses=*.object"]


def pytest_in(folder: Path, site: Path, *words: str, safely: bool = True) -> str:
    """Run pytest as its console script does, or with the folder of their repository before all."""
    repository(folder)
    start = [sys.executable, *(["-P"] if safely else []), "-m", "pytest", *words]
    process = subprocess.run(
        start, cwd=folder, env=installed_wheel(site), capture_output=True, text=True
    )
    assert "Traceback" not in process.stdout + process.stderr
    return process.stdout + process.stderr


def test_pytest_of_their_repository_is_as_if_we_were_not_there(tmp_path: Path, site: Path) -> None:
    text = pytest_in(tmp_path, site, "--live", "--record-mode=none", "tests")
    assert "image-conformance-" in text  # the plugin is there
    assert "1 passed" in text


def test_suite_judges_in_their_repository_by_ids_that_it_prints(tmp_path: Path, site: Path) -> None:
    file = os.path.relpath(site / "conformance" / "suite" / "test_promises.py", tmp_path)
    name = f"{file}::reference::dall-e-2/baseline::envelope.object"
    text = pytest_in(tmp_path, site, "--pyargs", "conformance", name, *ONE, "-v")
    assert "nothing is broken, in the part that was judged" in text
    assert [line.split()[0] for line in text.splitlines() if " PASSED" in line] == [name]


def test_folder_that_hides_the_suite_is_a_sentence(tmp_path: Path, site: Path) -> None:
    text = pytest_in(tmp_path, site, "--pyargs", "conformance", *ONE, safely=False)
    assert f"{tmp_path / 'conformance'} stands before the suite, which has the same name" in text


def test_options_that_two_want_are_a_sentence(tmp_path: Path, site: Path) -> None:
    text = pytest_in(tmp_path, site, "--pyargs", "conformance", "tests", *ONE, "--collect-only")
    assert "the suite and a conftest.py have options of the same name" in text


def test_copy_that_an_editable_installation_makes_finds_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conformance").mkdir()  # with the schemas, and without the package
    copy = tmp_path / "image_conformance_pytest.py"
    shutil.copy(ROOT / copy.name, copy)
    monkeypatch.syspath_prepend(ROOT)
    assert runpy.run_path(str(copy))["HOME"] == ROOT / "conformance"
