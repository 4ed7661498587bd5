"""The command as a user meets it: sentences, exit codes, no traceback, nothing lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from conformance.clauses import clauses_of
from conformance.cli import app
from conformance.contract import load_edition
from conformance.results.run_file import read_run
from conformance.version import tool
from tests.processes import COMMAND, PLAIN, command
from tests.recording import CASSETTES


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run --provider litelm", "did you mean 'litellm'"),
        ("run --provider litellm", "has no cassettes in cassettes/litellm"),
        ("run --provider nowhere.toml", "nowhere.toml: cannot be read"),
        ("run --provider cometapi --live", "environment variable COMETAPI_KEY"),
        ("run --live --replay", "choose one"),
        ("run --live --resend", "name it with --resume RUN"),
        ("run --record-mode rewrit", "did you mean 'rewrite'"),
        ("run --edition cometapi-2026-03-13", "did you mean 'cometapi-2026-03-12'"),
        ("run --clauses format.url-when-askd", "did you mean 'format.url-when-asked'"),
        ("run --models dall-e-4", "did you mean 'dall-e-"),
        ("run --models dall-e-3,dall-e-4", "unknown model 'dall-e-4'"),
        ("run --clauses count.*,formt.*", "unknown clause 'formt.*'"),
        ("run --cases baseline,baselin", "unknown case 'baselin'"),
        ("run --provider https://api.example.com/v1", "check` makes a provider's file of it"),
        ("run --cases baselin", "did you mean 'baseline'"),
        ("run --cases method-get --models qwen-image", "leave nothing"),
        ("run --base-url nonsense", "not an http or https address"),
        ("run -n x", "--workers 'x' is no number of processes"),
        ("run -n -3", "--workers '-3' is no number of processes"),
        ("run -n 1.5", "--workers '1.5' is no number of processes"),
        ("list --models dall-e-4 cases", "did you mean 'dall-e-"),
        ("list --models zzz models", "unknown model 'zzz' in"),
        ("list --clauses format.url-when-askd defects", "did you mean 'format.url"),
        ("list --clauses format.url-when-askd promises", "did you mean 'format.url"),
        ("explain format.url-when-askd", "did you mean 'format.url-when-asked'"),
        ("explain dall-e-3/user-nul::parameters.user-type", "did you mean 'dall-e-3/user-null'"),
        ("report nowhere.jsonl", "nowhere.jsonl: cannot be read"),
        ("report nowhere.jsonl --format markdown", "unknown format 'markdown'"),
        ("serve --port 99999", "--port"),
    ],
)
def test_mistake_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMETAPI_KEY", raising=False)
    monkeypatch.setattr("conformance.suite.command.pytest", Mock(main=pytest.fail))
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code != 0
    assert message in result.output + str(result.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("run --output /proc/nowhere/run.jsonl", "error: /proc/nowhere/run.jsonl: cannot be wri"),
        ("list clause", "error: unknown list 'clause'; did you mean 'clauses'?\n"),
    ],
)
def test_mistake_ends_with_exit_code_2(tmp_path: Path, words: str, message: str) -> None:
    process = command(tmp_path, *words.split())
    assert process.returncode == 2, process.stderr
    assert message in process.stderr
    assert "Traceback" not in process.stderr + process.stdout


def test_run_that_replaces_nothing_does_not_say_that_it_kept_what_was_there(tmp_path: Path) -> None:
    words = ("run", "--cases=models-list", "--models=dall-e-2", "-q", "--output=run.jsonl")
    assert command(tmp_path, *words).returncode == 0
    before = tmp_path / "run.jsonl.before"
    before.write_bytes((tmp_path / "run.jsonl").read_bytes())
    process = command(tmp_path, *words)
    assert (process.returncode, "kept as" in process.stderr) == (2, False)
    assert "run.jsonl.before: is there" in process.stderr + process.stdout


@pytest.mark.parametrize("module", ["conformance", "conformance.cli"])
def test_version_is_that_of_the_run_file(tmp_path: Path, module: str) -> None:
    words = [sys.executable, "-P", "-m", module, "--version"]
    process = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (0, f"{tool()}\n")


def test_run_without_options_judges_the_reference_provider_and_is_reported(
    tmp_path: Path,
) -> None:
    words = ("--models", "qwen-image", "--cases", "[bs]*", "--output", "run.jsonl")
    process = command(tmp_path, "run", *words)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "nothing is broken, in the part that was judged" in " ".join(process.stdout.split())
    assert read_run(tmp_path / "run.jsonl").complete
    for name, start in (("md", "#"), ("junit", "<?xml")):
        report = command(tmp_path, "report", "run.jsonl", "-f", name, "-o", f"out.{name}")
        assert report.returncode == 0, report.stderr
        assert (tmp_path / f"out.{name}").read_text().startswith(start)


def output_of(*words: str, **environment: str) -> str:
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    "name", ["cases", "providers", "models", "editions", "open", "promises", "defects"]
)
def test_list_shows_something(name: str) -> None:
    assert len(output_of("list", name).splitlines()) > 1


def test_list_names_are_never_cut() -> None:
    lines = output_of("list").splitlines()
    names = [line.split()[0] for line in lines[1:-1]]
    assert names == [clause.id for clause in clauses_of(load_edition())]
    assert "…" not in "".join(lines)


def test_explain_tells_statement_source_and_curl() -> None:
    text = output_of("explain", "count.above-maximum-refused")
    parts = ("MUST", "Sources", "https://", "Models", "How it is judged", "curl -sS", "control")
    assert [part for part in parts if part not in text] == []
    assert "$COMETAPI_KEY" in text
    of_item = output_of("explain", "acme::dall-e-3/n-0::count.zero-refused")
    assert "this is dall-e-3/n-0)" in of_item
    proven = "planted defects fail it: count.zero"
    assert proven in of_item
    assert proven in output_of("explain", "count.zero-refused")
    assert '"n":0' in of_item


def test_explain_breaks_prose_where_a_terminal_is_narrow_and_no_address_or_command() -> None:
    lines = output_of("explain", "count.as-asked", COLUMNS="60").splitlines()
    too_long = [line.split() for line in lines if len(line) > 60]
    assert all(len(words) == 1 or words[0] == "curl" for words in too_long)


def test_reader_that_has_seen_enough_ends_the_command_silently(tmp_path: Path) -> None:
    shell = f"{' '.join(COMMAND)} list clauses | head -n 1"
    process = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env=PLAIN, capture_output=True, text=True, timeout=60
    )
    assert process.stderr == ""
    assert len(process.stdout.splitlines()) == 1


def parameters(group: Any) -> Iterator[tuple[str, Any]]:
    for name, entry in group.commands.items():
        if hasattr(entry, "commands"):
            yield from parameters(entry)
        else:
            yield from ((name, parameter) for parameter in entry.params)


def test_every_value_in_a_help_is_named_by_a_word() -> None:
    values = [
        (name, parameter.name, str(parameter.metavar))
        for name, parameter in parameters(get_command(app))
        if not getattr(parameter, "is_flag", False)
    ]
    assert len(values) > 90
    assert [value for value in values if not re.match("[A-Z]", value[2])] == []


def test_replay_of_cassettes_of_another_edition_ends_and_says_so(tmp_path: Path) -> None:
    """Requests that the recording lacks waited for each other."""
    words = ["--provider", "aimock", "--edition", "openai-2026-11", "--cassettes", str(CASSETTES)]
    words += ["--cases", "baseline,n-*", "--clauses", "count.*", "--quiet", "-o", "run.jsonl"]
    assert command(tmp_path, "run", "--replay", *words).returncode == 2
    assert {finding.verdict for finding in read_run(tmp_path / "run.jsonl").findings} == {
        "harness error"
    }
