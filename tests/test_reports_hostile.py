"""Hostile texts in a run: they steer no reader of a report, and no report has more for them."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from functools import cache

import pytest
from markdown_it import MarkdownIt

from conformance.findings import Verdict
from conformance.reports import FORMATS, print_runs, render, summarize
from conformance.reports.badges import badges
from conformance.reports.markdown import code, words
from conformance.reports.page.rendering import as_json
from conformance.results.run_file import Run
from tests import runs
from tests.extent import sample
from tests.runners import commands
from tests.shown import ParsedPage, screen, structure, tokens

TEXTS = {
    **runs.HOSTILE,
    "command-after-a-wrap": f"{'x' * 60} ::error::x",
    "command-in-a-long-word": "x" * 150 + "::stop-commands::y",
    "command-in-parts": "::error",
    "anywhere": "x##[group]y##vso[a]z",
}
OWN_HTML = {"<br>", "<details>", "</details>", "<summary>", "</summary>"}
SVG = "{http://www.w3.org/2000/svg}"
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


@cache
def plain_structure(verdict: Verdict, deviation: str | None = None) -> list[tuple[str, str]]:
    return structure(render([runs.hostile("harmless", verdict, deviation=deviation)], "md"))


def check_markdown(document: str, verdict: Verdict, deviation: str | None = None) -> None:
    assert structure(document) == plain_structure(verdict, deviation)
    html = (token.content for token in tokens(document) if "html" in token.type)
    assert {tag for content in html for tag in re.findall(r"<[^>]*>", content)} <= OWN_HTML


def check_junit(run: Run) -> None:
    for element in ET.fromstring(render([run], "junit")).iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())


@pytest.mark.parametrize("kind", sample(TEXTS, 2))
def test_hostile_text_is_only_ever_text(kind: str) -> None:
    run = runs.hostile(TEXTS[kind])
    reports = {name: render([run], name) for name in FORMATS}
    assert [name for name, report in reports.items() if commands(report)] == []
    for name in ("md", "junit"):
        assert all(line.isprintable() for line in reports[name].split("\n")), name
    check_markdown(reports["md"], Verdict.FAIL)
    page = render([runs.hostile("harmless")], "html")
    tags = [[tag for tag, _ in ParsedPage(text).elements] for text in (reports["html"], page)]
    assert tags[0] == tags[1]
    (row,) = csv.DictReader(io.StringIO(reports["csv"], newline=""))
    assert all(value.isprintable() for value in row.values())
    for name, badge in badges(summarize([run])).items():
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.svg", name)
        elements = {element.tag.removeprefix(SVG) for element in ET.fromstring(badge).iter()}
        assert elements == {"svg", "title", "clipPath", "rect", "g", "text"}
    for width in (20, 40, 80):
        output = screen(print_runs, [run], width=width)
        assert commands(output) == [], width
        assert all(line.isprintable() for line in output.split("\n"))
        assert width < 80 or max(map(len, output.splitlines())) <= width


@pytest.mark.parametrize("verdict", list(Verdict))
def test_hostile_text_adds_no_structure_whatever_the_verdict(verdict: Verdict) -> None:
    for text in runs.HOSTILE.values():
        check_junit(runs.hostile(text, verdict))
        if verdict in (Verdict.UNAVAILABLE, Verdict.NOT_CLAIMED):
            check_markdown(render([runs.hostile(text, verdict)], "md"), verdict)
        if verdict is Verdict.FAIL:
            run = runs.hostile(text, deviation=text)
            check_markdown(render([run], "md"), verdict, "harmless")


@pytest.mark.parametrize("text", [*runs.HOSTILE.values(), "", " ", "`", "``", " `x` ", "x`"])
def test_code_span_holds_its_text_and_nothing_else(text: str) -> None:
    spans = [token for token in tokens(f"see {code(text)} there") if token.type == "code_inline"]
    if text not in runs.HOSTILE.values():
        assert [span.content for span in spans] == ([text] if text.strip() else [])
        return
    assert len(spans) == 1
    html = MarkdownIt("commonmark").renderInline(f"see {code(text)} there")
    assert html.startswith("see <code>")
    assert html.endswith("</code> there")


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("a|b", "a&#124;b"),
        ("<b>", "&#60;b&#62;"),
        ("@octocat", "&#64;octocat"),
        ("http://evil.test", "http&#58;//evil.test"),
        ("www.evil.test", "www&#46;evil.test"),
        ("[x](y)", "&#91;x&#93;(y)"),
        ("line\nbreak", "line&#92;nbreak"),
        ("dall-e-3: 5/7", "dall-e-3: 5/7"),
    ],
)
def test_words_are_written_as_entities_where_they_could_mean_more(text: str, entities: str) -> None:
    assert words(text) == entities


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "&lt;", "é"])
def test_json_cannot_end_its_script(text: str) -> None:
    script = str(as_json({"text": text}))
    assert not set("<>&") & set(script)
    assert script.isascii()
    assert json.loads(script) == {"text": text}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])  # noqa: RUF001 - it is meant
def test_csv_holds_no_formula(text: str) -> None:
    run = runs.run(runs.exchange(), runs.broken_must(message=text, observed=text))
    (row,) = csv.DictReader(io.StringIO(render([run], "csv"), newline=""))
    assert not row["message"].startswith(tuple("=+-@\t\r＝"))  # noqa: RUF001 - it is meant
    assert row["message"].endswith(text[-1])


def test_rich_markup_of_a_provider_is_shown_as_it_came() -> None:
    text = "[bold red]shout[/bold red] :boom:"
    output = screen(print_runs, [runs.run(runs.broken_must(message=text))], colours="truecolor")
    assert text in output
