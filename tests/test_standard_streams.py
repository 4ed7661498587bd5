"""Output that nobody can read is exit code 2 and a sentence, never a verdict or a traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from conformance.results.run_file import write_run
from tests import runs
from tests.processes import COMMAND, PLAIN, command

WORDS = {
    "run": ["run", "--models", "qwen-image", "--cases", "baseline", "--output", "new.jsonl"],
    "list": ["list", "models"],
    "list-long": ["list", "cases"],
    "explain": ["explain", "format.url-when-asked"],
    "report": ["report", "run.jsonl"],
    "report-md": ["report", "run.jsonl", "--format", "md"],
    "plan": ["plan", "--provider", "reference", "--models", "qwen-image"],
    "judge": ["judge", "run.jsonl", "--output", "new.jsonl"],
    "help": ["--help"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_run(runs.run(runs.finding()), tmp_path / "run.jsonl")
    return tmp_path


@pytest.fixture
def full(folder: Path) -> Path:
    """A device that is always full, of our own."""
    try:
        os.mknod(folder / "full", 0o020666, os.makedev(1, 7))
        (folder / "full").open("wb").close()
    except OSError:
        pytest.skip("only root may make a device, and not everywhere")
    return folder / "full"


def ended(folder: Path, words: list[str], redirected: str) -> subprocess.CompletedProcess[str]:
    """Run the command with streams that are redirected, as a shell writes it."""
    streams: dict[int, str | None] = {}
    for word in redirected.replace("> ", ">").split():
        number, _, where = word.partition(">")
        streams[int(number or 1)] = None if where == "&-" else where
    return command(folder, *words, streams=streams)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("name", WORDS)
def test_full_output_is_a_sentence_and_exit_code_2(folder: Path, name: str) -> None:
    done = ended(folder, WORDS[name], "> full")
    assert "error: standard output cannot be written: No space left on device\n" in done.stderr
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("name", ["run", "list", "plan"])
def test_closed_output_is_a_sentence_and_exit_code_2(folder: Path, name: str) -> None:
    done = ended(folder, WORDS[name], ">&-")
    assert done.stderr == ("error: standard output is closed; nobody would see what is found\n")
    assert done.returncode == 2
    assert os.listdir(folder) == ["run.jsonl"]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("words", "redirected"),
    [
        ("report nowhere.jsonl", "2> full"),
        ("list nothing", "2>&-"),
        ("run --nothing", ">&- 2>&-"),
        ("list nothing", "> full 2>&-"),
    ],
)
def test_mistake_that_cannot_be_told_is_exit_code_2(
    folder: Path, words: str, redirected: str
) -> None:
    assert ended(folder, words.split(), redirected).returncode == 2


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("redirected", ["2> full", "2>&-"])
def test_verdict_is_given_although_nobody_hears_of_progress(folder: Path, redirected: str) -> None:
    done = ended(folder, WORDS["run"], redirected)
    assert done.returncode == 0
    assert "conforms" in done.stdout or "run file: new.jsonl" in done.stdout


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">&-", 2, "error: standard output is closed; nobody would see what is found\n"),
        ("2> full", 0, ""),
    ],
)
def test_python_that_starts_so_says_the_same(
    folder: Path, redirected: str, code: int, said: str
) -> None:
    whole = ["bash", "-c", f'"$@" {redirected}', "bash", *COMMAND, *WORDS["list"]]
    done = subprocess.run(whole, cwd=folder, env=PLAIN, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stderr) == (code, said)
