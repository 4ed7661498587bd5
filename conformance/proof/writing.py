"""The matrix as JSON, Markdown and HTML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.clauses.registry import chapters
from conformance.findings import Verdict, state_of
from conformance.proof.matrix import RED, DefectColumn, Matrix, holes
from conformance.version import tool

TEMPLATES = Path(__file__).with_name("templates")
SCHEMA = 1
"""Version of the JSON document's form, which `schemas/proof.schema.json` publishes."""

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


def as_markdown(matrix: Matrix) -> str:
    """Render which clause detects which defect, as GitHub-flavoured Markdown."""
    template = environment(TEMPLATES, autoescape=False).get_template("matrix.md.jinja")
    return template.render(_values(matrix))


def as_html(matrix: Matrix) -> str:
    """Render the whole matrix as one self-contained HTML page."""
    return environment(TEMPLATES).get_template("matrix.html.jinja").render(_values(matrix))


WRITERS: Mapping[str, Callable[[Matrix], str]] = {
    ".json": as_json,
    ".md": as_markdown,
    ".html": as_html,
}
"""The renderers by file suffix."""


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


def _values(matrix: Matrix) -> dict[str, Any]:
    return {
        "matrix": matrix,
        "holes": holes(matrix),
        "clauses": list(chapters(matrix.clauses).items()),
        "defects": list(chapters(matrix.defects).items()),
        "symbols": SYMBOLS,
        "red": RED,
        "counts": counts,
        "tool": tool(),
    }


@cache
def environment(folder: Path, *, autoescape: bool = True) -> Environment:
    """Return the environment of a folder of templates, in which a missing value is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,  # noqa: S701 - Markdown is made of our own texts alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
