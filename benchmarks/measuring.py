"""What every benchmark needs: a child process that is watched, and a row of the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
RESULT = "BENCHMARK_RESULT"
"""Environment variable: the file into which a watched pytest writes what it measured."""


class BenchmarkError(ConformanceError):
    """Something to be measured did not run, so that there is no number."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: ours against theirs or against a limit."""

    what: str
    ours: str
    against: str
    ratio: float
    bound: float
    at_least: bool  # whether the bound is a least ratio; otherwise it is the greatest

    @property
    def wanted(self) -> str:
        """The bound as people write it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"

    @property
    def met(self) -> bool:
        """Return whether the ratio keeps the bound."""
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one pytest process measured of itself."""

    seconds: float  # running its items; neither imports nor collection
    peak: int  # bytes of resident memory
    output: str


def run_pytest(
    result: Path, arguments: Sequence[str], environment: Mapping[str, str], timeout: float = 900
) -> Measurement:
    """Run pytest under `benchmarks.clock`; raises `BenchmarkError` unless everything passes."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "benchmarks.clock", *arguments]
    process = run(command, {**environment, RESULT: str(result)}, timeout)
    values = json.loads(result.read_text(encoding="utf-8"))
    return Measurement(values["seconds"], values["peak"], process.stdout)


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None, timeout: float = 900
) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout; raises `BenchmarkError` with its last lines if it fails."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = {**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(paths)}
    try:
        process = subprocess.run(  # noqa: S603 - this suite's own commands, and no shell
            command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{_name_of(command)} took more than {timeout:g} s") from None
    if process.returncode != 0:
        last = "\n".join((process.stdout + process.stderr).strip().splitlines()[-8:])
        raise BenchmarkError(f"{_name_of(command)} ended with {process.returncode}:\n{last}")
    return process


def wall(command: Sequence[str], repeats: int) -> float:
    """Return the shortest wall time of a command, in seconds; the rest is other people's work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run(command)
        times.append(time.perf_counter() - start)
    return min(times)


def _name_of(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:3], "…"])
