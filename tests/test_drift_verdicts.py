"""Drift: what class a changed verdict is of, and when it decides."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports.drift import Drift, DriftError, Kind, drift
from conformance.reports.drift.alarm import alarms
from conformance.reports.drift.verdicts import kind_of
from conformance.results.run_file import Run
from tests import runs
from tests.nights import answer, night

V = Verdict
PASSED, BROKEN, KNOWN = runs.finding(), runs.broken(), runs.known()
NEWS = Kind.INFORMATION


def judged(verdict: Verdict, **changes: Any) -> Finding:
    return runs.finding(verdict=verdict, **changes)


def told(before: Run, after: Run) -> Drift:
    return drift([before], after)


def nights(before: Finding, after: Finding, **changes: Any) -> Drift:
    """The drift between two live nights of one finding each; others stay as they are."""
    rest = runs.finding("envelope.json")
    return told(night(1, answer(), before, rest), night(2, answer(**changes), after, rest))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (PASSED, BROKEN, Kind.REGRESSION),
        (PASSED, judged(V.DEVIATES), Kind.REGRESSION),
        (PASSED, KNOWN, NEWS),
        (PASSED, PASSED, None),
        (BROKEN, BROKEN, None),
        (BROKEN, PASSED, Kind.FIXED),
        (KNOWN, PASSED, Kind.FIXED),
        (KNOWN, BROKEN, NEWS),
        (BROKEN, KNOWN, NEWS),
        (PASSED, judged(V.UNAVAILABLE), Kind.NOISE),
        (PASSED, judged(V.FLAKY), Kind.NOISE),
        (judged(V.UNAVAILABLE), PASSED, Kind.NOISE),
        (judged(V.UNAVAILABLE), BROKEN, NEWS),
        (PASSED, judged(V.NOT_TESTABLE), NEWS),
        (PASSED, judged(V.NOT_RUN), NEWS),
        (PASSED, judged(V.HARNESS_ERROR), NEWS),
        (PASSED, judged(V.NOT_CLAIMED), NEWS),
        (None, BROKEN, NEWS),
    ],
    ids=lambda value: (
        value.verdict.value + " known" * value.excused if isinstance(value, Finding) else str(value)
    ),
)
def test_class_of_a_changed_verdict(before: Finding, after: Finding, kind: Kind | None) -> None:
    assert kind_of(before, after) is kind


@pytest.mark.parametrize(
    ("provenance", "repeats", "sure"),
    [
        ("live", None, False),
        ("live", 1, False),
        ("live", 2, True),
        ("live", 3, True),
        ("cassette", None, True),
        ("reference", None, True),
        ("foreign", None, True),
    ],
)
def test_regression_is_confirmed_by_repeats_or_by_a_fixed_answer(
    provenance: str, repeats: int | None, sure: bool
) -> None:
    found = nights(PASSED, runs.broken(repeats=repeats), provenance=provenance)
    (change,) = found.of(Kind.REGRESSION)
    assert change.confirmed is sure
    assert found.exit_code() == int(sure)
    assert found.exit_code(unconfirmed_too=True) == 1


def test_replay_without_its_exchange_is_a_fixed_answer() -> None:
    head = runs.header(mode="replay")
    about = {"providers": head["providers"]}
    found = told(night(1, PASSED, head=about), night(2, BROKEN, head=about))
    assert found.exit_code() == 1


def test_known_deviation_does_not_decide_even_unconfirmed_too() -> None:
    found = nights(PASSED, KNOWN, provenance="cassette")
    assert found.exit_code(unconfirmed_too=True) == 0
    assert [each.after for each in found.of(NEWS)] == ["known"]


def test_same_promise_is_told_once_for_all_its_cases() -> None:
    cases = [f"n-{number}" for number in range(5)]
    before = night(1, *(runs.finding(case=each) for each in cases))
    (change,) = told(before, night(2, *(runs.broken(case=each) for each in cases))).changes
    assert (change.count, change.cases[0], change.level) == (5, "n-0", "MUST")


def test_outage_is_told_by_its_reason_and_not_by_clause() -> None:
    names = list(runs.LEVELS)
    why = {"message": "HTTP 429"}
    others = [runs.finding(case=f"other-{number}") for number in range(len(names))]
    before = night(1, *(runs.finding(each) for each in names), *others)
    out = [runs.finding(each, V.UNAVAILABLE, **why) for each in names]
    found = told(before, night(2, *out, *others))
    (change,) = found.changes
    assert (change.kind, change.count, change.message) == (Kind.NOISE, 5, "HTTP 429")
    assert found.exit_code() == 0


def test_flaky_promise_tells_its_rate() -> None:
    (change,) = nights(PASSED, judged(V.FLAKY, rate=0.25, repeats=4)).changes
    assert "broken 25% of the time" in change.message


def test_what_a_regression_explains_is_counted_and_not_told() -> None:
    hidden = runs.finding("count.n-images", V.NOT_TESTABLE)
    before = night(1, PASSED, runs.finding("count.n-images"))
    found = told(before, night(2, BROKEN, hidden))
    assert [each.kind for each in found.changes] == [Kind.REGRESSION]
    assert found.explained == 1
    back = told(night(1, BROKEN, hidden), night(2, PASSED, runs.finding("count.n-images")))
    assert [each.kind for each in back.changes] == [Kind.FIXED]


def test_what_nothing_broken_explains_is_told() -> None:
    found = nights(PASSED, judged(V.NOT_TESTABLE))
    assert [(each.kind, each.after) for each in found.changes] == [(NEWS, "not testable")]


def test_added_and_removed_findings_are_news() -> None:
    one, other = runs.finding("format.one-payload"), runs.finding("count.n-images")
    found = told(night(1, PASSED, one), night(2, PASSED, other))
    assert {(each.subject, each.before, each.after) for each in found.changes} == {
        ("format.one-payload", "pass", "absent"),
        ("count.n-images", "absent", "pass"),
    }


@pytest.mark.parametrize(
    "new",
    [
        night(2, PASSED, end=None),
        night(2, PASSED, head={"selection": {"clauses": "format.*"}}),
    ],
    ids=["cut-off", "selection"],
)
def test_what_was_not_to_be_judged_is_not_told_as_removed(new: Run) -> None:
    found = told(night(1, PASSED, runs.finding("count.n-images")), new)
    assert not found.changes


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (night(2, PASSED, end=None), "did not come to its end"),
        (night(2, judged(V.UNAVAILABLE)), "nothing of acme could be judged, of 1 finding"),
    ],
    ids=["cut-off", "outage"],
)
def test_night_that_says_too_little_is_not_green(new: Run, why: str) -> None:
    found = told(night(1, PASSED), new)
    assert found.exit_code() == 2
    assert why in found.unjudged[0]


def many(
    out: int, of: int, model: str = "dall-e-3", verdict: Verdict = V.UNAVAILABLE
) -> list[Finding]:
    """Findings of a model, of which so many could not be judged."""
    where: list[dict[str, Any]] = [{"model": model, "case": f"n-{each}"} for each in range(of)]
    return [
        judged(verdict if number < out else V.PASS, **each) for number, each in enumerate(where)
    ]


OTHER = many(0, 3, "gpt-image-1")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ([*many(9, 10), *OTHER], "9 of 10 findings of acme dall-e-3 could not be compared"),
        ([*many(6, 10, verdict=V.FLAKY), *OTHER], "6 of 10 findings of acme dall-e-3 could not be"),
        ([*many(6, 10, verdict=V.NOT_TESTABLE), *OTHER], "6 of 10 findings of acme dall-e-3"),
        ([*many(0, 99), *many(3, 3, "gpt-image-1")], "3 of 3 findings of acme gpt-image-1"),
    ],
    ids=["all-but-one", "flaky", "not-testable", "one-model"],
)
def test_model_of_which_most_could_not_be_judged_is_not_green(new: list[Finding], why: str) -> None:
    before = night(1, *many(0, 99), *OTHER)
    found = told(before, night(2, *new))
    assert found.exit_code() == 2
    assert [each.startswith(why) for each in found.unjudged] == [True]


@pytest.mark.parametrize(
    "new",
    [
        many(5, 10),
        [*many(5, 5, verdict=V.NOT_CLAIMED), *many(0, 5, "gpt-image-1")],
        [runs.known(case="n-0")]
        + [judged(V.NOT_TESTABLE, case="n-0", clause=each) for each in ("a", "b", "c")],
    ],
    ids=["half", "not-claimed", "explained"],
)
def test_what_tells_or_is_explained_does_not_make_a_night_unjudged(new: list[Finding]) -> None:
    same = [runs.finding(each.clause, model=each.model, case=each.case) for each in new]
    found = told(night(1, *same), night(2, *new))
    assert found.exit_code() == 0
    assert not found.unjudged


def test_only_what_is_decided_on_both_sides_counts_as_compared() -> None:
    assert told(night(1, *many(2, 10)), night(2, *many(4, 10))).compared == 6


def test_regression_of_a_cut_off_night_still_decides() -> None:
    new = night(2, runs.broken(repeats=3), end=None)
    assert told(night(1, PASSED), new).exit_code() == 1


def test_one_night_of_outage_does_not_hide_what_was_known_before_it() -> None:
    bases = [night(2, judged(V.UNAVAILABLE)), night(1, PASSED)]
    found = drift(bases, night(3, runs.broken(repeats=3)))
    assert [each.kind for each in found.changes] == [Kind.REGRESSION]


def test_several_nights_are_put_in_order_and_the_last_counts() -> None:
    found = drift([night(2, BROKEN), night(1, PASSED)], night(3, PASSED))
    assert [each.kind for each in found.changes] == [Kind.FIXED]


def test_clause_that_an_older_night_had_is_not_told_as_removed_again() -> None:
    old = night(1, PASSED, runs.finding("count.n-images"))
    assert not drift([old, night(2, PASSED)], night(3, PASSED)).changes


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (night(1), night(1), "the same run"),
        (night(1), night(2, head={"edition": {**runs.EDITION, "id": "other"}}), "use compare"),
        (night(1), night(2, head=runs.header(["relay"], id="x")), "no provider in common"),
    ],
    ids=["same-run", "edition", "provider"],
)
def test_runs_that_cannot_be_compared_are_refused(before: Run, after: Run, why: str) -> None:
    with pytest.raises(DriftError, match=why):
        told(before, after)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"tool": "image-conformance 0.2.0"}, "The suite changed too"),
        ({"started": "2025-01-01T00:00:00+00:00"}, "NEW was made before BASE"),
        ({"providers": runs.header(mode="replay")["providers"]}, "mode was live, and is replay"),
    ],
    ids=["tool", "order", "mode"],
)
def test_what_else_changed_is_noted(head: dict[str, Any], said: str) -> None:
    assert said in " ".join(told(night(1), night(2, head=head)).notes)


def test_fingerprint_is_of_provider_and_clauses_and_of_nothing_else() -> None:
    def name(*findings: Finding) -> str:
        before = night(1, *(runs.finding(each.clause, case=each.case) for each in findings))
        return alarms(told(before, night(2, *findings)), unconfirmed_too=True)[0].fingerprint

    first = name(runs.broken())
    assert first == name(runs.broken(case="n-2", message="another"))
    assert first != name(runs.broken(clause="count.n-images"))
    both = runs.broken(), runs.broken(clause="count.n-images")
    assert name(*both) == name(*both[::-1]) != first
