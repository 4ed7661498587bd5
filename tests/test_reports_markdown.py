"""The Markdown report: complete, and beyond the reach of what a provider says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from conformance.findings import Verdict
from conformance.reports import render
from conformance.reports.markdown import code, words
from tests import runs
from tests.nights import night
from tests.sums import kept_apart

OWN_HTML = {"<br>", "<details>", "</details>", "<summary>", "</summary>"}
PLAIN = "harmless"


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or []


def structure(text: str) -> list[tuple[str, str]]:
    """What a document is made of, without its words."""
    return [
        (each.type, each.tag) for each in tokens(text) if each.type not in ("text", "softbreak")
    ]


def test_table_has_a_row_for_every_provider_and_model() -> None:
    text = render([runs.messy()], "md")
    assert "| relay | dall-e-2 | FAIL | 2/4 | 0/1 | - | 4/4 | 2 | 1 | 0 | 0 |" in text
    assert len(re.findall(r"^\| (?:acme|relay|slow) \| \S+ \| .* \d \|$", text, re.M)) == 9
    assert text.index("nobody knew of") < text.index("Known deviations")


@pytest.mark.parametrize(
    "said",
    [
        "# Image API conformance: relay (3 models, replay) does not conform",
        "replay of cassettes, recorded 2026-01-02, `https://acme.test`",
        "### relay: Another promise is broken\n\nIn 9 of 12 cases:",
        "**MUST** `format.url-only` all 3 models (9 cases, e.g. n-0)",
        "Found: `data[0] carries b64_json`",
        "Expected: `url`",
        "- relay, 3 findings: `It always answers base64.`\n\n  - **MUST** `count.n-images`",
        "- unavailable: slow, 5 findings of 5 clauses on dall-e-2",
        "`image-conformance explain format.url-only --edition sample-2026-01-01`",
        "| relay | dall-e-2 | FAIL | known | deviates | pass |",
        "acme, flat-image: 3 on",
        "`cassettes/x.yaml: remove it`",
    ],
)
def test_report_says(said: str) -> None:
    assert said in render([runs.messy()], "md")


def test_runs_are_one_list() -> None:
    other = runs.run(head=runs.header(id="20260103T030405Z-00000000"))
    assert re.search(r"^- Run of .*\n- Run of ", render([runs.run(), other], "md"), re.MULTILINE)


def test_report_says_what_a_run_took_and_how_fast_a_provider_was() -> None:
    paid = runs.exchange() | {"price": kept_apart(0.25)}
    head = runs.header(seed=42, budget={"usd": 2, "requests": None})
    found = runs.run(paid, runs.finding(), head=head)
    lines = render([found], "md").splitlines()
    assert (
        "- Run of 2026-01-02 03:04 UTC, acme: complete, 1 finding in 55 s; "
        "0.2500 USD spent of 2.00 USD; seed 42"
    ) in lines
    assert "- Latency of acme: median 1.2 s, p90 1.2 s of 1 accepted" in lines


def test_report_says_what_it_does_not_know_of_a_run_and_that_it_decided_nothing() -> None:
    gone = night(5, runs.finding(verdict=Verdict.UNAVAILABLE))
    nights = [night(3, runs.finding(), end=None), night(4, runs.finding()), gone]
    lines = render(nights, "md").splitlines()
    assert [line[len("- Run of ") :] for line in lines if line.startswith("- Run of ")] == [
        "2026-01-05 03:00 UTC, acme: complete, 1 finding, none decided; spend not recorded",
        "2026-01-04 03:00 UTC, acme: complete, 1 finding; spend not recorded",
        "2026-01-03 03:00 UTC, acme: INTERRUPTED, 1 finding; spend not recorded",
    ]
    assert not any("Latency" in each for each in lines)


def test_long_section_is_cut_and_says_so() -> None:
    many = [runs.broken(clause=f"count.number-{number}") for number in range(130)]
    assert "- and 30 more, in the run file" in render([runs.run(*many)], "md")


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNAVAILABLE, Verdict.NOT_CLAIMED, None])
def test_hostile_text_adds_no_structure(text: str, verdict: Verdict | None) -> None:
    def report(foreign: str) -> str:
        if verdict is None:
            return render([runs.hostile(foreign, deviation=foreign)], "md")
        return render([runs.hostile(foreign, verdict)], "md")

    assert structure(report(text)) == structure(report(PLAIN))
    html = (token.content for token in tokens(report(text)) if "html" in token.type)
    assert {tag for content in html for tag in re.findall(r"<[^>]*>", content)} <= OWN_HTML


@pytest.mark.parametrize("text", [*runs.HOSTILE.values(), "", " ", "`", "``", " `x` ", "x`"])
def test_code_span_holds_its_text_and_nothing_else(text: str) -> None:
    shown = [each for each in tokens(f"see {code(text)} there") if each.type == "code_inline"]
    if text not in runs.HOSTILE.values():
        assert [span.content for span in shown] == ([text] if text.strip() else [])
        return
    assert len(shown) == 1
    left = MarkdownIt("commonmark").renderInline(f"see {code(text)} there")
    assert left.startswith("see <code>")
    assert left.endswith("</code> there")


@pytest.mark.parametrize(
    ("text", "written"),
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
def test_words_are_written_as_entities_where_they_could_mean_more(text: str, written: str) -> None:
    assert words(text) == written


def test_heading_does_not_hide_known_deviations() -> None:
    text = render([runs.run(runs.known())], "md")
    assert text.startswith(
        "# Image API conformance: acme (dall-e-3, live) conforms but for 1 known "
        "deviation; "
        "0 of 1 MUST kept, 1 decided\n"
    )


def test_what_is_open_where_a_run_broke_off_is_not_known() -> None:
    text = render([runs.run(end=None)], "md")
    assert "> The run did not come to the end" in text
    row = next(each for each in text.splitlines() if each.startswith("| acme | dall-e-3 | "))
    assert row == "| acme | dall-e-3 | not run | 1/1 so far | - | - | 1/1 | 0 | 0 | ? | 0 |"
    assert "\n- ?: the run broke off" in text
