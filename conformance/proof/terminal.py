"""The proof on a terminal: progress, holes and the conclusion."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from conformance.clauses.registry import chapters
from conformance.contract import Edition
from conformance.errors import UnknownNameError
from conformance.output.tables import TableColumn, print_table
from conformance.proof.matrix import Matrix, holes
from conformance.reference.defects import defects


def chosen_defects(edition: Edition, glob: str) -> list[str]:
    """Return the defects that match a glob; raises UnknownNameError if none does."""
    known = defects(edition)
    matching = [name for name in known if fnmatchcase(name, glob)]
    if not matching:
        raise UnknownNameError("defect", glob, known)
    return matching


@contextmanager
def progress_bar(console: Console, total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar over defects, if on a terminal; yield what counts one as done."""
    bar = Progress(
        TextColumn("planting defects"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal or bool(os.environ.get("CI")),
    )
    task = bar.add_task("", total=total)
    with bar:
        yield lambda: bar.advance(task)


def print_proof(console: Console, matrix: Matrix) -> None:
    """Print a line per chapter, every hole, and the conclusion."""
    planted = {chapter: len(members) for chapter, members in chapters(matrix.defects).items()}
    seeing = {name for defect in matrix.defects for name in defect.red}
    rows = []
    for chapter, members in chapters(matrix.clauses).items():
        sees = sum(clause.id in seeing for clause in members)
        rows.append((chapter, str(len(members)), str(sees), str(planted.pop(chapter, 0))))
    rows += [(chapter, "-", "-", str(count)) for chapter, count in planted.items()]
    numbers = ("clauses", "that see a lie", "defects")
    columns = [
        TableColumn("chapter", least=20),
        *(TableColumn(name, is_number=True) for name in numbers),
    ]
    print_table(console, columns, [[*map(Text, row)] for row in rows])
    gaps = holes(matrix)
    for hole in gaps:
        where = " on ".join(filter(None, (hole.clause, hole.defect)))
        console.print(Text(f"{hole.kind}: {where}: {hole.message}"), soft_wrap=True)
    conclusion = "no hole" if not gaps else f"{len(gaps)} hole{'s' if len(gaps) > 1 else ''}"
    size = f"{len(matrix.defects)} defects, {len(matrix.clauses)} clauses"
    sent = f"{matrix.exchanges:,} exchanges in {matrix.seconds:.0f} s"
    console.print(f"\n{size}, {sent}: {conclusion}.")
