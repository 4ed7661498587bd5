"""The nights of a year as the suite lives them: planned, sent, judged, written, compared."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from datetime import time as time_of_day
from functools import cache
from pathlib import Path
from typing import Any, cast

from msgspec import structs

from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.models_lifecycle import applies
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context, Subject
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome
from conformance.exchange.source import Client
from conformance.findings import Finding, Verdict
from conformance.lifecycle import Standing
from conformance.live.cost import price_of_all
from conformance.live.ledger import Ledger, read_ledger
from conformance.live.plan import plan
from conformance.live.sender import Sender
from conformance.providers import Provider
from conformance.reports.costs import spending, total
from conformance.reports.drift.drift import drift
from conformance.results.baselines import last_decided, sort_by_start
from conformance.results.case_result import CaseResult
from conformance.results.conclusion import conclude_run, counts
from conformance.results.evidence import evidence, moment
from conformance.results.reach import ColumnKey, reach_counts
from conformance.results.records import (
    SCHEMA,
    PlannedModel,
    ProviderRecord,
    RunFooter,
    RunHeader,
    SpentRecord,
)
from conformance.results.run_file import Run, RunWriter, read_run
from conformance.results.run_states import promises_in
from conformance.results.standings import record_of
from conformance.runner.confirm import Confirmer
from conformance.runner.header import about_clause, about_edition
from conformance.runner.output_path import ledger_of
from conformance.runner.planned_request import sent_by
from conformance.runner.resume import settled, whole_cases
from tests.year_provider import CASES, EDITION, KilledError, VirtualProvider
from tests.year_script import Script

ASKED = ("models-list", "baseline")
CHAPTERS = ("models", "count", "envelope")
CLAUSES = tuple(clause for clause in clauses_of(EDITION) if clause.chapter in CHAPTERS)
MOST_BASES = 4


@dataclass(slots=True)
class Night:
    """What a night came to, and what it was to come to."""

    day: int
    expected: set[str]  # clauses that got worse
    may_be_undecided: bool
    alarmed: set[str] = field(default_factory=set)
    undecided: Sequence[str] = ()
    was_killed: bool = False
    billed: float = 0.0
    counted: float = 0.0
    reported: float = 0.0
    carried: float = 0.0  # counted for answers that were lost
    in_doubt: float = 0.0  # counted, and perhaps not billed


_PLANS: dict[tuple[object, ...], tuple[Case, ...]] = {}


def plan_cases(provider: Provider, standings: Mapping[str, Standing]) -> tuple[Case, ...]:
    """Return what the plan asks on a day, of the cases of this simulation."""
    retired = tuple(name for name, standing in standings.items() if standing.retired)
    key = tuple(provider.models), retired, repr(provider.prices.image)
    if key not in _PLANS:
        day = next(iter(standings.values())).day
        requests = plan(EDITION, provider, combined=False, day=day).chosen
        _PLANS[key] = tuple(request.case for request in requests if request.case.id in ASKED)
    return _PLANS[key]


_JUDGED: dict[tuple[object, ...], tuple[Outcome, tuple[Finding, ...], Any]] = {}


def judge_once(
    exchange: Exchange, control: Outcome | None, standing: Standing, clauses: Sequence[Clause]
) -> tuple[Outcome, dict[str, Finding], Any]:
    """Judge an exchange; an answer that was judged before under the same dates is not again."""
    subject = Subject(exchange, EDITION, context=Context(control, standing=standing))
    answer, failure = exchange.response, exchange.failure
    dates = standing.lifecycle.until, standing.day, subject.answered_on
    steps = dates if standing.lifecycle.until is not None else ()
    where = exchange.provider, exchange.model, exchange.case
    key = *where, id(answer), answer and answer.body, failure, control
    if (*key, steps) not in _JUDGED:
        reading, context = Answer(exchange), Context(control, standing=standing)
        findings = judge(exchange, EDITION, clauses, answer=reading, context=context)
        outcome = Subject(exchange, EDITION, answer=reading, context=context).outcome
        _JUDGED[*key, steps] = outcome, tuple(findings), evidence(exchange, reading, outcome)
    outcome, all_findings, record = _JUDGED[*key, steps]
    return outcome, {finding.clause: finding for finding in all_findings}, record


@cache
def _bound(path: str, retired: bool) -> tuple[Clause, ...]:
    sent = sent_by(CASES[path], EDITION)
    return tuple(clause for clause in CLAUSES if applies(clause, retired) and clause.binds(sent))


def bound_by(case: Case, retired: bool) -> tuple[Clause, ...]:
    """Return the clauses by which a case is judged."""
    CASES[case.path] = case
    return _bound(case.path, retired)


@dataclass(slots=True)
class LiveNight:
    """One run of one provider."""

    script: Script
    day: int
    provider: Provider
    virtual: VirtualProvider
    path: Path
    confirmer: Confirmer | None
    resumes: Run | None = None

    def play(self) -> Ledger:
        """Send and judge what is planned, and write it; what an earlier run has is taken over."""
        standings = {
            name: Standing(self.provider.lifecycle(name, EDITION), self.script.day(self.day))
            for name in self.provider.models
        }
        cases = plan_cases(self.provider, standings)
        bound = {case.path: bound_by(case, standings[case.model].retired) for case in cases}
        ledger = Ledger(ledger_of(self.path), durable=False)
        earlier = self._taken_over(cases, ledger)
        client = cast("Client", self.virtual)
        clock, sleep = self.virtual.clock, self.virtual.sleep
        sender = Sender(client, self.provider, EDITION, ledger, clock, sleep)
        header = self._header(standings, bound)
        writer = RunWriter(self.path, header)
        findings: list[Finding] = []
        outcomes: dict[str, Outcome] = {}
        sizes: dict[ColumnKey, tuple[int, int]] = {}
        for case in cases:
            control = outcomes.get(f"{case.model}/{case.control}")
            result = earlier.get(case.path)
            if result is None:
                result = self._judge(sender, case, control, standings[case.model], bound[case.path])
            outcomes[case.path] = result.outcome
            if not bound[case.path]:
                continue
            column = self.provider.id, case.model
            count = sizes.get(column, (0, 0))[0] + len(bound[case.path])
            sizes[column] = count, count
            if result.record is not None:
                writer.add(structs.replace(result.record, findings=len(result.findings)))
            for finding in result.findings.values():
                writer.add(finding)
                findings.append(finding)
        writer.close(self._footer(header, findings, sizes, ledger))
        ledger.close()
        ledger_of(self.path).unlink()
        return ledger

    def _taken_over(self, cases: Sequence[Case], ledger: Ledger) -> dict[str, CaseResult]:
        """Return what a killed run has, and count what it may have been billed for in vain."""
        if self.resumes is None:
            return {}
        complete = dict(whole_cases(self.resumes, self.provider.id))
        old_ledger = read_ledger(_killed_ledger(self.path))
        for row in old_ledger.unanswered.values():
            if row.case.partition("::")[2] not in complete:
                ledger.carry_over(row, row.usd)
        results = settled(complete, cases)
        run = self.resumes.header.id
        return {
            path: structs.replace(
                result, record=result.record and structs.replace(result.record, run=run)
            )
            for path, result in results.items()
        }

    def _judge(
        self,
        sender: Sender,
        case: Case,
        control: Outcome | None,
        standing: Standing,
        clauses: Sequence[Clause],
    ) -> CaseResult:
        exchanges = [sender.exchange(case)]
        outcome, findings, record = judge_once(exchanges[0], control, standing, clauses)

        def repeat() -> dict[str, Finding]:
            exchanges.append(sender.exchange(case))
            return judge_once(exchanges[-1], control, standing, clauses)[1]

        if self.confirmer is not None:
            findings = dict(self.confirmer.confirm(findings, repeat))
        price = price_of_all([*exchanges[1:], exchanges[0]])
        record = structs.replace(record, sent_at=moment(exchanges[0].sent_at), price=price)
        return CaseResult(outcome, findings, (), record)

    def _header(
        self, standings: Mapping[str, Standing], bound: Mapping[str, Sequence[Clause]]
    ) -> RunHeader:
        name, today = self.provider.id, self.script.day(self.day)
        start = datetime.fromtimestamp(self.virtual.now, UTC)
        models = dict(self.provider.models)
        dated = {
            model: standing for model, standing in standings.items() if standing.lifecycle.until
        }
        plans = [
            PlannedModel(
                provider=name,
                model=model,
                cases=sum(path.startswith(f"{model}/") and bool(bound[path]) for path in bound),
                promises=sum(len(bound[path]) for path in bound if path.startswith(f"{model}/")),
            )
            for model in models
        ]
        return RunHeader(
            schema=SCHEMA,
            id=f"{start:%Y%m%dT%H%M%SZ}-{self.day:08x}",
            tool="image-conformance 0.1.0",
            edition=about_edition(EDITION, models),
            started=start.isoformat(timespec="seconds"),
            day=today.isoformat(),
            providers=(
                ProviderRecord(
                    id=name,
                    title=name,
                    base_url=self.provider.base_url,
                    mode="live",
                    models=models,
                    lifecycle={model: record_of(standing) for model, standing in dated.items()},
                ),
            ),
            clauses=_about_clauses(),
            resumes=(self.resumes.header.id,) if self.resumes else (),
            plan=tuple(plans),
        )

    def _footer(
        self,
        header: RunHeader,
        findings: Sequence[Finding],
        sizes: Mapping[ColumnKey, tuple[int, int]],
        ledger: Ledger,
    ) -> RunFooter:
        run, spent = Run(header, findings=list(findings)), ledger.spent()
        finished = datetime.fromtimestamp(self.virtual.now, UTC)
        return RunFooter(
            finished=finished.isoformat(timespec="seconds"),
            complete=True,
            interrupted=False,
            whole=True,
            conclusion=int(conclude_run(findings, (), interrupted=False)),
            counts=counts(findings),
            reach=reach_counts(promises_in(run), [clause.id for clause in CLAUSES], sizes),
            spent=SpentRecord(spent.estimate, spent.actual, spent.guess, spent.requests),
        )


@cache
def _about_clauses() -> tuple[Any, ...]:
    return tuple(about_clause(clause, EDITION) for clause in CLAUSES)


def _killed_ledger(path: Path) -> Path:
    return ledger_of(path.with_name(f"{path.stem}-killed.jsonl"))


class Keeper:
    """Lives the nights of one provider, and keeps the good ones to compare the next with."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._good: list[Run] = []

    def nights(self, script: Script, day: int) -> Iterator[Night]:
        """Live one night."""
        models = [model for model in script.models if model.known(day)]
        out = day in script.outages
        raw = {} if out else {m.name: m.expected(day) for m in models}
        early = "models.served-until-end" in raw.values()
        night = Night(day, self._regressions(raw), out or early)
        hour = time_of_day(23, 59, 20) if script.at_midnight else time_of_day(3)
        start = datetime.combine(script.day(day), hour, UTC).timestamp()
        virtual = VirtualProvider(script, day, start)
        last_findings = last_decided(sort_by_start(self._good)) if self._good else {}
        confirmer = Confirmer({name: finding.verdict for name, finding in last_findings.items()}, 2)
        path = self._folder / f"{day:03}.jsonl"
        live = LiveNight(script, day, script.provider(day), virtual, path, confirmer)
        if day in script.kills:
            self._kill(live, night)
        ledger = live.play()
        self._settle(night, live, ledger)
        self._compare(night)
        script.played.append(night)
        yield night

    def _regressions(self, raw: Mapping[str, str | None]) -> set[str]:
        """Leave out what no good night has ever kept: nothing got worse."""
        passing = {
            (finding.model, finding.clause)
            for run in self._good
            for finding in run.findings
            if finding.verdict is Verdict.PASS
        }
        return {clause for model, clause in raw.items() if clause and (model, clause) in passing}

    def _kill(self, live: LiveNight, night: Night) -> None:
        """Let the run be killed at some request; another goes on with it."""
        path = live.path
        live.path = path.with_name(f"{path.stem}-killed.jsonl")
        live.virtual.kill_at = random.Random(night.day).randrange(1, 2 * len(live.provider.models))
        try:
            live.play()
        except KilledError:
            night.was_killed = True
        live.virtual.kill_at, live.path = None, path
        if night.was_killed:
            live.resumes = read_run(path.with_name(f"{path.stem}-killed.jsonl"))

    def _settle(self, night: Night, live: LiveNight, ledger: Ledger) -> None:
        """Add up what was billed, counted and reported."""
        run, before = read_run(live.path), 0.0
        if live.resumes is not None:
            money = total(live.resumes.exchanges.values())
            before = money.paid + money.guess
            rows = read_ledger(_killed_ledger(live.path)).unanswered
            complete = dict(whole_cases(live.resumes, live.provider.id))
            usd = [row.usd for name, row in rows.items() if name.partition("::")[2] not in complete]
            night.carried = sum(usd)
            night.in_doubt = night.carried - live.virtual.lost
            _killed_ledger(live.path).unlink()
        night.billed = live.virtual.billed
        night.counted = before + ledger.spent().counted
        if night.day in live.script.outages:  # what failed may be billed, and here it was not
            night.in_doubt = max(night.counted - night.billed, 0.0)
        spent = spending(run)
        own = spent.own.paid + spent.own.guess if spent.own else 0.0
        taken_over = spent.before.paid + spent.before.guess
        sent_again = before - taken_over  # what the killed run had, and this one sent once more
        night.reported = own + taken_over + sent_again + spent.elsewhere
        self._run = run

    def _compare(self, night: Night) -> None:
        """Compare with the good nights; a night without a regression is one of them."""
        run = self._run
        if not self._good:
            self._good = [run]
            return
        comparison = drift(self._good, run)
        night.alarmed = {change.subject for change in comparison.regressions}
        night.undecided = comparison.unjudged
        if replace(comparison, unconfirmed_too=True).exit_code == 0:
            self._good = [*self._good, run][-MOST_BASES:]
