"""Causes before clauses: every broken promise is told below one cause, in one order."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.findings import PAGE_AS_SUCCESS, Finding, Observation, Verdict
from conformance.reports import print_runs, render, summarize
from conformance.reports.cause_rules import CAUSES
from conformance.reports.causes import OTHER, Cause
from conformance.results.run_file import Run
from tests import runs

KINDS = {each.id: each.level.value for each in clauses_of(load_edition())}
AUTHENTICATION = ("missing-key", "wrong-scheme", "unknown-key", "malformed")


def judged(clause: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> Finding:
    values = {"provider": "acme", "model": "dall-e-3", "case": "baseline", **changes}
    return Finding(clause=clause, level=KINDS[clause], verdict=verdict, **values)


def broken(clause: str, **changes: Any) -> Finding:
    verdict = Verdict.FAIL if KINDS[clause] == "MUST" else Verdict.DEVIATES
    return judged(clause, verdict, **{"observed": "HTTP 200", **changes})


def run(*findings: Finding) -> Run:
    clauses = [
        {"id": name, "level": level, "statement": f"It keeps {name}.", "citations": []}
        for name, level in KINDS.items()
    ]
    return runs.run(*findings, head=runs.header(clauses=clauses))


def causes(*findings: Finding) -> Sequence[Cause]:
    return summarize([run(*findings)]).causes


def unauthenticated(*names: str) -> list[Finding]:
    return [broken(f"authentication.{name}-refused", case=name) for name in names]


PAGE = broken("errors.not-2xx", message=PAGE_AS_SUCCESS, observed="HTTP 200: Back soon")


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        (unauthenticated(*AUTHENTICATION), "Authentication is not checked"),
        (unauthenticated("missing-key"), "Some requests without a valid key are not refused"),
        (
            [
                *unauthenticated("missing-key", "malformed"),
                judged("authentication.unknown-key-refused"),
            ],
            "Some requests without a valid key are not refused",
        ),
        (
            [broken("authentication.missing-key-refused", observed="HTTP 403: go away")],
            "Requests without a valid key are not refused with 401",
        ),
        ([broken("errors.not-2xx", observed="HTTP 200: bad size")], "Refuses with HTTP 200"),
        ([PAGE], "Answers mistakes with a web page and HTTP 200"),
        (
            [PAGE, broken("errors.not-2xx", case="n-0", observed="HTTP 200: bad n")],
            "Answers mistakes with HTTP 200",
        ),
        ([broken("envelope.data-not-empty")], "No success has an image in it"),
        ([broken("envelope.no-error")], "No success has an image in it"),
        ([broken("format.url-when-asked")], "Only b64_json is answered, whatever"),
        ([broken("format.b64-when-asked")], "Only URLs are answered, whatever"),
        ([broken("count.as-asked")], "n is ignored"),
        ([broken("count.as-asked"), judged("count.as-asked", case="n-2")], "n is not always"),
        ([broken("errors.error-object")], "Errors have no error object"),
        ([broken("errors.json")], "Errors are not JSON"),
        ([broken("errors.not-5xx")], "Mistakes are answered with 5xx"),
        ([broken("parameters.valid-accepted")], "Documented requests are not accepted"),
        (
            [
                *(broken(f"parameters.{name}") for name in ("size-enum", "user-type")),
                broken("count.zero-refused"),
                judged("parameters.prompt-required"),
                judged("parameters.prompt-type"),
            ],
            "Validates nothing but prompt: 3 of 5 kinds of mistakes are not refused",
        ),
        (
            [broken("parameters.size-enum"), broken("count.zero-refused")],
            "Validates nothing: 2 of 2 kinds",
        ),
        (
            [
                *(broken(f"parameters.{name}") for name in ("size-enum", "size-type")),
                *(judged(f"parameters.prompt-{name}") for name in ("required", "type")),
                judged("parameters.user-type"),
            ],
            "Does not validate size: 2 of 5 kinds",
        ),
    ],
)
def test_cause_is_said_in_a_sentence(findings: list[Finding], said: str) -> None:
    [cause] = causes(*findings)
    assert cause.sentence.startswith(said)


@pytest.mark.parametrize(
    "findings",
    [
        [broken("envelope.data-not-empty")],
        [
            broken("format.url-when-asked", observed="url empty, b64_json absent"),
            broken("envelope.status-200"),
            broken("stream.content-type"),
        ],
    ],
    ids=["no-data", "empty-item"],
)
def test_success_without_an_image_is_a_cause_unless_another_has_one(
    findings: list[Finding],
) -> None:
    assert [cause.id for cause in causes(*findings)] == ["no-image"]
    elsewhere = judged("image.complete", case="other")
    assert "no-image" not in {cause.id for cause in causes(*findings, elsewhere)}


def test_counts_are_of_cases_promises_and_musts() -> None:
    several = [broken("errors.not-5xx", case=name, model="dall-e-2") for name in ("a", "b")]
    kept = [judged("errors.not-5xx", case=name) for name in ("a", "b", "c")]
    [cause] = causes(*several, *kept)
    assert (cause.cases, cause.judged, cause.musts, cause.models) == (2, 5, 1, ("dall-e-2",))
    # cases of a promise of the same cause that is kept are not counted
    [cause] = causes(broken("errors.not-2xx", case="n-0"), judged("envelope.no-error", case="n-2"))
    assert (cause.cases, cause.judged) == (1, 1)


def test_every_broken_promise_is_below_exactly_one_cause() -> None:
    summary = summarize([run(*(broken(name) for name in KINDS))])
    promises = [each.clause for cause in summary.causes for each in cause.promises]
    assert sorted(promises) == sorted(KINDS)
    assert sum(each.musts for each in summary.causes) == sum(
        level == "MUST" for level in KINDS.values()
    )


def test_every_cause_claims_clauses_of_the_edition() -> None:
    claimed = {one.id for each in map(causes, map(broken, KINDS)) for one in each}
    assert {each.id for each in CAUSES} - claimed == {
        "validates-little",  # of several mistakes
        "another-family",  # of what was observed
    }


def test_known_deviations_have_their_reasons_and_no_cause() -> None:
    assert causes(broken("count.as-asked", deviation="It paints one.")) == ()


def test_authentication_comes_first_and_what_breaks_no_must_last() -> None:
    found = causes(
        broken("errors.param-present"),
        broken("count.as-asked"),
        broken("image.complete"),
        *unauthenticated(*AUTHENTICATION),
    )
    order = ["authentication-unchecked", "count-ignored", OTHER, "error-members"]
    assert [each.id for each in found] == order


@pytest.mark.parametrize("format_", ["md", "json", "csv", "junit", "html", "terminal"])
def test_reports_are_the_same_however_workers_report(format_: str) -> None:
    findings = [broken(name, case=case) for name in KINDS for case in ("b", "a")]
    first, second = (reported(findings, format_, seed) for seed in (1, 2))
    assert first == second


def reported(findings: list[Finding], format_: str, seed: int) -> str:
    shuffled = random.Random(seed).sample(findings, len(findings))
    if format_ != "terminal":
        return render([run(*shuffled)], format_)
    screen = io.StringIO()
    print_runs([run(*shuffled)], Console(file=screen, width=100, color_system=None))
    return screen.getvalue()


@pytest.mark.parametrize("format_", ["md", "html", "json", "terminal"])
def test_report_tells_the_cause_and_its_counts(format_: str) -> None:
    text = " ".join(reported(unauthenticated(*AUTHENTICATION), format_, 0).split())
    assert "Authentication is not checked" in text
    counts = '"cases": 4, "judged": 4, "musts": 4' if format_ == "json" else "4 of 4 cases, 4 pro"
    assert counts in text


@pytest.mark.parametrize("format_", ["md", "html", "junit", "json", "csv", "terminal"])
@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNAVAILABLE], ids=["refusal", "outage"])
def test_providers_own_words_and_the_case_are_in_every_report(
    format_: str, verdict: Verdict
) -> None:
    words = "HTTP 500: the painter is \x1b[31mout"
    found = judged("parameters.valid-accepted", verdict, case="style-vivid", observed=words)
    text = " ".join(reported([found], format_, 0).split())
    assert "the painter is" in text
    assert "style-vivid" in text
    assert "\x1b" not in text


def test_words_are_not_hidden_by_a_long_message() -> None:
    found = broken("count.as-asked", message="word " * 100, observed="the painter is out")
    assert "observed the painter is out" in reported([found], "terminal", 0)


def alike(model: str, shape: str = "a gpt-image model: the body has quality, size") -> Observation:
    message = f"{model} answers like {shape}"
    return Observation("another-family", "acme", model, "baseline", message)


def test_model_that_answers_like_another_is_the_cause_of_what_it_alone_breaks() -> None:
    findings = [
        broken("format.url-by-default"),
        broken("image.size-as-asked", case="size"),
        broken("parameters.style-enum", case="style"),
        broken("errors.error-object", case="style"),
        broken("count.as-asked", case="n-2"),
        broken("count.as-asked", case="n-2", model="dall-e-2"),
    ]
    observed = replace(run(*findings), observations=[alike("dall-e-3")])
    first, *rest = summarize([observed]).causes
    assert (first.id, first.sentence) == (
        "another-family",
        "dall-e-3 answers like a gpt-image model",
    )
    assert {each.clause for each in first.promises} == {
        "format.url-by-default",
        "image.size-as-asked",
        "parameters.style-enum",
    }
    assert {each.clause for one in rest for each in one.promises} == {
        "errors.error-object",
        "count.as-asked",
    }


def test_models_that_answer_like_others_are_named() -> None:
    findings = [broken("format.url-by-default", model=f"m{at}") for at in range(4)]
    observed = [alike(f"m{at}", "a dall-e model: there are URLs") for at in range(4)]
    (cause,) = summarize([replace(run(*findings), observations=observed)]).causes
    assert cause.sentence == (
        "m0 answers like a dall-e model, m1 answers like a dall-e model and 2 more"
    )
