"""By which edition a run judged: of several it is as many runs, and commands name it."""

from __future__ import annotations

from collections.abc import Sequence, Set

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
        others = {name for other in header.also for name in other.providers}
        parts.append(_part(run, header, {provider.id for provider in header.providers} - others))
        parts += [_part(run, other, {*other.providers}) for other in header.also]
    return parts


def editions_of(header: RunHeader) -> dict[str, str]:
    """Return the edition by which a run judged each of its providers."""
    editions = {provider.id: header.edition.id for provider in header.providers}
    return editions | {name: other.edition.id for other in header.also for name in other.providers}


def _part(run: Run, contract: RunHeader | ContractRecord, names: Set[str]) -> Run:
    """Return what one edition judged of a run, its providers of these names, as a run."""
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
