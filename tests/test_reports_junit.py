"""The JUnit report: what CI servers read, with every verdict told apart."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from conformance.errors import UnknownNameError
from conformance.findings import Finding, Verdict
from conformance.reports import FORMATS, render
from conformance.results.run_file import Run
from tests import runs

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "timestamp", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
    "system-out": set[str](),
    "properties": set[str](),
    "property": {"name", "value"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "properties"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


def parsed(*found: Run) -> ET.Element:
    return ET.fromstring(render(found, "junit"))


def case_of(finding: Finding) -> ET.Element:
    case = parsed(runs.run(finding)).find("testsuite/testcase")
    assert case is not None
    return case


def undecided(verdict: Verdict, message: str) -> Finding:
    return runs.finding(verdict=verdict, message=message)


@pytest.mark.parametrize(
    ("finding", "children"),
    [
        (runs.finding(), []),
        (
            runs.broken(),
            [("failure", {"message": "data[0] carries b64_json", "type": "MUST"})],
        ),
        (runs.known(), [("skipped", {"message": "known deviation: It always answers base64."})]),
        *(
            (undecided(verdict, "why"), [("skipped", {"message": f"{verdict.value}: why"})])
            for verdict in (Verdict.UNAVAILABLE, Verdict.NOT_TESTABLE, Verdict.NOT_CLAIMED)
        ),
        (
            undecided(Verdict.HARNESS_ERROR, "cassette damaged"),
            [("error", {"message": "cassette damaged", "type": "harness error"})],
        ),
        (runs.finding("errors.status-400", Verdict.DEVIATES), [("system-out", {})]),
    ],
    ids=lambda value: value.state.label if isinstance(value, Finding) else "",
)
def test_verdict_becomes(finding: Finding, children: list[tuple[str, dict[str, str]]]) -> None:
    case = case_of(finding)
    assert [(child.tag, child.attrib) for child in case] == children
    assert case.attrib["name"] == f"baseline::{finding.clause}"
    assert case.attrib["classname"] == "acme.dall-e-3"


def test_failure_says_what_was_expected_and_observed() -> None:
    text = case_of(runs.broken()).findtext("failure") or ""
    assert "expected: url\nobserved: b64_json\n" in text
    assert text.endswith(
        "more: image-conformance explain format.url-only --edition sample-2026-01-01"
    )


def test_deviation_from_a_should_says_so_in_its_output() -> None:
    finding = runs.finding("errors.status-400", Verdict.DEVIATES, message="HTTP 422")
    text = case_of(finding).findtext("system-out") or ""
    assert text.startswith("SHOULD errors.status-400: deviates: HTTP 422")


def test_time_of_an_exchange_counts_once() -> None:
    run = runs.run(runs.exchange(), runs.finding(), runs.finding("envelope.json"))
    assert [each.get("time") for each in parsed(run).iter("testcase")][:2] == ["1.250", "0.000"]
    assert parsed(run).get("time") == "1.250"


@pytest.mark.parametrize("tag", ["tests", "failures", "errors", "skipped"])
def test_numbers_are_those_of_the_cases(tag: str) -> None:
    for suite in parsed(runs.messy()):
        path = {"failures": "testcase/failure", "errors": "testcase/error", "tests": "testcase"}
        assert int(suite.attrib[tag]) == len(suite.findall(path.get(tag, f"testcase/{tag}")))


def test_totals_are_the_sums_of_the_suites() -> None:
    root = parsed(runs.messy())
    assert len(root) == 10
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(each.attrib[name]) for each in root)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_document_has_the_common_shape(verdict: Verdict) -> None:
    for text in runs.HOSTILE.values():
        for element in parsed(runs.hostile(text, verdict)).iter():
            assert set(element.attrib) == ATTRIBUTES[element.tag], text
            assert {each.tag for each in element} <= CHILDREN.get(element.tag, set()), text


NOT_JUDGED = (
    "acme (dall-e-3, live) could not be judged; 1 of 2 MUSTs kept, 1 decided; 1 promise open "
)
UNAVAILABLE = runs.finding("envelope.json", Verdict.UNAVAILABLE)


@pytest.mark.parametrize(
    ("run", "children", "numbers"),
    [
        (runs.run(), [], (0, 0)),
        (runs.run(end=None), [("error", "the run did not come to its end")], (1, 0)),
        (
            runs.run(runs.finding(), UNAVAILABLE),
            [("error", f"{NOT_JUDGED}(edition sample-2026-01-01).")],
            (1, 0),
        ),
        # its promises alone fail it
        (runs.run(runs.broken(), UNAVAILABLE), [("skipped", "acme (dall-e-3, live) does")], (0, 1)),
        (
            runs.run(end=runs.footer(problems=["cassettes/x.yaml: remove it"])),
            [("failure", "cassettes/x.yaml: remove it")],
            (0, 1),
        ),
        (
            runs.fallen_short(),
            [("skipped", "acme (dall-e-3, live): nothing new is broken")],
            (0, 0),
        ),
    ],
    ids=["conforms", "cut-off", "not-judged", "breaks", "problem", "fallen-short"],
)
def test_what_is_wrong_with_a_run_as_such_is_a_case_of_its_own(
    run: Run, children: list[tuple[str, str]], numbers: tuple[int, int]
) -> None:
    root = parsed(run)
    (case,) = root.findall("testsuite[@name='run']/testcase")
    assert [child.tag for child in case] == [tag for tag, _ in children]
    for child, (_, message) in zip(case, children, strict=True):
        assert child.attrib["message"].startswith(message)
    assert (int(root.attrib["errors"]), int(root.attrib["failures"])) == numbers


def test_unknown_format_names_its_nearest_match() -> None:
    assert FORMATS == ("html", "md", "junit", "json", "csv", "svg")
    with pytest.raises(UnknownNameError, match="did you mean 'junit'"):
        render([runs.run()], "junitxml")
