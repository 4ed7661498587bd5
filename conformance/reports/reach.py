"""How far runs got: what was selected, which models they were to judge, and how much of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from conformance.findings import Finding
from conformance.runs.file import Run

Column = tuple[str, str]
"""A provider and a model."""


def narrowed(run: Run) -> dict[str, str]:
    """Give the globs that leave something out of a run; `--strength` adds requests."""
    chosen = run.header.get("selection") or {}
    globs = {name: str(chosen.get(name, "*")) for name in ("clauses", "models", "cases")}
    return {name: glob for name, glob in globs.items() if glob != "*"}


def chose(globs: Mapping[str, str], finding: Finding) -> bool:
    """Whether a run with these globs was to make a finding."""
    names = {"clauses": finding.clause, "models": finding.model, "cases": finding.case}
    return all(fnmatchcase(names[name], glob) for name, glob in globs.items())


def planned(runs: Sequence[Run]) -> list[Column]:
    """Give the models that the providers of some runs have, chosen or not."""
    return [column for run in runs for column in _columns(run)]


def interrupted(runs: Sequence[Run], column: Column) -> bool:
    """Whether more of a model was to be judged, had a run not been cut off."""
    return any(not run.complete and column in _chosen(run) for run in runs)


def open_ended(runs: Sequence[Run], column: Column) -> bool:
    """Whether a run ended without a word about a model, so that nobody knows what is missing."""
    return any(run.footer is None and column in _chosen(run) for run in runs)


def parts(runs: Sequence[Run]) -> frozenset[Column]:
    """Give the models that no run was asked to judge whole."""
    whole = [run for run in runs if not narrowed(run).keys() - {"models"}]
    return frozenset(planned(runs)).difference(*map(_chosen, whole))


def _columns(run: Run) -> Iterator[Column]:
    for provider in run.header["providers"]:
        yield from ((provider["id"], model) for model in provider["models"])


def _chosen(run: Run) -> frozenset[Column]:
    glob = narrowed(run).get("models", "*")
    return frozenset(each for each in _columns(run) if fnmatchcase(each[1], glob))
