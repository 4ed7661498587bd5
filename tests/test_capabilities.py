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
from tests.sums import run_of_session

EDITION = load_edition()
PIXELS = {"width": 1024, "height": 1024}
PNG = {"index": 0, "member": "b64_json", "type": "png", "alpha": False} | PIXELS
TALL = PNG | {"width": 512}
SHOWS_SIZE, ACCEPTS = "image.size-as-asked", "parameters.valid-accepted"
VALUES = [("size", "1792x1024"), ("size", "1024x1024"), ("n", "2"), ("style", "vivid")]


def ask(
    case: str, asks: dict[str, str], outcome: str = "accepted", **members: Any
) -> dict[str, Any]:
    """A generation that asks for some values, and what came."""
    status = {"accepted": 200, "refused": 400, "unavailable": 500, "unclear": 200}.get(outcome, 0)
    response = {"status": status, "headers": [], "body": "{}", "bytes": 2} if status else None
    images = [PNG] if outcome == "accepted" else []
    base = {"expected": "accepted", "asks": asks, "outcome": outcome, "reason": f"HTTP {status}"}
    return runs.exchange(case=case) | base | {"response": response, "images": images} | members


def finding(clause: str, verdict: Verdict, case: str = "wide") -> Finding:
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


def twice(outcome: str, **members: Any) -> list[Any]:
    return [ask("baseline", {}, outcome, **members), ask("wide", WANTS, outcome, **members)]


SMALLEST = ask("baseline", {})
WANTS = {"size": "1792x1024"}
FAILURE, PASS = finding(SHOWS_SIZE, Verdict.FAIL), finding(SHOWS_SIZE, Verdict.PASS)
UNSEEN = finding(SHOWS_SIZE, Verdict.NOT_TESTABLE)
EMPTY = finding("envelope.data-not-empty", Verdict.FAIL)
CRASH, OUT = finding(ACCEPTS, Verdict.FAIL), finding(ACCEPTS, Verdict.UNAVAILABLE)
BY_NAME = {"type": None, "code": None, "param": "size"}
DEVIATION = runs.known_deviation(clause=SHOWS_SIZE, case="wide")
WORDS: dict[str, tuple[Word, list[Any]]] = {
    "clause-passes": (Word.HONOURED, [ask("wide", WANTS), PASS]),
    "not-testable": (Word.ACCEPTED, [ask("wide", WANTS), UNSEEN]),
    "as-without-it": (Word.IGNORED, [ask("wide", WANTS), FAILURE]),
    "known-deviation": (Word.IGNORED, [ask("wide", WANTS), DEVIATION]),
    "other-size": (Word.ALTERED, [ask("wide", WANTS, images=[TALL]), FAILURE]),
    "refused": (Word.REFUSED, [ask("wide", WANTS, "refused")]),
    "error-as-success": (Word.REFUSED, [ask("wide", WANTS, "unclear", said="no")]),
    "empty-success": (Word.CRASHES, [ask("wide", WANTS, "unclear"), EMPTY]),
    "cut-by-a-recorder": (Word.UNDECIDED, [ask("wide", WANTS, "unclear")]),
    "5xx-every-time": (Word.CRASHES, [ask("wide", WANTS, "unavailable"), CRASH]),
    "outage": (Word.UNDECIDED, [ask("wide", WANTS, "unavailable"), OUT]),
    "moderated": (Word.UNDECIDED, [ask("wide", WANTS, "refused", cause="moderation")]),
    "not-served": (Word.UNDECIDED, [ask("wide", WANTS, "not served")]),
    "no-budget": (Word.NOT_ASKED, [ask("wide", WANTS, "not run")]),
    "nothing-sent": (Word.NOT_ASKED, []),
    "all-refused": (Word.UNDECIDED, twice("refused", said="no")),
    "all-unclear": (Word.UNDECIDED, twice("unclear", said="no")),
    "all-down": (Word.UNDECIDED, twice("unavailable", said="no")),
    "all-refused-by-name": (Word.REFUSED, twice("refused", error=BY_NAME)),
    "forbidden": (
        Word.NOT_ASKED, [ask("x", WANTS | {"n": "many"}, "refused", expected="refused")]),
}  # fmt: skip


@pytest.mark.parametrize(("word", "records"), WORDS.values(), ids=WORDS)
def test_word_says_what_became_of_a_value(word: Word, records: list[Any]) -> None:
    assert cell(run_of(SMALLEST, *records)).word is word


def test_value_is_not_to_blame_where_successes_are_empty_by_chance() -> None:
    run = run_of(SMALLEST, ask("again", {}, "unclear"), ask("wide", WANTS, "unclear"), EMPTY)
    assert (cell(run).word, cell(run).why.partition("; ")[2][:17]) == (
        Word.UNDECIDED,
        "so came one that ",
    )


def test_refusal_is_for_the_value_that_is_never_accepted() -> None:
    refusal = ask("both", WANTS | {"style": "vivid"}, "refused")
    run = run_of(SMALLEST, ask("wide", WANTS), finding(SHOWS_SIZE, Verdict.PASS), refusal)
    assert cell(run).word is Word.HONOURED
    assert cell(run, "vivid", "style").word is Word.REFUSED


def test_values_that_fail_only_together_are_told_in_how_many() -> None:
    refusal = ask("both", WANTS | {"n": "2"}, "refused")
    run = run_of(SMALLEST, ask("wide", WANTS), ask("n-2", {"n": "2"}), refusal)
    assert (cell(run).word, cell(run).times) == (Word.REFUSED, (1, 2))


def test_value_of_no_parameter_is_in_no_table() -> None:
    value = {"model": "dall-e-3", "asks": [], "standing": "documented"}
    head = runs.header(models=["dall-e-3"], values=[value])
    assert model_tables(sides_of([runs.run(SMALLEST, head=head)])) == ()


@pytest.mark.parametrize("text", ["²", "7" * 5000, "٣"], ids=["power", "long", "arabic"])
def test_value_that_is_hardly_a_number_is_put_in_order(text: str) -> None:
    assert cell(run_of(SMALLEST, ask("odd", {"n": text})), text, "n").word is Word.IGNORED


PART = {"selection": {"clauses": "*", "models": "*", "cases": "n-*"}}


@pytest.mark.parametrize(
    ("why", "records", "head"),
    [
        ("budget", [ask("wide", WANTS, "not run", reason="no budget")], {}),
        ("cases n-*", [], PART),
        ("left it out", [], {}),
    ],
    ids=["budget", "part", "left-out"],
)
def test_value_nobody_asked_for_says_why(why: str, records: list[Any], head: Any) -> None:
    assert why in cell(run_of(SMALLEST, *records, **head)).why


def test_value_of_another_model_is_not_documented() -> None:
    acme = run_of(SMALLEST)
    header = runs.read_record(runs.header(["relay"], ["dall-e-3"], id="other"), type(acme.header))
    relay = Run(header, {}, [], [], acme.footer)
    (table,) = model_tables(sides_of([acme, relay]))
    assert {row.cells[1].why for row in table.rows} == {"no document knows it for this model"}


OUTCOMES = st.sampled_from(
    ["accepted", "refused", "unavailable", "unclear", "not served", "not run"]
)
EXCHANGES = st.lists(
    st.tuples(st.sets(st.sampled_from(VALUES)), OUTCOMES, st.sampled_from(Verdict))
)


@settings(max_examples=examples(150), deadline=None)
@given(EXCHANGES)
def test_every_value_has_a_cell_and_every_cell_a_reason(cases: list[Any]) -> None:
    records: list[Any] = [SMALLEST]
    for rank, (values, result, verdict) in enumerate(cases):
        records += [ask(f"c{rank}", dict(values), result), finding(SHOWS_SIZE, verdict, f"c{rank}")]
    (table,) = model_tables(sides_of([run_of(*records)]))
    assert {(row.parameter, row.value) for row in table.rows} == set(VALUES)
    for row in table.rows:
        (cell,) = row.cells
        rows = [
            values for values, _, _ in cases if (row.parameter, row.value) in dict(values).items()
        ]
        assert len(cell.evidence) == len(rows)
        assert cell.why or cell.word is Word.HONOURED
        assert sum(table.counts(0).values()) == len(table.rows)


@pytest.mark.parametrize("model", EDITION.models)
def test_every_value_of_a_planned_request_is_askable(model: str) -> None:
    cases = cases_for(EDITION, EDITION.model(model), lead=False)
    askable = {value.asks for value in askable_values(EDITION, EDITION.model(model), cases)}
    for case in cases:
        if case.body is not None and EDITION.read(case.body).expectation != "refused":
            assert {(pair,) for pair in asked_values(case.body).items()} <= askable


def test_values_forbidden_together_are_askable_as_one() -> None:
    model = EDITION.model("gpt-image-1.5")
    values = askable_values(EDITION, model, cases_for(EDITION, model, lead=False))
    pairs = [dict(value.asks) for value in values if value.standing == "refused"]
    assert pairs == [{"background": "transparent", "output_format": "jpeg"}]


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
    clauses = frozenset().union(*(reading.clauses for reading in READINGS.values()))
    names = {clause.id for clause in clauses_of(EDITION)}
    echoes = re.compile(r"extras\.|stream\.echo")
    compare = {name for name in names if re.search(r"as-asked$|when-(asked|transparent)$", name)}
    assert clauses <= names
    assert {name for name in compare if not echoes.match(name)} <= clauses


@pytest.fixture(scope="module")
def replay() -> Run:
    """The replay of what aimock answered for one model."""
    options = Options(providers=("aimock",), models="gpt-image-1.5")
    with closing(Session(options)) as session:
        return run_of_session(session)


def test_replayed_provider_ignores_sizes_and_says_by_which_exchange(replay: Run) -> None:
    (table,) = summarize([replay]).capabilities
    cells = {f"{row.parameter}={row.value}": row.cells[0] for row in table.rows}
    assert cells["size=1536x1024"].word is Word.IGNORED
    assert cells["size=1024x1024"].word is Word.HONOURED
    assert cells["n=10"].evidence[0].case == "n-10"
    assert cells["background + output_format=transparent + jpeg"].word is Word.IGNORED
    values = [value for value in replay.header.values if value.model == "gpt-image-1.5"]
    assert len(values) == len(cells)
    sizes = [row.cells[0] for row in table.rows if row.parameter == "size"]
    answers = [answer for size in sizes for answer in size.evidence]
    unlike = {answer.case for answer in answers if answer.word in {Word.IGNORED, Word.ALTERED}}
    failures = [finding for finding in replay.findings if finding.verdict is Verdict.FAIL]
    assert unlike == {
        finding.case for finding in failures if finding.clause in READINGS["size"].clauses
    }


@pytest.mark.parametrize("format_", ["html", "md", "json"])
def test_reports_show_words_and_cases(replay: Run, format_: str) -> None:
    text = render([replay], format_)
    assert "ignored" in text
    assert "size-1536x1024" in text if format_ != "html" else "size%3D1536x1024" in text


@pytest.mark.parametrize(
    ("records", "has_text"), [([], False), (["wide"], True)], ids=["nothing", "a-size"]
)
def test_screen_is_silent_of_a_model_that_nothing_was_asked_of(
    records: list[str], has_text: bool
) -> None:
    screen = io.StringIO()
    run = run_of(*(ask(case, WANTS) for case in records))
    print_short(Paper(Console(file=screen)), model_tables(sides_of([run])))
    assert ("dall-e-3: " in screen.getvalue()) is has_text
    assert bool(screen.getvalue()) is has_text
