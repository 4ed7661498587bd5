"""The whole proof: all defects of an edition, in one process or in several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from conformance.clauses import clauses_of
from conformance.contract import Edition, load_edition
from conformance.findings import Verdict
from conformance.proof.extra_cases import Answered
from conformance.proof.matrix import ClauseRow, DefectColumn, Matrix
from conformance.proof.proving import Proof
from conformance.reference.defects import defects


def prove(
    edition: Edition | None = None,
    names: Sequence[str] | None = None,
    workers: int = 1,
    advance: Callable[[], object] = lambda: None,
) -> Matrix:
    """Judge every clause of an edition against the named defects, or against all.

    `workers` is the number of processes; `advance` is called after each defect. Raises KeyError
    for an unknown defect.
    """
    contract, started = edition or load_edition(), time.monotonic()
    all_names = tuple(defects(contract))
    selected = all_names if names is None else tuple(names)
    columns = []
    if workers == 1:
        with Proof(contract) as proof:
            truth, answers = proof.verdicts(), proof.answered()
            for name in selected:
                columns.append(proof.column(defects(contract)[name]))
                advance()
    else:
        context = get_context("spawn")  # a fork would share the parent's threads and event loops
        with ProcessPoolExecutor(workers, context, _prepare, (str(contract.folder),)) as pool:
            truthful = pool.submit(_truthful)
            for column in pool.map(_column, selected):
                columns.append(column)
                advance()
            truth, answers = truthful.result()
    return Matrix(
        edition=contract.id,
        clauses=tuple(ClauseRow(e.id, e.level.value, e.statement) for e in clauses_of(contract)),
        truth=truth,
        defects=tuple(columns),
        exchanges=sum(column.exchanges for column in columns),
        seconds=time.monotonic() - started,
        answered=answers,
        whole=set(selected) == set(all_names),
    )


_PROOF: list[Proof] = []  # one per process: the truthful answers are judged once


def _prepare(folder: str) -> None:
    _PROOF.append(Proof(load_edition(folder)))


def _truthful() -> tuple[Mapping[str, Verdict], tuple[Answered, ...]]:
    return _PROOF[-1].verdicts(), _PROOF[-1].answered()


def _column(name: str) -> DefectColumn:
    proof = _PROOF[-1]
    return proof.column(defects(proof.edition)[name])
