"""How far runs got: which models they were to judge, and how much of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from conformance.runs.file import Run

Column = tuple[str, str]
"""A provider and a model."""


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
    whole = [run for run in runs if _glob(run, "clauses") == _glob(run, "cases") == "*"]
    return frozenset(planned(runs)).difference(*map(_chosen, whole))


def _columns(run: Run) -> Iterator[Column]:
    for provider in run.header["providers"]:
        yield from ((provider["id"], model) for model in provider["models"])


def _chosen(run: Run) -> frozenset[Column]:
    glob = _glob(run, "models")
    return frozenset(each for each in _columns(run) if fnmatchcase(each[1], glob))


def _glob(run: Run, name: str) -> str:
    return str((run.header.get("selection") or {}).get(name, "*"))
