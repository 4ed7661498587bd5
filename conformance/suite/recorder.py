"""What the process that collects reports does with them: the run file, the end, the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NoReturn

import pytest
from msgspec import convert

from conformance.cases.model import Case
from conformance.errors import ConformanceError
from conformance.findings import BROKEN, DECIDED, KNOWN, Finding, Verdict, state_of
from conformance.output.printing import printable
from conformance.results.case_result import CaseResult, records_of
from conformance.results.conclusion import (
    Conclusion,
    Headline,
    conclude_run,
    counts,
    explanations,
    reach_of,
)
from conformance.results.deviations import stale_deviations
from conformance.results.reach import promises_of, reach_counts
from conformance.results.records import Record, RunFooter, SpentRecord
from conformance.results.run_file import RunWriter
from conformance.runner.engine import Engine
from conformance.runner.output_path import OutputFile, how_to_resume
from conformance.runner.session import Session
from conformance.runner.whole_plan import Ending, Progress, plan_of, planned_promises, promise_named

CRASHED = "???"  # the phase that pytest-xdist reports of an item at which a worker died


class Recorder:
    """Gathers findings as they arrive, writes the run file and concludes."""

    def __init__(self, config: pytest.Config, session: Callable[[], Session]) -> None:
        self._config = config
        self._session = session
        self._writer: RunWriter | None = None
        self._output_file: OutputFile | None = None
        self._progress = Progress()
        self._cases: dict[str, set[str]] = {}  # the chosen promises of a case, once it may be sent
        self._lock = Lock()  # several threads judge
        self._is_over = False
        self._has_begun = False  # whether anything is in the run file
        self._written: set[str] = set()  # cases whose evidence was written
        self._died: list[str] = []  # workers, each with why
        self._crashes = 0  # reports of pytest-xdist on what a worker was at when it died
        self._lost = False  # the run file can no longer be written
        self.findings: list[Finding] = []
        self.problems: list[str] = []
        self.conclusion: Conclusion | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what is to be judged, after every plugin took away what it does not want."""
        self._progress.begin(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn the same from a worker."""
        self._progress.begin(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Remember a worker that died; one that was asked to stop has not."""
        if error and error != "keyboard-interrupt":
            self._died.append(str(node.gateway.id))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a finding, and write it before anything else can go wrong."""
        name = promise_named(report.nodeid)
        if name is None or self._lost or self._cases:
            return  # what is sent was kept before
        if not hasattr(report, "finding"):
            self._crashes += report.when == CRASHED
            return
        if name in self._progress.judged:
            return  # a worker reported it before it died
        values = report.finding
        finding = None if values is None else convert(values, Finding)
        self._progress.judge(name, finding)
        if finding is not None:
            self._take(finding, getattr(report, "evidence", None))

    def begin_sending(self) -> None:
        """Know which promises are chosen, before any case is judged in another thread."""
        for name in sorted(self._progress.chosen):
            self._cases.setdefault(name.rpartition("::")[0], set()).add(name)

    def keep(self, engine: Engine, case: Case, result: CaseResult) -> None:
        """Write a case that was judged live to the disk, before anybody hears of it.

        Of one that was sent only for the sake of others nothing is written. Raises
        `RunFileError` where the file cannot be written; nothing more is sent then.
        """
        findings = {finding.id: finding for finding in result.findings.values()}
        chosen = self._cases.get(f"{engine.provider.id}::{case.path}", set())
        with self._lock:
            if not chosen or self._is_over:
                return
            try:
                if findings.keys() - chosen:  # a part says less of a case than a resumed run needs
                    ledger = self._session().live.ledger
                    ledger.keep_result(engine.provider.id, case.path, result)
                planned = [findings[name] for name in sorted(chosen & findings.keys())]
                case_findings = [*planned, *engine.unforeseen(case, result)]
                self._write([*records_of(result), *case_findings], durably=True)
                self.findings += case_findings
                for name in chosen:
                    self._progress.judge(name, findings.get(name))
            except ConformanceError:
                self._lost = True
                self._session().live.ledger.stop()
                raise
            max_failures = self._config.getoption("maxfail", 0)
            if max_failures and sum(map(_counts_as_failed, self.findings)) >= max_failures:
                self._session().live.ledger.stop()

    def _take(self, finding: Finding, evidence: dict[str, Any] | None = None) -> None:
        fresh = evidence if evidence is not None and evidence["case"] not in self._written else None
        unforeseen = convert(fresh["unforeseen"], list[Finding]) if fresh else []
        records = convert(fresh["records"], list[Record]) if fresh else []
        self.findings += [finding, *unforeseen]
        try:
            self._write([*records, finding, *unforeseen])
            if fresh is not None:
                self._written.add(fresh["case"])
        except ConformanceError as error:
            self._end_lost(error)

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a verdict as what it is; only a pass is green."""
        values = getattr(report, "finding", None)
        if values is None or report.failed or values["verdict"] == Verdict.PASS:
            return None
        if "deviation" in values:
            return "known deviation", KNOWN.letter, ("KNOWN DEVIATION", {"yellow": True})
        state = state_of(Verdict(values["verdict"]))
        return state.label, state.letter, (state.label.upper(), {"yellow": True})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Conclude: what is broken outweighs what could not be judged."""
        with self._lock:
            self._is_over = True  # a thread may still be judging, whose case comes too late
        if self._died:
            self._report_lost()
        if not self.findings:
            session.exitstatus = int(Conclusion.NOT_JUDGED) if self._died else exitstatus
            return
        stopped = exitstatus not in (0, 1) or bool(session.shouldstop or session.shouldfail)
        self._end = self._ended(stopped)
        self._find_problems()
        self.conclusion = conclude_run(self.findings, self.problems, self._end.interrupted)
        if self._writer is not None and not self._lost:
            try:
                self._writer.close(self._footer(self._end))
            except ConformanceError as error:
                self._end_lost(error)
        if self._session().options.sends and not self._can_be_resumed():
            self._session().live.clear()
        if exitstatus in (0, 1):
            # other tests of the session, such as generated requests, may have failed as well
            failed = sum(map(_counts_as_failed, self.findings)) + self._crashes
            others_failed = session.testsfailed > failed
            session.exitstatus = 1 if others_failed else int(self.conclusion)

    def _can_be_resumed(self) -> bool:
        """Return whether the run stopped early and has anything that need not be sent again."""
        if not self._end.interrupted or self._writer is None:
            return False
        decided = any(finding.verdict in DECIDED for finding in self.findings)
        return decided or self._session().live.ledger.spent().counted > 0

    def _ended(self, stopped: bool) -> Ending:
        """Return how the run ended: of what was planned, what was judged."""
        run = self._session()  # of one that the user stopped, retries may be missing as well
        by_user = run.options.sends and run.live.ledger.stopped()
        self._progress.asked = planned_promises(run)
        not_run = any(finding.verdict is Verdict.NOT_RUN for finding in self.findings)
        lost = bool(self._died or self._progress.lost or not_run)
        plan, counts = plan_of(run), self._progress.counts()
        return Ending(stopped or by_user or lost, self._progress.left_out, plan, counts)

    def _report_lost(self) -> None:
        """Report workers that died; what no other worker judged instead is *not run*."""
        self._progress.asked = planned_promises(self._session())
        why = "the worker that was to judge it died"
        lost = self._progress.lost
        for promise in lost:
            where = (promise.provider, promise.model, promise.case)
            self._take(Finding(promise.clause, promise.level, Verdict.NOT_RUN, *where, message=why))
        rest = f"{len(lost):,} promises were not run" if lost else "others judged what was left"
        several = "a worker" if len(self._died) == 1 else f"{len(self._died)} workers"
        self.problems.append(f"{several} of pytest-xdist died ({', '.join(self._died)}): {rest}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the conclusion, and what is wrong with the run as a whole."""
        if self.conclusion is None and not self._died:
            return
        terminalreporter.section("conformance")
        for problem in self.problems:
            terminalreporter.write_line(printable(problem, 2000), red=True)
        if self.conclusion is None:
            return
        tally = ", ".join(f"{count} {verdict}" for verdict, count in counts(self.findings).items())
        terminalreporter.write_line(f"{tally}: {self._headline()}")
        if self._writer is not None:
            path = self._writer.path
            terminalreporter.write_line(f"run file: {path}")
            if self._session().options.sends and self._end.interrupted:
                how = how_to_resume(path, "--run-file")
                terminalreporter.write_line(f"the run is not complete; {how}")

    def write_to(self, output_file: OutputFile) -> None:
        """Name the file that the run is written to; nothing is written yet."""
        self._output_file = output_file

    def give_back(self) -> None:
        """Leave things as they were after a run that judged nothing; called last of all."""
        if self._output_file is not None and not self._has_begun:
            if self._writer is not None:
                self._writer.abandon()
            self._output_file.give_back()

    def open(self) -> RunWriter | None:
        """Begin the run file: before anything is sent, else with the first finding."""
        if self._writer is None and self._output_file is not None:
            session = self._session()
            durable = session.options.sends and session.billed
            header = session.header()
            self._output_file.take()
            self._writer = RunWriter(self._output_file.path, header, durable)
        return self._writer

    def _write(self, records: Iterable[Record], durably: bool = False) -> None:
        """Write records where there is a run file; raises `RunFileError` if it cannot be."""
        writer = self.open()
        if writer is None or self._output_file is None:
            return
        for record in records:
            writer.add(record)
        if durably:
            writer.sync()
        if not self._has_begun:  # from now on this run is worth more than the one before it
            self._output_file.keep()
        self._has_begun = True

    def _end_lost(self, error: ConformanceError) -> NoReturn:
        """End the session where the run file cannot be written: nothing more would be kept."""
        self._lost = True
        pytest.exit(str(error), returncode=int(Conclusion.NOT_JUDGED))

    def _find_problems(self) -> None:
        session = self._session()
        if session.options.sends:
            self.problems += session.live.ledger.halts()
            lost = session.lost_answers()
            self.problems += [lost] if lost and not session.options.resend else []
        if not self._end.all_judged:
            return
        self.problems += session.unused_cassettes()
        for engine in session.engines:
            provider, today = engine.provider, session.today
            retired = [model for model in provider.models if engine.is_retired(model)]
            self.problems += stale_deviations(provider, self.findings, today, retired)

    def _headline(self) -> str:
        ended = {
            (engine.provider.id, model)
            for engine in self._session().engines
            for model in engine.provider.models
            if engine.is_retired(model)
        }
        findings = self.findings
        excused = {(finding.provider, finding.clause) for finding in findings if finding.excused}
        return Headline(
            subject=[provider.id for provider in self._session().providers],
            conclusion=self.conclusion or Conclusion.CONFORMS,
            broken=any(finding.verdict in BROKEN and not finding.excused for finding in findings),
            known=len(excused),
            reach=[
                reach
                for column, reach in reach_of(findings).items()
                if reach.total or column not in ended  # of an ended model little is asked
            ],
            part=not self._end.all_judged,
        ).sentence

    def _footer(self, end: Ending) -> RunFooter:
        session, spent = self._session(), None
        if session.options.sends:  # of a replay nothing is known
            sums = session.live.ledger.spent()
            spent = SpentRecord(sums.estimate, sums.actual, sums.guess, sums.requests)
        promises = promises_of(self.findings, explanations(self.findings))
        return RunFooter(
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            complete=end.complete,
            interrupted=end.interrupted,
            whole=end.whole,
            left_out=end.left_out,
            conclusion=int(self.conclusion or 0),
            counts=counts(self.findings),
            reach=reach_counts(promises, [clause.id for clause in session.clauses], end.counts),
            spent=spent,
            problems=tuple(self.problems),
        )


def _counts_as_failed(finding: Finding) -> bool:
    broken = finding.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR)
    return broken and not finding.excused
