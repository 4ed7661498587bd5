"""Which part of the plan a run was asked for, and began with; read from its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.findings import Finding
from conformance.output.counting import write_count
from conformance.output.globs import matches
from conformance.results.reach import ColumnKey
from conformance.results.run_file import Run


def selection_globs(run: Run) -> dict[str, str]:
    """Return the globs that narrow a run; `--strength` only adds requests."""
    selection = run.header.selection
    globs = {"clauses": selection.clauses, "models": selection.models, "cases": selection.cases}
    return {name: glob for name, glob in globs.items() if glob != "*"}


def selects(globs: Mapping[str, str], finding: Finding) -> bool:
    """Return whether a run with these globs was to make a finding."""
    names = {"clauses": finding.clause, "models": finding.model, "cases": finding.case}
    return all(matches(names[name], glob) for name, glob in globs.items())


def columns_of(run: Run) -> Iterator[ColumnKey]:
    """Yield the models that the providers of a run have, chosen or not."""
    for provider in run.header.providers:
        yield from ((provider.id, model) for model in provider.models)


def planned(runs: Sequence[Run]) -> list[ColumnKey]:
    """Return the models that the providers of some runs have, chosen or not."""
    return [column for run in runs for column in columns_of(run)]


def interrupted(runs: Sequence[Run], column: ColumnKey) -> bool:
    """Return whether more of a model was to be judged, had a run not been cut off."""
    for run in runs:
        # whatever cut a run off, it may have judged all that it began with of this model
        is_judged_whole = run.footer is not None and any(
            model.column == column and model.chosen is not None and model.chosen == model.judged
            for model in run.footer.reach
        )
        if run.interrupted and column in chosen_of(run) and not is_judged_whole:
            return True
    return False


def open_ended(runs: Sequence[Run], column: ColumnKey) -> bool:
    """Return whether a run was cut off before a word about a model: what is missing is unknown."""
    return any(run.footer is None and column in chosen_of(run) for run in runs)


def parts(runs: Sequence[Run]) -> frozenset[ColumnKey]:
    """Return the models that no run began to judge whole, however it was selected."""
    return frozenset(planned(runs)).difference(*map(begun_whole, runs))


def chosen_of(run: Run) -> frozenset[ColumnKey]:
    """Return the models that a run was to judge."""
    glob = run.header.selection.models
    return frozenset(column for column in columns_of(run) if matches(column[1], glob))


def begun_whole(run: Run) -> frozenset[ColumnKey]:
    """Return the models of which a run was to judge all that is planned.

    A run with a plan says so itself where it came to its end; else only its globs show it, and
    whether pytest left out anything of them.
    """
    plan = {(model.provider, model.model): model.promises for model in run.header.plan}
    if plan and run.footer is not None:
        begun = (model for model in run.footer.reach if model.chosen is not None)
        return frozenset(model.column for model in begun if model.chosen == plan.get(model.column))
    narrowed = left_out(run) or selection_globs(run).keys() - {"models"}
    return frozenset() if narrowed else chosen_of(run)


def is_part(run: Run) -> bool:
    """Return whether any model that a run judged was not judged as a whole."""
    begun = {finding.column for finding in run.findings}
    # nobody planned recordings, so that nothing of them can be left out
    return not run.foreign and (run.interrupted or bool(begun - begun_whole(run)))


def left_out(run: Run) -> int:
    """Return how many promises pytest or a plugin left out of what the run was asked for."""
    return run.footer.left_out if run.footer else 0


def extent(run: Run) -> str:
    """Describe which part of the plan a run judged; empty where nothing was left out."""
    parts = [f"{name} {glob}" for name, glob in selection_globs(run).items()]
    if count := left_out(run):
        parts.append(f"pytest or a plugin left out {write_count(count, 'promise')}")
    return ", ".join(parts)
