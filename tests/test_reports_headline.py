"""Badges: each claims no more than is so; and a part of a run is not the whole, in any report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from conformance.findings import GREEN, Finding, Verdict
from conformance.reports import print_runs, render, summarize
from conformance.reports.badges import badges
from conformance.reports.summary import conclusion_of
from conformance.reports.wording import closing, notes
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import Run
from tests import runs
from tests.nights import ONE_NIGHT, QUICK
from tests.runs import with_families
from tests.shown import screen

KEPT, DEVIATES = runs.finding(), runs.finding("errors.status-400", Verdict.DEVIATES)


def svgs(*several: Run) -> dict[str, str]:
    return badges(summarize(several))


def titles(*several: Run) -> dict[str, str]:
    """Return what each badge says, by its file."""
    return {name: ET.fromstring(text)[0].text or "" for name, text in svgs(*several).items()}


ACME = "acme (dall-e-3, live)"
OPEN, FLAKY, UNCLAIMED = (
    runs.finding(verdict=verdict)
    for verdict in (Verdict.UNAVAILABLE, Verdict.FLAKY, Verdict.NOT_CLAIMED)
)
OUT = runs.finding("envelope.json", Verdict.UNAVAILABLE)
STALE = runs.footer(problems=["cassettes/x.yaml: remove it"])
NOTHING = Run(runs.run().header, footer=runs.run().footer)
CONFORMS, BREAKS, NOT_JUDGED = Conclusion.CONFORMS, Conclusion.BREAKS, Conclusion.NOT_JUDGED


class Headline(NamedTuple):
    """The conclusion of a run: in a sentence, on a badge, and as a case of JUnit."""

    run: Run
    conclusion: Conclusion
    sentence: str
    badge: str
    junit: tuple[str, str] = ("", "")  # tag, and how its message starts


HEADLINES = {
    "conforms": Headline(
        runs.run(), CONFORMS, f"{ACME} conforms; 1 of 1 MUST kept, 1 decided (edition",
        "MUST 1/1, 1 decided: conforms"),
    "known": Headline(
        runs.run(runs.known_deviation()), CONFORMS,
        f"{ACME} conforms but for 1 known deviation; 0 of 1 MUST kept,",
        "MUST 0/1, 1 decided: 1 known deviation"),
    "fallen-short": Headline(
        runs.fallen_short(), CONFORMS, f"{ACME}: nothing new is broken, 1 known deviation",
        "MUST 1/2, 1 decided: 1 known deviation", ("skipped", f"{ACME}: nothing new is broken")),
    "breaks": Headline(
        runs.run(runs.broken_must()), BREAKS,
        f"{ACME} does not conform; 0 of 1 MUST kept, 1 decided; 1 MUST",
        "MUST 0/1, 1 decided: 1 broken", ("skipped", f"{ACME} does not conform")),
    "breaks-and-open": Headline(
        runs.run(runs.broken_must(), OUT), BREAKS, f"{ACME} does not conform; 0 of 2 MUSTs kept",
        "MUST 0/2, 1 decided: 1 broken, 1 not judged", ("skipped", f"{ACME} does")),
    "both-levels": Headline(
        runs.run(runs.broken_must(), runs.broken_must(clause="count.n-images"), DEVIATES), BREAKS,
        "0 of 2 MUSTs kept, 2 decided; 2 MUSTs and 1 SHOULD broken that nobody knew of (",
        "MUST 0/2, 2 decided: 2 broken, 1 SHOULD broken", ("skipped", f"{ACME} does")),
    "open": Headline(
        runs.run(OPEN), NOT_JUDGED,
        f"{ACME} could not be judged; 0 of 1 MUST kept, 0 decided; 1 promise",
        "MUST 0/1, 0 decided: 1 not judged", ("error", f"{ACME} could not be judged;")),
    "flaky": Headline(
        runs.run(FLAKY), NOT_JUDGED, "could not be judged",
        "MUST 0/1, 0 decided: 1 not judged", ("error", f"{ACME} could not be judged;")),
    "kept-and-open": Headline(
        runs.run(KEPT, OUT), NOT_JUDGED, f"{ACME} could not be judged; 1 of 2 MUSTs kept",
        "MUST 1/2, 1 decided: 1 not judged",
        ("error", f"{ACME} could not be judged; 1 of 2 MUSTs kept, 1 decided; 1 promise open (")),
    "not-claimed": Headline(
        runs.run(UNCLAIMED), NOT_JUDGED, "could not be judged", "no MUST was judged",
        ("error", ACME)),
    "cut-off": Headline(
        runs.run(end=None), NOT_JUDGED, "the run is incomplete (edition sample-2026-01-01).",
        "MUST 1/1, 1 decided so far: run interrupted",
        ("error", "the run did not come to its end")),
    "empty": Headline(
        NOTHING, NOT_JUDGED, "nothing was judged at all (edition sample-2026-01-01).",
        "", ("error", "")),
    "problem": Headline(
        runs.run(end=STALE), BREAKS,
        "1 of 1 MUST kept, 1 decided; 1 problem with the run as a whole (",
        "MUST 1/1, 1 decided: 1 problem with the run", ("failure", "cassettes/x.yaml: remove it")),
    "only-should": Headline(
        runs.run(runs.finding("errors.status-400")), CONFORMS,
        f"{ACME}: nothing is broken; no MUST was judged", "no MUST was judged",
        ("skipped", ACME)),
    "should": Headline(
        runs.run(DEVIATES), CONFORMS,
        f"{ACME}: no MUST is broken; no MUST was judged; 1 SHOULD broken", "no MUST was judged",
        ("skipped", ACME)),
    "must-and-should": Headline(
        runs.run(KEPT, DEVIATES), CONFORMS, f"{ACME} conforms",
        "MUST 1/1, 1 decided: 1 SHOULD broken"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADLINES)
def test_what_a_run_came_to_is_the_same_sentence_badge_and_case(name: str) -> None:
    line = HEADLINES[name]
    assert conclusion_of(line.run) is line.conclusion
    assert line.sentence in " ".join(screen(print_runs, [line.run]).split())
    assert titles(line.run).get("acme.svg", "acme: ") == f"acme: {line.badge}"
    last = screen(print_runs, [line.run], width=200, colours="standard").splitlines()[-1]
    assert last.startswith("\x1b[1;32m") == ("conforms" in last)
    assert last.startswith("\x1b[1;31m") == (line.conclusion is BREAKS)
    assert any(GREEN in svg for svg in svgs(line.run).values()) == (name == "conforms")
    root = ET.fromstring(render([line.run], "junit"))
    (case,) = root.findall("testsuite[@name='run']/testcase")
    tag, message = line.junit
    assert [child.tag for child in case] == [tag] * bool(tag)
    assert all(child.attrib["message"].startswith(message) for child in case)


@QUICK
@given(ONE_NIGHT, st.sampled_from([None, runs.footer(), runs.footer(complete=False)]))
def test_badge_is_never_green_unless_all_is_kept_in_a_whole_run(
    findings: list[Finding], end: dict[str, Any] | None
) -> None:
    run = runs.run(runs.exchange(), *findings, end=end)
    all_kept = all(finding.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED) for finding in findings)
    assert GREEN not in svgs(run)["acme.svg"] or (run.complete and all_kept)


def partial_run(run_id: str = "one", **selection: str | int) -> Run:
    """Return a run of a provider with three models, of which less was to be judged."""
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
    run = partial_run(**selection)
    assert set(titles(run).values()) == {
        "acme: MUST 1/1, 1 decided of a part",
        "acme dall-e: MUST 1/1, 1 decided of a part",
    }
    assert not any(GREEN in svg for svg in svgs(run).values())
    assert GREEN not in render([run], "svg")
    text = "acme (dall-e-3, live): nothing is broken, in the part that was judged; "
    text += "1 of 1 MUST kept, 1 decided"
    assert render([run], "md").startswith(f"# Image API conformance: {text}\n")
    assert json.loads(render([run], "json"))["sentence"] == f"{text} (edition sample-2026-01-01)."
    assert f"◐</span> {text} (edition" in render([run], "html")


def test_family_that_was_judged_whole_is_green_and_its_provider_is_not() -> None:
    run = partial_run(models="dall-e*")
    assert titles(run) == {
        "acme.svg": "acme: MUST 1/1, 1 decided of a part",
        "acme-dall-e.svg": "acme dall-e: MUST 1/1, 1 decided: conforms",
    }
    assert GREEN in svgs(run)["acme-dall-e.svg"]


@pytest.mark.parametrize(
    "selections",
    [[{}], [{"models": "dall-e*"}, {"models": "gpt*"}], [{"strength": 3}]],
    ids=["whole", "together", "strength"],
)
def test_parts_beside_the_whole_are_no_part(selections: list[dict[str, Any]]) -> None:
    selections = [{"cases": "baseline"}, *selections]
    parts = [partial_run(f"run-{rank}", **one) for rank, one in enumerate(selections)]
    assert titles(*parts)["acme.svg"] == "acme: MUST 1/1, 1 decided: conforms"
    assert GREEN in svgs(*parts)["acme.svg"]
    assert notes(summarize([partial_run(strength=3)])) == []


def test_parts_that_make_the_whole_are_not_said_to_be_a_part() -> None:
    parts = [partial_run("one", models="dall-e*"), partial_run("two", models="gpt*")]
    assert "Only a part was judged" in render(parts[:1], "md")
    text = render(parts, "md")
    assert "conforms" in text
    assert "Only a part was judged" not in text
    together = "some of a part (models dall-e&#42;; models gpt&#42;), together judged every model"
    assert together in text


def test_part_says_what_else_there_is() -> None:
    run = runs.run(
        runs.known_deviation(), DEVIATES, head=runs.header(selection={"clauses": "format.*"})
    )
    assert closing(summarize([run])) == (
        "acme (dall-e-3, live): no MUST is newly broken, 1 known deviation, in the part that was "
        "judged; 0 of 1 MUST kept, 1 decided; 1 SHOULD broken, which does not decide "
        "(edition sample-2026-01-01)."
    )


def test_badge_fits_a_line_and_its_title_has_all() -> None:
    verdicts = (Verdict.FAIL, Verdict.NOT_TESTABLE)
    findings = [
        replace(runs.finding(f"x.{verdict}-{level}", verdict), level=level)
        for level in ("MUST", "SHOULD")
        for verdict in verdicts
    ]
    svg = svgs(runs.run(*findings))["acme.svg"]
    assert "1 broken, 1 not judged, 1 SHOULD broken, 1 SHOULD not judged</title>" in svg
    assert "MUST 0/2, 1 decided: 1 broken, 1 not judged …</text>" in svg


def test_badges_of_like_names_do_not_overwrite_each_other() -> None:
    findings = [runs.finding(provider=name) for name in ("a/b", "a b")]
    assert len(titles(runs.run(*findings, head=runs.header(["a/b", "a b"])))) == 4
    assert "relay does not conform" in render([runs.messy()], "svg")  # one badge for all runs
