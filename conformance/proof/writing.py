"""The proof for people and machines: on a terminal, as JSON, Markdown and HTML."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from conformance.findings import Verdict, state_of
from conformance.output.counting import write_count
from conformance.output.tables import TableColumn, print_table
from conformance.proof.matrix import RED, ClauseRow, DefectColumn, Matrix, holes
from conformance.reports.grouping import group_by
from conformance.reports.templating import environment
from conformance.version import tool

TEMPLATES = Path(__file__).with_name("templates")
SCHEMA = 1  # version of the JSON document's form, which `schemas/proof.schema.json` publishes

_EMPTY = frozenset({Verdict.PASS, Verdict.NOT_CLAIMED, Verdict.NOT_RUN})
SYMBOLS = {verdict: state_of(verdict).symbol for verdict in Verdict if verdict not in _EMPTY}
"""The symbol of a cell; other cells are empty, so that the matrix can be read."""


def as_json(matrix: Matrix) -> str:
    """Render the matrix, its holes and its counts as JSON; the output is deterministic."""
    document = {
        "schema": SCHEMA,
        "tool": tool(),
        "edition": matrix.edition,
        "holes": [asdict(hole) for hole in holes(matrix)],
        "clauses": [
            {
                **asdict(clause),
                "truth": matrix.truth.get(clause.id),
                "seen": matrix.killers(clause.id),
            }
            for clause in matrix.clauses
        ],
        "defects": [_defect(defect) for defect in matrix.defects],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def counts(defect: DefectColumn) -> dict[str, int]:
    """Count the verdicts on a defect that are neither red nor green."""
    tally: Counter[Verdict] = Counter(defect.verdicts.values())
    undecided = [member for member in Verdict if member is not Verdict.PASS and member not in RED]
    return {verdict.value: tally[verdict] for verdict in undecided if tally[verdict]}


def _defect(defect: DefectColumn) -> dict[str, Any]:
    undecided = {
        name: verdict.value
        for name, verdict in sorted(defect.verdicts.items())
        if verdict not in RED and verdict is not Verdict.PASS
    }
    return {
        "id": defect.id,
        "lie": defect.lie,
        "claims": defect.claims,
        "modes": defect.modes,
        "outage": defect.silent,
        "models": defect.models,
        "exchanges": defect.exchanges,
        "red": {name: defect.verdicts[name].value for name in defect.red},
        "witnesses": dict(defect.witnesses),
        "undecided": undecided,
        "open_claims": defect.open_claims,
        "open_witnesses": dict(defect.open_witnesses),
    }


def _chapter(member: ClauseRow | DefectColumn) -> str:
    return member.id.partition(".")[0]


def _render(matrix: Matrix, template: str, autoescape: bool) -> str:
    templates = environment(folder=TEMPLATES, autoescape=autoescape, keep_trailing_newline=True)
    return templates.get_template(template).render(
        matrix=matrix,
        holes=holes(matrix),
        clauses=list(group_by(matrix.clauses, _chapter).items()),
        defects=list(group_by(matrix.defects, _chapter).items()),
        symbols=SYMBOLS,
        red=RED,
        counts=counts,
        seeing=sum(bool(matrix.killers(clause.id)) for clause in matrix.clauses),
        tool=tool(),
    )


WRITERS: Mapping[str, Callable[[Matrix], str]] = {
    ".json": as_json,
    # escapes nothing: Markdown is made of our own texts alone
    ".md": partial(_render, template="matrix.md.jinja", autoescape=False),
    ".html": partial(_render, template="matrix.html.jinja", autoescape=True),
}
"""The renderers by file suffix."""


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
    planted = Counter(map(_chapter, matrix.defects))
    seeing = {name for defect in matrix.defects for name in defect.red}
    rows = []
    for chapter, members in group_by(matrix.clauses, _chapter).items():
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
    conclusion = write_count(len(gaps), "hole") if gaps else "no hole"
    size = f"{len(matrix.defects)} defects, {len(matrix.clauses)} clauses"
    sent = f"{matrix.exchanges:,} exchanges in {matrix.seconds:.0f} s"
    console.print(f"\n{size}, {sent}: {conclusion}.")
