"""Nights built by hand: runs that follow each other, and the history of them.

Each exchange differs from all others, and a night of one promise can be written as a letter.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from conformance.findings import Verdict
from conformance.reports.history.render import print_history
from conformance.reports.history.timeline import History
from conformance.results.conclusion import counts
from conformance.results.reach import reach_counts
from conformance.results.run_file import Run
from conformance.results.run_states import promises_in
from tests import runs
from tests.extent import examples
from tests.runs import write_run

SHAPE = ["created:integer", "data:array", "data[].url:string", "data[]:object"]
HEADERS = [["content-type", "application/json"], ["server", "nginx"], ["x-request-id", "r1"]]
BROKEN = runs.broken_must(repeats=3)
"""A regression that repeats confirmed."""
LETTERS = {
    ".": runs.finding(),
    "F": runs.broken_must(),
    "k": runs.known_deviation(),
    "d": runs.finding(verdict=Verdict.DEVIATES),
    "~": runs.finding(verdict=Verdict.FLAKY, rate=0.5, repeats=4),
    "?": runs.finding(verdict=Verdict.UNAVAILABLE),
    "!": runs.finding(verdict=Verdict.HARNESS_ERROR),
    "-": runs.finding(verdict=Verdict.NOT_CLAIMED),
}
FINDINGS = st.builds(
    runs.finding,
    st.sampled_from(list(runs.LEVELS)),
    st.sampled_from(list(Verdict)),
    model=st.sampled_from(["dall-e-3", "gpt-image-1"]),
    case=st.sampled_from(["baseline", "n-2"]),
    control=st.sampled_from([None, "baseline"]),
    deviation=st.sampled_from([None, "known"]),
    repeats=st.sampled_from([None, 3]),
)
ONE_NIGHT = st.lists(FINDINGS, min_size=1, max_size=12, unique_by=lambda finding: finding.id)
"""Findings of any verdict, each of another promise or case."""
QUICK = settings(max_examples=examples(60), deadline=None)


def night(day: int, *records: Any, head: Mapping[str, Any] | None = None, end: Any = ...) -> Run:
    """A run of January 2026, with an id of its own."""
    about = {"id": f"202601{day:02}T030000Z-0000000{day % 10}"}
    start = {"started": f"2026-01-{day:02}T03:00:00+00:00"}
    return runs.run(*records, head={**runs.header(), **about, **start, **(head or {})}, end=end)


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
    about = {key: changes.pop(key) for key in ("provider", "model", "provenance") if key in changes}
    return {
        **runs.exchange(case=case, **about),
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


def with_footer(run: Run) -> Run:
    """Return a run with the footer that the suite writes, with its counts and states."""
    assert run.footer is not None
    clauses = [clause.id for clause in run.header.clauses]
    run.footer = replace(
        run.footer, counts=counts(run.findings), reach=reach_counts(promises_in(run), clauses)
    )
    return run


def write(folder: Path, letters: str, since: int = 1, with_states: bool = True) -> None:
    """Write a night a letter; a blank is a night without the promise."""
    for day, letter in enumerate(letters, start=since):
        findings = [LETTERS[letter]] if letter in LETTERS else []
        run = night(day, *findings, runs.finding("envelope.json"))
        write_run(with_footer(run) if with_states else run, folder / f"{day:02}.jsonl")


def spells(past: History) -> list[tuple[str, str, int]]:
    """Return the states of the only timeline: each with the day it began and its nights."""
    (timeline,) = past.timelines
    return [(spell.state.label, spell.first[8:10], spell.nights) for spell in timeline.spells]


def render_history(past: History, width: int = 80) -> str:
    """Return what the screen shows of a history."""
    file = io.StringIO()
    print_history(past, Console(file=file, width=width))
    return file.getvalue()
