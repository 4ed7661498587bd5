"""A run as JUnit XML: one test suite a provider and model, one test case a case and clause.

A new *fail* is a failure, a *harness error* an error. A known deviation, what was not claimed and
what could not be judged are skipped, each with its reason. A new *deviates* is a passed test that
says so in its output, because a SHOULD does not decide. What is wrong with a run as a whole is a
suite of its own: a run that was cut off or could not be judged is never green.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from conformance.findings import UNDECIDED, Finding, Verdict
from conformance.output.printing import printable
from conformance.reports.grouping import group_by
from conformance.reports.merging import Owned
from conformance.reports.summary import Summary, conclusion_of, summarize
from conformance.reports.wording import closing
from conformance.results.conclusion import Conclusion
from conformance.results.editions import explain_command
from conformance.results.reach import NOTHING

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 2000  # characters of one foreign text


def junit(summary: Summary) -> str:
    """Write a summary's runs as a JUnit document."""
    root = ET.Element("testsuites", name="image-conformance")
    times = {
        (rank, path): exchange.elapsed or 0.0
        for rank, run in enumerate(summary.merged.runs)
        for path, exchange in run.exchanges.items()
    }
    groups = group_by(summary.merged.owned, lambda owned: owned[0].column)
    kept = {row.column: row.kept.get("MUST", NOTHING) for row in summary.rows}
    started = summary.merged.runs[0].header.started[:19]
    for (provider, model), findings in groups.items():
        suite = _suite(root, f"{provider}/{model}", started)
        edition = summary.merged.contract(provider).edition.id
        must = kept.get((provider, model), NOTHING)
        numbers = {f"must.{name}": getattr(must, name) for name in ("kept", "decided", "total")}
        properties = ET.SubElement(suite, "properties")
        for name, value in {**numbers, "edition": _safe(edition)}.items():
            ET.SubElement(properties, "property", name=name, value=str(value))
        _fill(suite, findings, times, edition)
        _count(suite)
    _add_run_suite(root, summary, started)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', 0)) for suite in root):.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(root: ET.Element, name: str, started: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=_safe(name), timestamp=_safe(started))


def _fill(
    suite: ET.Element, findings: Iterable[Owned], times: dict[tuple[int, str], float], edition: str
) -> None:
    """Add test cases; the time of an exchange goes to the first of those that share it."""
    for finding, rank in findings:
        seconds = times.pop((rank, finding.path), 0.0)
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_safe(f"{finding.provider}.{finding.model}"),
            name=f"{_safe(finding.case)}::{_safe(finding.clause)}",
            time=f"{seconds:.3f}",
        )
        verdict, message = finding.verdict, finding.message
        # a child shows the verdict; a pass has none
        if finding.excused:
            _child(case, "skipped", f"known deviation: {finding.deviation}")
        elif verdict is Verdict.FAIL:
            _child(case, "failure", message, finding.level, _details(finding, edition))
        elif verdict is Verdict.HARNESS_ERROR:
            _child(case, "error", message, verdict.value, _details(finding, edition))
        elif verdict in UNDECIDED or verdict is Verdict.NOT_CLAIMED:
            observed = f"; observed {finding.observed}" if finding.observed else ""
            _child(case, "skipped", f"{verdict.value}: {message}{observed}")
        elif verdict is Verdict.DEVIATES:
            ET.SubElement(case, "system-out").text = _details(finding, edition)


def _child(parent: ET.Element, name: str, message: str, type_: str = "", text: str = "") -> None:
    child = ET.SubElement(parent, name, message=_safe(message))
    if type_:
        child.set("type", _safe(type_))
    if text:
        child.text = text


def _details(finding: Finding, edition: str) -> str:
    """Write a finding in lines of our own; foreign text cannot add one."""
    names = ("expected", "observed", "control")
    lines = [
        f"{finding.level} {finding.clause}: {finding.verdict.value}: {finding.message}",
        *(f"{name}: {text}" for name in names if (text := getattr(finding, name))),
        f"more: {explain_command(finding.clause, edition)}",
    ]
    return "\n".join(map(_safe, lines))


def _add_run_suite(root: ET.Element, summary: Summary, started: str) -> None:
    """Add what is wrong with the runs as such, which no test case of a provider could say."""
    suite = _suite(root, "run", started)
    for run in summary.merged.concluding:
        name = _safe(run.header.id)
        case = ET.SubElement(suite, "testcase", classname="run", name=name, time="0.000")
        text = "\n".join(map(_safe, run.problems))
        # one child, of the gravest: what else there is of it the promises show
        if run.interrupted:
            _child(case, "error", "the run did not come to its end", "incomplete", text)
        elif not run.findings:
            _child(case, "error", "nothing was judged", "empty")
        elif run.problems:
            _child(case, "failure", run.problems[0], "problem", text)
        elif conclusion_of(run) is Conclusion.NOT_JUDGED:
            _child(case, "error", closing(summarize([run])), "not judged")
        elif not (summary_of_run := summarize([run])).headline.conforms:
            _child(case, "skipped", closing(summary_of_run))
    _count(suite)


def _count(suite: ET.Element) -> None:
    """Write the numbers of a suite from what it holds."""
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")


def _safe(text: str) -> str:
    """Escape what could steer a reader, and drop what XML 1.0 cannot carry at all."""
    return _ILLEGAL.sub("", printable(text, _LONGEST))
