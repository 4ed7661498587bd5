"""The index explains what could not be judged as the conclusion of a run does, in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from conformance.findings import ACCEPTED_INSTEAD, Finding, Verdict
from conformance.reports.history import history
from conformance.results.conclusion import Reasons
from conformance.results.run_file import write_run
from tests import runs
from tests.nights import night

LEVELS = {"format.url-only": "MUST", "errors.status-400": "SHOULD", "errors.not-5xx": "MUST"}
JUDGED = {"format.one-payload": "MUST", "format.unused": "SHOULD"}
KNOWN = (None, "it is planted")
MESSAGES = (ACCEPTED_INSTEAD, "it was not seen")
CASES = ("n-2", "baseline", "elsewhere")  # where the reason is: the same, the control, another
OPEN = (Verdict.NOT_RUN, Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE, Verdict.FLAKY)


def pairs() -> Iterator[tuple[Finding, Finding]]:
    """Give a reason and an unjudged finding in every combination, each pair a model of its own."""
    reasons = product(LEVELS.items(), CASES, Verdict, KNOWN)
    unjudged = list(product(JUDGED.items(), OPEN, MESSAGES))
    for number, (reason, seen) in enumerate(product(reasons, unjudged)):
        (why, level), case, verdict, known = reason
        about = ("acme", f"m{number}")
        (clause, mine), own, message = seen
        yield (
            Finding(why, level, verdict, *about, case, deviation=known),
            Finding(clause, mine, own, *about, "n-2", message, control="baseline"),
        )


@pytest.mark.parametrize("mode", ["foreign", "live"])
@pytest.mark.parametrize("note", ["plain", "half \ud800"], ids=["duckdb", "by-hand"])
def test_history_of_recordings_lets_no_silence_undo_a_pass(
    tmp_path: Path, note: str, mode: str
) -> None:
    silent = runs.finding(verdict=Verdict.NOT_TESTABLE, case="n-2", message="no image")
    seen = runs.finding("envelope.json", message=note)
    found = night(1, runs.finding(), silent, seen, head=runs.header(mode=mode))
    runs.change_header(found, id="one", started="2026-01-01T03:00:00+00:00")
    write_run(found, tmp_path / "1.jsonl")
    (line,) = history(tmp_path, clauses="format.*", every=True).timelines
    assert line.marks == ("." if mode == "foreign" else "?")


@pytest.mark.parametrize("note", ["plain", "half \ud800"], ids=["duckdb", "by-hand"])
def test_history_explains_as_the_conclusion_does(tmp_path: Path, note: str) -> None:
    found = list(pairs())
    kept = [Finding(b.clause, b.level, Verdict.PASS, b.provider, b.model, "n-1") for _, b in found]
    every = [each for pair in found for each in pair] + kept
    write_run(night(1, *every, runs.finding("envelope.json", message=note)), tmp_path / "1.jsonl")
    marks = {
        (model, each.clause): each.marks
        for each in history(tmp_path, clauses="format.*", every=True).timelines
        for model in each.models
    }
    told = {b.model: Reasons([a, b]).explain(b) for a, b in found}
    assert Counter(told.values())[True] > 100
    wrong = [(a, b) for a, b in found if (marks[b.model, b.clause] == ".") != told[b.model]]
    assert wrong == []
