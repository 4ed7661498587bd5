"""Columns of models that end, in reports, over the night of their end, and in the history."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from conformance.findings import Finding, Verdict
from conformance.reports import print_runs, render, summarize
from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import ChangeKind
from conformance.reports.drift.render import what_changed
from conformance.reports.history.render import now_of
from conformance.reports.history.timeline import history
from conformance.reports.wording import closing, verdict_of
from conformance.results.run_file import Run
from tests import runs
from tests.nights import ended, night, printed
from tests.runs import write_run
from tests.shown import screen

REFUSED = Finding("models.retired-refused", "MUST", Verdict.PASS, "acme", "dall-e-3", "baseline")
OTHER = runs.finding(model="gpt-image-1")
UNTIL = "2026-01-05"


def dated(day: int, *records: Any, until: str = UNTIL, end: Any = ..., **changes: Any) -> Run:
    """A night of January 2026, of a provider that ends dall-e-3 on the 5th."""
    head = runs.header()
    judged_on = f"2026-01-{day:02}"
    record = {"judged_on": judged_on, "until": until, "source": "a page", "retrieved": "2026-01-01"}
    head["providers"][0]["lifecycle"] = {"dall-e-3": {**record, "replaced_by": ["gpt-image-1"]}}
    level = {"level": "MUST", "statement": "It is refused.", "citations": []}
    clauses = [*head["clauses"], {"id": REFUSED.clause, **level}]
    about = {"providers": head["providers"], "clauses": clauses, "day": judged_on, **changes}
    finished = {"finished": f"2026-01-{day:02}T03:10:00+00:00"}
    footer = runs.footer() | finished if end is ... else end
    return night(day, *records, head=about, end=footer)


def served(day: int, **changes: Any) -> Run:
    findings = [runs.finding(name) for name in runs.LEVELS]
    return dated(day, *findings, OTHER, **changes)


def retired(day: int, **changes: Any) -> Run:
    return dated(day, REFUSED, OTHER, **changes)


SERVED = structs.replace(REFUSED, verdict=Verdict.FAIL)
ENDS = "ends on 2026-01-05, in 3 days; replaced by gpt-image-1"
ENDED = "acme dall-e-3: retired on 2026-01-05; replaced by gpt-image-1 (a page, as of"


@pytest.mark.parametrize(
    ("run", "verdict", "note"),
    [
        (retired(9), "retired on 2026-01-05", ENDED),
        (served(2), "pass, ends on 2026-01-05", ENDS),
        (dated(9, SERVED, OTHER), "FAIL, retired on 2026-01-05", ENDED),
    ],
    ids=["ended", "ends", "still-served"],
)
def test_column_of_a_model_that_ends_says_when(run: Run, verdict: str, note: str) -> None:
    assert verdict_of(summarize([run]).rows[0]) == verdict
    assert note in screen(print_runs, [run], width=120)


def test_provider_conforms_only_beside_models_that_have_ended() -> None:
    should = structs.replace(REFUSED, level="SHOULD")
    assert "conforms" in closing(summarize([dated(9, should, OTHER)]))
    head = runs.header(models=["dall-e-3"])
    dates = {"judged_on": "2026-01-09", "until": UNTIL}
    head["providers"][0]["lifecycle"] = {"dall-e-3": dates}
    said = closing(summarize([night(9, REFUSED, head=head)]))
    assert "conforms" not in said
    assert "every model has ended, and nothing else was asked" in said


def test_json_markdown_and_page_say_when_a_model_ended() -> None:
    summary = summarize([retired(9)])
    lifecycle = json.loads(render(summary, "json"))["columns"][0]["lifecycle"]
    assert (lifecycle["state"], lifecycle["until"]) == ("retired", UNTIL)
    for name in ("md", "html"):
        assert "retired on 2026-01-05" in render(summary, name)


def test_night_of_the_end_is_told_alone_and_those_after_it_have_nothing_to_say_of_it() -> None:
    found = drift([served(3), served(4)], retired(5))
    assert (replace(found, unconfirmed_too=True).exit_code, found.unjudged) == (0, ())
    ending = "retired on 2026-01-05; replaced by gpt-image-1"
    first = found.changes[0]
    assert (first.kind.value, first.subject, first.after) == ("new information", "dall-e-3", ending)
    assert what_changed(first) == ending
    assert [change for change in found.changes if change.after == "absent"] == []
    found = drift([served(4), retired(5)], retired(6))
    assert (found.exit_code, found.changes, found.notes) == (0, (), ())


def test_model_that_is_lost_without_an_end_still_alarms() -> None:
    found = drift([served(3)], dated(4, OTHER))
    assert found.exit_code == 2
    assert "nothing of acme dall-e-3 was judged" in found.unjudged[0]


def test_run_that_crosses_the_midnight_of_the_end_is_no_alarm() -> None:
    lost = [runs.finding(name, Verdict.UNAVAILABLE, message="it ended") for name in runs.LEVELS]
    end = runs.footer() | {"finished": "2026-01-05T00:10:00+00:00"}
    found = drift([served(3)], dated(4, *lost, OTHER, end=end))
    assert found.exit_code == 0
    assert any(note.endswith("It did while the run was under way.") for note in found.notes)
    early = runs.footer() | {"finished": "2026-01-04T23:10:00+00:00"}
    assert drift([served(3)], dated(4, *lost, OTHER, end=early)).exit_code == 2


def test_model_that_is_served_again_after_its_end_is_a_regression() -> None:
    found = drift([retired(6), retired(7)], dated(8, SERVED, OTHER))
    assert [change.subject for change in found.of(ChangeKind.REGRESSION)] == [REFUSED.clause]


def test_history_goes_on_after_the_end_and_nothing_is_silent(tmp_path: Path) -> None:
    for day in range(1, 10):
        run = served(day) if day < 5 else retired(day)
        write_run(ended(run), tmp_path / f"{day}.jsonl")
    found = history(tmp_path, every=True)
    assert found.silent == 0
    assert found.nights[0].retired == {"dall-e-3": UNTIL}
    kept = next(timeline for timeline in found.timelines if timeline.clause == "envelope.json")
    assert now_of(kept) == "pass until 2026-01-04; retired on 2026-01-05"
    refused = next(timeline for timeline in found.timelines if timeline.clause == REFUSED.clause)
    assert now_of(refused) == "pass since 2026-01-05 (5 nights)"
    assert "dall-e-3 retired on 2026-01-05" in printed(found, 120)
