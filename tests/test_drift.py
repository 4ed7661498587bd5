"""Drift: what class a changed verdict is of, when it decides, and what is missing now."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from conformance.findings import DECIDED, Finding, Verdict
from conformance.reports.drift import (
    ChangeKind,
    Drift,
    DriftError,
    drift,
    drift_json,
    drift_markdown,
)
from conformance.reports.drift.render import closing
from conformance.reports.drift.verdicts import kind_of
from conformance.results.run_file import Run
from tests import runs
from tests.nights import ONE_NIGHT, QUICK, answer, night
from tests.test_drift_reports import VALIDATOR, screen

V = Verdict
PASSED, BROKEN, KNOWN = runs.finding(), runs.broken(), runs.known()
NEWS = ChangeKind.INFORMATION


def judged(verdict: Verdict, **changes: Any) -> Finding:
    return runs.finding(verdict=verdict, **changes)


def nights(before: Finding, after: Finding, **changes: Any) -> Drift:
    """The drift between two live nights of one finding each; others stay as they are."""
    rest = runs.finding("envelope.json")
    return drift([night(1, answer(), before, rest)], night(2, answer(**changes), after, rest))


def of_model(
    out: int, of: int, model: str = "dall-e-3", verdict: Verdict = V.UNAVAILABLE
) -> list[Finding]:
    """Findings of a model, of which so many could not be judged."""
    return [
        judged(verdict if number < out else V.PASS, model=model, case=f"n-{number}")
        for number in range(of)
    ]


@QUICK
@given(ONE_NIGHT)
def test_same_findings_have_no_drift(findings: list[Finding]) -> None:
    found = drift([night(1, *findings)], night(2, *findings))
    assert (found.changes, found.explained) == ((), 0)
    assert found.compared == sum(each.verdict in DECIDED for each in findings)


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_every_changed_finding_is_in_one_change_or_explained(
    before: list[Finding], after: list[Finding]
) -> None:
    found = drift([night(1, *before)], night(2, *after))
    old, new = ({each.id: each.state for each in side} for side in (before, after))
    gone = {(e.provider, e.model) for e in before} - {(e.provider, e.model) for e in after}
    decided = {(e.provider, e.model) for e in before if e.verdict in DECIDED}
    absent = {each.id for each in before if (each.provider, each.model) in gone & decided}
    changed = {name for name in {**old, **new} if old.get(name) is not new.get(name)} - absent
    counts = sum(each.count for each in found.changes if each.what == "verdict")
    assert counts + found.explained == len(changed)


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_never_green_where_a_kept_promise_is_broken_for_sure(
    before: list[Finding], after: list[Finding]
) -> None:
    kept = {each.id for each in before if each.verdict is V.PASS}
    worse = [
        e for e in after if e.id in kept and e.state in (BROKEN.state, judged(V.DEVIATES).state)
    ]
    found = drift([night(1, *before)], night(2, *after))
    assert (found.exit_code() == 1) == any(each.repeats for each in worse)
    assert (found.exit_code(unconfirmed_too=True) == 1) == bool(worse)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (PASSED, BROKEN, ChangeKind.REGRESSION),
        (PASSED, judged(V.DEVIATES), ChangeKind.REGRESSION),
        (PASSED, KNOWN, NEWS),
        (BROKEN, PASSED, ChangeKind.FIXED),
        (KNOWN, PASSED, ChangeKind.FIXED),
        (KNOWN, BROKEN, NEWS),
        (BROKEN, KNOWN, NEWS),
        (PASSED, judged(V.UNAVAILABLE), ChangeKind.NOISE),
        (PASSED, judged(V.FLAKY), ChangeKind.NOISE),
        (judged(V.UNAVAILABLE), PASSED, ChangeKind.NOISE),
        (judged(V.UNAVAILABLE), BROKEN, NEWS),
        (PASSED, judged(V.NOT_TESTABLE), NEWS),
        (PASSED, judged(V.HARNESS_ERROR), NEWS),
        (PASSED, judged(V.NOT_CLAIMED), NEWS),
        (None, BROKEN, NEWS),
    ],
    ids=lambda value: value.state.label if isinstance(value, Finding) else str(value),
)
def test_class_of_a_changed_verdict(before: Finding, after: Finding, kind: ChangeKind) -> None:
    assert kind_of(before, after) is kind


@pytest.mark.parametrize(
    ("provenance", "repeats", "sure"),
    [
        ("live", None, False),
        ("live", 1, False),
        ("live", 2, True),
        ("cassette", None, True),
        ("reference", None, True),
        ("foreign", None, True),
    ],
)
def test_regression_is_confirmed_by_repeats_or_by_a_fixed_answer(
    provenance: str, repeats: int | None, sure: bool
) -> None:
    found = nights(PASSED, runs.broken(repeats=repeats), provenance=provenance)
    (change,) = found.of(ChangeKind.REGRESSION)
    assert (change.confirmed, found.exit_code()) == (sure, int(sure))


def test_replay_without_its_exchange_is_a_fixed_answer() -> None:
    about = {"providers": runs.header(mode="replay")["providers"]}
    found = drift([night(1, PASSED, head=about)], night(2, BROKEN, head=about))
    assert found.exit_code() == 1


@pytest.mark.parametrize(
    ("verdict", "kind", "why"),
    [
        (V.UNAVAILABLE, ChangeKind.NOISE, "HTTP 429"),
        (V.NOT_RUN, NEWS, "not run: provider is out"),
    ],
)
def test_what_ended_a_run_is_reported_by_its_reason_and_not_by_clause(
    verdict: Verdict, kind: ChangeKind, why: str
) -> None:
    others = [runs.finding(case=f"other-{number}") for number in range(len(runs.LEVELS))]
    before = night(1, *(runs.finding(name) for name in runs.LEVELS), *others)
    out = [runs.finding(name, verdict, message=why) for name in runs.LEVELS]
    found = drift([before], night(2, *out, *others))
    (change,) = found.changes
    assert (change.kind, change.subject, change.after) == (kind, "", verdict.value)
    assert (change.count, change.message, found.exit_code()) == (5, why, 0)


def test_flaky_promise_says_its_rate() -> None:
    (change,) = nights(PASSED, judged(V.FLAKY, rate=0.25, repeats=4)).changes
    assert "broken 25% of the time" in change.message


def test_what_a_regression_explains_is_counted_and_not_reported() -> None:
    hidden, seen = runs.finding("count.n-images", V.NOT_TESTABLE), runs.finding("count.n-images")
    found = drift([night(1, PASSED, seen)], night(2, BROKEN, hidden))
    assert ([each.kind for each in found.changes], found.explained) == ([ChangeKind.REGRESSION], 1)
    back = drift([night(1, BROKEN, hidden)], night(2, PASSED, seen))
    assert [each.kind for each in back.changes] == [ChangeKind.FIXED]


def test_added_and_removed_findings_are_news() -> None:
    one, other = runs.finding("format.one-payload"), runs.finding("count.n-images")
    found = drift([night(1, PASSED, one)], night(2, PASSED, other))
    assert {(each.subject, each.before, each.after) for each in found.changes} == {
        ("format.one-payload", "pass", "absent"),
        ("count.n-images", "absent", "pass"),
    }


@pytest.mark.parametrize(
    "new",
    [night(2, PASSED, end=None), night(2, PASSED, head={"selection": {"clauses": "format.*"}})],
    ids=["cut-off", "selection"],
)
def test_what_was_not_to_be_judged_is_not_reported_as_removed(new: Run) -> None:
    assert not drift([night(1, PASSED, runs.finding("count.n-images"))], new).changes


HERE, OTHER = of_model(0, 4), of_model(0, 3, "gpt-image-1")
GONE = [*of_model(0, 5, "gpt-image-1"), *of_model(1, 1, "gpt-image-1")]


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (night(2, *HERE, *OTHER, end=None), "the new run did not come to its end"),
        (night(2, *of_model(4, 4)), "nothing of acme could be judged, of 102 findings"),
        (night(2, *of_model(9, 10), *OTHER), "9 of 10 findings of acme dall-e-3 could not be"),
        (night(2, *of_model(6, 10, verdict=V.FLAKY), *OTHER), "6 of 10 findings of acme dall-e-3"),
        (night(2, *HERE, *of_model(3, 3, "gpt-image-1")), "3 of 3 findings of acme gpt-image-1"),
        (night(2, *HERE), "nothing of acme gpt-image-1 was judged, of 3 findings before"),
        (
            night(2, *HERE, *OTHER, head={"selection": {"cases": "n-*"}}),
            "the new run judged only a part (cases n-*)",
        ),
    ],
    ids=["cut-off", "outage", "all-but-one", "flaky", "one-model", "model-gone", "part"],
)
def test_night_that_says_too_little_is_not_green(new: Run, why: str) -> None:
    found = drift([night(1, *of_model(0, 99), *OTHER)], new)
    assert found.exit_code() == 2
    assert [each[: len(why)] for each in found.unjudged] == [why]
    assert why in closing(found)


@pytest.mark.parametrize(
    "new",
    [
        of_model(5, 10),
        [*of_model(5, 5, verdict=V.NOT_CLAIMED), *of_model(0, 5, "gpt-image-1")],
        [runs.known(case="n-0")]
        + [judged(V.NOT_TESTABLE, case="n-0", clause=each) for each in ("a", "b", "c")],
    ],
    ids=["half", "not-claimed", "explained"],
)
def test_what_tells_or_is_explained_does_not_make_a_night_unjudged(new: list[Finding]) -> None:
    same = [runs.finding(each.clause, model=each.model, case=each.case) for each in new]
    found = drift([night(1, *same)], night(2, *new))
    assert (found.exit_code(), found.unjudged) == (0, ())


@pytest.mark.parametrize(
    ("before", "unjudged"),
    [
        (
            of_model(8, 10),
            ("8 of 10 findings of acme dall-e-3 were not decided before",),
        ),
        (of_model(5, 10), ()),
        (
            [runs.known(case="n-0")]
            + [judged(V.NOT_TESTABLE, case="n-0", clause=each) for each in ("a", "b", "c")],
            (),
        ),
    ],
    ids=["most", "half", "explained"],
)
def test_base_that_says_too_little_is_no_green(
    before: list[Finding], unjudged: tuple[str, ...]
) -> None:
    now = [runs.finding(each.clause, model=each.model, case=each.case) for each in before]
    found = drift([night(1, *before)], night(2, *now))
    assert (found.exit_code(), found.unjudged) == (2 if unjudged else 0, unjudged)


def test_must_that_vanished_is_not_green_and_a_should_is_news() -> None:
    must, should = runs.finding("envelope.json"), runs.finding("errors.status-400")
    found = drift([night(1, *HERE, must)], night(2, *HERE))
    assert found.unjudged == ("1 MUST of acme dall-e-3 judged before and not now: envelope.json",)
    assert drift([night(1, *HERE, should)], night(2, *HERE)).exit_code() == 0
    twice = night(1, *HERE, must, runs.finding("envelope.json", case="n-2"))
    assert drift([twice], night(2, *HERE, must)).exit_code() == 0


@pytest.mark.parametrize("bases", [1, 2], ids=["last-night", "an-older-night"])
def test_model_that_vanished_is_reported_once_in_every_form(bases: int) -> None:
    found = drift([night(1, *HERE, *GONE), night(2, *HERE)][:bases], night(3, *HERE))
    assert found.exit_code() == 2
    (change,) = found.changes
    assert (change.what, change.subject, change.count) == ("model", "gpt-image-1", 5)
    VALIDATOR.validate(json.loads(drift_json(found)))
    assert "model gpt-image-1: gone, 5 findings judged before\n" in screen(found)
    assert "- model `gpt-image-1`: gone, 5 findings judged before\n" in drift_markdown(found)


def test_model_that_was_not_chosen_is_noted_and_nothing_else() -> None:
    head = {"selection": {"models": "dall-e-*", "strength": 2}}
    found = drift([night(1, *HERE, *GONE)], night(2, *HERE, head=head))
    assert (found.exit_code(), found.changes, found.unjudged) == (0, (), ())
    note = "Not chosen by NEW (models dall-e-*): 5 findings of acme gpt-image-1."
    assert note in found.notes


def test_provider_that_was_not_to_be_judged_is_not_missed() -> None:
    both = {"providers": runs.header(["acme", "other"])["providers"]}
    before = night(1, *HERE, runs.finding(provider="other"), head=both)
    assert drift([before], night(2, *HERE)).exit_code() == 0


def test_regression_of_a_cut_off_night_still_decides() -> None:
    new = night(2, runs.broken(repeats=3), end=None)
    assert drift([night(1, PASSED)], new).exit_code() == 1


@pytest.mark.parametrize(
    ("bases", "new", "kinds"),
    [
        ([night(2, judged(V.UNAVAILABLE)), night(1, PASSED)], BROKEN, [ChangeKind.REGRESSION]),
        ([night(2, BROKEN), night(1, PASSED)], PASSED, [ChangeKind.FIXED]),
        ([night(1, PASSED, runs.finding("count.n-images")), night(2, PASSED)], PASSED, []),
    ],
    ids=["outage", "order", "removed-before"],
)
def test_last_night_that_could_tell_counts(
    bases: list[Run], new: Finding, kinds: list[ChangeKind]
) -> None:
    assert [each.kind for each in drift(bases, night(3, new)).changes] == kinds


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (night(1), "the same run"),
        (night(2, head={"edition": {**runs.EDITION, "id": "other"}}), "use compare"),
        (night(2, head=runs.header(["relay"], id="x")), "no provider in common"),
    ],
    ids=["same-run", "edition", "provider"],
)
def test_runs_that_cannot_be_compared_are_refused(after: Run, why: str) -> None:
    with pytest.raises(DriftError, match=why):
        drift([night(1)], after)


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
    assert said in " ".join(drift([night(1)], night(2, head=head)).notes)


def test_fingerprint_is_of_provider_and_clauses_and_of_nothing_else() -> None:
    def name(*findings: Finding) -> str:
        before = night(1, *(runs.finding(each.clause, case=each.case) for each in findings))
        return drift([before], night(2, *findings)).alarms(unconfirmed_too=True)[0].fingerprint

    first = name(runs.broken())
    assert first == name(runs.broken(case="n-2", message="another"))
    assert first != name(runs.broken(clause="count.n-images"))
    both = runs.broken(), runs.broken(clause="count.n-images")
    assert name(*both) == name(*both[::-1]) != first


def judged_by(day: int, digest: str) -> Run:
    return night(day, PASSED, head={"edition": {**runs.EDITION, "digest": digest}})


def test_drift_says_that_the_contract_changed_under_its_name() -> None:
    note = "different contracts, both called"
    assert note in "".join(drift([judged_by(1, "a" * 64)], judged_by(2, "b" * 64)).notes)
    assert note not in "".join(drift([judged_by(1, "a" * 64)], judged_by(2, "a" * 64)).notes)
    assert note not in "".join(drift([judged_by(1, "")], judged_by(2, "a" * 64)).notes)
