"""Nothing is imported from the current folder, whatever stands there, while a key is in hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.results.run_file import read_run
from conformance.suite.import_path import leave_out_current_folder
from tests.attacks.folders import CONFIGURATION, MODULES
from tests.extent import sample
from tests.workflows import ROOT, SCRIPTS, step, workflow

COMMANDS = {
    "script": [str(Path(sys.executable).with_name("image-conformance"))],
    "module": [sys.executable, "-P", "-m", "conformance.cli"],
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Make a folder in which every module that somebody may import tells that it ran."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in MODULES:
        code = f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + '\\n')\n"
        (folder / f"{name}.py").write_text(code)
        if name in ("conformance", "json", "tests"):
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
    for name, text in CONFIGURATION.items():
        (folder / name).write_text(text)
    return folder


def modules_that_ran(folder: Path) -> str:
    """Return the names of the modules that ran."""
    path = folder.parent / "ran"
    return path.read_text() if path.exists() else ""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environ = {name: value for name, value in environ.items() if name != "PYTHONSAFEPATH"}
    return subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("how", sample(COMMANDS, 2))
def test_live_run_imports_nothing_from_the_current_folder(hostile: Path, how: str) -> None:
    options = ["--models", "dall-e-2", "--cases", "n-*", "-o", "run.jsonl"]
    process = run(hostile, *COMMANDS[how], "run", "--live", "-q", *options)
    assert modules_that_ran(hostile) == ""
    assert (process.returncode, process.stderr) == (0, "")
    assert read_run(hostile / "run.jsonl").complete


@pytest.mark.long
def test_workers_of_a_replay_import_nothing_from_the_current_folder(hostile: Path) -> None:
    options = ["--models", "dall-e-3", "--cases", "n-*", "-o", "run.jsonl", "--provider", "aimock"]
    arguments = ["run", "--replay", "-n", "2", "-q", "--cassettes", str(ROOT / "cassettes")]
    process = run(hostile, *next(iter(COMMANDS.values())), *arguments, *options)
    assert modules_that_ran(hostile) == ""
    assert process.returncode == 0, process.stderr


def test_python_that_a_worker_starts_as_would_import_it(hostile: Path) -> None:
    run(hostile, sys.executable, "-c", "import json")
    assert modules_that_ran(hostile) == "json\n"


def test_current_folder_leaves_the_path_unless_it_is_installed_or_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = str(Path(os.__file__).parent)
    folders = [library, "/site-packages", str(tmp_path)]
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), ".", "/elsewhere", str(ROOT), *folders])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/elsewhere", str(tmp_path)]))
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.chdir(tmp_path)
    leave_out_current_folder()
    assert sys.path == ["/elsewhere", str(ROOT), *folders]
    assert os.environ["PYTHONPATH"] == "/elsewhere"
    assert os.environ["PYTHONSAFEPATH"] == "1"
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    monkeypatch.chdir(ROOT)
    leave_out_current_folder()
    assert sys.path == [str(ROOT)]


def test_workflows_start_no_python_in_the_current_folder() -> None:
    for name in ("judge.sh", "drift.sh"):
        text = (SCRIPTS / name).read_text()
        assert "export PYTHONSAFEPATH=1" in text
        assert text.count("python -") == text.count("python -P ")
    for part in workflow("action")["runs"]["steps"]:
        script = part.get("run", "")
        safe = "judge.sh" in script or part.get("env", {}).get("PYTHONSAFEPATH") == "1"
        assert safe or "image-conformance" not in script
        assert script.count(" -m ") == script.count(" -P -m ")
    assert " -P -m pip" in step("action", "Install")["run"]
