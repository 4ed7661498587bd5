"""The proof: the reference provider tells every lie, and every clause judges what it then says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

from conformance.cases import all_cases
from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.contract import Edition, load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.findings import Finding, Verdict
from conformance.proof.extra_cases import family_names, supplementary_cases
from conformance.proof.in_process import BASE_URL, bench_client
from conformance.proof.matrix import RED, ClauseRow, DefectColumn, Matrix
from conformance.proof.open_requests import (
    Answered,
    accept_open_requests,
    answered,
    changes_answers,
    judges_answers,
    open_twins,
)
from conformance.proof.witnesses import first_witness, red_clauses, worst_by_clause
from conformance.reference import TRUTHFUL, Steps
from conformance.reference.defects import Defect, defects
from conformance.runner.planned_request import sent_by

_EACH_TIME = frozenset({"x-request-id", "openai-processing-ms"})


@dataclass(frozen=True, slots=True)
class _Judged:
    """One case, told the truth or a lie: what came back, what became of it, what was found."""

    exchange: Exchange
    outcome: Outcome
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One lie as a clause saw it."""

    case: Case
    exchange: Exchange
    outcome: Outcome
    finding: Finding


class Proof:
    """Judges the reference provider under one edition, and keeps what its truth looks like."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.clauses = clauses_of(edition)
        self.models = (*edition.models, *family_names(edition))
        found = (*all_cases(edition, self.models), *supplementary_cases(edition, self.models))
        self.cases = {each.path: each for each in found}
        self._twins = open_twins(edition, self.cases.values())
        self._loop = asyncio.new_event_loop()
        self.truth: Mapping[str, _Judged] = {}
        self.open_truth: Mapping[str, _Judged] = {}
        self.truth = self.told(TRUTHFUL, self.models)
        self._seen_by = self._passing(self.truth.values())
        self.open_truth = dict(self.judged_open_requests(TRUTHFUL, self._twins))
        passed_open = self._passing(self.open_truth.values())
        self._passed_open = frozenset().union(*passed_open.values())
        self._passed_recorded = frozenset(
            each.clause
            for judged in self.open_truth.values()
            for each in self._recorded(judged.exchange, self._passed_open)
            if each.verdict is Verdict.PASS
        )

    def close(self) -> None:
        """Close the loop in which the provider runs."""
        self._loop.close()

    def verdicts(self) -> Mapping[str, Verdict]:
        """Give what every clause says of the truth; the worst of each."""
        told = (*self.truth.values(), *self.open_truth.values())
        return worst_by_clause(each for judged in told for each in judged.findings)

    def answered(self) -> tuple[Answered, ...]:
        """Return how much of the answers to open requests is judged."""
        return tuple(
            answered(path, self.truth[self._twins[path][1]].findings, judged.findings)
            for path, judged in self.open_truth.items()
        )

    def column(self, defect: Defect) -> DefectColumn:
        """Tell one lie to the fewest models that let its clauses see it, in all their cases.

        A lie that none of those has occasion for, such as one about sizes that are not square,
        is told to all.
        """
        models = self._fewest(defect.claims)
        told = self.told(defect.plant(TRUTHFUL), models)
        if not defect.silent and not set(defect.claims) <= _red(told.values()):
            models = self.models
            told = self.told(defect.plant(TRUTHFUL), models)
        found = [each for judged in told.values() for each in judged.findings]
        verdicts, red = worst_by_clause(found), _red(told.values())
        open_claims = self._open_claims(defect)
        open_findings, recorded = self._open_findings(defect, open_claims, told)
        return DefectColumn(
            id=defect.id,
            lie=defect.lie,
            claims=defect.claims,
            modes=defect.modes,
            silent=defect.silent,
            models=models,
            exchanges=len(told),
            verdicts=verdicts,
            witnesses={name: first_witness(found, name) for name in sorted(red)},
            open_claims=open_claims,
            open_witnesses={
                name: first_witness(open_findings, name) for name in red_clauses(open_findings)
            },
            blind_to_recordings=tuple(
                each
                for each in open_claims
                if each in self._passed_recorded and each not in recorded
            ),
        )

    def _open_claims(self, defect: Defect) -> tuple[str, ...]:
        """Name the claimed clauses that must see a lie in the answer to an open request."""
        if defect.silent or not changes_answers(TRUTHFUL, defect.plant(TRUTHFUL)):
            return ()
        return tuple(
            each for each in defect.claims if judges_answers(each) and each in self._passed_open
        )

    def _open_findings(
        self, defect: Defect, claims: Sequence[str], told: Mapping[str, _Judged]
    ) -> tuple[list[Finding], set[str]]:
        """Answer open requests with a lie until all these clauses have seen it; live, and recorded.

        Those come first whose documented twins were answered with the lie. Gives what was found
        live, and which clauses saw the lie in what somebody else could have recorded.
        """
        seen = {path for path, judged in told.items() if _red([judged])}
        twins = sorted(self._twins, key=lambda path: self._twins[path][1] not in seen)
        found: list[Finding] = []
        recorded: set[str] = set()
        wanted = set(claims) & self._passed_recorded
        for _, judged in self.judged_open_requests(defect.plant(TRUTHFUL), twins if claims else ()):
            found += judged.findings
            if wanted - recorded and _red([judged]):
                recorded |= set(red_clauses(self._recorded(judged.exchange, claims)))
            if set(claims) <= set(red_clauses(found)) and wanted <= recorded:
                break
        return found, recorded

    def _recorded(self, exchange: Exchange, names: Collection[str]) -> list[Finding]:
        """Judge an exchange by some clauses as if somebody else had recorded it."""
        foreign = replace(exchange, provenance=Provenance.FOREIGN)
        return judge(foreign, self.edition, [each for each in self.clauses if each.id in names])

    def judged_open_requests(
        self, steps: Steps, paths: Iterable[str]
    ) -> Iterator[tuple[str, _Judged]]:
        """Yield open requests in this order, judged as a provider that accepts them answers."""
        accepting = accept_open_requests(steps, self.edition)
        client = bench_client(self.edition, accepting, self.models, self._loop)
        for path in paths:
            twin, _ = self._twins[path]
            yield path, self._judge(twin, client.exchange(twin), None)

    def sighting(self, defect: Defect, clause: Clause, base_url: str = BASE_URL) -> Sighting | None:
        """Tell one lie, case by case, until a clause sees it; None when it never does."""
        steps = defect.plant(TRUTHFUL)
        client = bench_client(self.edition, steps, self.models, self._loop, base_url)
        judged: dict[str, _Judged] = {}
        for case in self.cases.values():
            if not clause.binds(sent_by(case, self.edition)):
                continue
            self._tell(client.exchange, case, judged)
            told = judged[case.path]
            for each in told.findings:
                if each.clause == clause.id and each.verdict in RED:
                    return Sighting(case, told.exchange, told.outcome, each)
        return None

    def told(self, steps: Steps, models: Sequence[str]) -> dict[str, _Judged]:
        """Tell every case of some models to a provider, each judged with its control."""
        client = bench_client(self.edition, steps, self.models, self._loop)
        judged: dict[str, _Judged] = {}
        for case in self.cases.values():
            if case.model in models:
                self._tell(client.exchange, case, judged)
        return {path: judged[path] for path in self.cases if path in judged}

    def _tell(
        self, send: Callable[[Case], Exchange], case: Case, judged: dict[str, _Judged]
    ) -> None:
        """Send and judge a case, and its control before it."""
        if case.path in judged:
            return
        control = None
        if case.control is not None:
            name = f"{case.model}/{case.control}"
            self._tell(send, self.cases[name], judged)
            control = judged[name].outcome
        judged[case.path] = self._judge(case, send(case), control)

    def _judge(self, case: Case, exchange: Exchange, control: Outcome | None) -> _Judged:
        true = self.truth.get(case.path) or self.open_truth.get(case.path)
        if true is not None and _same(true.exchange, exchange):
            before = self.truth[f"{case.model}/{case.control}"] if case.control else None
            if before is None or before.outcome == control:
                return true
        answer = Answer(exchange)
        findings = judge(exchange, self.edition, self.clauses, control, answer)
        return _Judged(exchange, outcome_of(exchange, answer), tuple(findings))

    def _passing(self, told: Iterable[_Judged]) -> Mapping[str, frozenset[str]]:
        """For every model, the clauses that the truth passes there."""
        found: dict[str, set[str]] = {name: set() for name in self.models}
        for judged in told:
            for each in judged.findings:
                found[each.model].add(each.clause)
        return {name: frozenset(each) for name, each in found.items()}

    def _fewest(self, claims: Sequence[str]) -> tuple[str, ...]:
        """Choose models, greedily, until every claimed clause is asked of one of them."""
        left, chosen = set(claims), []
        while left:
            best = max(self.models, key=lambda name: len(left & self._seen_by[name]))
            if not left & self._seen_by[best]:
                break
            chosen.append(best)
            left -= self._seen_by[best]
        return tuple(name for name in self.models if name in chosen) or self.models[:1]


def _same(truth: Exchange, told: Exchange) -> bool:
    """Whether two exchanges cannot be told apart, but for what no two answers have in common."""
    return bool(_comparable(truth) == _comparable(told))


def _comparable(exchange: Exchange) -> Any:
    response = exchange.response
    if response is not None:
        headers = tuple(each for each in response.headers if each[0] not in _EACH_TIME)
        response = replace(response, headers=headers)
    return response, exchange.failure, exchange.downloads


def _red(told: Iterable[_Judged]) -> set[str]:
    return set(red_clauses(each for judged in told for each in judged.findings))


def prove(
    edition: Edition | None = None,
    names: Sequence[str] | None = None,
    workers: int = 1,
    told: Callable[[], object] = lambda: None,
) -> Matrix:
    """Judge every clause of an edition against defects: those named, or all there are.

    `workers` is the number of processes; `told` is called whenever a defect is done. Raises
    KeyError for a name that there is not.
    """
    contract, started = edition or load_edition(), time.monotonic()
    chosen = tuple(names if names is not None else defects(contract))
    truth, heard, columns = _prove_all(contract.id, chosen, max(1, min(workers, len(chosen))), told)
    rows = tuple(ClauseRow(e.id, e.level.value, e.statement) for e in clauses_of(contract))
    found = tuple(columns[name] for name in chosen)
    exchanges = sum(each.exchanges for each in found)
    seconds = time.monotonic() - started
    return Matrix(contract.id, rows, truth, found, exchanges, seconds, heard)


_BENCH: list[Proof] = []  # one a process: the truth is told once


def _prove_all(
    edition: str, names: Sequence[str], workers: int, told: Callable[[], object]
) -> tuple[Mapping[str, Verdict], tuple[Answered, ...], dict[str, DefectColumn]]:
    context = get_context("spawn")  # a fork would share the parent's threads and event loops
    columns: dict[str, DefectColumn] = {}
    with ProcessPoolExecutor(workers, context, _prepare, (edition,)) as pool:
        truth, heard = pool.submit(_truth), pool.submit(_answered)
        for column in pool.map(_column, names):
            columns[column.id] = column
            told()
        return truth.result(), heard.result(), columns


def _prepare(edition: str) -> None:
    _BENCH.append(Proof(load_edition(edition)))


def _truth() -> Mapping[str, Verdict]:
    return _BENCH[-1].verdicts()


def _answered() -> tuple[Answered, ...]:
    return _BENCH[-1].answered()


def _column(name: str) -> DefectColumn:
    proof = _BENCH[-1]
    return proof.column(defects(proof.edition)[name])
