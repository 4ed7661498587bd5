"""How far runs got: which models they were to judge, and how much of them."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.results.reach import Column
from conformance.results.run_file import Run
from conformance.results.selection import begun_whole, chosen_of, columns_of


def planned(runs: Sequence[Run]) -> list[Column]:
    """Give the models that the providers of some runs have, chosen or not."""
    return [column for run in runs for column in columns_of(run)]


def interrupted(runs: Sequence[Run], column: Column) -> bool:
    """Whether more of a model was to be judged, had a run not been cut off."""
    return any(run.interrupted and column in chosen_of(run) for run in runs)


def open_ended(runs: Sequence[Run], column: Column) -> bool:
    """Whether a run ended without a word about a model, so that nobody knows what is missing."""
    return any(run.footer is None and column in chosen_of(run) for run in runs)


def parts(runs: Sequence[Run]) -> frozenset[Column]:
    """Return the models that no run began to judge whole, however it was selected."""
    return frozenset(planned(runs)).difference(*map(begun_whole, runs))
