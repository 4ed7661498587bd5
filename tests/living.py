"""The command `run --live` against a provider that bills, and what it leaves."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from conformance.contract import schemas_directory
from tests.live import paid_toml
from tests.processes import command

PAID = ["run", "--live", "--output", "run.jsonl", "--provider", "./paid.toml"]


def live(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return command(folder, *PAID, "--base-url", url, *words)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Every record of a run file, each as its published schema has it."""
    schema = json.loads((schemas_directory() / "run.schema.json").read_text())
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for each in found:
        Draft202012Validator(schema).validate(each)
    return found


def paid_answers(folder: Path) -> int:
    """Count the images that came and are kept beside a run file."""
    found = [json.loads(each.read_bytes()) for each in folder.glob("*/*.json")]
    return sum(
        each["outcome"]["status"] == 200 and "models-list" not in each["case"] for each in found
    )


def wait_for(true: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def finished(folder: Path, url: str, *words: str) -> Path:
    """A run in one process, its file."""
    paid_toml(folder, "dall-e-2")
    live(folder, url, "--budget", "9", "--cases", "[bmn]*", "-n", "0", *words)
    return folder / "run.jsonl"
