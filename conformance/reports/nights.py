"""Run files of many nights in a folder: which of them count, known from their first lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from conformance.errors import ConformanceError
from conformance.runs.file import Run, RunFileError, read_header, read_run


class NightsError(ConformanceError):
    """A folder of run files that cannot be used, or names that make no sense together."""


def split(paths: Sequence[Path]) -> tuple[Sequence[Path], Path]:
    """Part BASE... from NEW; raises `NightsError` for a single name or a folder in NEW's place."""
    if len(paths) < 2:
        raise NightsError("name at least one BASE, and NEW after it: drift last.jsonl new.jsonl")
    if paths[-1].is_dir():
        raise NightsError(f"{paths[-1]}: NEW is one run file, and this is a folder")
    return paths[:-1], paths[-1]


def run_files(folder: Path) -> list[Path]:
    """Give the run files of a folder and those below it, by name."""
    return sorted(each for each in folder.rglob("*.jsonl") if each.is_file())


def bases_of(places: Iterable[Path], newest: Path, new: Run, most: int) -> list[Run]:
    """Read the runs to compare with: the files named, and of a folder the newest nights.

    Of a folder only complete runs count that were made before NEW, of its edition, with a
    provider in common; a file that is no run is passed over. Raises `NightsError` for a
    folder without any.
    """
    found: list[Run] = []
    for place in places:
        found += _nights(place, newest, new, most) if place.is_dir() else [read_run(place)]
    return found


def _nights(folder: Path, newest: Path, new: Run, most: int) -> list[Run]:
    heads = [(path, head) for path in run_files(folder) if (head := _head(path)) is not None]
    fitting = [
        (str(head["started"]), path)
        for path, head in heads
        if path.resolve() != newest.resolve() and _fits(head, new)
    ]
    runs: list[Run] = []
    for _, path in sorted(fitting, reverse=True):
        if len(runs) < most and (run := _whole(path)) is not None:
            runs.append(run)
    if not runs:
        raise NightsError(
            f"{folder}: holds no complete run of the same edition and provider from before NEW"
        )
    return runs


def _head(path: Path) -> dict[str, Any] | None:
    try:
        return read_header(path)
    except RunFileError:
        return None


def _fits(head: dict[str, Any], new: Run) -> bool:
    mine = {each["id"] for each in new.header["providers"]}
    return (
        head["id"] != new.header["id"]
        and str(head["started"]) <= str(new.header["started"])
        and head["edition"]["id"] == new.header["edition"]["id"]
        and bool(mine & {each["id"] for each in head["providers"]})
    )


def _whole(path: Path) -> Run | None:
    try:
        run = read_run(path)
    except RunFileError:
        return None
    return run if run.complete else None


def format_of(path: Path, known: Iterable[str]) -> str:
    """Give the format that a file's name asks for; raises `NightsError` for an unknown one."""
    name = path.suffix.removeprefix(".")
    names = list(known)
    if name not in names:
        endings = " or ".join(f".{each}" for each in names)
        raise NightsError(f"{path}: end its name in {endings}, which says its format")
    return name
