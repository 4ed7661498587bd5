"""Timelines of many nights: spells, accidents, rows, and which of them are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.history import history
from conformance.reports.history.states import MARKS, STATE_OF, State
from conformance.reports.history.timeline import Rate, squeezed
from conformance.results.run_file import write_run
from tests import runs
from tests.nights import night, spells, told, write


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("...", [("pass", "01", 3)]),
        ("..FF", [("pass", "01", 2), ("FAIL", "03", 2)]),
        (".?!~.", [("pass", "01", 2)]),
        ("F?k", [("FAIL", "01", 1), ("known", "03", 1)]),
        (".d.-", [("pass", "01", 1), ("deviates", "02", 1), ("pass", "03", 1),
                  ("not claimed", "04", 1)]),
        ("??", []),
        (". .", [("pass", "01", 2)]),
    ],
)  # fmt: skip
def test_spells_say_since_when_each_verdict_holds(
    tmp_path: Path, letters: str, expected: list[tuple[str, str, int]]
) -> None:
    found = told(tmp_path, letters)
    assert spells(found) == expected
    assert found.timelines[0].marks == letters


@pytest.mark.parametrize(
    ("letters", "flakes", "judged", "unjudged"),
    [
        ("....", 0, 4, 0),
        ("..F..", 1, 5, 0),
        ("..FF..", 0, 6, 0),
        ("..F", 0, 3, 0),
        (".~.?", 1, 3, 1),
        (".?F?.", 1, 3, 2),
        (".F.F.", 3, 5, 0),
    ],
)
def test_accident_is_a_flaky_night_or_one_that_alone_differs(
    tmp_path: Path, letters: str, flakes: int, judged: int, unjudged: int
) -> None:
    (timeline,) = told(tmp_path, letters).timelines
    assert (timeline.flakes, timeline.unjudged) == (Rate(flakes, judged), unjudged)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert list(Rate(hits, of).interval) == pytest.approx([low, high], abs=1e-4)


def test_worst_of_a_night_counts_but_for_what_is_explained(tmp_path: Path) -> None:
    hidden = runs.finding("count.n-images", Verdict.NOT_TESTABLE)
    seen = runs.finding("count.n-images", case="n-2")
    mixed: list[Finding] = [runs.known(), hidden, seen, runs.finding(case="n-2")]
    write_run(night(1, *mixed), tmp_path / "1.jsonl")
    marks = {each.clause: each.marks for each in history(tmp_path, every=True).timelines}
    assert marks == {"format.url-only": "k", "count.n-images": "."}


def test_every_verdict_has_a_state_and_every_state_a_letter() -> None:
    assert set(STATE_OF) == set(Verdict)
    assert set(MARKS) == set(State)


@pytest.mark.parametrize(
    ("marks", "width", "row"),
    [("..F", 5, "..F"), ("...F..", 3, ".F."), ("?.??", 2, ".?"), ("  ..", 2, " .")],
)
def test_row_of_nights_fits_and_hides_no_failure(marks: str, width: int, row: str) -> None:
    assert squeezed(marks, width) == row


def test_models_with_the_same_nights_share_a_row(tmp_path: Path) -> None:
    for day, letter in enumerate("..F", start=1):
        models = ("dall-e-2", "dall-e-3")
        make = runs.broken if letter == "F" else runs.finding
        write_run(night(day, *(make(model=each) for each in models)), tmp_path / f"{day}.jsonl")
    (timeline,) = history(tmp_path).timelines
    assert timeline.models == ("dall-e-2", "dall-e-3")


def test_only_what_changed_is_shown_unless_asked(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    found = history(tmp_path)
    assert [each.clause for each in found.timelines] == ["format.url-only"]
    assert found.unchanged == 1
    assert len(history(tmp_path, every=True).timelines) == 2
