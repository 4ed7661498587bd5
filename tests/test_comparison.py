"""Runs side by side: what is compared, what is refused, and in which forms it is told."""

from __future__ import annotations

import csv
import io
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace
from typer.testing import CliRunner

from conformance.cli import app
from conformance.findings import Finding, Verdict
from conformance.reports.comparison.columns import ComparisonError
from conformance.reports.comparison.compare import Comparison, compare
from conformance.reports.comparison.render import (
    comparison_csv,
    comparison_json,
    comparison_markdown,
    print_comparison,
)
from conformance.results.run_file import Run
from tests import runs
from tests.nights import ONE_NIGHT, QUICK
from tests.runs import write_run
from tests.shown import by_schema, check_harmless, screen

PASS, SAME = runs.finding(), runs.finding(case="same")
COUNT = runs.finding("count.n-images")
NEW_EDITION = {**runs.EDITION, "id": "sample-2027-01-01"}


def run_of(provider: str, *findings: Finding, end: Any = ..., **head: Any) -> Run:
    """A run of one provider, whose findings are handed to it."""
    its_header = {**runs.header([provider], id=f"run-of-{provider}-{len(head)}"), **head}
    own = (replace(finding, provider=provider) for finding in findings or [PASS])
    return runs.run(*own, head=its_header, end=end)


def words(sides: Comparison) -> list[tuple[str, str, list[str]]]:
    """Every row as clause, models and verdicts."""
    table = csv.DictReader(io.StringIO(comparison_csv(sides)))
    labels = [column.label for column in sides.columns]
    return [(row["clause"], row["models"], [row[label] for label in labels]) for row in table]


UNTESTABLE = runs.finding("envelope.json", Verdict.NOT_TESTABLE, case="n-2")
PASSES = [runs.finding("envelope.json"), runs.finding("envelope.json", case="n-2")]
ELSEWHERE = runs.broken_must(case="n-2")


@pytest.mark.parametrize(
    ("one", "two", "row"),
    [
        ([PASS], [runs.known_deviation()], ("format.url-only", ["pass", "known"])),
        ([PASS], [PASS, ELSEWHERE], ("format.url-only", ["pass", "pass"])),
        ([*PASSES, PASS], [PASSES[0], UNTESTABLE, ELSEWHERE], ("envelope.json", ["pass", "pass"])),
        ([PASS, PASSES[0]], [PASS], ("envelope.json", ["pass", "not judged"])),
    ],
    ids=["known", "cases-of-one-alone", "explained", "one-alone"],
)
def test_verdicts_of_common_cases_stand_side_by_side(
    one: list[Finding], two: list[Finding], row: tuple[str, list[str]]
) -> None:
    sides = compare([run_of("acme", *one), run_of("relay", *two)])
    assert row in [(clause, verdicts) for clause, _, verdicts in words(sides)]
    assert sides.rows == tuple(chain(*sides.sections.values()))


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_columns_may_stand_in_any_order(one: list[Finding], two: list[Finding]) -> None:
    def cells(sides: Comparison) -> dict[tuple[str, str], Any]:
        return {(row.clause, model): row.cells for row in sides.rows for model in row.models}

    pair = [run_of("acme", SAME, *one), run_of("relay", SAME, *two)]
    there, back = compare(pair), compare(pair[::-1])
    assert cells(there) == {promise: verdicts[::-1] for promise, verdicts in cells(back).items()}
    assert there.totals == back.totals[::-1]


def test_models_with_the_same_verdicts_share_a_row() -> None:
    models = ("dall-e-2", "dall-e-3", "gpt-image-1")
    one = [runs.finding(model=model) for model in models]
    two = [*(runs.broken_must(model=model) for model in models[:2]), one[2]]
    assert words(compare([run_of("acme", *one), run_of("relay", *two)])) == [
        ("format.url-only", "dall-e-2 dall-e-3", ["pass", "FAIL"]),
        ("format.url-only", "gpt-image-1", ["pass", "pass"]),
    ]


def test_totals_count_what_all_judged_and_claim() -> None:
    unclaimed = runs.finding("count.n-images", Verdict.NOT_CLAIMED)
    acme = run_of("acme", PASS, COUNT, runs.finding("envelope.json"))
    sides = compare([acme, run_of("relay", runs.broken_must(), unclaimed)])
    assert [f"{row['MUST'].kept}/{row['MUST'].total}" for row in sides.totals] == ["1/1", "0/1"]


def test_editions_are_compared_by_clause_and_what_only_one_has_is_listed() -> None:
    new_clause = {"id": "format.new", "level": "MUST", "statement": "New.", "citations": []}
    newer = [*runs.header()["clauses"][1:], new_clause]
    newer[0] = {**newer[0], "level": "SHOULD", "statement": "It may keep it."}
    shared = (COUNT, runs.finding("format.one-payload"))
    old = run_of("acme", *shared, PASS)
    new = run_of("acme", *shared, runs.finding("format.new"), edition=NEW_EDITION, clauses=newer)
    sides = compare([old, new])
    labels = ["acme sample-2026-01-01", "acme sample-2027-01-01"]
    assert [column.label for column in sides.columns] == labels
    assert sides.notes == (
        "Only acme sample-2026-01-01 knows format.url-only.",
        "Only acme sample-2027-01-01 knows format.new.",
        "1 clause has another level: format.one-payload.",
        "1 clause is worded differently: format.one-payload.",
    )


LIVE = runs.header(["acme"])["providers"][0]
STAGING = "https://staging.test/v1"
DIGEST = {"edition": {**runs.EDITION, "digest": "b" * 64}}


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ({"tool": "image-conformance 0.2.0"}, "acme 0.2.0"),
        ({"edition": NEW_EDITION}, "acme sample-2027-01-01"),
        ({"providers": [{**LIVE, "mode": "replay"}]}, "acme replay"),
        ({"providers": [{**LIVE, "base_url": STAGING}]}, f"acme live {STAGING}"),
        (DIGEST, "acme bbbbbbbbbbbb"),
    ],
    ids=["suite", "edition", "mode", "address", "digest"],
)
def test_label_tells_what_is_different(head: dict[str, Any], label: str) -> None:
    edition = {"edition": {**runs.EDITION, "digest": "a" * 64}} if head is DIGEST else {}
    sides = compare([run_of("acme", **edition), run_of("acme", id="another", **head)])
    assert sides.columns[1].label == label
    assert ("different contracts, both called" in "".join(sides.notes)) == bool(edition)


AUDIO = {**NEW_EDITION, "document": "https://contract.test/audio"}
IDLE = runs.run(PASS, head=runs.header(["acme", "idle"], id="x"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ([], "only one provider of one run"),
        ([run_of("acme")], "was named twice"),
        ([run_of("acme", seed=1)], "use: image-conformance drift"),
        ([run_of("relay", end=None)], "--incomplete"),
        ([IDLE], "judged nothing"),
        ([run_of("relay", COUNT)], "no clause in common"),
        ([run_of("relay", runs.finding(model="dall-e-2"))], "no model in common"),
        ([run_of("relay", runs.finding("audio.x"), edition=AUDIO)], "different documents .*audio"),
    ],
    ids=["one", "twice", "nights", "cut-off", "nothing", "clauses", "models", "endpoint"],
)
def test_runs_that_cannot_be_compared_are_refused(more: list[Run], why: str) -> None:
    with pytest.raises(ComparisonError, match=why):
        compare([run_of("acme"), *more])


def test_incomplete_run_is_compared_where_asked_and_said() -> None:
    sides = compare([run_of("acme"), run_of("relay", end=None)], incomplete_too=True)
    assert "The run of relay did not come to its end." in sides.notes


BASELINE = {"selection": {"clauses": "*", "models": "*", "cases": "baseline"}}
CASES = "Only the cases baseline were judged by relay"
TWO_PARTS = "Only the clauses format.* and the models dall-e-* were judged by relay"
REST = "of the others {} not compared."
TWO_BROKEN = [
    runs.broken_must(),
    ELSEWHERE,
    runs.known_deviation(case="n-2", clause="envelope.json"),
]


@pytest.mark.parametrize(
    ("selection", "findings", "note"),
    [
        ({"cases": "baseline"}, TWO_BROKEN, f"{CASES}: 2 broken findings {REST.format('are')}"),
        ({"clauses": "format.*", "models": "dall-e-*"},
         [PASS, runs.broken_must(model="gpt-image-1")],
         f"{TWO_PARTS}: 1 broken finding {REST.format('is')}"),
        ({"cases": "baseline"}, [], f"{CASES}."),
    ],
    ids=["cases", "clauses-and-models", "nothing-broken"],
)  # fmt: skip
def test_run_that_judged_only_a_part_is_said(
    selection: dict[str, str], findings: list[Finding], note: str
) -> None:
    assert note in compare([run_of("acme", *findings), run_of("relay", selection=selection)]).notes


def test_note_is_in_every_form_and_that_of_the_same_part_is_shared() -> None:
    sides = compare([run_of("acme", *TWO_BROKEN, **BASELINE), run_of("relay", **BASELINE)])
    (note,) = sides.notes
    assert note == "Only the cases baseline were judged by acme, relay."
    assert by_schema("comparison", comparison_json(sides))["notes"] == [note]
    assert f"> Note: {note}" in comparison_markdown(sides)
    assert note in screen(print_comparison, sides)
    assert compare([run_of("acme", *TWO_BROKEN), run_of("relay")]).notes == ()


def test_terminal_shows_what_differs_and_counts_the_rest() -> None:
    sides = compare([run_of("acme", COUNT, PASS), run_of("relay", COUNT, runs.broken_must())])
    document = by_schema("comparison", comparison_json(sides))
    assert document["rows"][0]["cells"][1]["message"] == "data[0] carries b64_json"
    text = screen(print_comparison, sides)
    assert "MUST  format.url-only  dall-e-3  pass  FAIL" in text
    assert "count.n-images" not in text
    assert "They differ in 1 promise. 1 row is the same (--all shows them)." in text
    assert "count.n-images" in screen(print_comparison, sides, True)


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(text: str) -> None:
    def sides(words: str) -> Comparison:
        one, two = runs.hostile(words), runs.hostile(words, Verdict.PASS)
        runs.change_header(two, tool="another")
        return compare([one, two], incomplete_too=True)

    base = comparison_markdown(sides("harmless"))
    check_harmless(screen(print_comparison, sides(text)), comparison_markdown(sides(text)), base)


def test_spreadsheet_runs_no_formula() -> None:
    sides = compare([run_of("=cmd|x", runs.finding("+sum")), run_of("relay", runs.finding("+sum"))])
    rows = list(csv.reader(io.StringIO(comparison_csv(sides))))
    assert (rows[0][4], rows[1][0]) == ("'=cmd|x", "'+sum")


@pytest.mark.parametrize(
    ("name", "start"), [("md", "# Side by side: acme, relay"), ("json", "{"), ("csv", "clause,")]
)
def test_command_prints_and_writes_each_form(tmp_path: Path, name: str, start: str) -> None:
    files = [str(tmp_path / f"{provider}.jsonl") for provider in ("acme", "relay")]
    for provider, file in zip(("acme", "relay"), files, strict=True):
        write_run(run_of(provider), Path(file))
    out = tmp_path / f"out.{name}"
    result = CliRunner().invoke(app, ["compare", *files, "-f", name, "-o", str(out)])
    assert result.exit_code == 0
    assert out.read_text().startswith(start)
    assert result.stdout.endswith(out.read_text())
