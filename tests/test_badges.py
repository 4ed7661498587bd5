"""Badges: each claims no more than is so, and is one picture in one folder."""

from __future__ import annotations

import json
import re
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

SVG = "{http://www.w3.org/2000/svg}"


def titles(*found: Run) -> dict[str, str]:
    """What each badge says, by its file."""
    named = badges(summarize(found))
    return {name: ET.fromstring(text)[0].text or "" for name, text in named.items()}


def test_badge_of_what_keeps_every_promise_says_that_it_conforms() -> None:
    found = with_families(runs.run(runs.exchange(), runs.finding()))
    assert titles(found) == {
        "acme.svg": "acme: MUST 1/1, 1 decided: conforms",
        "acme-dall-e.svg": "acme dall-e: MUST 1/1, 1 decided: conforms",
    }
    assert all(GREEN in each for each in badges(summarize([found])).values())


DEVIATES = runs.finding("errors.status-400", Verdict.DEVIATES)


@pytest.mark.parametrize(
    ("findings", "end", "said"),
    [
        ([runs.broken()], ..., "MUST 0/1, 1 decided: 1 broken"),
        ([runs.known()], ..., "MUST 0/1, 1 decided: 1 known deviation"),
        ([runs.finding(verdict=Verdict.UNAVAILABLE)], ..., "MUST 0/1, 0 decided: 1 not judged"),
        ([runs.finding(verdict=Verdict.FLAKY)], ..., "MUST 0/1, 0 decided: 1 not judged"),
        ([runs.finding(verdict=Verdict.NOT_CLAIMED)], ..., "no MUST was judged"),
        ([runs.finding("errors.status-400")], ..., "no MUST was judged"),
        ([runs.finding(), DEVIATES], ..., "MUST 1/1, 1 decided: 1 SHOULD broken"),
        (
            [runs.finding()],
            runs.footer(problems=["it is stale"]),
            "MUST 1/1, 1 decided: 1 problem with the run",
        ),
        ([runs.finding()], None, "MUST 1/1, 1 decided so far: run interrupted"),
    ],
    ids=[
        *("broken", "known", "unavailable", "flaky", "not-claimed", "only-should", "should"),
        *("problem", "cut-off"),
    ],
)
def test_badge_claims_no_more_than_is_so(findings: list[Finding], end: Any, said: str) -> None:
    found = runs.run(runs.exchange(), *findings, end=end)
    assert titles(found)["acme.svg"] == f"acme: {said}"
    assert not any(GREEN in svg for svg in badges(summarize([found])).values())


@QUICK
@given(ONE_NIGHT, st.sampled_from([None, runs.footer(), runs.footer(complete=False)]))
def test_badge_is_never_green_unless_all_is_kept_in_a_whole_run(
    findings: list[Finding], end: dict[str, Any] | None
) -> None:
    found = runs.run(runs.exchange(), *findings, end=end)
    kept = all(each.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED) for each in findings)
    assert GREEN not in badges(summarize([found]))["acme.svg"] or (found.complete and kept)


def selected(**selection: str | int) -> Run:
    """A run of a provider with three models, of which less was to be judged."""
    whole = {"clauses": "*", "models": "*", "cases": "*"}
    models = ["dall-e-2", "dall-e-3", "gpt-image-1"]
    head = runs.header(models=models, selection={**whole, **selection})
    return with_families(runs.run(runs.exchange(), runs.finding(), head=head))


@pytest.mark.parametrize(
    "selection",
    [{"clauses": "format.*"}, {"cases": "baseline"}, {"models": "dall-e-3"}],
    ids=["clauses", "cases", "models"],
)
def test_part_that_conforms_is_not_the_whole(selection: dict[str, str]) -> None:
    found = selected(**selection)
    assert set(titles(found).values()) == {
        "acme: MUST 1/1, 1 decided of a part",
        "acme dall-e: MUST 1/1, 1 decided of a part",
    }
    assert not any(GREEN in each for each in badges(summarize([found])).values())
    assert GREEN not in render([found], "svg")
    said = "acme (dall-e-3, live): nothing is broken, in the part that was judged; "
    said += "1 of 1 MUST kept, 1 decided"
    assert render([found], "md").startswith(f"# Image API conformance: {said}\n")
    assert json.loads(render([found], "json"))["sentence"] == f"{said} (edition sample-2026-01-01)."
    assert f"◐</span> {said} (edition" in render([found], "html")


def test_family_that_was_judged_whole_is_green_and_its_provider_is_not() -> None:
    assert titles(selected(models="dall-e*")) == {
        "acme.svg": "acme: MUST 1/1, 1 decided of a part",
        "acme-dall-e.svg": "acme dall-e: MUST 1/1, 1 decided: conforms",
    }


@pytest.mark.parametrize(
    "others",
    [[{}], [{"models": "dall-e*"}, {"models": "gpt*"}], [{"strength": 3}]],
    ids=["whole", "together", "strength"],
)
def test_parts_beside_the_whole_are_no_part(others: list[dict[str, str | int]]) -> None:
    parts = [selected(cases="baseline"), *(selected(**each) for each in others)]
    for rank, part in enumerate(parts):
        runs.change_header(part, id=f"run-{rank}")
    assert titles(*parts)["acme.svg"] == "acme: MUST 1/1, 1 decided: conforms"
    assert notes(summarize([selected(strength=3)])) == []


def test_part_says_what_else_there_is() -> None:
    found = runs.run(runs.known(), DEVIATES, head=runs.header(selection={"clauses": "format.*"}))
    assert closing(summarize([found])) == (
        "acme (dall-e-3, live): no MUST is newly broken, 1 known deviation, in the part that was "
        "judged; "
        "0 of 1 MUST kept, 1 decided; 1 SHOULD broken, which does not decide "
        "(edition sample-2026-01-01)."
    )


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_badge_of_hostile_names_is_one_picture_in_one_folder(text: str) -> None:
    for name, svg in badges(summarize([runs.hostile(text)])).items():
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.svg", name)
        tags = {each.tag.removeprefix(SVG) for each in ET.fromstring(svg).iter()}
        assert tags == {"svg", "title", "clipPath", "rect", "g", "text"}


def test_badges_of_like_names_do_not_overwrite_each_other() -> None:
    found = runs.run(
        runs.finding(provider="a/b"), runs.finding(provider="a b"), head=runs.header(["a/b", "a b"])
    )
    assert len(titles(found)) == 4


def test_one_badge_says_what_all_runs_come_to() -> None:
    assert "relay does not conform" in render([runs.messy()], "svg")


def test_parts_that_make_the_whole_are_not_said_to_be_a_part() -> None:
    parts = [selected(models="dall-e*"), selected(models="gpt*")]
    for rank, each in enumerate(parts):
        runs.change_header(each, id=f"run-{rank}")
    page = render(parts, "md")
    assert "Only a part was judged" in render(parts[:1], "md")
    assert "conforms" in page
    assert "Only a part was judged" not in page
    together = "some of a part (models dall-e&#42;; models gpt&#42;), together judged every model"
    assert together in page
