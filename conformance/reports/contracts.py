"""By which edition of the contract each provider was judged, and in what the editions differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import structs

from conformance.output.globs import matches
from conformance.reports.grouping import group_by
from conformance.results.reach import ModelReach
from conformance.results.records import ClauseRecord, EditionRecord, PlannedModel, Record
from conformance.results.run_file import Run

Named = TypeVar("Named", bound=Record | PlannedModel | ModelReach)

NOT_IN_EDITION = "not in this edition"
"""What a promise is, where another edition of the report has it: neither kept nor broken."""


@dataclass(frozen=True, slots=True)
class EditionContract:
    """An edition, with the clauses that its runs were judged by."""

    edition: EditionRecord
    clauses: Mapping[str, ClauseRecord]
    selections: tuple[str, ...]  # globs of clauses, a run each

    def selects(self, clause: str) -> bool:
        """Return whether a run would name a clause if its edition had it."""
        return any(matches(clause, glob) for glob in self.selections)

    def statement(self, clause: str) -> str:
        """Return what a clause says in this edition; empty for one that it does not name."""
        return self.clauses[clause].statement if clause in self.clauses else ""


def contract_of(runs: Sequence[Run]) -> EditionContract:
    """Return the contract of some runs of one edition; what the first says of a clause counts."""
    clauses: dict[str, ClauseRecord] = {}
    for run in runs:
        for clause in run.header.clauses:
            clauses.setdefault(clause.id, clause)
    selections = dict.fromkeys(run.header.selection.clauses for run in runs)
    edition = runs[0].header.edition
    for run in runs[1:]:  # a run names only the models that it judged
        also = run.header.edition
        edition = structs.replace(
            edition,
            families={**also.families, **edition.families},
            read_as={**also.read_as, **edition.read_as},
        )
    return EditionContract(edition, clauses, tuple(selections))


def contracts_of(runs: Iterable[Run]) -> dict[str, EditionContract]:
    """Return the contracts of some runs by the id of their edition."""
    editions = group_by(runs, lambda run: run.header.edition.id)
    return {edition: contract_of(runs_of_edition) for edition, runs_of_edition in editions.items()}


def lacking_in(
    contracts: Mapping[str, EditionContract], clauses: Iterable[str]
) -> dict[str, list[str]]:
    """Return by edition which of some clauses it does not have, though another has them.

    A clause of a plugin is not among them: runs without the plugin do not have it in any edition.
    """
    records = (record for contract in contracts.values() for record in contract.clauses.values())
    known = {record.id for record in records if not record.outside}
    shared = [name for name in dict.fromkeys(clauses) if name in known]
    # an edition lacks only what its runs would have judged
    return {
        edition: [
            name for name in shared if name not in contract.clauses and contract.selects(name)
        ]
        for edition, contract in contracts.items()
    }


def tell_apart(runs: Sequence[Run]) -> list[Run]:
    """Name a provider after its edition as well, where runs judged it by more than one.

    So a provider of a report has one edition (ARCHITECTURE 43). The edition that comes first
    leaves the name as it is.
    """
    first_editions: dict[str, str] = {}
    renamed = []
    for run in runs:
        edition = run.header.edition.id
        names = {
            provider.id: f"{provider.id} ({edition})"
            for provider in run.header.providers
            if first_editions.setdefault(provider.id, edition) != edition
        }
        renamed.append(_rename(run, names) if names else run)
    return renamed


def _rename(run: Run, names: Mapping[str, str]) -> Run:
    """Return a run whose providers have other names, wherever it names them."""

    def with_name(record: Named) -> Named:
        return structs.replace(record, provider=names.get(record.provider, record.provider))

    header, footer = run.header, run.footer
    providers = tuple(
        structs.replace(provider, id=names.get(provider.id, provider.id))
        for provider in header.providers
    )
    header = structs.replace(header, providers=providers, plan=tuple(map(with_name, header.plan)))
    footer = footer and structs.replace(footer, reach=tuple(map(with_name, footer.reach)))
    renamed = Run(header, footer=footer)
    for record in run.records:
        renamed.add(with_name(record))
    return renamed


def differences(
    contracts: Sequence[EditionContract],
) -> list[tuple[str, list[tuple[str, ClauseRecord]]]]:
    """Return each clause that contracts word or rank differently, with what each says of it."""
    differing = []
    for name in dict.fromkeys(name for contract in contracts for name in contract.clauses):
        holders = [contract for contract in contracts if name in contract.clauses]
        wordings = [(contract.edition.id, contract.clauses[name]) for contract in holders]
        if len({(clause.level, clause.statement) for _, clause in wordings}) > 1:
            differing.append((name, wordings))
    return differing
