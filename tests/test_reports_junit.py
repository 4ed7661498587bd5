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


@pytest.mark.parametrize(
    ("finding", "child", "attributes"),
    [
        (runs.broken(), "failure", {"message": "data[0] carries b64_json", "type": "MUST"}),
        (runs.known(), "skipped", {"message": "known deviation: It always answers base64."}),
        (
            runs.finding(verdict=Verdict.UNAVAILABLE, message="HTTP 429"),
            "skipped",
            {"message": "unavailable: HTTP 429"},
        ),
        (
            runs.finding(verdict=Verdict.NOT_TESTABLE, message="no control"),
            "skipped",
            {"message": "not testable: no control"},
        ),
        (
            runs.finding(verdict=Verdict.NOT_CLAIMED, message="no n"),
            "skipped",
            {"message": "not claimed: no n"},
        ),
        (
            runs.finding(verdict=Verdict.HARNESS_ERROR, message="cassette damaged"),
            "error",
            {"message": "cassette damaged", "type": "harness error"},
        ),
        (runs.finding("errors.status-400", Verdict.DEVIATES), "system-out", {}),
    ],
    ids=["fail", "known", "unavailable", "not-testable", "not-claimed", "own-fault", "deviates"],
)
def test_verdict_becomes(finding: Finding, child: str, attributes: dict[str, str]) -> None:
    children = list(case_of(finding))
    assert [(each.tag, each.attrib) for each in children] == [(child, attributes)]


def test_pass_has_no_child() -> None:
    assert list(case_of(runs.finding())) == []


def test_case_is_named_by_case_and_clause() -> None:
    attributes = case_of(runs.finding()).attrib
    assert attributes["name"] == "baseline::format.url-only"
    assert attributes["classname"] == "acme.dall-e-3"


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


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_every_character_is_printable(text: str) -> None:
    assert all(each.isprintable() for each in render([runs.hostile(text)], "junit").split("\n"))


def test_cut_off_run_is_an_error() -> None:
    error = parsed(runs.run(end=None)).find("testsuite[@name='run']/testcase/error")
    assert error is not None
    assert error.get("message") == "the run did not come to its end"


def test_run_that_could_not_be_judged_is_an_error() -> None:
    root = parsed(runs.run(runs.finding(), runs.finding("envelope.json", Verdict.UNAVAILABLE)))
    error = root.find("testsuite[@name='run']/testcase/error")
    assert error is not None
    assert error.get("message") == (
        "acme (dall-e-3, live) could not be judged; 1 of 2 MUSTs kept, 1 decided; 1 promise open "
        "(edition sample-2026-01-01)."
    )
    assert (root.attrib["errors"], root.attrib["failures"]) == ("1", "0")


def test_run_that_does_not_conform_fails_by_its_promises_alone() -> None:
    root = parsed(runs.run(runs.broken(), runs.finding("envelope.json", Verdict.UNAVAILABLE)))
    assert (root.attrib["errors"], root.attrib["failures"]) == ("0", "1")


def test_problem_of_the_run_is_a_failure() -> None:
    root = parsed(runs.run(end=runs.footer(problems=["cassettes/x.yaml: remove it"])))
    failure = root.find("testsuite[@name='run']/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "cassettes/x.yaml: remove it"


def test_run_that_may_not_be_said_to_conform_is_no_pass() -> None:
    (skipped,) = parsed(runs.fallen_short()).findall("testsuite[@name='run']/testcase/skipped")
    assert "nothing new is broken" in skipped.attrib["message"]


def test_complete_run_has_nothing_to_complain_of() -> None:
    assert parsed(runs.run()).attrib["failures"] == parsed(runs.run()).attrib["errors"] == "0"


def test_unknown_format_names_its_nearest_match() -> None:
    assert FORMATS == ("html", "md", "junit", "json", "csv", "svg")
    with pytest.raises(UnknownNameError, match="did you mean 'junit'"):
        render([runs.run()], "junitxml")
