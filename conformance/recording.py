"""What the process that collects reports does with them: the run file, the end, the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ConformanceError
from conformance.findings import Finding, Observation, Verdict
from conformance.runs.conclusion import Conclusion, conclude, counts
from conformance.runs.deviations import stale_deviations
from conformance.runs.file import RunWriter, finding_from_json
from conformance.runs.placing import Place
from conformance.runs.session import Session
from conformance.strict import printable

_LETTERS = {
    Verdict.PASS: (".", "passed"),
    Verdict.NOT_CLAIMED: ("-", "not claimed"),
    Verdict.NOT_RUN: ("r", "not run"),
    Verdict.NOT_TESTABLE: ("n", "not testable"),
    Verdict.UNAVAILABLE: ("u", "unavailable"),
    Verdict.FLAKY: ("f", "flaky"),
    Verdict.DEVIATES: ("d", "deviates"),
    Verdict.HARNESS_ERROR: ("E", "harness error"),
}


class Recorder:
    """Gathers findings as they arrive, writes the run file and concludes."""

    def __init__(self, config: pytest.Config, session: Callable[[], Session]) -> None:
        self._config = config
        self._session = session
        self._writer: RunWriter | None = None
        self._place: Place | None = None
        self._left_out = False
        self._lost = False  # the run file can no longer be written
        self._stopped = False  # by the user, while requests were sent
        self.findings: list[Finding] = []
        self.problems: list[str] = []
        self.conclusion: Conclusion | None = None

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Remember that not everything is judged."""
        self._left_out = self._left_out or bool(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a finding, and write it before anything else can go wrong."""
        values = getattr(report, "finding", None)
        if values is None or self._lost:
            return
        finding = finding_from_json(values)
        self.findings.append(finding)
        with self._ending():
            self._write(finding, getattr(report, "evidence", None))

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a verdict as what it is; only a pass is green."""
        values = getattr(report, "finding", None)
        if values is None or report.failed or values["verdict"] == Verdict.PASS:
            return None
        if "deviation" in values:
            return "known deviation", "k", ("KNOWN DEVIATION", {"yellow": True})
        letter, word = _LETTERS[Verdict(values["verdict"])]
        return word, letter, (word.upper(), {"yellow": True})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Conclude: what is broken outweighs what could not be judged."""
        if not self.findings:
            return
        complete = exitstatus in (0, 1) and not session.shouldstop and not session.shouldfail
        complete = complete and not any(each.verdict is Verdict.NOT_RUN for each in self.findings)
        self._stopped = self._was_stopped()
        complete = complete and not self._stopped
        self._find_problems(complete)
        self.conclusion = self._conclude(complete)
        if self._writer is not None and not self._lost:
            with self._ending():
                self._writer.close(self._footer(complete))
        if self._session().options.mode != "replay" and (complete or self._writer is None):
            self._session().live.clear()
        if exitstatus in (0, 1):
            others = session.testsfailed > sum(_counts_as_failed(each) for each in self.findings)
            session.exitstatus = 1 if others else int(self.conclusion)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what the run came to, and what is wrong with it as a whole."""
        if self.conclusion is None:
            return
        terminalreporter.section("conformance")
        for problem in self.problems:
            terminalreporter.write_line(printable(problem, 2000), red=True)
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts(self.findings).items())
        whole = self._session().options.whole and not self._left_out
        part = "" if whole else "; only a part was judged"
        terminalreporter.write_line(f"{said}: {self.conclusion.sentence}{part}")
        if self._writer is not None:
            on = "; the run was stopped, go on with --resume" if self._stopped else ""
            terminalreporter.write_line(f"run file: {self._writer.path}{on}")

    def give_back(self) -> None:
        """Leave things as they were after a run that judged nothing; called last of all."""
        if self._place is not None:
            if self._writer is not None:
                self._writer.abandon()
            self._place.give_back()

    def open(self) -> RunWriter | None:
        """Begin the run file: before anything is sent, else with the first finding."""
        path = self._config.getoption("--run-file")
        if self._writer is None and path:
            session = self._session()
            durable = session.options.mode != "replay" and session.options.shared is not None
            header = session.header()
            self._place = Place(Path(path))
            self._place.take()
            self._writer = RunWriter(Path(path), header, durable)
        return self._writer

    def _write(self, finding: Finding, evidence: dict[str, Any] | None) -> None:
        writer = self.open()
        if writer is not None:
            self._evidence(writer, evidence)
            writer.finding(finding)
            self._stands()

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """End the session where the run file cannot be written: nothing more would be kept."""
        try:
            yield
        except ConformanceError as error:
            self._lost = True
            pytest.exit(str(error), returncode=int(Conclusion.NOT_JUDGED))

    def _stands(self) -> None:
        """Let go of the run that was there before: from now on this one is worth more."""
        if self._place is not None:
            self._place.keep()
            self._place = None

    def _evidence(self, writer: RunWriter, evidence: dict[str, Any] | None) -> None:
        if evidence is None:
            return
        if evidence["exchange"] is not None:
            writer.exchange(evidence["exchange"])
        for each in evidence["observations"]:
            writer.observation(Observation(**each))

    def _find_problems(self, complete: bool) -> None:
        session = self._session()
        if session.options.mode != "replay":
            self.problems += session.live.ledger.halts()
        if not complete or self._left_out or not session.options.whole:
            return
        self.problems += session.unused_cassettes()
        for provider in session.providers:
            self.problems += stale_deviations(provider, self.findings, session.today)

    def _was_stopped(self) -> bool:
        """Whether the user ended it: what was not tried again may be missing as well."""
        session = self._session()
        return session.options.mode != "replay" and session.live.ledger.stopped()

    def _conclude(self, complete: bool) -> Conclusion:
        found = conclude(self.findings)
        if found is Conclusion.CONFORMS and self.problems:
            return Conclusion.BREAKS
        if found is Conclusion.CONFORMS and not complete:
            return Conclusion.NOT_JUDGED
        return found

    def _footer(self, complete: bool) -> dict[str, Any]:
        return {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "complete": complete,
            "conclusion": int(self.conclusion or 0),
            "counts": counts(self.findings),
            **self._spent(),
            "problems": self.problems,
        }

    def _spent(self) -> dict[str, Any]:
        """What was sent and spent; of a replay, nothing is said."""
        session = self._session()
        if session.options.mode == "replay":
            return {}
        spent = session.live.ledger.spent()
        names = ("estimate", "actual", "guess", "requests")
        return {"spent": {name: getattr(spent, name) for name in names}}


def _counts_as_failed(finding: Finding) -> bool:
    broken = finding.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR)
    return broken and not finding.excused
