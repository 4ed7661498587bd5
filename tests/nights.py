"""Nights built by hand: runs that follow each other, and what a history tells of them.

Their exchanges can be told apart, and a night of one promise can be written as a letter.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from conformance.findings import Verdict
from conformance.reports.history import History, history, print_history
from conformance.results.run_file import Run, write_run
from tests import runs

SHAPE = ["created:integer", "data:array", "data[].url:string", "data[]:object"]
HEADERS = [["content-type", "application/json"], ["server", "nginx"], ["x-request-id", "r1"]]
BROKEN = runs.broken(repeats=3)
"""A regression that repeats confirmed."""
LETTERS = {
    ".": runs.finding(),
    "F": runs.broken(),
    "k": runs.known(),
    "d": runs.finding(verdict=Verdict.DEVIATES),
    "~": runs.finding(verdict=Verdict.FLAKY, rate=0.5, repeats=4),
    "?": runs.finding(verdict=Verdict.UNAVAILABLE),
    "!": runs.finding(verdict=Verdict.HARNESS_ERROR),
    "-": runs.finding(verdict=Verdict.NOT_CLAIMED),
}


def night(day: int, *records: Any, head: Mapping[str, Any] | None = None, end: Any = ...) -> Run:
    """A run of January 2026, with an id of its own."""
    about = {"id": f"202601{day:02}T030000Z-0000000{day % 10}"}
    started = {"started": f"2026-01-{day:02}T03:00:00+00:00"}
    return runs.run(*records, head={**runs.header(), **about, **started, **(head or {})}, end=end)


def answer(
    case: str = "baseline",
    shape: Sequence[str] | None = SHAPE,
    headers: Sequence[Sequence[str]] = HEADERS,
    status: int = 200,
    host: str = "img.acme.test",
    image: str = "png",
    **changes: Any,
) -> dict[str, Any]:
    """An exchange with everything that drift looks at."""
    kept = {key: changes.pop(key) for key in ("provider", "model", "provenance") if key in changes}
    return {
        **runs.exchange(case=case, **kept),
        "response": {"status": status, "headers": headers, "body": "{}", "bytes": 2},
        "shape": None if shape is None else list(shape),
        "error": None,
        "downloads": [{"url": f"https://{host}/{case}.png"}],
        "images": [{"index": 0, "member": "url", "type": image}],
        **changes,
    }


def answers(count: int = 6, **changes: Any) -> list[dict[str, Any]]:
    """Several exchanges, a case each."""
    return [answer(f"case-{number}", **changes) for number in range(count)]


def write(folder: Path, letters: str, since: int = 1) -> None:
    """Write a night a letter; a blank is a night without the promise."""
    for day, letter in enumerate(letters, start=since):
        found = [LETTERS[letter]] if letter in LETTERS else []
        write_run(night(day, *found, runs.finding("envelope.json")), folder / f"{day:02}.jsonl")


def told(folder: Path, letters: str, since: int = 1) -> History:
    """Write a night a letter and tell the history of their promise."""
    write(folder, letters, since)
    return history(folder, clauses="format.*", every=True)


def spells(found: History) -> list[tuple[str, str, int]]:
    """Give the states of the only timeline: each with the day it began and its nights."""
    (timeline,) = found.timelines
    return [(each.state.word, each.first[8:10], each.nights) for each in timeline.spells]


def printed(found: History, width: int = 80) -> str:
    """Give what the screen shows of a history."""
    file = io.StringIO()
    print_history(found, Console(file=file, width=width))
    return file.getvalue()
