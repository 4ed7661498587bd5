"""The capability table: what a provider makes of a value, read from outcomes and findings."""

from __future__ import annotations

import io
import re
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from conformance.cases.documented import cases_for
from conformance.cases.values import askable_values, asked_values, value_text
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.findings import Finding, Verdict
from conformance.output.tables import Paper
from conformance.reports import render, summarize
from conformance.reports.capabilities.answers import READINGS, Word
from conformance.reports.capabilities.rendering import print_short
from conformance.reports.capabilities.table import Capability, model_tables, sides_of
from conformance.results.run_file import Run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.extent import examples
from tests.sums import lived

EDITION = load_edition()
PIXELS = {"width": 1024, "height": 1024}
PNG = {"index": 0, "member": "b64_json", "type": "png", "alpha": False} | PIXELS
TALL = PNG | {"width": 512}
SHOWS_SIZE, ACCEPTS = "image.size-as-asked", "parameters.valid-accepted"
VALUES = [("size", "1792x1024"), ("size", "1024x1024"), ("n", "2"), ("style", "vivid")]


def asked(
    case: str, asks: dict[str, str], came: str = "accepted", **members: Any
) -> dict[str, Any]:
    """A generation that asks for some values, and what came."""
    status = {"accepted": 200, "refused": 400, "unavailable": 500, "unclear": 200}.get(came, 0)
    response = {"status": status, "headers": [], "body": "{}", "bytes": 2} if status else None
    images = [PNG] if came == "accepted" else []
    about = {"expected": "accepted", "asks": asks, "outcome": came, "reason": f"HTTP {status}"}
    return runs.exchange(case=case) | about | {"response": response, "images": images} | members


def found(clause: str, verdict: Verdict, case: str = "wide") -> Finding:
    return runs.finding(clause, verdict, case=case, message="other pixels", observed="1024x1024")


def run_of(*records: Any, **head: Any) -> Run:
    """A run of one model whose contract names the values above."""
    values = [
        {"model": "dall-e-3", "asks": [pair], "standing": "documented", "depth": "standard"}
        for pair in VALUES
    ]
    return runs.run(*records, head=runs.header(models=["dall-e-3"], values=values, **head))


def cell(run: Run, value: str = "1792x1024", parameter: str = "size") -> Capability:
    (table,) = model_tables(sides_of([run]))
    rows = [row for row in table.rows if (row.parameter, row.value) == (parameter, value)]
    return rows[0].cells[0]


def both(came: str, **members: Any) -> list[Any]:
    return [asked("baseline", {}, came, **members), asked("wide", WANTS, came, **members)]


SMALLEST = asked("baseline", {})
WANTS = {"size": "1792x1024"}
BROKEN, KEPT = found(SHOWS_SIZE, Verdict.FAIL), found(SHOWS_SIZE, Verdict.PASS)
UNSEEN = found(SHOWS_SIZE, Verdict.NOT_TESTABLE)
EMPTY = found("envelope.data-not-empty", Verdict.FAIL)
CRASHED, OUT = found(ACCEPTS, Verdict.FAIL), found(ACCEPTS, Verdict.UNAVAILABLE)
BY_NAME = {"type": None, "code": None, "param": "size"}
KNOWN = runs.known(clause=SHOWS_SIZE, case="wide")
WORDS: dict[str, tuple[Word, list[Any]]] = {
    "clause-passes": (Word.HONOURED, [asked("wide", WANTS), KEPT]),
    "not-testable": (Word.ACCEPTED, [asked("wide", WANTS), UNSEEN]),
    "as-without-it": (Word.IGNORED, [asked("wide", WANTS), BROKEN]),
    "known-deviation": (Word.IGNORED, [asked("wide", WANTS), KNOWN]),
    "other-size": (Word.ALTERED, [asked("wide", WANTS, images=[TALL]), BROKEN]),
    "refused": (Word.REFUSED, [asked("wide", WANTS, "refused")]),
    "error-as-success": (Word.REFUSED, [asked("wide", WANTS, "unclear", said="no")]),
    "empty-success": (Word.CRASHES, [asked("wide", WANTS, "unclear"), EMPTY]),
    "cut-by-a-recorder": (Word.UNDECIDED, [asked("wide", WANTS, "unclear")]),
    "5xx-every-time": (Word.CRASHES, [asked("wide", WANTS, "unavailable"), CRASHED]),
    "outage": (Word.UNDECIDED, [asked("wide", WANTS, "unavailable"), OUT]),
    "moderated": (Word.UNDECIDED, [asked("wide", WANTS, "refused", cause="moderation")]),
    "not-served": (Word.UNDECIDED, [asked("wide", WANTS, "not served")]),
    "no-budget": (Word.NOT_ASKED, [asked("wide", WANTS, "not run")]),
    "nothing-sent": (Word.NOT_ASKED, []),
    "all-refused": (Word.UNDECIDED, both("refused", said="no")),
    "all-unclear": (Word.UNDECIDED, both("unclear", said="no")),
    "all-down": (Word.UNDECIDED, both("unavailable", said="no")),
    "all-refused-by-name": (Word.REFUSED, both("refused", error=BY_NAME)),
    "forbidden": (
        Word.NOT_ASKED, [asked("x", WANTS | {"n": "many"}, "refused", expected="refused")]),
}  # fmt: skip


@pytest.mark.parametrize(("word", "records"), WORDS.values(), ids=WORDS)
def test_word_says_what_became_of_a_value(word: Word, records: list[Any]) -> None:
    assert cell(run_of(SMALLEST, *records)).word is word


def test_value_is_not_to_blame_where_successes_are_empty_by_chance() -> None:
    run = run_of(SMALLEST, asked("again", {}, "unclear"), asked("wide", WANTS, "unclear"), EMPTY)
    assert (cell(run).word, cell(run).why.partition("; ")[2][:17]) == (
        Word.UNDECIDED,
        "so came one that ",
    )


def test_refusal_is_for_the_value_that_is_never_accepted() -> None:
    both = asked("both", WANTS | {"style": "vivid"}, "refused")
    run = run_of(SMALLEST, asked("wide", WANTS), found(SHOWS_SIZE, Verdict.PASS), both)
    assert cell(run).word is Word.HONOURED
    assert cell(run, "vivid", "style").word is Word.REFUSED


def test_values_that_fail_only_together_are_told_in_how_many() -> None:
    both = asked("both", WANTS | {"n": "2"}, "refused")
    run = run_of(SMALLEST, asked("wide", WANTS), asked("n-2", {"n": "2"}), both)
    assert (cell(run).word, cell(run).times) == (Word.REFUSED, (1, 2))


def test_value_of_no_parameter_is_in_no_table() -> None:
    nothing = {"model": "dall-e-3", "asks": [], "standing": "documented"}
    head = runs.header(models=["dall-e-3"], values=[nothing])
    assert model_tables(sides_of([runs.run(SMALLEST, head=head)])) == ()


@pytest.mark.parametrize("text", ["²", "7" * 5000, "٣"], ids=["power", "long", "arabic"])
def test_value_that_is_hardly_a_number_is_put_in_order(text: str) -> None:
    assert cell(run_of(SMALLEST, asked("odd", {"n": text})), text, "n").word is Word.IGNORED


PART = {"selection": {"clauses": "*", "models": "*", "cases": "n-*"}}


@pytest.mark.parametrize(
    ("why", "records", "head"),
    [
        ("budget", [asked("wide", WANTS, "not run", reason="no budget")], {}),
        ("cases n-*", [], PART),
        ("left it out", [], {}),
    ],
    ids=["budget", "part", "left-out"],
)
def test_value_nobody_asked_for_says_why(why: str, records: list[Any], head: Any) -> None:
    assert why in cell(run_of(SMALLEST, *records, **head)).why


def test_value_of_another_model_is_not_documented() -> None:
    other = run_of(SMALLEST)
    more = runs.read(runs.header(["relay"], ["dall-e-3"], id="other"), type(other.header))
    relay = Run(more, {}, [], [], other.footer)
    (table,) = model_tables(sides_of([other, relay]))
    assert {row.cells[1].why for row in table.rows} == {"no document knows it for this model"}


OUTCOMES = st.sampled_from(
    ["accepted", "refused", "unavailable", "unclear", "not served", "not run"]
)
EXCHANGES = st.lists(
    st.tuples(st.sets(st.sampled_from(VALUES)), OUTCOMES, st.sampled_from(Verdict))
)


@settings(max_examples=examples(150), deadline=None)
@given(EXCHANGES)
def test_every_value_has_a_cell_and_every_cell_a_reason(drawn: list[Any]) -> None:
    records: list[Any] = [SMALLEST]
    for rank, (values, came, verdict) in enumerate(drawn):
        records += [asked(f"c{rank}", dict(values), came), found(SHOWS_SIZE, verdict, f"c{rank}")]
    (table,) = model_tables(sides_of([run_of(*records)]))
    assert {(row.parameter, row.value) for row in table.rows} == set(VALUES)
    for row in table.rows:
        (shown,) = row.cells
        sent = [
            values for values, _, _ in drawn if (row.parameter, row.value) in dict(values).items()
        ]
        assert len(shown.evidence) == len(sent)
        assert shown.why or shown.word is Word.HONOURED
        assert sum(table.counts(0).values()) == len(table.rows)


@pytest.mark.parametrize("model", EDITION.models)
def test_every_value_of_a_planned_request_is_askable(model: str) -> None:
    cases = cases_for(EDITION, EDITION.model(model), lead=False)
    listed = {value.asks for value in askable_values(EDITION, EDITION.model(model), cases)}
    for case in cases:
        if case.body is not None and EDITION.read(case.body).expectation != "refused":
            assert {(pair,) for pair in asked_values(case.body).items()} <= listed


def test_values_forbidden_together_are_askable_as_one() -> None:
    model = EDITION.model("gpt-image-1.5")
    listed = askable_values(EDITION, model, cases_for(EDITION, model, lead=False))
    together = [dict(value.asks) for value in listed if value.standing == "refused"]
    assert together == [{"background": "transparent", "output_format": "jpeg"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[("auto", "auto"), (2, "2"), ("2", '"2"'), (True, "true"), (None, "null"), ("", '""')],
        ("a" * 61, "61 characters"),
    ],
    ids=str,
)
def test_value_is_written_so_that_types_can_be_told_apart(value: object, text: str) -> None:
    assert value_text(value) == text


def test_every_clause_that_compares_with_what_was_asked_is_read() -> None:
    read = frozenset().union(*(reading.clauses for reading in READINGS.values()))
    known = {clause.id for clause in clauses_of(EDITION)}
    echoes = re.compile(r"extras\.|stream\.echo")
    compare = {name for name in known if re.search(r"as-asked$|when-(asked|transparent)$", name)}
    assert read <= known
    assert {name for name in compare if not echoes.match(name)} <= read


@pytest.fixture(scope="module")
def replayed() -> Run:
    """The replay of what aimock answered for one model."""
    chosen = Options(providers=("aimock",), models="gpt-image-1.5")
    with closing(Session(chosen)) as session:
        return lived(session)


def test_replayed_provider_ignores_sizes_and_says_by_which_exchange(replayed: Run) -> None:
    (table,) = summarize([replayed]).capabilities
    cells = {f"{row.parameter}={row.value}": row.cells[0] for row in table.rows}
    assert cells["size=1536x1024"].word is Word.IGNORED
    assert cells["size=1024x1024"].word is Word.HONOURED
    assert cells["n=10"].evidence[0].case == "n-10"
    assert cells["background + output_format=transparent + jpeg"].word is Word.IGNORED
    values = [value for value in replayed.header.values if value.model == "gpt-image-1.5"]
    assert len(values) == len(cells)
    sizes = [row.cells[0] for row in table.rows if row.parameter == "size"]
    shown = [answer for size in sizes for answer in size.evidence]
    unlike = {answer.case for answer in shown if answer.word in {Word.IGNORED, Word.ALTERED}}
    broken = [finding for finding in replayed.findings if finding.verdict is Verdict.FAIL]
    assert unlike == {
        finding.case for finding in broken if finding.clause in READINGS["size"].clauses
    }


@pytest.mark.parametrize("format_", ["html", "md", "json"])
def test_reports_show_words_and_cases(replayed: Run, format_: str) -> None:
    text = render([replayed], format_)
    assert "ignored" in text
    assert "size-1536x1024" in text if format_ != "html" else "size%3D1536x1024" in text


@pytest.mark.parametrize(
    ("records", "told"), [([], False), (["wide"], True)], ids=["nothing", "a-size"]
)
def test_screen_is_silent_of_a_model_that_nothing_was_asked_of(
    records: list[str], told: bool
) -> None:
    screen = io.StringIO()
    run = run_of(*(asked(case, WANTS) for case in records))
    print_short(Paper(Console(file=screen)), model_tables(sides_of([run])))
    assert ("dall-e-3: " in screen.getvalue()) is told
    assert bool(screen.getvalue()) is told
