"""How far runs got: what was selected, which models they were to judge, and how much of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from conformance.findings import Finding
from conformance.runs.file import Run
from conformance.runs.reach import Column


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
    return any(run.interrupted and column in _chosen(run) for run in runs)


def open_ended(runs: Sequence[Run], column: Column) -> bool:
    """Whether a run ended without a word about a model, so that nobody knows what is missing."""
    return any(run.footer is None and column in _chosen(run) for run in runs)


def parts(runs: Sequence[Run]) -> frozenset[Column]:
    """Give the models that no run began to judge whole, however it was selected."""
    return frozenset(planned(runs)).difference(*map(_begun_whole, runs))


def left_out(run: Run) -> int:
    """Return how many promises pytest or a plugin left out of what the run was asked for."""
    return int((run.footer or {}).get("left_out", 0))


def is_part(run: Run) -> bool:
    """Whether any model that a run judged is not judged as a whole."""
    begun = {(each.provider, each.model) for each in run.findings}
    return not run.foreign and (run.interrupted or bool(begun - _begun_whole(run)))


def _begun_whole(run: Run) -> frozenset[Column]:
    """Give the models of which a run was to judge all that is planned.

    A run says so itself where it came to its end; else only its globs tell.
    """
    plan = {_column(each): each["promises"] for each in run.header.get("plan", ())}
    begun = (run.footer or {}).get("reach", ())
    if plan and run.footer is not None:
        return frozenset(_column(e) for e in begun if e.get("chosen") == plan.get(_column(e)))
    return frozenset() if narrowed(run).keys() - {"models"} else _chosen(run)


def _column(about: Mapping[str, Any]) -> Column:
    return about["provider"], about["model"]


def _columns(run: Run) -> Iterator[Column]:
    for provider in run.header["providers"]:
        yield from ((provider["id"], model) for model in provider["models"])


def _chosen(run: Run) -> frozenset[Column]:
    glob = narrowed(run).get("models", "*")
    return frozenset(each for each in _columns(run) if fnmatchcase(each[1], glob))
