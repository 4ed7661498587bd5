"""Badges: each claims no more than is so; and a part of a run is not the whole, in any report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.findings import GREEN, Finding, Verdict
from conformance.reports import render, summarize
from conformance.reports.badges import badges
from conformance.reports.wording import closing, notes
from conformance.results.run_file import Run
from tests import runs
from tests.nights import ONE_NIGHT, QUICK
from tests.runs import with_families

KEPT, DEVIATES = runs.finding(), runs.finding("errors.status-400", Verdict.DEVIATES)


def drawn(*made: Run) -> dict[str, str]:
    return badges(summarize(made))


def titles(*made: Run) -> dict[str, str]:
    """What each badge says, by its file."""
    return {name: ET.fromstring(text)[0].text or "" for name, text in drawn(*made).items()}


STALE = runs.footer(problems=["it is stale"])
CLAIMS: dict[str, tuple[list[Finding], Any, str]] = {
    "broken": ([runs.broken()], ..., "MUST 0/1, 1 decided: 1 broken"),
    "known": ([runs.known()], ..., "MUST 0/1, 1 decided: 1 known deviation"),
    "open": (
        [runs.finding(verdict=Verdict.UNAVAILABLE)], ..., "MUST 0/1, 0 decided: 1 not judged"),
    "flaky": ([runs.finding(verdict=Verdict.FLAKY)], ..., "MUST 0/1, 0 decided: 1 not judged"),
    "not-claimed": ([runs.finding(verdict=Verdict.NOT_CLAIMED)], ..., "no MUST was judged"),
    "only-should": ([runs.finding("errors.status-400")], ..., "no MUST was judged"),
    "should": ([KEPT, DEVIATES], ..., "MUST 1/1, 1 decided: 1 SHOULD broken"),
    "problem": ([KEPT], STALE, "MUST 1/1, 1 decided: 1 problem with the run"),
    "cut-off": ([KEPT], None, "MUST 1/1, 1 decided so far: run interrupted"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_badge_claims_no_more_than_is_so(name: str) -> None:
    findings, end, said = CLAIMS[name]
    made = runs.run(runs.exchange(), *findings, end=end)
    assert titles(made)["acme.svg"] == f"acme: {said}"
    assert not any(GREEN in svg for svg in drawn(made).values())


@QUICK
@given(ONE_NIGHT, st.sampled_from([None, runs.footer(), runs.footer(complete=False)]))
def test_badge_is_never_green_unless_all_is_kept_in_a_whole_run(
    findings: list[Finding], end: dict[str, Any] | None
) -> None:
    made = runs.run(runs.exchange(), *findings, end=end)
    kept = all(judged.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED) for judged in findings)
    assert GREEN not in drawn(made)["acme.svg"] or (made.complete and kept)


def selected(run_id: str = "one", **selection: str | int) -> Run:
    """A run of a provider with three models, of which less was to be judged."""
    whole = {"clauses": "*", "models": "*", "cases": "*"}
    models = ["dall-e-2", "dall-e-3", "gpt-image-1"]
    head = runs.header(models=models, id=run_id, selection={**whole, **selection})
    return with_families(runs.run(runs.exchange(), KEPT, head=head))


@pytest.mark.parametrize(
    "selection",
    [{"clauses": "format.*"}, {"cases": "baseline"}, {"models": "dall-e-3"}],
    ids=["clauses", "cases", "models"],
)
def test_part_that_conforms_is_not_the_whole(selection: dict[str, str]) -> None:
    made = selected(**selection)
    assert set(titles(made).values()) == {
        "acme: MUST 1/1, 1 decided of a part",
        "acme dall-e: MUST 1/1, 1 decided of a part",
    }
    assert not any(GREEN in svg for svg in drawn(made).values())
    assert GREEN not in render([made], "svg")
    said = "acme (dall-e-3, live): nothing is broken, in the part that was judged; "
    said += "1 of 1 MUST kept, 1 decided"
    assert render([made], "md").startswith(f"# Image API conformance: {said}\n")
    assert json.loads(render([made], "json"))["sentence"] == f"{said} (edition sample-2026-01-01)."
    assert f"◐</span> {said} (edition" in render([made], "html")


def test_family_that_was_judged_whole_is_green_and_its_provider_is_not() -> None:
    made = selected(models="dall-e*")
    assert titles(made) == {
        "acme.svg": "acme: MUST 1/1, 1 decided of a part",
        "acme-dall-e.svg": "acme dall-e: MUST 1/1, 1 decided: conforms",
    }
    assert GREEN in drawn(made)["acme-dall-e.svg"]


@pytest.mark.parametrize(
    "others",
    [[{}], [{"models": "dall-e*"}, {"models": "gpt*"}], [{"strength": 3}]],
    ids=["whole", "together", "strength"],
)
def test_parts_beside_the_whole_are_no_part(others: list[dict[str, Any]]) -> None:
    others = [{"cases": "baseline"}, *others]
    parts = [selected(f"run-{rank}", **other) for rank, other in enumerate(others)]
    assert titles(*parts)["acme.svg"] == "acme: MUST 1/1, 1 decided: conforms"
    assert GREEN in drawn(*parts)["acme.svg"]
    assert notes(summarize([selected(strength=3)])) == []


def test_parts_that_make_the_whole_are_not_said_to_be_a_part() -> None:
    parts = [selected("one", models="dall-e*"), selected("two", models="gpt*")]
    assert "Only a part was judged" in render(parts[:1], "md")
    text = render(parts, "md")
    assert "conforms" in text
    assert "Only a part was judged" not in text
    together = "some of a part (models dall-e&#42;; models gpt&#42;), together judged every model"
    assert together in text


def test_part_says_what_else_there_is() -> None:
    made = runs.run(runs.known(), DEVIATES, head=runs.header(selection={"clauses": "format.*"}))
    assert closing(summarize([made])) == (
        "acme (dall-e-3, live): no MUST is newly broken, 1 known deviation, in the part that was "
        "judged; 0 of 1 MUST kept, 1 decided; 1 SHOULD broken, which does not decide "
        "(edition sample-2026-01-01)."
    )


def test_badges_of_like_names_do_not_overwrite_each_other() -> None:
    both = [runs.finding(provider=name) for name in ("a/b", "a b")]
    assert len(titles(runs.run(*both, head=runs.header(["a/b", "a b"])))) == 4


def test_one_badge_says_what_all_runs_come_to() -> None:
    assert "relay does not conform" in render([runs.messy()], "svg")
