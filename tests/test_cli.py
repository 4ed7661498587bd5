"""The command as a user meets it: sentences, exit codes, no traceback, nothing lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from conformance.clauses import clauses_of
from conformance.cli import app
from conformance.contract import load_edition
from conformance.results.run_file import read_run
from conformance.version import tool
from tests.processes import COMMAND, PLAIN, command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--provider", "litelm"], "did you mean 'litellm'"),
        (["run", "--provider", "litellm"], "has no cassettes in cassettes/litellm"),
        (["run", "--provider", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["run", "--provider", "cometapi", "--live"], "environment variable COMETAPI_KEY"),
        (["run", "--live", "--replay"], "choose one"),
        (["run", "--record-mode", "rewrit"], "did you mean 'rewrite'"),
        (["run", "--edition", "cometapi-2026-03-13"], "did you mean 'cometapi-2026-03-12'"),
        (["run", "--clauses", "format.url-when-askd"], "did you mean 'format.url-when-asked'"),
        (["run", "--models", "dall-e-4"], "did you mean 'dall-e-"),
        (["run", "--cases", "baselin"], "did you mean 'baseline'"),
        (["run", "--cases", "method-get", "--models", "qwen-image"], "leave nothing"),
        (["run", "--output", "/proc/nowhere/run.jsonl"], "cannot be written"),
        (["run", "--models=qwen-image", "--base-url=http://127.0.0.1:9", "--live"], "be reached"),
        (["run", "--base-url", "nonsense"], "not an http or https address"),
        (["run", "-n", "x"], "--workers 'x' is no number of processes"),
        (["run", "-n", "-3"], "--workers '-3' is no number of processes"),
        (["run", "-n", "1.5"], "--workers '1.5' is no number of processes"),
        (["list", "--models", "dall-e-4", "cases"], "did you mean 'dall-e-"),
        (["list", "--models", "zzz", "models"], "unknown model 'zzz' in"),
        (["list", "--clauses", "format.url-when-askd", "defects"], "did you mean 'format.url"),
        (["list", "--clauses", "format.url-when-askd", "promises"], "did you mean 'format.url"),
        (["list", "clause"], "did you mean 'clauses'"),
        (["explain", "format.url-when-askd"], "did you mean 'format.url-when-asked'"),
        (["report", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["report", "nowhere.jsonl", "--format", "markdown"], "unknown format 'markdown'"),
        (["serve", "--port", "99999"], "--port"),
    ],
    ids=lambda value: "-".join(value[:4]) if isinstance(value, list) else "",
)
def test_mistake_is_one_sentence_and_exit_code_2(
    tmp_path: Path, words: list[str], said: str
) -> None:
    done = command(tmp_path, *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_version_is_that_of_the_run_file(tmp_path: Path) -> None:
    said = command(tmp_path, "--version")
    assert (said.returncode, said.stdout) == (0, f"{tool()}\n")


def test_module_is_the_command(tmp_path: Path) -> None:
    words = [sys.executable, "-P", "-m", "conformance", "--version"]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, f"{tool()}\n")


def test_run_without_options_judges_the_reference_provider_and_is_reported(
    tmp_path: Path,
) -> None:
    done = command(tmp_path, "run", "--models", "qwen-image", "--output", "run.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, start in (("md", "#"), ("junit", "<?xml")):
        written = command(tmp_path, "report", "run.jsonl", "-f", name, "-o", f"out.{name}")
        assert written.returncode == 0, written.stderr
        assert (tmp_path / f"out.{name}").read_text().startswith(start)
    assert "nothing is broken, in the part that was judged" in " ".join(done.stdout.split())
    run = read_run(tmp_path / "run.jsonl")
    assert run.complete
    assert len(run.findings) > 200


@pytest.mark.parametrize(
    "what", ["clauses", "cases", "providers", "models", "editions", "open", "promises"]
)
def test_list_shows_something(tmp_path: Path, what: str) -> None:
    done = command(tmp_path, "list", what)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 1


def test_list_names_are_never_cut(tmp_path: Path) -> None:
    lines = command(tmp_path, "list").stdout.splitlines()
    names = [line.split()[0] for line in lines[1:-1]]
    assert names == [clause.id for clause in clauses_of(load_edition())]
    assert "…" not in "".join(lines)


def test_explain_tells_statement_source_and_curl(tmp_path: Path) -> None:
    done = command(tmp_path, "explain", "count.above-maximum-refused")
    for part in (
        "MUST",
        "Sources",
        "https://",
        "Models",
        "How it is judged",
        "curl -sS",
        "control",
    ):
        assert part in done.stdout
    assert "$COMETAPI_KEY" in done.stdout


def test_reader_that_has_seen_enough_ends_the_command_silently(tmp_path: Path) -> None:
    shell = f"{' '.join(COMMAND)} list clauses | head -n 1"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env=PLAIN, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def parameters(group: Any) -> Iterator[tuple[str, Any]]:
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from parameters(found)
        else:
            yield from ((name, parameter) for parameter in found.params)


def test_every_value_in_a_help_is_named_by_a_word() -> None:
    taking = [
        (name, parameter)
        for name, parameter in parameters(get_command(app))
        if not getattr(parameter, "is_flag", False)
    ]
    assert len(taking) > 90
    assert not [
        (name, parameter.name)
        for name, parameter in taking
        if not re.match("[A-Z]", str(parameter.metavar))
    ]
