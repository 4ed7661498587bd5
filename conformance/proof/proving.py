"""The proof: every defect is planted in the reference provider, and every clause judges it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.models_lifecycle import applies
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context
from conformance.contract import Edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.findings import Finding, Verdict
from conformance.proof.extra_cases import (
    ANSWERING,
    Answered,
    accept_open_requests,
    cases_of_proof,
    count_judged,
    is_of_retired,
    judges_answers,
    models_of_proof,
    open_twins,
    standing_of,
)
from conformance.proof.in_process import BASE_URL, Bench
from conformance.proof.matrix import RED, DefectColumn, first_witness, red_clauses, worst_by_clause
from conformance.reference.defects import Defect
from conformance.reference.steps import TRUTHFUL, Steps, replaced_steps
from conformance.runner.planned_request import sent_by


@dataclass(frozen=True, slots=True)
class _JudgedCase:
    """One case as the reference provider answered it, with its outcome and findings."""

    exchange: Exchange
    outcome: Outcome
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One defect as a clause detected it."""

    case: Case
    exchange: Exchange
    outcome: Outcome
    finding: Finding


class Proof:
    """Judges the reference provider under one edition, and keeps its truthful answers."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.clauses = clauses_of(edition)
        self.models = models_of_proof(edition)
        self.cases = cases_of_proof(edition, self.models)
        documented = [case for case in self.cases.values() if not is_of_retired(case)]
        self._twins = open_twins(edition, documented)
        self._loop = asyncio.new_event_loop()
        self._steps_of: dict[str, frozenset[str]] = {}  # by case: the steps that answer it
        self.truth: Mapping[str, _JudgedCase] = {}
        self.open_truth: Mapping[str, _JudgedCase] = {}
        self.truth = self.judged_cases(TRUTHFUL, self.models)
        self._seen_by = self._passing(self.truth.values())
        self.open_truth = dict(self.judged_open_requests(TRUTHFUL, self._twins))
        passed_open = self._passing(self.open_truth.values())
        self._passed_open = frozenset().union(*passed_open.values())
        self._passed_recorded = frozenset(
            finding.clause
            for case in self.open_truth.values()
            for finding in self._recorded(case.exchange, self._passed_open)
            if finding.verdict is Verdict.PASS
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the loop in which the provider runs."""
        self._loop.close()

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return the worst verdict of every clause on the truthful provider."""
        cases = (*self.truth.values(), *self.open_truth.values())
        return worst_by_clause(finding for case in cases for finding in case.findings)

    def answered(self) -> tuple[Answered, ...]:
        """Return how much of the answers to open requests is judged."""
        return tuple(
            count_judged(path, self._promised(path), case.findings)
            for path, case in self.open_truth.items()
        )

    def _promised(self, path: str) -> Iterator[Finding]:
        """Yield what judged the documented twin; where no model is named, what binds any model."""
        twin, documented = self._twins[path]
        unnamed = "model" not in (twin.body or {})
        binding = {
            clause.id
            for clause in self.clauses
            if not unnamed or clause.binds(sent_by(twin, self.edition))
        }
        findings = self.truth[documented].findings
        return (finding for finding in findings if finding.clause in binding)

    def column(self, defect: Defect) -> DefectColumn:
        """Judge a defect on the fewest models that bind its claimed clauses, in all their cases.

        A defect that none of those shows, such as one about sizes that are not square, is judged
        on all models.
        """
        models = self._fewest_models(defect.claims)
        judged_cases = self.judged_cases(defect.plant(TRUTHFUL), models)
        if not defect.silent and not set(defect.claims) <= _red(judged_cases.values()):
            models = self.models
            judged_cases = self.judged_cases(defect.plant(TRUTHFUL), models)
        findings = [finding for case in judged_cases.values() for finding in case.findings]
        verdicts, red = worst_by_clause(findings), red_clauses(findings)
        open_claims = self._open_claims(defect, judged_cases)
        open_findings, recorded = self._open_findings(defect, open_claims, judged_cases)
        return DefectColumn(
            id=defect.id,
            lie=defect.lie,
            claims=defect.claims,
            modes=defect.modes,
            silent=defect.silent,
            models=models,
            exchanges=len(judged_cases),
            verdicts=verdicts,
            witnesses={name: first_witness(findings, name) for name in red},
            open_claims=open_claims,
            open_witnesses={
                name: first_witness(open_findings, name) for name in red_clauses(open_findings)
            },
            blind_to_recordings=tuple(
                claim
                for claim in open_claims
                if claim in self._passed_recorded and claim not in recorded
            ),
        )

    def _open_claims(
        self, defect: Defect, documented: Mapping[str, _JudgedCase]
    ) -> tuple[str, ...]:
        """Return the claimed clauses that must detect a defect in answers to open requests.

        They detect it in the answer to some documented twin of one.
        """
        lying = defect.plant(TRUTHFUL)
        if defect.silent or not ANSWERING & replaced_steps(TRUTHFUL, lying):
            return ()
        required = {claim for claim in defect.claims if judges_answers(claim)} & self._passed_open
        if not required <= self._red_twins(documented):
            documented = self.judged_cases(lying, self.models)
        required &= self._red_twins(documented)
        return tuple(claim for claim in defect.claims if claim in required)

    def _red_twins(self, documented: Mapping[str, _JudgedCase]) -> set[str]:
        """Return the clauses that are broken in documented twins of open requests."""
        twins = {path for _, path in self._twins.values()} & documented.keys()
        return _red(documented[path] for path in twins)

    def _open_findings(
        self, defect: Defect, claims: Sequence[str], documented: Mapping[str, _JudgedCase]
    ) -> tuple[list[Finding], set[str]]:
        """Judge a defect in answers to open requests until all these clauses have detected it.

        Requests whose documented twins showed it come first. Return the findings, and the clauses
        that detect it in a foreign recording of the same answers.
        """
        showing = {path for path, case in documented.items() if _red([case])}
        twins = sorted(self._twins, key=lambda path: self._twins[path][1] not in showing)
        findings: list[Finding] = []
        recorded: set[str] = set()
        required = set(claims) & self._passed_recorded
        for _, case in self.judged_open_requests(defect.plant(TRUTHFUL), twins if claims else ()):
            findings += case.findings
            if required - recorded and _red([case]):
                recorded |= set(red_clauses(self._recorded(case.exchange, claims)))
            if set(claims) <= set(red_clauses(findings)) and required <= recorded:
                break
        return findings, recorded

    def _recorded(self, exchange: Exchange, names: Collection[str]) -> list[Finding]:
        """Judge an exchange by some clauses as a foreign recording."""
        foreign = replace(exchange, provenance=Provenance.FOREIGN)
        clauses = [clause for clause in self.clauses if clause.id in names]
        return judge(foreign, self.edition, clauses)

    def judged_open_requests(
        self, steps: Steps, paths: Iterable[str]
    ) -> Iterator[tuple[str, _JudgedCase]]:
        """Yield open requests in this order, as judged on a provider that accepts them."""
        accepting = accept_open_requests(steps, self.edition)
        client = Bench(self.edition, accepting, self.models, self._loop)
        for path in paths:
            twin, _ = self._twins[path]
            yield path, self._judge(twin, client.exchange(twin), None, self.clauses)

    def sighting(self, defect: Defect, clause: Clause, base_url: str = BASE_URL) -> Sighting | None:
        """Judge a defect case by case until a clause detects it; None if it never does."""
        steps = defect.plant(TRUTHFUL)
        client = Bench(self.edition, steps, self.models, self._loop, base_url)
        judged_cases: dict[str, _JudgedCase] = {}
        replaced = replaced_steps(TRUTHFUL, steps)
        for case in self.cases.values():
            if not self._meets(case, replaced) or not clause.binds(sent_by(case, self.edition)):
                continue
            judged_case = self._judged_with_control(client.exchange, case, judged_cases, [clause])
            for finding in judged_case.findings:
                if finding.clause == clause.id and finding.verdict in RED:
                    return Sighting(case, judged_case.exchange, judged_case.outcome, finding)
        return None

    def _meets(self, case: Case, replaced: Set[str]) -> bool:
        """Return whether a replaced step answers a case, or one of the controls before it."""
        if not replaced.isdisjoint(self._steps_of[case.path]):
            return True
        if case.control is None:
            return False
        return self._meets(self.cases[f"{case.model}/{case.control}"], replaced)

    def judged_cases(self, steps: Steps, models: Sequence[str]) -> dict[str, _JudgedCase]:
        """Judge every case of some models on a provider, each with its control."""
        send = self._sender(steps) if self.truth else self._observing_sender(steps)
        judged_cases: dict[str, _JudgedCase] = {}
        for case in self.cases.values():
            if case.model in models:
                self._judged_with_control(send, case, judged_cases, self.clauses)
        return {path: judged_cases[path] for path in self.cases if path in judged_cases}

    def _observing_sender(self, steps: Steps) -> Callable[[Case], Exchange]:
        """Return a function that sends a case and notes which steps answered it."""
        called: set[str] = set()

        def observed(name: str) -> Callable[..., Any]:
            def call(*values: Any) -> Any:
                called.add(name)
                return getattr(steps, name)(*values)

            return call

        watched = Steps(**{step.name: observed(step.name) for step in fields(Steps)})
        client = Bench(self.edition, watched, self.models, self._loop)

        def send(case: Case) -> Exchange:
            called.clear()
            exchange = client.exchange(case)
            self._steps_of[case.path] = frozenset(called)
            return exchange

        return send

    def _sender(self, steps: Steps) -> Callable[[Case], Exchange]:
        """Return a function that sends a case, unless no replaced step would answer it."""
        client = Bench(self.edition, steps, self.models, self._loop)
        replaced = replaced_steps(TRUTHFUL, steps)

        def send(case: Case) -> Exchange:
            if replaced.isdisjoint(self._steps_of[case.path]):
                return self.truth[case.path].exchange
            return client.exchange(case)

        return send

    def _judged_with_control(
        self,
        send: Callable[[Case], Exchange],
        case: Case,
        judged_cases: dict[str, _JudgedCase],
        clauses: Sequence[Clause],
    ) -> _JudgedCase:
        """Send and judge a case after its control, each at most once."""
        if case.path not in judged_cases:
            control = None
            if case.control is not None:
                control_case = self.cases[f"{case.model}/{case.control}"]
                judged = self._judged_with_control(send, control_case, judged_cases, clauses)
                control = judged.outcome
            judged_cases[case.path] = self._judge(case, send(case), control, clauses)
        return judged_cases[case.path]

    def _judge(
        self, case: Case, exchange: Exchange, control: Outcome | None, clauses: Sequence[Clause]
    ) -> _JudgedCase:
        # Most lies leave most answers as they were: what was the same is not judged again.
        truthful = self.truth.get(case.path) or self.open_truth.get(case.path)
        if truthful is not None and _same(truthful.exchange, exchange):
            control_case = self.truth[f"{case.model}/{case.control}"] if case.control else None
            if control_case is None or control_case.outcome == control:
                return truthful
        answer, standing = Answer(exchange), standing_of(case)
        applicable = [clause for clause in clauses if applies(clause, standing.retired)]
        context = Context(control, standing=standing)
        findings = judge(exchange, self.edition, applicable, answer=answer, context=context)
        return _JudgedCase(exchange, outcome_of(exchange, answer), tuple(findings))

    def _passing(self, cases: Iterable[_JudgedCase]) -> Mapping[str, frozenset[str]]:
        """Return, for every model, the clauses that pass on it at least once."""
        passed: dict[str, set[str]] = {name: set() for name in self.models}
        for case in cases:
            for finding in case.findings:
                if finding.verdict is Verdict.PASS:
                    passed[finding.model].add(finding.clause)
        return {name: frozenset(clauses) for name, clauses in passed.items()}

    def _fewest_models(self, claims: Sequence[str]) -> tuple[str, ...]:
        """Choose models, greedily, until every claimed clause passes on one of them."""
        missing, selected = set(claims), []
        while missing:
            best = max(self.models, key=lambda name: len(missing & self._seen_by[name]))
            if not missing & self._seen_by[best]:
                break
            selected.append(best)
            missing -= self._seen_by[best]
        return tuple(name for name in self.models if name in selected) or self.models[:1]


def _same(exchange: Exchange, other: Exchange) -> bool:
    """Return whether two exchanges had the same answer."""
    return exchange is other or (exchange.response, exchange.failure, exchange.downloads) == (
        other.response,
        other.failure,
        other.downloads,
    )


def _red(cases: Iterable[_JudgedCase]) -> set[str]:
    return set(red_clauses(finding for case in cases for finding in case.findings))
