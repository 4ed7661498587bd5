"""Many nights as they are told: on the screen, as documents, by the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from conformance.cli import app
from conformance.commands import history as command
from conformance.contract import schemas_directory
from conformance.findings import Verdict
from conformance.reports.history import History, history, history_json, history_markdown
from conformance.results.run_file import write_run
from tests import runs
from tests.nights import printed, told, write
from tests.runners import commands
from tests.test_reports_markdown import structure

VALIDATOR = Draft202012Validator(
    json.loads((schemas_directory() / "history.schema.json").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize(
    "said",
    [
        "acme: 7 nights, 2026-01-01 to 2026-01-07",
        "MUST format.url-only on dall-e-3: FAIL since 2026-01-06 (2 nights), 3 changes, flaky",
        "..F..FF",
        "1 promise never changed (--all shows them).",
    ],
)
def test_screen_says(tmp_path: Path, said: str) -> None:
    write(tmp_path, "..F..FF")
    assert said in " ".join(printed(history(tmp_path)).split())


def test_json_is_as_its_schema_says(tmp_path: Path) -> None:
    VALIDATOR.validate(json.loads(history_json(told(tmp_path, ".F~k?!d- .F"))))


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(tmp_path: Path, text: str) -> None:
    def found(said: str, folder: Path) -> History:
        for day, verdict in ((1, Verdict.PASS), (2, Verdict.FAIL)):
            run = runs.hostile(said, verdict)
            started = f"2026-01-0{day}T03:00:00+00:00"
            runs.change_header(run, started=started, id=f"{said}{day}")
            write_run(run, folder / f"{day}.jsonl")
        return history(folder)

    hostile = found(text, tmp_path)
    assert all(each.isprintable() for each in printed(hostile).split("\n"))
    assert commands(printed(hostile) + history_markdown(hostile)) == []
    (tmp_path / "plain").mkdir()
    plain = history_markdown(found("harmless", tmp_path / "plain"))
    assert len(hostile.timelines) == 1
    assert structure(history_markdown(hostile)) == structure(plain)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "is no folder"),
        (["."], "holds no run"),
        (["runs", "-p", "relay"], "no run of a provider 'relay'"),
        (["runs", "-f", "html"], "unknown format"),
    ],
    ids=["no-folder", "empty", "provider", "format"],
)
def test_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["history", *words])
    if words[0] == "runs":
        (tmp_path / "runs").mkdir()
        write(tmp_path / "runs", "..")
        done = CliRunner().invoke(app, ["history", *words])
    assert why in str(done.exception)


def test_command_writes_files(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    out = tmp_path / "history.json"
    done = CliRunner().invoke(app, ["history", str(tmp_path), "-o", str(out)])
    assert done.exit_code == 0
    assert "format.url-only" in done.stdout
    VALIDATOR.validate(json.loads(out.read_text()))


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_progress_is_for_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    command._progress(200, 600)
    assert capsys.readouterr().err == "read 200 of 600 run files\n" * terminal
