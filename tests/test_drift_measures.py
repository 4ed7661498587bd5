"""Drift beside the verdicts: latency and price, reliability, and the form of answers."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import ABSENT, ChangeKind, Drift
from conformance.reports.drift.outliers import LATENCY, PRICE, Measure, usual
from conformance.reports.drift.render import drift_json, drift_markdown
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.nights import HEADERS, SHAPE, answer, answers, night
from tests.shown import by_schema

NEWS, NOISE, UNRELIABLE = ChangeKind.INFORMATION, ChangeKind.NOISE, ChangeKind.UNRELIABLE
CLAUSE = "format.url-only"


def changes_of(bases: list[Run], new: Run) -> list[tuple[str, ChangeKind]]:
    return [(change.what, change.kind) for change in drift(bases, new).changes]


# --- latency and price ---


@pytest.mark.parametrize(
    ("values", "measure", "low", "high"),
    [
        ([8.0], LATENCY, 4.0, 16.0),
        ([0.01], LATENCY, -0.99, 1.01),
        ([0.04], PRICE, 0.032, 0.05),
        ([8.0] * 5, LATENCY, 6.0, 10.0),
        ([6.0, 7.0, 8.0, 9.0, 30.0], LATENCY, 8 - 5 * 1.4826, 8 + 5 * 1.4826),
    ],
)
def test_usual_range(values: list[float], measure: Measure, low: float, high: float) -> None:
    usual_range = usual(values, measure)
    assert [usual_range.low, usual_range.high] == pytest.approx([low, high])


def slow_night(day: int, *seconds: float) -> Run:
    records = answers(len(seconds))
    return night(day, *(one | {"elapsed": s} for one, s in zip(records, seconds, strict=True)))


def priced_night(day: int, price: float | None, estimate: float = 9.0) -> Run:
    return night(day, *answers(price={"estimate": estimate, "actual": price}))


def test_latency_of_twice_last_nights_is_news_with_its_range() -> None:
    (change,) = drift([slow_night(1, 8, 9, 10)], slow_night(2, 19, 20, 21)).changes
    assert (change.what, change.kind) == ("latency", NEWS)
    assert (change.before, change.after) == ("9.0 s", "20.0 s")
    assert change.message == "median of 3; usual 4.5 s to 18.0 s (one night, factor 2)"


WEEK = [slow_night(day, 8, 9 + day / 100, 10) for day in range(1, 8)]
EIGHT = [slow_night(1, 8, 8, 8)]


@pytest.mark.parametrize(
    ("bases", "new", "changes"),
    [
        (WEEK, slow_night(9, 12, 13, 14), [("latency", NEWS)]),
        (WEEK[-1:], slow_night(9, 12, 13, 14), []),
        ([slow_night(1, 20, 20, 20)], slow_night(2, 2, 2, 2), [("latency", NEWS)]),
        (EIGHT, slow_night(2, 8, 8, 60), [("slow answer", NOISE)]),
        (EIGHT, slow_night(2, 8, 8, 15), []),
        (EIGHT, slow_night(2, 8, 8, 12.9), []),
        (EIGHT, night(2, *answers(outcome="refused", elapsed=0.01)), []),
        ([priced_night(1, 0.04)], priced_night(2, 0.06), [("price", NEWS)]),
        ([priced_night(1, 0.04)], priced_night(2, 0.049), []),
        ([priced_night(1, 0.04)], priced_night(2, 0.02), [("price", NEWS)]),
        ([priced_night(1, 0.04)], priced_night(2, None), []),
        ([priced_night(1, None, estimate=1.0)], priced_night(2, None), []),
    ],
    ids=[
        *("many-nights", "one-night", "faster", "one-slow-answer", "below-factor"),
        *("below-seconds", "refusals", "dearer", "about-the-same", "cheaper", "unknown"),
        "our-own-estimates",
    ],
)
def test_latency_or_price_that_leaves_its_range_is_told(
    bases: list[Run], new: Run, changes: list[tuple[str, ChangeKind]]
) -> None:
    assert changes_of(bases, new) == changes


def test_new_case_does_not_shift_the_median() -> None:
    new = slow_night(2, 8, 8, 8)
    for number, record in enumerate(answers(9, elapsed=90.0)):
        new.add(runs.read_record({**record, "case": f"new-{number}"}, ExchangeRecord))
    assert changes_of(EIGHT, new) == []


# --- reliability: a rate of failures against that of the nights before ---


def findings(flaky: int, of: int = 12, breaks: int = 0) -> list[Finding]:
    """One clause on some cases: some that broke every time, flaky ones, and passes."""
    flake: dict[str, Any] = {"verdict": Verdict.FLAKY, "rate": 0.5, "repeats": 3}
    return [
        *(runs.broken_must(repeats=3, case=f"n-{at}") for at in range(breaks)),
        *(runs.finding(**flake, case=f"n-{at}") for at in range(breaks, breaks + flaky)),
        *(runs.finding(case=f"n-{at}") for at in range(breaks + flaky, of)),
    ]


def between(before: list[Finding], after: list[Finding]) -> Drift:
    return drift([night(1, *before)], night(2, *after))


def retry_night(day: int, retry_count: int, of: int = 30) -> Run:
    """A night of requests, of which some were sent twice."""
    retries = [[{"status": 503, "reason": "HTTP 503"}] * (rank < retry_count) for rank in range(of)]
    records = [answer(f"n-{at}", attempts=1 + len(r), retried=r) for at, r in enumerate(retries)]
    return night(day, *records, runs.finding(), runs.finding("envelope.json"))


def test_third_of_answers_that_break_a_promise_is_unreliable_and_gets_an_issue() -> None:
    report = between(findings(0), findings(6))
    (change,) = report.of(UNRELIABLE)
    assert (change.subject, change.count, report.exit_code) == (CLAUSE, 6, 1)
    assert change.before.startswith("0 of 12")
    assert change.after.startswith("12 of 30")
    (provider,) = by_schema("drift", drift_json(report))["providers"]
    assert provider["title"] == f"acme became unreliable: {CLAUSE}"
    assert "12 of 30 failed" in provider["body"]
    assert "Became unreliable" in drift_markdown(report)


def test_luck_of_one_case_is_no_regression_beside_it() -> None:
    report = between(findings(0), findings(6, breaks=1))
    assert not report.of(ChangeKind.REGRESSION)
    assert report.of(UNRELIABLE)[0].after.startswith("16 of 33")


def test_reliability_stays_what_it_was() -> None:
    for before, after in (
        (findings(0), findings(1)),  # one accident
        (findings(6), findings(6)),
        (findings(0), findings(0, breaks=6)),  # broken each time
        (findings(6), findings(0)),
    ):
        assert not between(before, after).of(UNRELIABLE)


def test_consequences_of_a_flaky_prerequisite_are_counted() -> None:
    follows, cases = "format.one-payload", [f"n-{number}" for number in range(6)]
    rest = [runs.finding(follows, case=case) for case in cases]
    untestable = [runs.finding(follows, Verdict.NOT_TESTABLE, case=case) for case in cases]
    lost = runs.finding("extras.size-true", case="n-0")  # an answer lacks it now
    report = between([*findings(0), *rest, lost], [*findings(6), *untestable])
    assert [change.subject for change in report.changes] == [CLAUSE]
    assert report.explained == 13


def test_requests_that_are_sent_again_more_often_are_unreliable() -> None:
    report = drift([retry_night(1, 0)], retry_night(2, 10))
    (change,) = report.of(UNRELIABLE)
    assert (change.subject, change.message) == ("requests", "HTTP 503 (10)")
    assert report.exit_code == 1


def test_outage_of_everything_is_not_called_unreliable() -> None:
    outage: dict[str, Any] = {"outcome": "unavailable", "attempts": 1, "response": None}
    out = night(2, *(answer(f"n-{n}", **outage) for n in range(30)), runs.finding())
    assert not drift([retry_night(1, 0)], out).of(UNRELIABLE)


@pytest.mark.parametrize(("outcome", "changes"), [("unavailable", 0), ("accepted", 1)])
def test_run_that_ended_early_is_unreliable_unless_it_ended_in_an_outage(
    outcome: str, changes: int
) -> None:
    moments = [f"2027-01-01T00:00:0{n}+00:00" for n in range(3)]
    last = [answer(f"z-{at}", sent_at=at, outcome=outcome) for at in moments]
    not_run = runs.finding(CLAUSE, Verdict.NOT_RUN, case="n-99", message="not run: out")
    new = night(2, *retry_night(2, 10).exchanges.values(), *last, runs.finding(), not_run)
    assert len(drift([retry_night(1, 0)], new).of(UNRELIABLE)) == changes


# --- the form of answers ---

MORE = [*SHAPE, "usage:object", "usage.total_tokens:integer"]
NUMBER, OR_NULL = ["created:number", *SHAPE[1:]], [*SHAPE, "data[].url:null"]
HTML = [["Content-Type", "text/html; charset=utf-8"], *HEADERS[1:]]
VOLATILE = [["Date", "now"], ["CF-Ray", "1"], ["x-ratelimit-left", "2"]]
CDN = [HEADERS[0], ["server", "cloudflare"]]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({}, {"shape": MORE}, ("field", "usage", "absent", "object")),
        ({"shape": MORE}, {}, ("field", "usage", "object", "absent")),
        ({}, {"shape": NUMBER}, ("field", "created", "integer", "number")),
        ({}, {"shape": OR_NULL}, ("field", "data[].url", "string", "null|string")),
        ({}, {"headers": HEADERS[1:]}, ("header", "content-type", "application/json", "absent")),
        ({}, {"headers": HTML}, ("header", "content-type", "application/json", "text/html")),
        ({}, {"headers": [*HEADERS, ["X-Region", "eu"]]},
         ("header", "x-region", "absent", "present")),
        ({}, {"headers": CDN}, ("header value", "server", "nginx", "cloudflare")),
        ({}, {"image": "webp"}, ("image type", "", "png", "webp")),
        ({}, {"host": "cdn.relay.test"}, ("image host", "", "img.acme.test", "cdn.relay.test")),
        ({"status": 400}, {"status": 422}, ("status", "", "400", "422")),
        ({"status": 200}, {"status": 400}, ("status", "", "200", "400")),
        ({"error": {"code": "bad_size"}}, {"error": {"code": "invalid"}},
         ("error", "code", "bad_size", "invalid")),
        # what differs every night, and what never came
        ({}, {"headers": [*HEADERS[:2], ["x-request-id", "r2"]]}, None),
        ({}, {"headers": [*HEADERS, *VOLATILE]}, None),
        ({"host": "img1.acme.test"}, {"host": "img27.acme.test"}, None),
        ({"shape": None}, {"shape": SHAPE}, None),
        ({"shape": [*SHAPE, "…"]}, {"shape": MORE}, None),
        ({"images": []}, {"image": "webp"}, None),
        ({}, {"elapsed": 1.9}, None),
        ({}, {"response": None}, None),
        ({}, {"status": 503, "outcome": "unavailable", "shape": None}, None),
        ({}, {"status": 503, "outcome": "not served", "shape": None}, None),
    ],
)  # fmt: skip
def test_changed_form_is_news_told_once_and_what_differs_every_night_is_not(
    before: dict[str, Any], after: dict[str, Any], change: tuple[str, str, str, str] | None
) -> None:
    changes = drift([night(1, *answers(**before))], night(2, *answers(**after))).changes
    rows = [(entry.what, entry.subject, entry.before, entry.after) for entry in changes]
    assert rows == ([change] if change else [])
    assert [(entry.kind, entry.count) for entry in changes] == [(NEWS, 6)] * len(rows)


def pods(name: str) -> list[dict[str, Any]]:
    return [answer(f"case-{n}", headers=[["x-pod", f"{name}{n}"]]) for n in range(6)]


REST, OLD_HOST = answers()[1:], answers(host="old.acme.test")
REFUSAL, MISREAD = answer("case-0", status=400), answer("case-0", status=422)


@pytest.mark.parametrize(
    ("bases", "new", "changes"),
    [
        ([pods("a")], pods("b"), []),
        ([answers()], [answer("case-0", shape=MORE), *REST], [("field", NOISE)]),
        ([answers(1)], answers(1, shape=MORE), [("field", NEWS)]),
        ([[REFUSAL, *REST]], [MISREAD, *REST], [("status", NEWS)]),  # a single one is no chance
        ([answers(shape=MORE), answers()], answers(shape=MORE), [("field", NOISE)]),
        ([OLD_HOST, answers()], OLD_HOST, []),
    ],
    ids=["varying-header", "in-one", "in-one-of-few", "status", "as-an-older-night", "old-host"],
)
def test_difference_that_may_be_chance_is_noise(
    bases: list[Any], new: Any, changes: list[tuple[str, ChangeKind]]
) -> None:
    nights = [night(day, *records) for day, records in enumerate([*bases, new], start=1)]
    assert changes_of(nights[:-1], nights[-1]) == changes


def test_field_that_comes_here_and_goes_there_is_noise() -> None:
    before = [answer(f"case-{n}", shape=MORE if n % 2 else SHAPE) for n in range(6)]
    after = [answer(f"case-{n}", shape=SHAPE if n % 2 else MORE) for n in range(6)]
    changes = drift([night(1, *before)], night(2, *after)).changes
    kinds = {(change.kind, change.after == ABSENT, change.count) for change in changes}
    assert kinds == {(NOISE, False, 3), (NEWS, True, 3)}
