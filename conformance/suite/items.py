"""The pytest nodes: a provider holds cases, a case holds one item for each clause it answers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import to_builtins

from conformance.cases.model import Case
from conformance.cases.request import curl
from conformance.clauses.registry import Clause
from conformance.contract import schemas_directory
from conformance.findings import UNDECIDED, Finding, Verdict
from conformance.results.case_result import records_of
from conformance.results.editions import explain_command
from conformance.runner.engine import Engine
from conformance.runner.session import Session

Outcomes = Literal["passed", "failed", "skipped"]
NOTHING = "nothing to judge: the answer has nothing that the clause speaks of"


def node_id(parent: pytest.Collector, path: Path) -> str:
    """Return the id of a file of the suite: a path that pytest takes, wherever it is installed."""
    return Path(os.path.relpath(path, parent.config.rootpath)).as_posix()


class ProvidersModule(pytest.File):
    """The file that stands for all promises of all providers."""

    session_of_run: Session

    def collect(self) -> Iterator[pytest.Collector]:
        """Return a node for each provider."""
        for engine in self.session_of_run.engines:
            selected = self.session_of_run.selected(engine)
            yield ProviderNode.from_parent(
                self, name=engine.provider.id, engine=engine, selected=list(selected)
            )


class ProviderNode(pytest.Collector):
    """One provider."""

    def __init__(
        self, *, engine: Engine, selected: Sequence[tuple[Case, list[Clause]]], **node: Any
    ) -> None:
        super().__init__(**node)
        self.engine = engine
        self.selected = selected

    def collect(self) -> Iterator[pytest.Collector]:
        """Return a node for each case."""
        for case, clauses in self.selected:
            node: CaseNode = CaseNode.from_parent(
                self, name=case.path, engine=self.engine, case=case, clauses=clauses
            )
            yield node


class CaseNode(pytest.Collector):
    """One case: one exchange, shared by all its items."""

    def __init__(self, *, engine: Engine, case: Case, clauses: list[Clause], **node: Any) -> None:
        super().__init__(**node)
        self.engine = engine
        self.case = case
        self.clauses = clauses
        self._is_reported = False
        self.following: CaseNode | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Return an item for each clause."""
        for clause in self.clauses:
            item: PromiseItem = PromiseItem.from_parent(self, name=clause.id)
            item.clause = clause
            yield item

    def finding(self, clause: Clause) -> Finding | None:
        """Judge the case, once, and return the finding of a clause; None for nothing to judge."""
        if self.following is not None:
            self.following.engine.look_ahead(self.following.case)
            self.following = None
        return self.engine.judged(self.case).findings.get(clause.id)

    def evidence_once(self) -> dict[str, Any] | None:
        """Return what no other item reports, for the first one of a case in a replay; else None.

        That is the exchange, its observations, and the findings that nothing planned.
        """
        if self._is_reported or self.engine.pooled:  # what is sent was kept before
            return None
        self._is_reported = True
        result = self.engine.judged(self.case)
        return {
            "case": f"{self.engine.provider.id}::{self.case.path}",
            "records": to_builtins(records_of(result)),
            "unforeseen": to_builtins(self.engine.unforeseen(self.case, result)),
        }

    def curl(self, variable: str) -> str:
        """Return the command that sends the case again."""
        provider = self.engine.provider
        served_as = provider.models.get(self.case.model)
        return curl(
            self.engine.sent_as(self.case),
            base_url=provider.base_url,
            key_variable=variable,
            served_as=served_as,
        )


def expect(items: Sequence[pytest.Item]) -> None:
    """Pass to each engine the cases that this process knows will be judged."""
    nodes = dict.fromkeys(item.parent for item in items if isinstance(item, PromiseItem))
    for engine in dict.fromkeys(node.engine for node in nodes):
        engine.expect(node.case for node in nodes if node.engine is engine)


def follow_each_other(items: Sequence[pytest.Item]) -> None:
    """Pass to each case the one that is judged after it in this process."""
    nodes = dict.fromkeys(item.parent for item in items if isinstance(item, PromiseItem))
    for node, following in pairwise(nodes):
        node.following = following


class PromiseItem(pytest.Item):
    """One clause judged on one exchange."""

    clause: Clause
    parent: CaseNode

    def runtest(self) -> None:
        """Judge; only reached when another plugin replaces the protocol."""
        outcome, why, _ = self._outcome(self.parent.finding(self.clause))
        if outcome == "failed":
            raise AssertionError(why)
        if outcome == "skipped":  # what was not judged must not pass here either
            pytest.skip(why if isinstance(why, str) else why[2])

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """Return where pytest says the item is: it would print dots that end an id as colons."""
        case, file = self.parent, self.nodeid.partition("::")[0]
        return file, None, f"{case.engine.provider.id} {case.name}: {self.name}"

    def report(self) -> pytest.TestReport:
        """Judge and report, in one phase: there is nothing to set up or to tear down."""
        start = time.time()
        finding = self.parent.finding(self.clause)
        outcome, longrepr, expected_to_fail = self._outcome(finding)
        stop = time.time()
        report = pytest.TestReport(
            nodeid=self.nodeid,
            location=self.location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when="call",
            duration=stop - start,
            start=start,
            stop=stop,
            finding=finding and to_builtins(finding),
            evidence=self.parent.evidence_once() if finding is not None else None,
        )
        if expected_to_fail is not None:
            report.wasxfail = expected_to_fail
        return report

    def _outcome(self, finding: Finding | None) -> tuple[Outcomes, Any, str | None]:
        """Map a verdict on pytest's outcome, its explanation, and why it was expected."""
        if finding is None:
            return "skipped", (str(self.path), 0, NOTHING), None
        verdict = f"{finding.verdict.value}: {finding.message}"
        if finding.verdict is Verdict.PASS:
            return "passed", None, None
        if finding.excused:
            return "skipped", self.explain(finding), f"known deviation: {finding.deviation}"
        if finding.verdict is Verdict.DEVIATES:
            return "skipped", self.explain(finding), f"SHOULD broken: {finding.message}"
        if finding.verdict in UNDECIDED or finding.verdict is Verdict.NOT_CLAIMED:
            return "skipped", (str(self.path), 0, verdict), None
        return "failed", self.explain(finding), None

    def explain(self, finding: Finding) -> str:
        """Say what was promised, what was observed, and how to reproduce it."""
        provider, edition = self.parent.engine.provider, self.parent.engine.edition
        is_ours = edition.folder.parent == schemas_directory()
        edition_name = edition.id if is_ours else str(edition.folder)
        lines = [
            f"{finding.id}",
            f"{finding.level}: {self.clause.statement}",
            f"verdict:  {finding.verdict.value}: {finding.message}",
        ]
        lines += [f"expected: {finding.expected}"] if finding.expected else []
        lines += [f"observed: {finding.observed}"] if finding.observed else []
        lines += [f"control:  {finding.control}"] if finding.control else []
        lines += [
            f"request:  {self.parent.curl(provider.key_variable or 'API_KEY')}",
            f"more:     {explain_command(finding.clause, edition_name)}",
        ]
        return "\n".join(lines)
