"""The run file of judged recordings.

What it says first, the providers and models, is known last: records wait in a temporary file.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.exchange.model import Exchange
from conformance.findings import NOT_ACCEPTED, Finding, Observation, Verdict
from conformance.parsing import printable
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.model_names import is_unknown
from conformance.results.conclusion import Conclusion, binding, explanations_in_recordings
from conformance.results.reach import Column, promises_of, reach_counts
from conformance.results.records import (
    SCHEMA,
    ExchangeRecord,
    ProviderRecord,
    RunFooter,
    RunHeader,
)
from conformance.results.run_file import RunWriter, line_of
from conformance.runner.header import about_clause, about_edition, values_of
from conformance.runner.output_path import OutputFile
from conformance.version import tool


class Records:
    """What was judged so far, in the order of the run file, and what it is about."""

    def __init__(self, spool: IO[str], edition: Edition, clauses: Sequence[Clause]) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self._samples: dict[tuple[str | bool, ...], Finding] = {}
        self._accepted: set[Column] = set()
        self._spool = spool
        self._edition = edition
        self._clauses = clauses
        self._started = datetime.now(UTC)
        self._providers: dict[str, tuple[str, set[str]]] = {}

    def add(
        self,
        exchange: Exchange,
        evidence: ExchangeRecord,
        observations: Sequence[Observation],
        findings: Sequence[Finding],
    ) -> None:
        """Keep one judged exchange."""
        url = _base_url(exchange.request.url)
        self._providers.setdefault(exchange.provider, (url, set()))[1].add(exchange.model)
        if evidence.outcome == "accepted":
            self._accepted.add((exchange.provider, exchange.model))
        self._spool.write(line_of(evidence))
        for observation in observations:
            self._spool.write(line_of(observation))
        for finding in findings:
            self.verdicts[finding.verdict] += 1
            refused = finding.message.startswith(NOT_ACCEPTED)
            column = finding.provider, finding.model
            about = (*column, finding.clause, finding.verdict.value, refused)
            self._samples.setdefault(about, finding)
            self._spool.write(line_of(finding))

    def write(
        self, run_file: Path, files: Sequence[ForeignFile], conclusion: Conclusion, complete: bool
    ) -> None:
        """Write the run file, whole or not at all; raises RunFileError where that cannot be."""
        place = OutputFile(run_file)
        place.take()
        try:
            writer = RunWriter(run_file, self._header(files))
            self._spool.seek(0)
            for line in self._spool:
                writer.line(line)
            promises = promises_of(self.samples, explanations_in_recordings(self.samples))
            writer.close(
                RunFooter(
                    finished=datetime.now(UTC).isoformat(timespec="seconds"),
                    complete=complete,
                    conclusion=int(conclusion),
                    counts=self.counts(),
                    reach=reach_counts(promises, [clause.id for clause in self._clauses]),
                    problems=tuple(problem for file in files for problem in file.problems()),
                    notes=tuple(note for file in files for note in file.notes()),
                )
            )
        except BaseException:
            place.give_back()
            raise
        place.keep()

    @property
    def samples(self) -> list[Finding]:
        """One finding of every verdict of every promise: they decide the conclusion."""
        return binding(list(self._samples.values()), self._accepted)

    def unknown_models(self) -> list[str]:
        """The models that the edition does not have."""
        return [name for name in self._models() if is_unknown(name, self._edition)]

    def _models(self) -> list[str]:
        return sorted({name for _, models in self._providers.values() for name in models})

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {
            verdict.value: self.verdicts[verdict] for verdict in Verdict if self.verdicts[verdict]
        }

    def _header(self, files: Sequence[ForeignFile]) -> RunHeader:
        edition = self._edition
        return RunHeader(
            schema=SCHEMA,
            id=f"{self._started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
            tool=tool(),
            python=platform.python_version(),
            edition=about_edition(edition, self._models()),
            started=self._started.isoformat(timespec="seconds"),
            unknown_models=tuple(self.unknown_models()),
            recordings=tuple(printable(file.path.name, 200) for file in files),
            providers=tuple(
                ProviderRecord(
                    id=name,
                    title=f"{name} (foreign recordings)",
                    base_url=url,
                    mode="foreign",
                    models={model: model for model in sorted(models)},
                )
                for name, (url, models) in sorted(self._providers.items())
            ),
            clauses=tuple(about_clause(clause, edition) for clause in self._clauses),
            values=values_of(edition, self._models(), planned=False),
        )


def _base_url(url: str) -> str:
    return printable(url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations"), 500)
