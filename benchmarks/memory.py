"""A thousand replayed exchanges of 2 MB: peak memory, and whether time grows faster than they."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.judging import run_ours
from benchmarks.measuring import Measurement, Row
from benchmarks.samples import prepare

LIMIT = 300_000_000  # bytes


def measure(exchanges: int = 1000, fewer: int = 100) -> list[Row]:
    """Replay few exchanges and many, each in a process of its own, under every clause."""
    few, many = _replay(fewer), _replay(exchanges)
    linear = few.seconds * exchanges / fewer
    return [
        Row(
            what=f"peak memory of {exchanges} exchanges of 2 MB",
            ours=f"{many.peak / 1e6:.0f} MB",
            against=f"limit {LIMIT / 1e6:.0f} MB",
            ratio=many.peak / LIMIT,
            bound=1,
            at_least=False,
        ),
        Row(
            what=f"time of {exchanges} exchanges of 2 MB",
            ours=f"{many.seconds:.1f} s",
            against=f"{exchanges / fewer:g} x {fewer}: {linear:.1f} s",
            ratio=many.seconds / linear,
            bound=1.2,
            at_least=False,
        ),
    ]


def _replay(exchanges: int) -> Measurement:
    with TemporaryDirectory(prefix="image-conformance-") as place:
        return run_ours(prepare(Path(place), exchanges))
