"""One judgement of ours against one pytest-recording test, on the same exchanges and clauses."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import conformance
from benchmarks.measuring import ROOT, Measurement, Row, run_pytest
from benchmarks.samples import FOLDER, Plan, prepare

HOME = Path(conformance.__file__).parent / "suite"


def measure(exchanges: int = 30, clauses: int = 20, repeats: int = 3) -> list[Row]:
    """Judge the same exchanges under the same clauses in each way, in turn; the best counts.

    A test that calls ``httpx.request``, as stock examples do, spends most of its time on
    reading certificates that a replay never uses. The second row leaves that out.
    """
    with TemporaryDirectory(prefix="image-conformance-") as place:
        plan = prepare(Path(place), exchanges, clauses, stock=True)
        rounds = [_round(plan) for _ in range(repeats)]
    ours, plain, shared = (min(times) for times in zip(*rounds, strict=True))
    what = f"one judgement: {len(plan.clauses)} clauses on 2 MB"
    return [
        _row(what, ours, plain),
        _row(f"{what}, against tests that share a client", ours, shared),
    ]


def _round(plan: Plan) -> tuple[float, float, float]:
    """Return seconds for each judgement: ours, stock, and stock with a shared client."""
    timings = run_ours(plan), run_stock(plan), run_stock(plan, shared=True)
    one, two, three = (timing.seconds / (plan.exchanges * len(plan.clauses)) for timing in timings)
    return one, two, three


def _row(what: str, ours: float, theirs: float) -> Row:
    times = f"{ours * 1000:.2f} ms", f"pytest-recording {theirs * 1000:.2f} ms"
    return Row(what, *times, ratio=theirs / ours, bound=20, at_least=True)


def run_ours(plan: Plan) -> Measurement:
    """Judge the samples as `pytest conformance` does, run file included."""
    return run_pytest(
        plan.folder / "ours.json",
        [
            "-p",
            "conformance.plugin",
            "-p",
            "benchmarks.many",
            str(HOME / "test_promises.py"),
            f"--rootdir={plan.folder}",
            f"--confcutdir={HOME}",
            f"--config-file={plan.config}",
        ],
        {FOLDER: str(plan.folder)},
    )


def run_stock(plan: Plan, shared: bool = False) -> Measurement:
    """Judge the samples by one pytest-recording test for each clause."""
    environment = {FOLDER: str(plan.folder)} | ({"BENCHMARK_SHARED_CLIENT": "1"} if shared else {})
    here = ROOT / "benchmarks"
    return run_pytest(
        plan.folder / "stock.json",
        [
            str(here / "stock.py"),
            f"--rootdir={plan.folder}",
            f"--confcutdir={here}",
            f"--config-file={plan.config}",
        ],
        environment,
    )
