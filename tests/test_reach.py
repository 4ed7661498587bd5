"""How much was decided stands beside how much is kept, and decides what may be said."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.findings import ACCEPTED_INSTEAD, GREEN, OF_WHO_ASKS, Finding, Verdict
from conformance.reports import render, summarize
from conformance.reports.badges import badges
from conformance.reports.comparison.compare import compare
from conformance.reports.wording import closing, notes
from conformance.results.conclusion import Conclusion, conclude, conclude_recordings
from conformance.results.reach import Kept
from conformance.results.run_file import Run
from tests import runs
from tests.recording import ReplayedRun
from tests.runs import finding, known_deviation
from tests.shown import by_schema
from tests.test_foreign import PAINTED, judge_recording, record

TEN = [finding(f"envelope.{name}") for name in "abcdefghij"]
UNSEEN = [finding(f"image.{name}", Verdict.NOT_TESTABLE, message="no image") for name in "abc"]
KNOWN = known_deviation(clause="parameters.valid-accepted")
SHOULD = finding("errors.status-400", Verdict.DEVIATES)
NO_ERRORS = [
    finding(f"errors.{name}", Verdict.NOT_TESTABLE, message=ACCEPTED_INSTEAD) for name in "abc"
]


def must(run: Run) -> Kept:
    (row, *_) = summarize([run]).rows
    return row.kept["MUST"]


def test_what_a_broken_promise_explains_is_not_decided_and_what_is_not_claimed_no_duty() -> None:
    assert must(runs.run(*TEN, KNOWN, *UNSEEN)) == Kept(10, 14, decided=11, accepted=3)
    assert must(runs.run(*TEN, SHOULD, *NO_ERRORS)) == Kept(10, 13, decided=10)
    assert must(runs.run(*TEN, finding("x.y", Verdict.NOT_CLAIMED))) == Kept(10, 10, decided=10)


@pytest.mark.parametrize(
    ("findings", "conclusion", "conforms"),
    [
        (TEN, 0, True),
        ([*TEN, KNOWN], 0, True),
        ([*TEN, KNOWN, UNSEEN[0]], 0, True),
        ([*TEN, KNOWN, *UNSEEN], 0, False),
        ([*TEN, SHOULD, NO_ERRORS[0]], 0, True),
        ([*TEN, SHOULD, *NO_ERRORS], 2, False),
        ([*TEN, runs.broken_must(), *UNSEEN], 1, False),
        ([SHOULD], 0, False),
    ],
    ids=["all", "known", "enough", "accepted", "should", "too-little", "broken", "no-must"],
)
def test_conforms_is_said_of_what_was_decided(
    findings: list[Finding], conclusion: int, conforms: bool
) -> None:
    summary = summarize([runs.run(*findings)])
    assert (summary.conclusion, conclude(findings)) == (conclusion, conclusion)
    assert summary.headline.conforms == conforms
    assert ("conforms" in closing(summary)) == conforms
    green = any(GREEN in svg for svg in badges(summary).values())
    assert green == (findings == TEN)


def test_known_state_of_poor_reach_says_what_it_is() -> None:
    assert closing(summarize([runs.run(*TEN, KNOWN, *UNSEEN)])) == (
        "acme (dall-e-3, live): nothing new is broken, 1 known deviation; 10 of 14 MUSTs kept, "
        "11 decided; 3 promises open, blocked by other failures (edition sample-2026-01-01)."
    )
    elsewhere = finding("a.b", Verdict.UNAVAILABLE, case="n-2")
    summary = summarize([runs.run(*TEN, KNOWN, *UNSEEN, elsewhere)])
    assert sum(row.undecided for row in summary.rows) == 4
    assert "; 4 promises open, 3 of them blocked by other failures" in closing(summary)


def test_too_little_says_what_would_raise_it_and_is_enough_in_one_model() -> None:
    little = [*TEN, SHOULD, *NO_ERRORS]
    (note,) = notes(summarize([runs.run(*little)]))
    assert note.startswith("acme: less than 90 % of the MUSTs that bind were decided on dall-e-3")
    assert "(10 of 13), mostly (3 promises) because 'the request was accepted" in note
    findings = [finding(kept.clause, model="gpt-image-1") for kept in TEN]
    assert conclude([*findings, *little]) is Conclusion.NOT_JUDGED


def test_two_numbers_stand_in_every_report() -> None:
    run = runs.run(*TEN, KNOWN, *UNSEEN, head=runs.header(models=["dall-e-3"]))
    report = by_schema("report", render([run], "json"))
    assert report["reach"] == {"kept": 10, "total": 14, "decided": 11, "accepted": 3}
    assert (report["conforms"], report["columns"][0]["kept"]["MUST"]) == (False, report["reach"])
    assert "| 10/14 | - | - | 11/14 |" in render([run], "md")
    assert '<td class="n">11/14</td>' in render([run], "html")
    assert "MUST 10/14, 11 decided" in badges(summarize([run]))["acme.svg"]
    properties = ET.fromstring(render([run], "junit")).findall("testsuite/properties/property")
    assert [entry.get("value") for entry in properties[:3]] == ["10", "11", "14"]


def test_comparison_tells_both_numbers() -> None:
    def side(name: str, *findings: Finding) -> Run:
        theirs = (replace(one, provider=name) for one in findings)
        return runs.run(*theirs, head=runs.header([name]))

    poor = side("one", *TEN, KNOWN, *UNSEEN)
    rich = side("two", *TEN, finding("image.a"), finding(KNOWN.clause))
    one, two = compare([poor, rich]).totals
    assert one["MAY"] == Kept(10, 12, decided=11)  # the level of clauses that no header ranks
    assert two["MAY"] == Kept(12, 12, decided=12)


def test_footer_of_a_run_has_the_reach_of_its_reports(tmp_path: Path) -> None:
    play = ReplayedRun(tmp_path, models="qwen-image")
    play.begin(play.asked)
    for rank, request in enumerate(play.asked):
        play.report(request, Verdict.PASS if rank % 7 else Verdict.NOT_TESTABLE)
    run = play.end()
    assert run.footer is not None
    (reach,) = run.footer.reach
    assert reach.levels == summarize([run]).rows[0].kept
    assert reach.chosen == reach.judged == len(play.asked)


# --- recordings of others ---

CLEAN = record()
KEY_REFUSED = record({"error": {"message": "No.", "type": "x", "param": None, "code": None}}, 401)


def test_recording_that_says_nothing_undoes_no_pass_and_none_conforms(tmp_path: Path) -> None:
    _, run = judge_recording(tmp_path, CLEAN)
    assert must(run).kept > 20
    assert "nothing is broken, in what was recorded" in closing(summarize([run]))
    assert not any(GREEN in svg for svg in badges(summarize([run])).values())
    report, more = judge_recording(tmp_path, *[CLEAN] * 3, KEY_REFUSED)
    assert must(more) == must(run)
    assert report.conclusion is Conclusion.CONFORMS
    promise = summarize([more]).rows[0].promises["envelope.data-present"]
    assert (promise.judged, promise.findings) == (3, 4)
    start = "Of recordings a promise is kept where"
    assert any(note.startswith(start) for note in notes(summarize([more])))


def test_recording_is_broken_where_any_exchange_breaks_it(tmp_path: Path) -> None:
    lie = record({**PAINTED, "created": "yesterday"})
    report, run = judge_recording(tmp_path, *[CLEAN] * 3, lie, KEY_REFUSED)
    assert report.conclusion is Conclusion.BREAKS
    assert must(run).kept < must(run).decided


def test_recording_of_a_refused_key_alone_could_not_be_judged(tmp_path: Path) -> None:
    report, run = judge_recording(tmp_path, KEY_REFUSED)
    assert report.conclusion is Conclusion.NOT_JUDGED
    assert "less than 90 %" in " ".join(notes(summarize([run])))


def test_unknown_models_neither_lower_the_reach_nor_raise_it() -> None:
    known_model = [finding(kept.clause, model="dall-e-2") for kept in TEN]
    every = [*known_model, *TEN, *UNSEEN]
    assert conclude_recordings(every, True, ()) is Conclusion.NOT_JUDGED
    assert conclude_recordings(every, True, ("dall-e-3",)) is Conclusion.CONFORMS


# --- what would help ---

PROBLEM = "provider 'acme': the first authorised request was refused"


def open_one(message: str, verdict: Verdict = Verdict.NOT_RUN) -> list[Finding]:
    return [finding("a.b", verdict, message=message)]


NO_IMAGES = open_one("the recorder kept no image of the URLs", Verdict.NOT_TESTABLE)
NOT_SERVED = open_one("the model is not served (HTTP 404)", Verdict.UNAVAILABLE)
REMEDIES: dict[str, tuple[list[Finding], str, str]] = {
    "budget": (open_one("the budget"), "live", "continue with --resume"),
    "wrong-key": (
        open_one("not run: 401"), "refused", "first mend what is wrong with the run as a whole"),
    "wrong-with-the-run": (open_one(f"not run: {PROBLEM}"), "refused", "first mend that"),
    "explained": (NO_ERRORS, "live", "first mend what is broken"),
    "403": (open_one(f"{OF_WHO_ASKS}: HTTP 403", Verdict.NOT_TESTABLE), "live", "ask with a key"),
    "no-downloads": (NO_IMAGES, "foreign", "record the downloads of the image URLs as well"),
    "recordings": (NOT_SERVED, "foreign", "judge recordings that show more."),
}  # fmt: skip


@pytest.mark.parametrize("name", REMEDIES)
def test_remedy_is_one_that_helps(name: str) -> None:
    open_ones, mode, remedy = REMEDIES[name]
    end = runs.footer(problems=[PROBLEM] if mode == "refused" else [])
    head = runs.header(mode="foreign" if mode == "foreign" else "live")
    should = [] if mode == "foreign" else [SHOULD]
    summary = summarize([runs.run(TEN[0], *should, *open_ones, head=head, end=end)])
    assert f"to decide more, {remedy}" in notes(summary)[-1]
    assert "blocked" not in closing(summary) or mode != "foreign"


FEWER = "run again with --concurrency 2, or 1"
SLOWER = "run again with a smaller --concurrency, or requests_per_minute in the provider's file"
LATER = "run again when the provider answers"


@pytest.mark.parametrize(
    ("message", "apart", "cause", "remedy"),
    [
        ("Concurrency limit reached.", 0, "rate-limit", FEWER),
        ("Too many requests at once.", 0, "rate-limit", FEWER),
        ("60 requests a minute.", 0, "rate-limit", SLOWER),
        ("Concurrency limit reached.", 9, "rate-limit", LATER),
        ("Overloaded.", 0, "outage", LATER),
    ],
    ids=["concurrency", "at-once", "per-minute", "one-at-a-time", "outage"],
)
def test_remedy_of_a_limit_is_to_ask_more_slowly(
    message: str, apart: int, cause: str, remedy: str
) -> None:
    def exchange(number: int, **more: Any) -> dict[str, Any]:
        moment = f"2026-01-02T03:04:{number * apart:02}+00:00"
        return runs.exchange(case=f"case-{number}", sent_at=moment) | more

    about = {"outcome": "unavailable", "reason": "HTTP 429", "cause": cause, "said": message}
    limits = [exchange(number, **about) for number in range(1, 4)]
    out = open_one("HTTP 429", Verdict.UNAVAILABLE)
    (note,) = notes(summarize([runs.run(exchange(0), *limits, TEN[0], *out)]))
    assert f"to decide more, {remedy}" in note


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("moderation", "run again when the provider moderates these prompts no longer"),
        ("quota", "run again when the account has quota again"),
        ("outage", LATER),
        (None, "first mend what it builds on"),
    ],
)
@pytest.mark.parametrize("case", ["baseline", "n-2"], ids=["itself", "control"])
def test_remedy_of_a_cause_that_no_request_is_to_blame_for(
    cause: str | None, remedy: str, case: str
) -> None:
    about = {"message": "not accepted", "case": case, "control": "baseline"}
    open_promise = finding("a.b", Verdict.NOT_TESTABLE, **about)
    run = runs.run(TEN[0], SHOULD, open_promise, {**runs.exchange(), "cause": cause})
    (note,) = notes(summarize([run]))
    assert note.endswith(f"to decide more, {remedy}.")


def test_reason_of_a_few_is_not_called_the_most() -> None:
    many = [finding(f"a.{name}", Verdict.NOT_RUN, message=f"reason {name}") for name in "abc"]
    (note,) = notes(summarize([runs.run(TEN[0], *many)]))
    assert "among others (1 promise) because 'reason a'" in note
