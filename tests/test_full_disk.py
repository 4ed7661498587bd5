"""A disk that is full while a run goes on: one sentence, exit code 2, and what was kept is read."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.results.run_file import read_run
from conformance.runner.journal import Spool, SpoolError
from tests.live import paid_toml, watched
from tests.living import live
from tests.processes import command, run_pytest
from tests.test_plugin import PROMISES

RUN = ["run", "--models", "qwen-image", "--output", "run.jsonl"]
PYTEST = ["-q", "--live", "--provider=reference", "--models=qwen-image", "--run-file=run.jsonl"]


def full_at(kibibytes: int) -> dict[int, int]:
    """Let no file grow further, which stands for a disk that cannot take it."""
    return {resource.RLIMIT_FSIZE: kibibytes << 10}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_full_disk_ends_the_run_with_one_sentence(tmp_path: Path, workers: str) -> None:
    done = command(tmp_path, *RUN, "-n", workers, limits=full_at(160))
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
    assert [each.name for each in tmp_path.iterdir()] == ["run.jsonl"]


def in_the_way(folder: Path) -> Callable[[int, str], None]:
    """Take the folder of answers away with the fifth image."""

    def answer(number: int, path: str) -> None:
        del path
        if number == 4:
            shutil.rmtree(folder, ignore_errors=True)
            folder.write_text("in the way")

    return answer


@pytest.mark.parametrize("workers", ["0", "2"])
def test_answers_that_cannot_be_kept_end_the_run_with_one_sentence(
    tmp_path: Path, workers: str
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched(in_the_way(tmp_path / "run.jsonl.live/paid")) as (url, eye):
        done = live(tmp_path, url, "--budget", "1", "-n", workers)
    assert done.returncode == 2, done.stderr
    assert "INTERNALERROR" not in done.stderr
    (told,) = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    kept = (".json: cannot be written: ", ".came: cannot be written: ", ".lock: cannot be locked: ")
    assert any(sentence in told for sentence in kept)
    assert eye.posts < 12
    assert not read_run(tmp_path / "run.jsonl").complete


def test_case_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    (tmp_path / "spool").rmdir()
    (tmp_path / "spool").write_text("in the way")
    with pytest.raises(SpoolError, match=r"\.lock: cannot be locked: "):
        spool.once("m/c", Mock())
