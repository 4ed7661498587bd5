"""The command `run --live` against a provider that bills, and what it leaves."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from conformance.results.records import RunFooter, SpentRecord
from conformance.results.run_file import read_run
from tests.live import paid_toml
from tests.processes import PLAIN, Fork, command

PAID = ["run", "--live", "--output", "run.jsonl", "--provider", "./paid.toml"]


def live(
    folder: Path, url: str, *words: str, addopts: str = ""
) -> subprocess.CompletedProcess[str]:
    return command(folder, *PAID, "--base-url", url, *words, PYTEST_ADDOPTS=addopts)


class LiveProcess(Fork):
    """A live run that goes on in a process of its own, so that it can be stopped or killed."""

    def __init__(self, folder: Path, url: str, *words: str) -> None:
        paid_toml(folder, "dall-e-3")
        self._said = folder / "said.txt"
        streams = {1: os.devnull, 2: str(self._said)}
        arguments = (*PAID, "--base-url", url, *words)
        super().__init__(("conformance.cli", "main"), arguments, folder, PLAIN, streams)

    def send(self, *signals: int) -> None:
        for signal in signals:
            os.kill(self.pid, signal)

    @property
    def alive(self) -> bool:
        return self.wait(0) is None

    @property
    def said(self) -> str:
        return self._said.read_text() if self._said.exists() else ""


def footer_of(path: Path) -> RunFooter:
    """Return the end of a run file, or of the `run.jsonl` of a folder."""
    footer = read_run(path / "run.jsonl" if path.is_dir() else path).footer
    assert footer is not None
    return footer


def spent_of(path: Path) -> SpentRecord:
    """Return what a run says that it spent, in the same way."""
    spent = footer_of(path).spent
    assert spent is not None
    return spent


def wait_for(true: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_to_the_end(folder: Path, url: str, *words: str) -> Path:
    """A run that sends one request at a time; returns its file."""
    paid_toml(folder, "dall-e-2")
    live(folder, url, "--budget", "9", "--cases", "[bmn]*", "--concurrency", "1", *words)
    return folder / "run.jsonl"
