"""A disk that is full while a run goes on: one sentence, exit code 2, and what was kept is read."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from conformance.results.run_file import read_run
from tests.processes import command, run_pytest
from tests.test_plugin import PROMISES

RUN = ["run", "--models", "qwen-image", "--output", "run.jsonl"]
PYTEST = ["-q", "--live", "--provider=reference", "--models=qwen-image", "--run-file=run.jsonl"]


def full_at(kibibytes: int) -> dict[int, int]:
    """Let no file grow further, which stands for a disk that cannot take it."""
    return {resource.RLIMIT_FSIZE: kibibytes << 10}


@pytest.mark.parametrize("threads", ["1", "2"])
def test_full_disk_ends_the_run_with_one_sentence(tmp_path: Path, threads: str) -> None:
    done = command(tmp_path, *RUN, "--concurrency", threads, limits=full_at(160))
    assert done.returncode == 2
    assert done.stderr == "error: run.jsonl: cannot be written: File too large\n"
    run = read_run(tmp_path / "run.jsonl")
    assert run.findings
    assert not run.complete


def test_full_disk_ends_pytest_without_its_own_fault(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, PROMISES, *PYTEST, limits=full_at(160))
    assert done.returncode == 2
    assert "Exit: run.jsonl: cannot be written: File too large" in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_disk_full_from_the_start_sends_nothing_and_leaves_the_run_before(tmp_path: Path) -> None:
    assert command(tmp_path, *RUN, "--cases", "baseline").returncode == 0
    before = (tmp_path / "run.jsonl").read_bytes()
    done = command(tmp_path, *RUN, limits=full_at(60))
    assert done.returncode == 2
    assert "run.jsonl: cannot be written: File too large" in done.stderr
    assert "INTERNALERROR" not in done.stderr
    assert (tmp_path / "run.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]
