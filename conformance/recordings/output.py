"""The run file of judged recordings.

What it says first, the providers and models, is known last: records wait in a temporary file.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from msgspec import structs

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
from conformance.results.reach import ColumnKey, ModelReach, promises_of, reach_counts
from conformance.results.records import (
    SCHEMA,
    ContractRecord,
    ExchangeRecord,
    ProviderRecord,
    Record,
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
    """A host of recordings, as one edition judged it."""

    host: str
    url: str
    contract: Contract
    models: set[str] = field(default_factory=set)
    accepted: set[ColumnKey] = field(default_factory=set)
    samples: dict[tuple[str | bool, ...], Finding] = field(default_factory=dict)
    """One finding of every verdict of every promise: they decide the conclusion."""


class Records:
    """What was judged so far, in the order of the run file, and what it is about."""

    def __init__(self, spool: IO[str], contracts: Contracts) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self._spool = spool
        self._contracts = contracts
        self._started = datetime.now(UTC)
        self._providers: dict[tuple[str, str], _Provider] = {}  # by host and edition

    def add(
        self,
        contract: Contract,
        exchange: Exchange,
        evidence: ExchangeRecord,
        observations: Sequence[Observation],
        findings: Sequence[Finding],
    ) -> None:
        """Keep one judged exchange."""
        key = exchange.provider, contract.edition.id
        new = _Provider(exchange.provider, _base_url(exchange.request.url), contract)
        about = self._providers.setdefault(key, new)
        about.models.add(exchange.model)
        if evidence.outcome == "accepted":
            about.accepted.add((exchange.provider, exchange.model))
        for finding in findings:
            self.verdicts[finding.verdict] += 1
            refused = finding.message.startswith(NOT_ACCEPTED)
            kind = (finding.model, finding.clause, finding.verdict.value, refused)
            about.samples.setdefault(kind, finding)
        records: list[Record] = [evidence, *observations, *findings]
        for record in records:
            self._spool.write("\t".join((*key, line_of(record))))

    def write(
        self, run_file: Path, files: Sequence[ForeignFile], conclusion: Conclusion, complete: bool
    ) -> None:
        """Write the run file, whole or not at all; raises RunFileError where that cannot be."""
        place = OutputFile(run_file)
        place.take()
        try:
            writer = RunWriter(run_file, self._header(files))
            for line in self._lines():
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
            conclude_recordings(_samples(providers), whole, _unknown_models(contract, providers))
            for contract, providers in self._judged()
        )

    def _judged(self) -> list[tuple[Contract, list[_Provider]]]:
        """Return the contracts that judged, the default one first, each with its providers."""
        default = self._contracts.default
        contracts: dict[str, tuple[Contract, list[_Provider]]] = {default.edition.id: (default, [])}
        for _, about in sorted(self._providers.items()):
            contracts.setdefault(about.contract.edition.id, (about.contract, []))[1].append(about)
        judged = [(contract, providers) for contract, providers in contracts.values() if providers]
        return judged or [(default, [])]

    def _name(self, host: str, edition: str) -> str:
        """Return the name of a host, with the edition where another one judged it as well."""
        plain = edition == self._contracts.default.edition.id
        several = sum(host == other for other, _ in self._providers) > 1
        return f"{host} ({edition})" if several and not plain else host

    def _lines(self) -> Iterator[str]:
        """Yield the lines of the spool under the names of their providers."""
        self._spool.seek(0)
        members = {key: _member(self._name(*key)) for key in self._providers}
        for spooled in self._spool:
            host, edition, line = spooled.split("\t")
            yield line.replace(_member(host), members[host, edition], 1)

    def _reach(self) -> Iterator[ModelReach]:
        """Yield the reach of every model; the letters of states are of the header's clauses."""
        for rank, (contract, providers) in enumerate(self._judged()):
            samples = _samples(providers)
            promises = promises_of(samples, explanations_in_recordings(samples))
            clauses = [] if rank else [clause.id for clause in contract.clauses]
            for reach in reach_counts(promises, clauses):
                name = self._name(reach.provider, contract.edition.id)
                yield structs.replace(reach, provider=name)

    def _record_of(self, contract: Contract, providers: Sequence[_Provider]) -> ContractRecord:
        models, edition = _models(providers), contract.edition
        return ContractRecord(
            edition=about_edition(edition, models),
            providers=tuple(self._name(provider.host, edition.id) for provider in providers),
            clauses=tuple(about_clause(clause, edition) for clause in contract.clauses),
            unknown_models=_unknown_models(contract, providers),
            values=values_of(edition, models, planned=False),
        )

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {
            verdict.value: self.verdicts[verdict] for verdict in Verdict if self.verdicts[verdict]
        }

    def _header(self, files: Sequence[ForeignFile]) -> RunHeader:
        main, *others = (self._record_of(*judged) for judged in self._judged())
        providers = []
        for (host, edition), provider in sorted(self._providers.items()):
            name = self._name(host, edition)
            providers.append(
                ProviderRecord(
                    id=name,
                    title=f"{name} (foreign recordings)",
                    base_url=provider.url,
                    mode="foreign",
                    models={model: model for model in sorted(provider.models)},
                )
            )
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
            providers=tuple(providers),
            clauses=main.clauses,
            values=main.values,
            also=tuple(others),
        )


def _member(provider: str) -> str:
    """Return the member of a line that names its provider.

    Quotes within a text are escaped, so that no text of a provider reads like it.
    """
    return f'"provider":{json.dumps(provider)}'


def _models(providers: Iterable[_Provider]) -> list[str]:
    return sorted({name for provider in providers for name in provider.models})


def _unknown_models(contract: Contract, providers: Iterable[_Provider]) -> tuple[str, ...]:
    """Return the models that the edition of some providers does not have."""
    return tuple(name for name in _models(providers) if is_unknown(name, contract.edition))


def _samples(providers: Iterable[_Provider]) -> list[Finding]:
    """Return a finding of every verdict of every promise that binds."""
    return [
        finding
        for provider in providers
        for finding in binding(list(provider.samples.values()), provider.accepted)
    ]


def _base_url(url: str) -> str:
    return printable(url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations"), 500)
