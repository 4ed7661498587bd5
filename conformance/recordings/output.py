"""The run file of judged recordings.

What it says first, the providers and models, is known last: records wait in a temporary file.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from conformance.exchange.model import Exchange
from conformance.findings import NOT_ACCEPTED, Finding, Observation, Verdict
from conformance.parsing import printable
from conformance.recordings.contracts import Contract, Contracts
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.model_names import is_unknown
from conformance.results.conclusion import (
    Conclusion,
    binding,
    conclude_recordings,
    explanations_in_recordings,
    gravest,
)
from conformance.results.reach import Column, ModelReach, promises_of, reach_counts
from conformance.results.records import (
    SCHEMA,
    ContractRecord,
    ExchangeRecord,
    ProviderRecord,
    RunFooter,
    RunHeader,
    SelectionRecord,
)
from conformance.results.run_file import RunWriter, line_of
from conformance.runner.header import about_clause, about_edition, values_of
from conformance.runner.output_path import OutputFile
from conformance.version import tool


@dataclass(slots=True)
class _Provider:
    """A host of recordings, and by what it was judged."""

    url: str
    contract: Contract
    models: set[str] = field(default_factory=set)


class Records:
    """What was judged so far, in the order of the run file, and what it is about."""

    def __init__(self, spool: IO[str], contracts: Contracts) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self._samples: dict[tuple[str | bool, ...], Finding] = {}
        self._accepted: set[Column] = set()
        self._spool = spool
        self._contracts = contracts
        self._started = datetime.now(UTC)
        self._providers: dict[str, _Provider] = {}

    def add(
        self,
        contract: Contract,
        exchange: Exchange,
        evidence: ExchangeRecord,
        observations: Sequence[Observation],
        findings: Sequence[Finding],
    ) -> None:
        """Keep one judged exchange."""
        about = _Provider(_base_url(exchange.request.url), contract)
        self._providers.setdefault(exchange.provider, about).models.add(exchange.model)
        if evidence.outcome == "accepted":
            self._accepted.add((exchange.provider, exchange.model))
        self._spool.write(line_of(evidence))
        for observation in observations:
            self._spool.write(line_of(observation))
        for finding in findings:
            self.verdicts[finding.verdict] += 1
            refused = finding.message.startswith(NOT_ACCEPTED)
            column = finding.provider, finding.model
            kind = (*column, finding.clause, finding.verdict.value, refused)
            self._samples.setdefault(kind, finding)
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
            writer.close(
                RunFooter(
                    finished=datetime.now(UTC).isoformat(timespec="seconds"),
                    complete=complete,
                    conclusion=int(conclusion),
                    counts=self.counts(),
                    reach=tuple(self._reach()),
                    problems=tuple(problem for file in files for problem in file.problems()),
                    notes=tuple(note for file in files for note in file.notes()),
                )
            )
        except BaseException:
            place.give_back()
            raise
        place.keep()

    def conclusion(self, whole: bool) -> Conclusion:
        """Conclude edition by edition; `whole` is whether all of it could be read."""
        return gravest(
            conclude_recordings(self._samples_of(each), whole, each.unknown_models)
            for each in self._contract_records()
        )

    def _samples_of(self, judged: ContractRecord) -> list[Finding]:
        """Return one finding of every verdict of every promise of some providers."""
        mine = [each for each in self._samples.values() if each.provider in judged.providers]
        return binding(mine, self._accepted)

    def _reach(self) -> Iterator[ModelReach]:
        """Yield the reach of every model; the letters of states are of the header's clauses."""
        main, *others = self._contract_records()
        for each in (main, *others):
            samples = self._samples_of(each)
            clauses = [clause.id for clause in each.clauses] if each is main else []
            yield from reach_counts(
                promises_of(samples, explanations_in_recordings(samples)), clauses
            )

    def _contract_records(self) -> list[ContractRecord]:
        """Return what is said of every edition that judged, the default one first."""
        editions: dict[str, tuple[Contract, list[str]]] = {}
        default = self._contracts.default
        for name, about in sorted(self._providers.items(), key=lambda e: e[1].contract != default):
            editions.setdefault(about.contract.edition.id, (about.contract, []))[1].append(name)
        found = [self._contract_record(*each) for each in editions.values()]
        return found or [self._contract_record(default, [])]

    def _contract_record(self, contract: Contract, providers: Sequence[str]) -> ContractRecord:
        models = sorted({name for each in providers for name in self._providers[each].models})
        edition = contract.edition
        return ContractRecord(
            edition=about_edition(edition, models),
            providers=tuple(sorted(providers)),
            clauses=tuple(about_clause(clause, edition) for clause in contract.clauses),
            unknown_models=tuple(name for name in models if is_unknown(name, edition)),
            values=values_of(edition, models, planned=False),
        )

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {
            verdict.value: self.verdicts[verdict] for verdict in Verdict if self.verdicts[verdict]
        }

    def _header(self, files: Sequence[ForeignFile]) -> RunHeader:
        main, *others = self._contract_records()
        return RunHeader(
            schema=SCHEMA,
            id=f"{self._started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
            tool=tool(),
            python=platform.python_version(),
            edition=main.edition,
            started=self._started.isoformat(timespec="seconds"),
            selection=SelectionRecord(clauses=self._contracts.pattern),
            unknown_models=main.unknown_models,
            recordings=tuple(printable(file.path.name, 200) for file in files),
            providers=tuple(
                ProviderRecord(
                    id=name,
                    title=f"{name} (foreign recordings)",
                    base_url=about.url,
                    mode="foreign",
                    models={model: model for model in sorted(about.models)},
                )
                for name, about in sorted(self._providers.items())
            ),
            clauses=main.clauses,
            values=main.values,
            also=tuple(others),
        )


def _base_url(url: str) -> str:
    return printable(url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations"), 500)
