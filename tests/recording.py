"""A run without pytest: what the recorder is told, in this process and in an order of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from msgspec import to_builtins

from conformance.findings import Finding, Verdict
from conformance.results.run_file import Run, read_run
from conformance.runner.options import Options
from conformance.runner.output_path import OutputFile
from conformance.runner.session import Session
from conformance.runner.whole_plan import PlannedPromise, planned_promises
from conformance.suite.recorder import CRASHED, Recorder

PROVIDER = "aimock"
CASSETTES = Path(__file__).parents[1] / "cassettes"
PREFIX = "conformance/suite/test_promises.py"


@cache
def session(clauses: str = "*", models: str = "*", cases: str = "*") -> Session:
    """A replay of a counterpart, selected by the options of the suite."""
    options = Options((PROVIDER,), clauses=clauses, models=models, cases=cases, cassettes=CASSETTES)
    return Session(options)


@cache
def promise_names(
    clauses: str = "*", models: str = "*", cases: str = "*"
) -> dict[str, PlannedPromise]:
    """The promises that such a replay is asked for, by name."""
    return planned_promises(session(clauses, models, cases))


class ReplayedRun:
    """One run: items are begun with, reported, and the run ends."""

    def __init__(self, folder: Path, workers: bool = False, **globs: str) -> None:
        self.path = folder / "run.jsonl"
        self.asked = promise_names(**globs)
        self.recorder = Recorder(Mock(), lambda: session(**globs))
        self.recorder.write_to(OutputFile(self.path))
        self.ended: Any = SimpleNamespace(
            shouldstop=False, shouldfail=False, testsfailed=0, exitstatus=0
        )
        self._workers = workers

    def begin(self, names: Iterable[str]) -> None:
        """Collect items, here or in a worker of pytest-xdist."""
        ids = [f"{PREFIX}::{name}" for name in names]
        if self._workers:
            self.recorder.pytest_xdist_node_collection_finished(ids=ids)
        else:
            items: Any = SimpleNamespace(items=[SimpleNamespace(nodeid=name) for name in ids])
            self.recorder.pytest_collection_finish(items)

    def report(
        self,
        name: str,
        verdict: Verdict | None = Verdict.PASS,
        unforeseen: Sequence[Finding] = (),
    ) -> None:
        """Report an item, and what none reports; None for a clause that finds nothing to judge."""
        about = self.asked[name]
        where = (about.provider, about.model, about.case)
        finding = verdict and Finding(about.clause, about.level, verdict, *where)
        evidence: dict[str, Any] = {"records": [], "case": "::".join(name.split("::")[:2])}
        evidence["unforeseen"] = to_builtins(list(unforeseen))
        values = {"finding": finding and to_builtins(finding), "evidence": evidence}
        self._tell(SimpleNamespace(nodeid=f"{PREFIX}::{name}", when="call", **values))

    def die(self, name: str, worker: str = "gw0") -> None:
        """Let a worker die at an item, as pytest-xdist tells of it."""
        node = SimpleNamespace(gateway=SimpleNamespace(id=worker))
        self.recorder.pytest_testnodedown(node, "Not properly terminated")
        self._tell(SimpleNamespace(nodeid=f"{PREFIX}::{name}", when=CRASHED))
        self.ended.testsfailed += 1

    def end(self) -> Run:
        """End the run, and read what it left."""
        self.recorder.pytest_sessionfinish(self.ended, int(self.ended.testsfailed > 0))
        return read_run(self.path)

    @property
    def said(self) -> str:
        """What the terminal says at the end."""
        lines: list[str] = []
        write: Callable[..., None] = lambda line, **_: lines.append(line)  # noqa: E731
        self.recorder.pytest_terminal_summary(Mock(write_line=write))
        return "\n".join(lines)

    def _tell(self, report: Any) -> None:
        self.recorder.pytest_runtest_logreport(report)
