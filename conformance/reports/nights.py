"""Run files of many nights in a folder: which of them count, known from their first lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.results.baselines import NightsError, Sought, nights_of
from conformance.results.editions import editions_of
from conformance.results.run_file import Run, read_run


def split(paths: Sequence[Path]) -> tuple[Sequence[Path], Path]:
    """Part BASE... from NEW; raises `NightsError` for a single name or a folder in NEW's place."""
    if len(paths) < 2:
        raise NightsError("name at least one BASE, and NEW after it: drift last.jsonl new.jsonl")
    if paths[-1].is_dir():
        raise NightsError(f"{paths[-1]}: NEW is one run file, and this is a folder")
    return paths[:-1], paths[-1]


def bases_of(places: Iterable[Path], new: Run, most: int) -> list[Run]:
    """Read the runs to compare with: the files named, and of a folder the newest nights.

    Of a folder only complete runs count that were made before NEW, of its edition, with a
    provider in common; a file that is no run is passed over. Raises `NightsError` for a
    folder without any.
    """
    runs: list[Run] = []
    head, editions = new.header, editions_of(new.header)
    sought = Sought(head.edition.id, frozenset(editions), head.started, head.id, editions)
    for place in places:
        runs += nights_of(place, sought, most) if place.is_dir() else [read_run(place)]
    return runs


def format_of(path: Path, known: Iterable[str]) -> str:
    """Return the format that a file's name asks for; raises `NightsError` for an unknown one."""
    name = path.suffix.removeprefix(".")
    names = list(known)
    if name not in names:
        endings = " or ".join(f".{each}" for each in names)
        raise NightsError(f"{path}: end its name in {endings}, which says its format")
    return name
