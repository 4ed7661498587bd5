"""By which edition a run judged: of several it is as many runs, and commands name it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from conformance.output.printing import printable
from conformance.output.shell import quoted
from conformance.results.records import ContractRecord, RunHeader
from conformance.results.run_file import Run
from conformance.version import DEFAULT_EDITION


def by_edition(runs: Sequence[Run]) -> list[Run]:
    """Return runs of one edition each; one that several editions judged is as many runs."""
    parts: list[Run] = []
    for run in runs:
        header = run.header
        if not header.also:
            parts.append(run)
            continue
        names_of_others = {name for other in header.also for name in other.providers}
        main = ContractRecord(
            edition=header.edition,
            providers=tuple(
                provider.id for provider in header.providers if provider.id not in names_of_others
            ),
            clauses=header.clauses,
            values=header.values,
            unknown_models=header.unknown_models,
        )
        parts += [_part(run, contract) for contract in (main, *header.also)]
    return parts


def editions_of(header: RunHeader) -> dict[str, str]:
    """Return the edition by which a run judged each of its providers."""
    editions = {provider.id: header.edition.id for provider in header.providers}
    return editions | {name: other.edition.id for other in header.also for name in other.providers}


def _part(run: Run, contract: ContractRecord) -> Run:
    """Return what one edition judged of a run, as a run of its own."""
    names = frozenset(contract.providers)
    header = structs.replace(
        run.header,
        edition=contract.edition,
        clauses=contract.clauses,
        values=contract.values,
        unknown_models=contract.unknown_models,
        providers=tuple(provider for provider in run.header.providers if provider.id in names),
        also=(),
    )
    footer = run.footer
    if footer is not None:
        reach = tuple(model for model in footer.reach if model.provider in names)
        footer = structs.replace(footer, reach=reach)
    part = Run(header, footer=footer)
    for record in run.records:
        if record.provider in names:
            part.add(record)
    return part


def explain_command(clause: str, edition: str) -> str:
    """Return the command that explains a clause of an edition, named by its id or its folder."""
    by = "" if edition == DEFAULT_EDITION else f" --edition {quoted(printable(edition))}"
    return f"image-conformance explain {quoted(printable(clause))}{by}"
