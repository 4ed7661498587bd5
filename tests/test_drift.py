"""Drift: what class a changed verdict is of, when it decides, and what is missing now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from conformance.findings import DECIDED, Finding, Verdict
from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import ChangeKind, Drift, DriftError
from conformance.reports.drift.render import closing, drift_json, drift_markdown, print_drift
from conformance.reports.drift.verdicts import kind_of
from conformance.results.run_file import Run
from tests import runs
from tests.nights import BROKEN as CONFIRMED
from tests.nights import ONE_NIGHT, QUICK, answer, night
from tests.shown import by_schema, screen

V = Verdict
PASS, FAILURE, KNOWN = runs.finding(), runs.broken_must(), runs.known_deviation()
COUNT_PASS = runs.finding("count.n-images")
NEWS, NOISE = ChangeKind.INFORMATION, ChangeKind.NOISE
REGRESSION, FIXED = ChangeKind.REGRESSION, ChangeKind.FIXED


def finding_of(verdict: Verdict, **changes: Any) -> Finding:
    return runs.finding(verdict=verdict, **changes)


def between(before: list[Finding], after: list[Finding]) -> Drift:
    return drift([night(1, *before)], night(2, *after))


def of_model(
    out: int, of: int, model: str = "dall-e-3", verdict: Verdict = V.UNAVAILABLE
) -> list[Finding]:
    """Findings of a model, of which so many could not be judged."""
    verdicts = [verdict] * out + [V.PASS] * (of - out)
    return [finding_of(verdict, model=model, case=f"n-{at}") for at, verdict in enumerate(verdicts)]


@QUICK
@given(ONE_NIGHT)
def test_same_findings_have_no_drift(findings: list[Finding]) -> None:
    report = between(findings, findings)
    assert (report.changes, report.explained) == ((), 0)
    assert report.compared == sum(finding.verdict in DECIDED for finding in findings)


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_every_changed_finding_is_in_one_change_or_explained(
    before: list[Finding], after: list[Finding]
) -> None:
    report = between(before, after)
    old, new = ({finding.id: finding.state for finding in side} for side in (before, after))
    lost_models = {(e.provider, e.model) for e in before} - {(e.provider, e.model) for e in after}
    decided_models = {(e.provider, e.model) for e in before if e.verdict in DECIDED}
    absent = {e.id for e in before if (e.provider, e.model) in lost_models & decided_models}
    extras = {e.column for e in after} - {e.column for e in before}
    absent |= {e.id for e in after if e.column in extras and e.verdict not in (V.FAIL, V.DEVIATES)}
    names = {name for name in {**old, **new} if old.get(name) is not new.get(name)} - absent
    counts = sum(change.count for change in report.changes if change.what == "verdict")
    assert counts + report.explained == len(names)


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_never_green_where_a_kept_promise_is_broken_for_sure(
    before: list[Finding], after: list[Finding]
) -> None:
    kept_ids = {finding.id for finding in before if finding.verdict is V.PASS}
    bad_states = (FAILURE.state, finding_of(V.DEVIATES).state)
    worse = [finding for finding in after if finding.id in kept_ids and finding.state in bad_states]
    report = between(before, after)
    assert (report.exit_code == 1) == any(finding.repeats for finding in worse)
    assert (replace(report, unconfirmed_too=True).exit_code == 1) == bool(worse)


OUT, FLAKY, UNSEEN, OURS, UNCLAIMED = map(
    finding_of, (V.UNAVAILABLE, V.FLAKY, V.NOT_TESTABLE, V.HARNESS_ERROR, V.NOT_CLAIMED)
)
CLASSES: dict[ChangeKind, list[tuple[Finding | None, Finding]]] = {
    REGRESSION: [(PASS, FAILURE), (PASS, finding_of(V.DEVIATES))],
    FIXED: [(FAILURE, PASS), (KNOWN, PASS)],
    NOISE: [(PASS, OUT), (PASS, FLAKY), (OUT, PASS)],
    NEWS: [
        *((PASS, KNOWN), (KNOWN, FAILURE), (FAILURE, KNOWN), (OUT, FAILURE), (None, FAILURE)),
        *((PASS, UNSEEN), (PASS, OURS), (PASS, UNCLAIMED)),
    ],
}


@pytest.mark.parametrize("kind", CLASSES)
def test_class_of_a_changed_verdict(kind: ChangeKind) -> None:
    for before, after in CLASSES[kind]:
        assert kind_of(before, after) is kind


@pytest.mark.parametrize(
    ("provenance", "repeats", "sure"),
    [
        *(("live", None, False), ("live", 1, False), ("live", 2, True)),
        *((source, None, True) for source in ("cassette", "reference", "foreign")),
    ],
)
def test_regression_is_confirmed_by_repeats_or_by_a_fixed_answer(
    provenance: str, repeats: int | None, sure: bool
) -> None:
    new = night(2, answer(provenance=provenance), runs.broken_must(repeats=repeats))
    report = drift([night(1, answer(), PASS)], new)
    (change,) = report.of(REGRESSION)
    assert (change.confirmed, report.exit_code) == (sure, int(sure))


def test_replay_without_its_exchange_is_a_fixed_answer() -> None:
    head = {"providers": runs.header(mode="replay")["providers"]}
    assert drift([night(1, PASS, head=head)], night(2, FAILURE, head=head)).exit_code == 1


@pytest.mark.parametrize(
    ("verdict", "kind", "why"),
    [(V.UNAVAILABLE, NOISE, "HTTP 429"), (V.NOT_RUN, NEWS, "not run: provider is out")],
)
def test_what_ended_a_run_is_reported_by_its_reason_and_not_by_clause(
    verdict: Verdict, kind: ChangeKind, why: str
) -> None:
    rest = [runs.finding(case=f"other-{number}") for number in range(len(runs.LEVELS))]
    out = [runs.finding(name, verdict, message=why) for name in runs.LEVELS]
    report = between([*map(runs.finding, runs.LEVELS), *rest], [*out, *rest])
    (change,) = report.changes
    assert (change.kind, change.subject, change.after) == (kind, "", verdict.value)
    assert (change.count, change.message, report.exit_code) == (5, why, 0)


def test_what_a_regression_explains_is_counted_and_not_reported() -> None:
    consequence = runs.finding("count.n-images", V.NOT_TESTABLE)
    worse = between([PASS, COUNT_PASS], [FAILURE, consequence])
    assert ([change.kind for change in worse.changes], worse.explained) == ([REGRESSION], 1)
    back = between([FAILURE, consequence], [PASS, COUNT_PASS])
    assert [change.kind for change in back.changes] == [FIXED]


def test_added_and_removed_findings_are_news_and_a_flaky_one_says_its_rate() -> None:
    report = between([PASS, runs.finding("format.one-payload")], [PASS, COUNT_PASS])
    assert {(change.subject, change.before, change.after) for change in report.changes} == {
        ("format.one-payload", "pass", "absent"),
        ("count.n-images", "absent", "pass"),
    }
    (change,) = between([PASS], [finding_of(V.FLAKY, rate=0.25, repeats=4)]).changes
    assert "broken 25% of the time" in change.message


def test_what_was_not_to_be_judged_is_not_reported_as_removed() -> None:
    part = {"selection": {"clauses": "format.*"}}
    for new in (night(2, PASS, end=None), night(2, PASS, head=part)):
        assert not drift([night(1, PASS, COUNT_PASS)], new).changes
    # and a regression of a cut-off night still decides
    assert drift([night(1, PASS)], night(2, CONFIRMED, end=None)).exit_code == 1


HERE, SECOND = of_model(0, 4), of_model(0, 3, "gpt-image-1")
OTHER_MODEL = [*of_model(0, 5, "gpt-image-1"), *of_model(1, 1, "gpt-image-1")]
EXPLANATIONS = [
    runs.known_deviation(case="n-0"),
    *(finding_of(V.NOT_TESTABLE, case="n-0", clause=name) for name in "abc"),
]
PART = {"selection": {"cases": "n-*"}}


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (night(2, *HERE, *SECOND, end=None), "the new run did not come to its end"),
        (night(2, *of_model(4, 4)), "nothing of acme could be judged, of 102 findings"),
        (night(2, *of_model(9, 10), *SECOND), "9 of 10 findings of acme dall-e-3 could not be"),
        (night(2, *of_model(6, 10, verdict=V.FLAKY), *SECOND), "6 of 10 findings of acme dall-e-3"),
        (night(2, *HERE, *of_model(3, 3, "gpt-image-1")), "3 of 3 findings of acme gpt-image-1"),
        (night(2, *HERE), "nothing of acme gpt-image-1 was judged, of 3 findings before"),
        (night(2, *HERE, *SECOND, head=PART), "the new run judged only a part (cases n-*)"),
        (night(2, *HERE, *SECOND, OURS), "1 harness error on acme dall-e-3"),
    ],
    ids=["cut-off", "outage", "all-but-one", "flaky", "one-model", "model-gone", "part", "ours"],
)
def test_night_that_says_too_little_is_not_green(new: Run, why: str) -> None:
    report = drift([night(1, *of_model(0, 99), *SECOND)], new)
    assert report.exit_code == 2
    assert [reason[: len(why)] for reason in report.unjudged] == [why]
    assert why in closing(report)


HALF = of_model(5, 10)
LEFT_OUT = [*of_model(5, 5, verdict=V.NOT_CLAIMED), *of_model(0, 5, "gpt-image-1")]
MOST = "8 of 10 findings of acme dall-e-3 were not decided before"


@pytest.mark.parametrize(
    ("findings", "as_base"),
    [(HALF, ()), (EXPLANATIONS, ()), (LEFT_OUT, None), (of_model(8, 10), (MOST,))],
    ids=["half", "explained", "not-claimed", "most"],
)
def test_night_of_which_half_tells_or_is_explained_is_enough_on_either_side(
    findings: list[Finding], as_base: tuple[str, ...] | None
) -> None:
    passes = [
        runs.finding(finding.clause, model=finding.model, case=finding.case) for finding in findings
    ]
    if not as_base:
        report = between(passes, findings)
        assert (report.exit_code, report.unjudged) == (0, ())
    if as_base is not None:
        report = between(findings, passes)
        assert (report.exit_code, report.unjudged) == (2 if as_base else 0, as_base)


def test_must_that_vanished_is_not_green_and_a_should_is_news() -> None:
    must, should = runs.finding("envelope.json"), runs.finding("errors.status-400")
    report = between([*HERE, must], HERE)
    assert report.unjudged == ("1 MUST of acme dall-e-3 judged before and not now: envelope.json",)
    assert between([*HERE, should], HERE).exit_code == 0
    twice = [*HERE, must, runs.finding("envelope.json", case="n-2")]
    assert between(twice, [*HERE, must]).exit_code == 0


@pytest.mark.parametrize("bases", [1, 2], ids=["last-night", "an-older-night"])
def test_model_that_vanished_is_reported_once_in_every_form(bases: int) -> None:
    report = drift([night(1, *HERE, *OTHER_MODEL), night(2, *HERE)][:bases], night(3, *HERE))
    assert report.exit_code == 2
    (change,) = report.changes
    assert (change.what, change.subject, change.count) == ("model", "gpt-image-1", 5)
    by_schema("drift", drift_json(report))
    assert "model gpt-image-1: gone, 5 findings judged before\n" in screen(print_drift, report)
    assert "- model `gpt-image-1`: gone, 5 findings judged before\n" in drift_markdown(report)


def test_new_model_is_one_line_and_one_for_each_promise_that_it_breaks() -> None:
    model = "gpt-image-1.5"
    its_pass, its_failure = runs.finding("errors.json", model=model), runs.broken_must(model=model)
    report = between(HERE, [*HERE, its_pass, its_failure])
    text = screen(print_drift, report)
    assert "model gpt-image-1.5: new, 2 findings judged\n" in text
    assert "added, FAIL on gpt-image-1.5" in text
    assert "errors.json" not in text


def test_what_was_not_chosen_is_noted_and_not_missed() -> None:
    head = {"selection": {"models": "dall-e-*", "strength": 2}}
    report = drift([night(1, *HERE, *OTHER_MODEL)], night(2, *HERE, head=head))
    assert (report.exit_code, report.changes, report.unjudged) == (0, (), ())
    note = "Not chosen by NEW (models dall-e-*): 5 findings of acme gpt-image-1."
    assert note in report.notes
    two_providers = {"providers": runs.header(["acme", "other"])["providers"]}
    before = night(1, *HERE, runs.finding(provider="other"), head=two_providers)
    assert drift([before], night(2, *HERE)).exit_code == 0


@pytest.mark.parametrize(
    ("bases", "new", "kinds"),
    [
        ([night(2, finding_of(V.UNAVAILABLE)), night(1, PASS)], FAILURE, [REGRESSION]),
        ([night(2, FAILURE), night(1, PASS)], PASS, [FIXED]),
        ([night(1, PASS, COUNT_PASS), night(2, PASS)], PASS, []),
    ],
    ids=["outage", "order", "removed-before"],
)
def test_last_night_that_could_tell_counts(
    bases: list[Run], new: Finding, kinds: list[ChangeKind]
) -> None:
    assert [change.kind for change in drift(bases, night(3, new)).changes] == kinds


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


def edition(digest: str) -> dict[str, Any]:
    return {"edition": {**runs.EDITION, "digest": digest * 64}}


@pytest.mark.parametrize(
    ("base", "head", "note"),
    [
        ({}, {"tool": "image-conformance 0.2.0"}, "The suite changed too"),
        ({}, {"started": "2025-01-01T00:00:00+00:00"}, "NEW was made before BASE"),
        ({}, {"providers": runs.header(mode="replay")["providers"]},
         "mode was live, and is replay"),
        (edition("a"), edition("b"), "different contracts, both called"),
        (edition("a"), edition("a"), ""),
        (edition(""), edition("a"), ""),
    ],
    ids=["tool", "order", "mode", "contract", "same-contract", "no-digest"],
)  # fmt: skip
def test_what_else_changed_is_noted(base: Any, head: Any, note: str) -> None:
    notes = " ".join(drift([night(1, head=base)], night(2, head=head)).notes)
    assert note in notes
    assert bool(notes) == bool(note)


def test_fingerprint_is_of_provider_and_clauses_and_of_nothing_else() -> None:
    def name(*findings: Finding) -> str:
        before = [runs.finding(finding.clause, case=finding.case) for finding in findings]
        report = replace(between(before, [*findings]), unconfirmed_too=True)
        return report.alarms[0].fingerprint

    first = name(FAILURE)
    assert first == name(runs.broken_must(case="n-2", message="another"))
    count_failure = runs.broken_must(clause="count.n-images")
    assert first != name(count_failure)
    assert name(FAILURE, count_failure) == name(count_failure, FAILURE) != first
