"""Drift of a model of which the new run says nothing at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.findings import Finding
from conformance.reports.drift import Drift, drift, drift_json, drift_markdown
from conformance.reports.drift.render import closing
from conformance.results.run_file import Run
from tests import runs
from tests.nights import night
from tests.test_drift_reports import VALIDATOR, screen
from tests.test_drift_verdicts import many

HERE, GONE = many(0, 4), [*many(0, 5, "gpt-image-1"), *many(1, 1, "gpt-image-1")]
BEFORE = night(1, *HERE, *GONE)
WHY = "nothing of acme gpt-image-1 was judged, of 5 findings before"


def against(*new: Finding, **head: Any) -> Drift:
    return drift([BEFORE], night(2, *new, head=head))


def selection(**globs: str) -> dict[str, Any]:
    return {"selection": {"clauses": "*", "models": "*", "cases": "*", **globs}}


TAKEN_OUT = {"providers": runs.header(models=["dall-e-3"])["providers"]}


@pytest.mark.parametrize(
    "head",
    [{}, TAKEN_OUT, selection(models="*")],
    ids=["run-file", "provider-file", "models"],
)
def test_model_that_vanished_is_not_green_and_told_once(head: dict[str, Any]) -> None:
    found = against(*HERE, **head)
    assert (found.exit_code(), found.unjudged) == (2, (WHY,))
    assert WHY in closing(found)
    told = [(each.what, each.subject, each.count) for each in found.changes]
    assert told == [("model", "gpt-image-1", 5)]


def test_model_that_an_older_night_had_is_still_missed() -> None:
    found = drift([BEFORE, night(2, *HERE)], night(3, *HERE))
    assert (found.exit_code(), found.unjudged) == (2, (WHY,))


@pytest.mark.parametrize("globs", [{"cases": "baseline"}, {"clauses": "format.*"}])
def test_part_is_never_green(globs: dict[str, str]) -> None:
    found = against(*HERE, **selection(**globs))
    (name, glob), *_ = globs.items()
    assert found.exit_code() == 2
    assert found.unjudged[0] == f"the new run judged only a part ({name} {glob})"


def test_must_that_vanished_is_not_green_and_a_should_is_news() -> None:
    must, should = runs.finding("envelope.json"), runs.finding("errors.status-400")
    found = drift([night(1, *HERE, must)], night(2, *HERE))
    assert found.exit_code() == 2
    assert found.unjudged == ("1 MUST of acme dall-e-3 judged before and not now: envelope.json",)
    assert drift([night(1, *HERE, should)], night(2, *HERE)).exit_code() == 0


def test_must_that_one_case_less_shows_has_not_vanished() -> None:
    other = [runs.finding("envelope.json", case=case) for case in ("baseline", "n-2")]
    assert drift([night(1, *HERE, *other)], night(2, *HERE, other[0])).exit_code() == 0


@pytest.mark.parametrize(
    "globs",
    [
        {"models": "dall-e-*"},
        {"models": "dall-e-*", "strength": 2},
    ],
    ids=["models", "strength-leaves-nothing-out"],
)
def test_model_that_was_not_chosen_is_noted_and_nothing_else(globs: dict[str, str]) -> None:
    found = against(*HERE, **selection(**globs))
    assert (found.exit_code(), found.changes, found.unjudged) == (0, (), ())
    said = ", ".join(f"{key} {globs[key]}" for key in ("clauses", "models") if key in globs)
    note = f"Not chosen by NEW ({said}): 5 findings of acme gpt-image-1."
    assert note in found.notes


@pytest.mark.parametrize(
    ("new", "unjudged"),
    [
        (night(2, *HERE, end=None), "the new run did not come to its end"),
        (night(2, *many(1, 1)), "nothing of acme could be judged, of 9 findings"),
    ],
    ids=["cut-off", "provider"],
)
def test_graver_reason_stands_for_its_models(new: Run, unjudged: str) -> None:
    assert drift([BEFORE], new).unjudged == (unjudged,)


def test_provider_that_was_not_to_be_judged_is_not_missed() -> None:
    other = [runs.finding(provider="other")]
    before = night(
        1, *HERE, *other, head={"providers": runs.header(["acme", "other"])["providers"]}
    )
    assert drift([before], night(2, *HERE)).exit_code() == 0


def test_vanished_model_is_one_line_in_every_form() -> None:
    found = against(*HERE)
    VALIDATOR.validate(json.loads(drift_json(found)))
    assert "model gpt-image-1: gone, 5 findings judged before\n" in screen(found)
    assert "- model `gpt-image-1`: gone, 5 findings judged before\n" in drift_markdown(found)
