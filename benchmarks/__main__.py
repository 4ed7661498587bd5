"""`python -m benchmarks [name…]`: measure and print; judge nothing by the clock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import (
    archive,
    concurrency,
    covering,
    history,
    judging,
    memory,
    replay,
    reporting,
    schemathesis,
)
from benchmarks.measuring import BenchmarkError, Row
from conformance.errors import ConformanceError, UnknownNameError

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "judging": judging.measure,
    "replay": replay.measure_replay,
    "collect": replay.measure_collect,
    "memory": memory.measure,
    "reporting": reporting.measure,
    "history": history.measure,
    "covering": covering.measure,
    "schemathesis": schemathesis.measure,
    "concurrency": concurrency.measure,
    "archive": archive.measure,
}


def main(names: Sequence[str], console: Console | None = None) -> int:
    """Measure what is named, or all; return 0 when everything could be measured, else 2."""
    console = console or Console()
    for name in names:
        if name not in BENCHMARKS:
            raise UnknownNameError("benchmark", name, BENCHMARKS)
    rows: list[Row] = []
    failed = 0
    for name in names or BENCHMARKS:
        try:
            rows += BENCHMARKS[name]()
        except BenchmarkError as error:
            failed = 2
            console.print(Text(f"{name} was not measured: {error}"))
    console.print(table_of(rows))
    return failed


def table_of(rows: Sequence[Row]) -> Table:
    """Set the rows in a table."""
    table = Table(title="Benchmarks: ratios, each measured in one run")
    for column in ("what", "ours", "theirs or limit", "ratio", "wanted", "met"):
        table.add_column(column, overflow="fold")
    for row in rows:
        met = "yes" if row.met else "NO"
        table.add_row(row.what, row.ours, row.against, f"{row.ratio:.2f}", row.wanted, met)
    return table


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ConformanceError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
