"""Causes before clauses: every broken promise stands below one cause, in one order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.findings import PAGE_AS_SUCCESS, Finding, Observation, Verdict
from conformance.reports import FORMATS, print_runs, render, summarize
from conformance.reports.cause_rules import CAUSES
from conformance.reports.causes import OTHER, Cause
from conformance.results.run_file import Run
from tests import runs
from tests.shown import screen

KINDS = {clause.id: clause.level.value for clause in clauses_of(load_edition())}
AUTHENTICATION = ("missing-key", "wrong-scheme", "unknown-key", "malformed")


def judge(clause: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> Finding:
    values = {"provider": "acme", "model": "dall-e-3", "case": "baseline", **changes}
    return Finding(clause=clause, level=KINDS[clause], verdict=verdict, **values)


def broken(clause: str, **changes: Any) -> Finding:
    verdict = Verdict.FAIL if KINDS[clause] == "MUST" else Verdict.DEVIATES
    return judge(clause, verdict, **{"observed": "HTTP 200", **changes})


CLAUSES = [
    {"id": name, "level": level, "statement": f"It keeps {name}.", "citations": []}
    for name, level in KINDS.items()
]


def run_of(*findings: Finding) -> Run:
    return runs.run(*findings, head=runs.header(clauses=CLAUSES))


def causes(*findings: Finding) -> Sequence[Cause]:
    return summarize([run_of(*findings)]).causes


def unchecked_keys(*names: str) -> list[Finding]:
    return [broken(f"authentication.{name}-refused", case=name) for name in names]


def all_broken(*names: str) -> list[Finding]:
    """Return several broken promises; of parameters, if no chapter is named."""
    return [broken(name if "." in name else f"parameters.{name}") for name in names]


def refusals(*names: str) -> list[Finding]:
    return [judge(f"parameters.{name}") for name in names]


PAGE = broken("errors.not-2xx", message=PAGE_AS_SUCCESS, observed="HTTP 200: Back soon")
AS_200 = broken("errors.not-2xx", case="n-0", observed="HTTP 200: bad n")
SOME = "Some requests without a valid key are not refused"
SENTENCES: list[tuple[list[Finding], str]] = [
    (unchecked_keys(*AUTHENTICATION), "Authentication is not checked"),
    (unchecked_keys("missing-key"), SOME),
    (
        [*unchecked_keys("missing-key", "malformed"),
         judge("authentication.unknown-key-refused")],
        SOME,
    ),
    (
        [broken("authentication.missing-key-refused", observed="HTTP 403: go away")],
        "Requests without a valid key are not refused with 401",
    ),
    ([AS_200], "Refuses with HTTP 200"),
    ([PAGE], "Answers mistakes with a web page and HTTP 200"),
    ([PAGE, AS_200], "Answers mistakes with HTTP 200"),
    (all_broken("envelope.data-not-empty"), "No success has an image in it"),
    (all_broken("envelope.no-error"), "No success has an image in it"),
    (
        [broken("format.url-when-asked", observed="url absent, b64_json present")],
        "Only b64_json is answered, whatever",
    ),
    (
        [broken("format.b64-when-asked", observed="url present, b64_json absent")],
        "Only URLs are answered, whatever",
    ),
    (all_broken("count.as-asked"), "n is ignored"),
    ([*all_broken("count.as-asked"), judge("count.as-asked", case="n-2")], "n is not always"),
    (all_broken("errors.error-object"), "Errors have no error object"),
    (all_broken("errors.json"), "Errors are not JSON"),
    (all_broken("errors.not-5xx"), "Mistakes are answered with 5xx"),
    (all_broken("valid-accepted"), "Documented requests are not accepted"),
    (
        [*all_broken("size-enum", "user-type", "count.zero-refused"),
         *refusals("prompt-required", "prompt-type")],
        "Validates nothing but prompt: 3 of 5 kinds of mistakes are not refused",
    ),
    (all_broken("size-enum", "count.zero-refused"), "Validates nothing: 2 of 2 kinds"),
    (
        [*all_broken("size-enum", "size-type"),
         *refusals("prompt-required", "prompt-type", "user-type")],
        "Does not validate size: 2 of 5 kinds",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("findings", "start"), SENTENCES, ids=[start for _, start in SENTENCES])
def test_cause_is_said_in_a_sentence(findings: list[Finding], start: str) -> None:
    [cause] = causes(*findings)
    assert cause.sentence.startswith(start)


EMPTY = broken("format.url-when-asked", observed="url empty, b64_json absent")


@pytest.mark.parametrize(
    "findings",
    [
        all_broken("envelope.data-not-empty"),
        [EMPTY, *all_broken("envelope.status-200", "stream.content-type")],
    ],
    ids=["no-data", "empty-item"],
)
def test_success_without_an_image_is_a_cause_unless_another_has_one(
    findings: list[Finding],
) -> None:
    assert [cause.id for cause in causes(*findings)] == ["no-image"]
    elsewhere = judge("image.complete", case="other")
    assert "no-image" not in {cause.id for cause in causes(*findings, elsewhere)}


def test_counts_are_of_cases_promises_and_musts() -> None:
    several = [broken("errors.not-5xx", case=name, model="dall-e-2") for name in ("a", "b")]
    passes = [judge("errors.not-5xx", case=name) for name in ("a", "b", "c")]
    [cause] = causes(*several, *passes)
    assert (cause.cases, cause.judged, cause.musts, cause.models) == (2, 5, 1, ("dall-e-2",))
    # cases of a promise of the same cause that is kept are not counted
    [cause] = causes(broken("errors.not-2xx", case="n-0"), judge("envelope.no-error", case="n-2"))
    assert (cause.cases, cause.judged) == (1, 1)


def test_every_broken_promise_is_below_exactly_one_cause() -> None:
    all_causes = causes(*map(broken, KINDS))
    assert sorted(one.clause for cause in all_causes for one in cause.promises) == sorted(KINDS)
    musts = sum(level == "MUST" for level in KINDS.values())
    assert sum(cause.musts for cause in all_causes) == musts
    ids = {cause.id for clause in KINDS for cause in causes(broken(clause))}
    assert {cause.id for cause in CAUSES} - ids == {
        "validates-little",  # of several mistakes
        "another-family",  # of what was observed
    }


def test_authentication_comes_first_and_what_breaks_no_must_last() -> None:
    rest = all_broken("errors.param-present", "count.as-asked", "image.complete")
    order = ["authentication-unchecked", "count-ignored", OTHER, "error-members"]
    excused = broken("count.as-asked", deviation="It paints one.")  # has its reason, and no cause
    assert causes(excused) == ()
    result = causes(*rest, excused, *unchecked_keys(*AUTHENTICATION))
    assert [cause.id for cause in result] == order


def report_text(findings: list[Finding], format_: str, seed: int = 0) -> str:
    run = run_of(*random.Random(seed).sample(findings, len(findings)))
    if format_ == "terminal":
        return screen(print_runs, [run], width=100)
    return render([run], format_)


WITHOUT_BADGE = [name for name in (*FORMATS, "terminal") if name != "svg"]


@pytest.mark.parametrize("format_", WITHOUT_BADGE)
def test_reports_are_the_same_however_workers_report(format_: str) -> None:
    findings = [broken(name, case=case) for name in KINDS for case in ("b", "a")]
    assert report_text(findings, format_, 1) == report_text(findings, format_, 2)


@pytest.mark.parametrize("format_", ["md", "html", "json", "terminal"])
def test_report_tells_the_cause_and_its_counts(format_: str) -> None:
    text = " ".join(report_text(unchecked_keys(*AUTHENTICATION), format_).split())
    assert "Authentication is not checked" in text
    counts = '"cases": 4, "judged": 4, "musts": 4' if format_ == "json" else "4 of 4 cases, 4 MUSTs"
    assert counts in text


@pytest.mark.parametrize("format_", WITHOUT_BADGE)
@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNAVAILABLE], ids=["refusal", "outage"])
def test_providers_own_words_and_the_case_are_in_every_report(
    format_: str, verdict: Verdict
) -> None:
    words = "HTTP 500: the painter is \x1b[31mout"
    finding = judge("parameters.valid-accepted", verdict, case="style-vivid", observed=words)
    text = " ".join(report_text([finding], format_).split())
    assert "the painter is" in text
    assert "style-vivid" in text
    assert "\x1b" not in text


def test_words_are_not_hidden_by_a_long_message() -> None:
    finding = broken("count.as-asked", message="word " * 100, observed="the painter is out")
    assert "observed the painter is out" in report_text([finding], "terminal")


def alike(model: str, shape: str) -> Observation:
    message = f"{model} answers like {shape}"
    return Observation("another-family", "acme", model, "baseline", message)


def test_model_that_answers_like_another_is_the_cause_of_what_it_alone_breaks() -> None:
    own = {"format.url-by-default", "image.size-as-asked", "parameters.style-enum"}
    shared = {"errors.error-object", "count.as-asked"}
    findings = [*all_broken(*own, *shared), broken("count.as-asked", model="dall-e-2")]
    observations = [alike("dall-e-3", "a gpt-image model: the body has quality, size")]
    first, *rest = summarize([replace(run_of(*findings), observations=observations)]).causes
    assert first.id == "another-family"
    assert first.sentence == "dall-e-3 answers like a gpt-image model"
    assert {promise.clause for promise in first.promises} == own
    assert {promise.clause for cause in rest for promise in cause.promises} == shared


def test_models_that_answer_like_others_are_named() -> None:
    models = [f"m{number}" for number in range(4)]
    findings = [broken("format.url-by-default", model=model) for model in models]
    observations = [alike(model, "a dall-e model: there are URLs") for model in models]
    (cause,) = summarize([replace(run_of(*findings), observations=observations)]).causes
    one, two = (f"{model} answers like a dall-e model" for model in models[:2])
    assert cause.sentence == f"{one}, {two} and 2 more"
