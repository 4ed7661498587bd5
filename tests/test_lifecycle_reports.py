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
from tests.nights import night, render_history, with_footer
from tests.runs import write_run
from tests.shown import screen

REFUSED = Finding("models.retired-refused", "MUST", Verdict.PASS, "acme", "dall-e-3", "baseline")
OTHER = runs.finding(model="gpt-image-1")
UNTIL = "2026-01-05"


def night_of(day: int, *records: Any, until: str = UNTIL, end: Any = ..., **changes: Any) -> Run:
    """A night of January 2026, of a provider that ends dall-e-3 on the 5th."""
    head = runs.header()
    judged_on = f"2026-01-{day:02}"
    record = {"judged_on": judged_on, "until": until, "source": "a page", "retrieved": "2026-01-01"}
    head["providers"][0]["lifecycle"] = {"dall-e-3": {**record, "replaced_by": ["gpt-image-1"]}}
    level = {"level": "MUST", "statement": "It is refused.", "citations": []}
    clauses = [*head["clauses"], {"id": REFUSED.clause, **level}]
    about = {"providers": head["providers"], "clauses": clauses, "day": judged_on, **changes}
    moment = {"finished": f"2026-01-{day:02}T03:10:00+00:00"}
    footer = runs.footer() | moment if end is ... else end
    return night(day, *records, head=about, end=footer)


def night_served(day: int, **changes: Any) -> Run:
    findings = [runs.finding(name) for name in runs.LEVELS]
    return night_of(day, *findings, OTHER, **changes)


def night_retired(day: int, **changes: Any) -> Run:
    return night_of(day, REFUSED, OTHER, **changes)


SERVED = structs.replace(REFUSED, verdict=Verdict.FAIL)
ENDS = "ends on 2026-01-05, in 3 days; replaced by gpt-image-1"
ENDED = "acme dall-e-3: retired on 2026-01-05; replaced by gpt-image-1 (a page, as of"


@pytest.mark.parametrize(
    ("run", "verdict", "note"),
    [
        (night_retired(9), "retired on 2026-01-05", ENDED),
        (night_served(2), "pass, ends on 2026-01-05", ENDS),
        (night_of(9, SERVED, OTHER), "FAIL, retired on 2026-01-05", ENDED),
    ],
    ids=["ended", "ends", "still-served"],
)
def test_column_of_a_model_that_ends_says_when(run: Run, verdict: str, note: str) -> None:
    assert verdict_of(summarize([run]).rows[0]) == verdict
    assert note in screen(print_runs, [run], width=120)


def test_provider_conforms_only_beside_models_that_have_ended() -> None:
    should = structs.replace(REFUSED, level="SHOULD")
    assert "conforms" in closing(summarize([night_of(9, should, OTHER)]))
    head = runs.header(models=["dall-e-3"])
    dates = {"judged_on": "2026-01-09", "until": UNTIL}
    head["providers"][0]["lifecycle"] = {"dall-e-3": dates}
    text = closing(summarize([night(9, REFUSED, head=head)]))
    assert "conforms" not in text
    assert "every model has ended, and nothing else was asked" in text


def test_json_markdown_and_page_say_when_a_model_ended() -> None:
    summary = summarize([night_retired(9)])
    lifecycle = json.loads(render(summary, "json"))["columns"][0]["lifecycle"]
    assert (lifecycle["state"], lifecycle["until"]) == ("retired", UNTIL)
    for name in ("md", "html"):
        assert "retired on 2026-01-05" in render(summary, name)


def test_night_of_the_end_is_told_alone_and_those_after_it_have_nothing_to_say_of_it() -> None:
    report = drift([night_served(3), night_served(4)], night_retired(5))
    assert (replace(report, unconfirmed_too=True).exit_code, report.unjudged) == (0, ())
    sentence = "retired on 2026-01-05; replaced by gpt-image-1"
    news = report.changes[0]
    assert (news.kind.value, news.subject, news.after) == ("new information", "dall-e-3", sentence)
    assert what_changed(news) == sentence
    assert [change for change in report.changes if change.after == "absent"] == []
    report = drift([night_served(4), night_retired(5)], night_retired(6))
    assert (report.exit_code, report.changes, report.notes) == (0, (), ())


def test_model_that_is_lost_without_an_end_still_alarms() -> None:
    report = drift([night_served(3)], night_of(4, OTHER))
    assert report.exit_code == 2
    assert "nothing of acme dall-e-3 was judged" in report.unjudged[0]


def test_run_that_crosses_the_midnight_of_the_end_is_no_alarm() -> None:
    findings = [runs.finding(name, Verdict.UNAVAILABLE, message="it ended") for name in runs.LEVELS]
    end = runs.footer() | {"finished": "2026-01-05T00:10:00+00:00"}
    report = drift([night_served(3)], night_of(4, *findings, OTHER, end=end))
    assert report.exit_code == 0
    assert any(note.endswith("It did while the run was under way.") for note in report.notes)
    footer = runs.footer() | {"finished": "2026-01-04T23:10:00+00:00"}
    assert drift([night_served(3)], night_of(4, *findings, OTHER, end=footer)).exit_code == 2


def test_model_that_is_served_again_after_its_end_is_a_regression() -> None:
    report = drift([night_retired(6), night_retired(7)], night_of(8, SERVED, OTHER))
    assert [change.subject for change in report.of(ChangeKind.REGRESSION)] == [REFUSED.clause]


def test_history_goes_on_after_the_end_and_nothing_is_silent(tmp_path: Path) -> None:
    for day in range(1, 10):
        run = night_served(day) if day < 5 else night_retired(day)
        write_run(with_footer(run), tmp_path / f"{day}.jsonl")
    nights = history(tmp_path, every=True)
    assert nights.silent == 0
    assert nights.nights[0].retired == {"dall-e-3": UNTIL}
    envelope = next(timeline for timeline in nights.timelines if timeline.clause == "envelope.json")
    started = nights.nights[0].started
    assert now_of(envelope, started) == "pass until 2026-01-04; retired on 2026-01-05"
    refusals = next(timeline for timeline in nights.timelines if timeline.clause == REFUSED.clause)
    assert now_of(refusals, started) == "pass since 2026-01-05 (5 nights)"
    assert "dall-e-3 retired on 2026-01-05" in render_history(nights, 120)
