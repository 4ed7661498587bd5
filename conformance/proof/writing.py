"""The matrix as documents: JSON for programs, Markdown and one HTML page for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from conformance.findings import Verdict, state_of
from conformance.proof.matrix import RED, DefectColumn, Matrix, holes
from conformance.version import tool

SCHEMA = 1
"""Version of the JSON document's form, which `schemas/proof.schema.json` publishes."""

_EMPTY = frozenset({Verdict.PASS, Verdict.NOT_CLAIMED, Verdict.NOT_RUN})
SYMBOLS = {each: state_of(each).symbol for each in Verdict if each not in _EMPTY}
"""What stands in a cell; of the rest it is empty, so that the matrix can be read."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


def as_json(matrix: Matrix) -> str:
    """Write the matrix, its holes and its counts; two proofs of one suite give the same text."""
    document = {
        "schema": SCHEMA,
        "tool": tool(),
        "edition": matrix.edition,
        "holes": [asdict(each) for each in holes(matrix)],
        "clauses": [
            {
                **asdict(each),
                "truth": _word(matrix.truth.get(each.id)),
                "seen": matrix.killers(each.id),
            }
            for each in matrix.clauses
        ],
        "defects": [_defect(each) for each in matrix.defects],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def as_markdown(matrix: Matrix) -> str:
    """Write who sees what, as GitHub-flavoured Markdown."""
    return _template("matrix.md.jinja", autoescape=False).render(_values(matrix))


def as_html(matrix: Matrix) -> str:
    """Write the whole matrix as one page that needs nothing else."""
    return _template("matrix.html.jinja", autoescape=True).render(_values(matrix))


WRITERS: Mapping[str, Callable[[Matrix], str]] = {
    ".json": as_json,
    ".md": as_markdown,
    ".html": as_html,
}
"""What can be written, by the ending of a file's name."""


def chapters(named: Iterable[_T]) -> Iterator[tuple[str, list[_T]]]:
    """Group clauses or defects by the first part of their ids, in their order."""
    for chapter, members in groupby(named, key=lambda each: each.id.split(".", 1)[0]):
        yield chapter, list(members)


def counts(defect: DefectColumn) -> dict[str, int]:
    """Count what the clauses that are neither red nor green said of a defect."""
    found: Counter[Verdict] = Counter(defect.verdicts.values())
    undecided = [each for each in Verdict if each is not Verdict.PASS and each not in RED]
    return {verdict.value: found[verdict] for verdict in undecided if found[verdict]}


def _defect(defect: DefectColumn) -> dict[str, Any]:
    others = {
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
        "undecided": others,
        "open_claims": defect.open_claims,
        "open_witnesses": dict(defect.open_witnesses),
    }


def _word(verdict: Verdict | None) -> str | None:
    return verdict.value if verdict else None


def _values(matrix: Matrix) -> dict[str, Any]:
    return {
        "matrix": matrix,
        "holes": holes(matrix),
        "clauses": list(chapters(matrix.clauses)),
        "defects": list(chapters(matrix.defects)),
        "symbols": SYMBOLS,
        "red": RED,
        "counts": counts,
        "tool": tool(),
    }


@cache
def _template(name: str, *, autoescape: bool) -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=autoescape,  # noqa: S701 - Markdown is made of our own texts alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
