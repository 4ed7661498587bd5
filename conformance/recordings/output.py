"""The run file of judged recordings.

What it says first, the providers and models, is known last: records wait in a temporary file.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.exchange.model import Exchange
from conformance.findings import NOT_ACCEPTED, Finding, Observation, Verdict
from conformance.parsing import printable
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.model_names import is_stranger
from conformance.results.conclusion import Conclusion, binding, explanations_in_recordings
from conformance.results.reach import Column, promises_of, reach_counts
from conformance.results.run_file import RunWriter, finding_to_json, line_of
from conformance.runner.header import about_clause
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
        evidence: Mapping[str, Any],
        observations: Sequence[Observation],
        findings: Sequence[Finding],
    ) -> None:
        """Keep one judged exchange."""
        url = _base_url(exchange.request.url)
        self._providers.setdefault(exchange.provider, (url, set()))[1].add(exchange.model)
        if evidence["outcome"] == "accepted":
            self._accepted.add((exchange.provider, exchange.model))
        self._spool.write(line_of(evidence))
        for each in observations:
            values = {name: getattr(each, name) for name in each.__slots__}
            self._spool.write(line_of({"type": "observation", **values}))
        for finding in findings:
            self.verdicts[finding.verdict] += 1
            refused = finding.message.startswith(NOT_ACCEPTED)
            about = (*_column(finding), finding.clause, finding.verdict.value, refused)
            self._samples.setdefault(about, finding)
            self._spool.write(line_of({"type": "finding", **finding_to_json(finding)}))

    def write(
        self, run_file: Path, files: Sequence[ForeignFile], conclusion: Conclusion, complete: bool
    ) -> None:
        """Write the run file, whole or not at all; raises RunFileError where that cannot be."""
        place = OutputFile(run_file)
        place.take()
        try:
            self._write(run_file, files, conclusion, complete)
        except BaseException:
            place.give_back()
            raise
        place.keep()

    def _write(
        self, run_file: Path, files: Sequence[ForeignFile], conclusion: Conclusion, complete: bool
    ) -> None:
        writer = RunWriter(run_file, self._header(files))
        self._spool.seek(0)
        for line in self._spool:
            writer.exchange(json.loads(line))
        writer.close(
            {
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "complete": complete,
                "conclusion": int(conclusion),
                "counts": self.counts(),
                "reach": self._reach(),
                "problems": [each for file in files for each in file.problems()],
                "notes": [each for file in files for each in file.notes()],
            }
        )

    @property
    def samples(self) -> list[Finding]:
        """One finding of every verdict of every promise: they say what all of them come to."""
        return binding(list(self._samples.values()), self._accepted)

    def unknown_models(self) -> list[str]:
        """The models that the edition does not have."""
        names = {each for _, models in self._providers.values() for each in models}
        return sorted(each for each in names if is_stranger(each, self._edition))

    def _reach(self) -> list[dict[str, Any]]:
        explanations = explanations_in_recordings(self.samples)
        return reach_counts(promises_of(self.samples, explanations))

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {each.value: self.verdicts[each] for each in Verdict if self.verdicts[each]}

    def _header(self, files: Sequence[ForeignFile]) -> dict[str, Any]:
        edition = self._edition
        return {
            "id": f"{self._started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
            "tool": tool(),
            "python": platform.python_version(),
            "edition": {
                "id": edition.id,
                "title": edition.title,
                "document": edition.document,
                "published": edition.published,
                "families": self._families(),
            },
            "started": self._started.isoformat(timespec="seconds"),
            "unknown_models": self.unknown_models(),
            "recordings": [printable(each.path.name, 200) for each in files],
            "providers": [
                {
                    "id": name,
                    "title": f"{name} (foreign recordings)",
                    "base_url": url,
                    "mode": "foreign",
                    "key_variable": None,
                    "models": {each: each for each in sorted(models)},
                }
                for name, (url, models) in sorted(self._providers.items())
            ],
            "clauses": [about_clause(each, edition) for each in self._clauses],
        }

    def _families(self) -> dict[str, str]:
        names = sorted({each for _, models in self._providers.values() for each in models})
        found = {name: self._edition.find(name) for name in names}
        return {name: model.family for name, model in found.items() if model is not None}


def _column(finding: Finding) -> Column:
    return finding.provider, finding.model


def _base_url(url: str) -> str:
    return printable(url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations"), 500)
