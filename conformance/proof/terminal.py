"""The proof on a terminal: a line of progress, and what came of it in plain sentences."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from conformance.errors import UnknownNameError
from conformance.proof.matrix import RED, holes
from conformance.proof.writing import chapters
from conformance.reference.defects import defects

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.contract import Edition
    from conformance.proof.matrix import Matrix


def chosen_defects(edition: Edition, glob: str) -> list[str]:
    """Name the defects that a glob means; raises UnknownNameError where it means none."""
    known = defects(edition)
    found = [name for name in known if fnmatchcase(name, glob)]
    if not found:
        raise UnknownNameError("defect", glob, known)
    return found


class Watched:
    """A line that says how many lies were told; silent where nobody watches."""

    def __init__(self, console: Console, total: int, quiet: bool) -> None:
        self._bar = Progress(
            TextColumn("telling lies"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal or bool(os.environ.get("CI")),
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self) -> None:
        """Move on by one defect."""
        self._bar.update(self._task, advance=1)


def print_proof(console: Console, matrix: Matrix, *, whole: bool) -> None:
    """Print a line a chapter, every hole, and the conclusion."""
    console.print(_table(matrix))
    found = holes(matrix, whole=whole)
    for each in found:
        where = " on ".join(filter(None, (each.clause, each.defect)))
        console.print(Text(f"{each.kind}: {where}: {each.message}"), soft_wrap=True)
    said = "no hole" if not found else f"{len(found)} hole{'s' if len(found) > 1 else ''}"
    told = f"{len(matrix.defects)} defects, {len(matrix.clauses)} clauses"
    sent = f"{matrix.exchanges:,} exchanges in {matrix.seconds:.0f} s"
    console.print(f"\n{told}, {sent}: {said}.")


def _table(matrix: Matrix) -> Table:
    table = Table("chapter", "clauses", "that see a lie", "defects", box=None, pad_edge=False)
    told = {chapter: len(members) for chapter, members in chapters(matrix.defects)}
    seeing = {
        name for each in matrix.defects for name in each.verdicts if each.verdicts[name] in RED
    }
    for chapter, members in chapters(matrix.clauses):
        sees = sum(each.id in seeing for each in members)
        table.add_row(chapter, str(len(members)), str(sees), str(told.pop(chapter, 0)))
    for chapter, count in told.items():
        table.add_row(chapter, "-", "-", str(count))
    return table
