"""Output that nobody can read or keep is exit code 2 and a sentence, never a verdict."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from conformance.plugin import PROMISES
from conformance.results.run_file import read_run
from tests import runs
from tests.live import paid_toml, serve_counting
from tests.processes import COMMAND, PLAIN, command, run_pytest
from tests.runs import write_run

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
CLOSED = "error: standard output is closed; nobody would see what is found\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_run(runs.run(runs.finding()), tmp_path / "run.jsonl")
    return tmp_path


@pytest.fixture
def full(folder: Path) -> Path:
    """Make a device of our own that is always full."""
    try:
        os.mknod(folder / "full", 0o020666, os.makedev(1, 7))
        (folder / "full").open("wb").close()
    except OSError:
        pytest.skip("only root may make a device, and not everywhere")
    return folder / "full"


def shell(folder: Path, words: list[str], redirection: str) -> subprocess.CompletedProcess[str]:
    """Run the command with streams that are redirected, as a shell writes it."""
    streams: dict[int, str | None] = {}
    for word in redirection.replace("> ", ">").split():
        number, _, where = word.partition(">")
        streams[int(number or 1)] = None if where == "&-" else where
    return command(folder, *words, streams=streams)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("name", WORDS)
def test_full_output_is_a_sentence_and_exit_code_2(folder: Path, name: str) -> None:
    process = shell(folder, WORDS[name], "> full")
    assert "error: standard output cannot be written: No space left on device\n" in process.stderr
    assert process.returncode == 2
    assert "Traceback" not in process.stderr
    assert "Exception ignored" not in process.stderr


@pytest.mark.parametrize("name", ["run", "list", "plan"])
def test_closed_output_is_a_sentence_and_exit_code_2(folder: Path, name: str) -> None:
    process = shell(folder, WORDS[name], ">&-")
    assert (process.returncode, process.stderr) == (2, CLOSED)
    assert os.listdir(folder) == ["run.jsonl"]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("words", "streams"),
    [
        ("report nowhere.jsonl", "2> full"),
        ("list nothing", "2>&-"),
        ("run --nothing", ">&- 2>&-"),
        ("list nothing", "> full 2>&-"),
    ],
)
def test_mistake_that_cannot_be_told_is_exit_code_2(folder: Path, words: str, streams: str) -> None:
    assert shell(folder, words.split(), streams).returncode == 2


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("streams", ["2> full", "2>&-"])
def test_verdict_is_given_although_nobody_hears_of_progress(folder: Path, streams: str) -> None:
    process = shell(folder, WORDS["run"], streams)
    assert process.returncode == 0
    assert "conforms" in process.stdout or "run file: new.jsonl" in process.stdout


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(("streams", "code", "message"), [(">&-", 2, CLOSED), ("2> full", 0, "")])
def test_python_that_starts_so_says_the_same(
    folder: Path, streams: str, code: int, message: str
) -> None:
    words = ["bash", "-c", f'"$@" {streams}', "bash", *COMMAND, *WORDS["list"]]
    done = subprocess.run(words, cwd=folder, env=PLAIN, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stderr) == (code, message)


RUN = ["run", "--models", "qwen-image", "--output", "run.jsonl"]
PYTEST = ["-q", "--live", "--provider=reference", "--models=qwen-image", "--run-file=run.jsonl"]
TOO_LARGE = "run.jsonl: cannot be written: File too large"
RESUMABLE = (
    "note: the run is not complete, the findings made so far are kept; "
    "continue with --resume run.jsonl and another --output\n"
)


def full_at(kibibytes: int) -> dict[int, int]:
    """Let no file grow further, which stands for a disk that cannot take it."""
    return {resource.RLIMIT_FSIZE: kibibytes << 10}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_full_disk_ends_the_run_with_one_sentence(tmp_path: Path, threads: str) -> None:
    process = command(tmp_path, *RUN, "--concurrency", threads, limits=full_at(160))
    assert (process.returncode, process.stderr) == (2, f"error: {TOO_LARGE}\n{RESUMABLE}")
    run = read_run(tmp_path / "run.jsonl")
    assert run.findings
    assert not run.complete


def test_full_disk_ends_pytest_without_its_own_fault(tmp_path: Path) -> None:
    process = run_pytest(tmp_path, str(PROMISES), *PYTEST, limits=full_at(160))
    output = process.stdout + process.stderr
    assert process.returncode == 2
    assert f"Exit: {TOO_LARGE}" in output
    assert "INTERNALERROR" not in output
    assert "Traceback" not in output


def test_disk_full_at_the_first_answer_is_one_sentence(tmp_path: Path) -> None:
    words = ["run", "--live", "--provider", "./paid.toml", "--budget", "1", "--cases=[bm]*"]
    paid_toml(tmp_path, "dall-e-2")
    with serve_counting() as (url, _):
        command(tmp_path, *words, "--base-url", url, "--output", "first.jsonl")
        header = (tmp_path / "first.jsonl").read_bytes().index(b"\n")
        limits = {resource.RLIMIT_FSIZE: header + 100}
        process = command(
            tmp_path, *words, "--base-url", url, "--output", "run.jsonl", limits=limits
        )
    assert process.returncode == 2
    kept = "note: what was sent is kept; continue with --resume run.jsonl and another --output"
    assert process.stderr.splitlines()[1:] == [f"error: {TOO_LARGE}", kept]


def test_disk_full_from_the_start_sends_nothing_and_leaves_the_run_before(folder: Path) -> None:
    content = (folder / "run.jsonl").read_bytes()
    process = command(folder, *RUN, limits=full_at(60))
    assert (process.returncode, process.stderr) == (2, f"error: {TOO_LARGE}\n")
    assert (folder / "run.jsonl").read_bytes() == content
    assert os.listdir(folder) == ["run.jsonl"]
