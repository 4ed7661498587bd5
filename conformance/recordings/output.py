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
from typing import IO
from uuid import uuid4

from msgspec import structs

from conformance.exchange.model import Exchange
from conformance.findings import NOT_ACCEPTED, Finding, Observation, Verdict
from conformance.output.printing import printable
from conformance.recordings.contracts import Contracts, EditionClauses, is_unknown
from conformance.recordings.inputs import ForeignFile, ForeignReport
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
class _JudgedHost:
    """A host of recordings, as one edition judged it."""

    host: str
    url: str
    contract: EditionClauses
    models: set[str] = field(default_factory=set)
    accepted: set[ColumnKey] = field(default_factory=set)
    samples: dict[tuple[str | bool, ...], Finding] = field(default_factory=dict)
    """One finding of every verdict of every promise: they decide the conclusion."""


class Records:
    """The records of the exchanges judged so far, in the order of the run file, and their hosts."""

    def __init__(self, spool: IO[str], contracts: Contracts) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self._spool = spool
        self._contracts = contracts
        self._started = datetime.now(UTC)
        self._hosts: dict[tuple[str, str], _JudgedHost] = {}  # by host and edition

    def add(
        self,
        contract: EditionClauses,
        exchange: Exchange,
        evidence: ExchangeRecord,
        observations: Sequence[Observation],
        findings: Sequence[Finding],
    ) -> None:
        """Keep one judged exchange."""
        key = exchange.provider, contract.edition.id
        url = exchange.request.url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations")
        host = _JudgedHost(exchange.provider, printable(url, 500), contract)
        judged_host = self._hosts.setdefault(key, host)
        judged_host.models.add(exchange.model)
        if evidence.outcome == "accepted":
            judged_host.accepted.add((exchange.provider, exchange.model))
        for finding in findings:
            self.verdicts[finding.verdict] += 1
            # One finding of each kind decides the conclusion; of all of them memory has no bound.
            refused = finding.message.startswith(NOT_ACCEPTED)
            kind = (finding.model, finding.clause, finding.verdict.value, refused)
            judged_host.samples.setdefault(kind, finding)
        records: list[Record] = [evidence, *observations, *findings]
        # A tab parts the columns: neither a printable host nor a line of JSON holds one.
        for record in records:
            self._spool.write("\t".join((*key, line_of(record))))

    def write(self, report: ForeignReport, complete: bool) -> None:
        """Write the run file, whole or not at all; raises RunFileError where that cannot be."""
        output = OutputFile(report.run_file)
        output.take()
        try:
            writer = RunWriter(report.run_file, self._header(report.files))
            self._spool.seek(0)
            members = {key: _member(self._name(*key)) for key in self._hosts}
            for spool_line in self._spool:  # under the names of their providers
                host, edition, line = spool_line.split("\t")
                writer.line(line.replace(_member(host), members[host, edition], 1))
            writer.close(
                RunFooter(
                    finished=datetime.now(UTC).isoformat(timespec="seconds"),
                    complete=complete,
                    conclusion=int(report.conclusion),
                    counts=report.verdicts,
                    reach=tuple(self._reach()),
                    problems=tuple(report.problems),
                    notes=tuple(report.notes),
                )
            )
        except BaseException:
            output.give_back()
            raise
        output.keep()

    def conclusion(self, all_read: bool) -> Conclusion:
        """Conclude edition by edition; `all_read` says whether all of it could be read."""
        return gravest(
            conclude_recordings(_samples(hosts), all_read, _unknown_models(contract, hosts))
            for contract, hosts in self._hosts_by_contract()
        )

    def _hosts_by_contract(self) -> list[tuple[EditionClauses, list[_JudgedHost]]]:
        """Return the contracts that judged, the default one first, each with its hosts."""
        default = self._contracts.default
        by_edition: dict[str, list[_JudgedHost]] = {default.edition.id: []}
        for _, host in sorted(self._hosts.items()):
            by_edition.setdefault(host.contract.edition.id, []).append(host)
        contracts = [(hosts[0].contract, hosts) for hosts in by_edition.values() if hosts]
        return contracts or [(default, [])]

    def _name(self, host: str, edition: str) -> str:
        """Return the name of a host, with the edition where another one judged it as well."""
        plain = edition == self._contracts.default.edition.id
        several = sum(host == other for other, _ in self._hosts) > 1
        return f"{host} ({edition})" if several and not plain else host

    def _reach(self) -> Iterator[ModelReach]:
        """Yield the reach of every model; the letters of states are of the header's clauses."""
        for rank, (contract, hosts) in enumerate(self._hosts_by_contract()):
            samples = _samples(hosts)
            promises = promises_of(samples, explanations_in_recordings(samples))
            clauses = [] if rank else [clause.id for clause in contract.clauses]
            for reach in reach_counts(promises, clauses):
                name = self._name(reach.provider, contract.edition.id)
                yield structs.replace(reach, provider=name)

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {
            verdict.value: self.verdicts[verdict] for verdict in Verdict if self.verdicts[verdict]
        }

    def _header(self, files: Sequence[ForeignFile]) -> RunHeader:
        records, providers = [], []
        for contract, hosts in self._hosts_by_contract():
            edition, models = contract.edition, _models(hosts)
            records.append(
                ContractRecord(
                    edition=about_edition(edition, models),
                    providers=tuple(self._name(host.host, edition.id) for host in hosts),
                    clauses=tuple(about_clause(clause, edition) for clause in contract.clauses),
                    unknown_models=_unknown_models(contract, hosts),
                    values=values_of(edition, models, planned=False),
                )
            )
        for key, host in sorted(self._hosts.items()):
            name = self._name(*key)
            providers.append(
                ProviderRecord(
                    id=name,
                    title=f"{name} (foreign recordings)",
                    base_url=host.url,
                    mode="foreign",
                    models={model: model for model in sorted(host.models)},
                )
            )
        main, *other_records = records
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
            also=tuple(other_records),
        )


def _member(provider: str) -> str:
    """Return the member of a line that names its provider.

    Quotes within a text are escaped, so that no text of a provider reads like it.
    """
    return f'"provider":{json.dumps(provider)}'


def _models(hosts: Iterable[_JudgedHost]) -> list[str]:
    return sorted({name for host in hosts for name in host.models})


def _unknown_models(contract: EditionClauses, hosts: Iterable[_JudgedHost]) -> tuple[str, ...]:
    """Return the models of some hosts that the edition does not have."""
    return tuple(name for name in _models(hosts) if is_unknown(name, contract.edition))


def _samples(hosts: Iterable[_JudgedHost]) -> list[Finding]:
    """Return a finding of every verdict of every promise that binds."""
    return [
        finding for host in hosts for finding in binding(list(host.samples.values()), host.accepted)
    ]
