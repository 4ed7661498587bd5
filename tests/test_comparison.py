"""Runs side by side: what is compared, what is refused, and in which forms it is told."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from rich.console import Console
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import schemas_directory
from conformance.findings import Finding, Verdict
from conformance.reports.comparison import (
    Comparison,
    ComparisonError,
    compare,
    comparison_csv,
    comparison_json,
    comparison_markdown,
    print_comparison,
)
from conformance.results.run_file import Run, write_run
from tests import runs
from tests.nights import ONE_NIGHT, QUICK
from tests.runners import commands
from tests.test_reports_markdown import structure

VALIDATOR = Draft202012Validator(
    json.loads((schemas_directory() / "comparison.schema.json").read_text(encoding="utf-8"))
)
PASSED = runs.finding()
SAME = runs.finding(case="same")
NEW_EDITION = {**runs.EDITION, "id": "sample-2027-01-01"}


def of(provider: str, *findings: Finding, end: Any = ..., **head: Any) -> Run:
    """A run of one provider, whose findings are handed to it."""
    about = {**runs.header([provider], id=f"run-of-{provider}-{len(head)}"), **head}
    judged = (replace(each, provider=provider) for each in findings or [runs.finding()])
    return runs.run(*judged, head=about, end=end)


def words(found: Comparison) -> list[tuple[str, str, list[str]]]:
    """Every row as clause, models and verdicts."""
    table = csv.DictReader(io.StringIO(comparison_csv(found)))
    labels = [each.label for each in found.columns]
    return [(row["clause"], row["models"], [row[each] for each in labels]) for row in table]


def printed(found: Comparison, every: bool = False, width: int = 100) -> str:
    file = io.StringIO()
    print_comparison(found, Console(file=file, width=width), every)
    return file.getvalue()


HIDDEN = runs.finding("envelope.json", Verdict.NOT_TESTABLE, case="n-2")
SEEN = [runs.finding("envelope.json"), runs.finding("envelope.json", case="n-2")]


@pytest.mark.parametrize(
    ("one", "other", "row"),
    [
        ([PASSED], [runs.known()], ("format.url-only", ["pass", "known"])),
        ([PASSED], [PASSED, runs.broken(case="n-2")], ("format.url-only", ["pass", "pass"])),
        ([*SEEN, PASSED], [SEEN[0], HIDDEN, runs.broken(case="n-2")],
         ("envelope.json", ["pass", "pass"])),
        ([PASSED, SEEN[0]], [PASSED], ("envelope.json", ["pass", "not judged"])),
    ],
    ids=["known", "cases-of-one-alone", "explained", "one-alone"],
)  # fmt: skip
def test_verdicts_of_common_cases_stand_side_by_side(
    one: list[Finding], other: list[Finding], row: tuple[str, list[str]]
) -> None:
    found = compare([of("acme", *one), of("relay", *other)])
    assert row in [(clause, verdicts) for clause, _, verdicts in words(found)]
    assert found.rows == (*found.differing, *found.same, *found.alone)


@QUICK
@given(ONE_NIGHT, ONE_NIGHT)
def test_columns_may_stand_in_any_order(one: list[Finding], other: list[Finding]) -> None:
    sides = [of("acme", SAME, *one), of("relay", SAME, *other)]
    there, back = compare(sides), compare(sides[::-1])
    rows = {(each.clause, model): each.cells for each in there.rows for model in each.models}
    turned = {(each.clause, model): each.cells for each in back.rows for model in each.models}
    assert rows == {promise: cells[::-1] for promise, cells in turned.items()}
    assert there.totals == back.totals[::-1]


def test_models_with_the_same_verdicts_share_a_row() -> None:
    models = ("dall-e-2", "dall-e-3", "gpt-image-1")
    one = [runs.finding(model=each) for each in models]
    other = [runs.broken(model=each) for each in models[:2]] + [runs.finding(model=models[2])]
    assert words(compare([of("acme", *one), of("relay", *other)])) == [
        ("format.url-only", "dall-e-2 dall-e-3", ["pass", "FAIL"]),
        ("format.url-only", "gpt-image-1", ["pass", "pass"]),
    ]


def test_totals_count_what_all_judged_and_claim() -> None:
    mine = [runs.finding(), runs.finding("count.n-images"), runs.finding("envelope.json")]
    unclaimed = runs.finding("count.n-images", Verdict.NOT_CLAIMED)
    found = compare([of("acme", *mine), of("relay", runs.broken(), unclaimed)])
    assert [f"{each['MUST'].kept}/{each['MUST'].total}" for each in found.totals] == ["1/1", "0/1"]


def test_editions_are_compared_by_clause_and_what_only_one_has_is_listed() -> None:
    added = {"id": "format.new", "level": "MUST", "statement": "New.", "citations": []}
    newer = [*runs.header()["clauses"][1:], added]
    newer[0] = {**newer[0], "level": "SHOULD", "statement": "It may keep it."}
    both = (runs.finding("count.n-images"), runs.finding("format.one-payload"))
    old = of("acme", *both, runs.finding())
    new = of("acme", *both, runs.finding("format.new"), edition=NEW_EDITION, clauses=newer)
    found = compare([old, new])
    assert [each.label for each in found.columns] == [
        "acme sample-2026-01-01",
        "acme sample-2027-01-01",
    ]
    assert found.notes == (
        "Only acme sample-2026-01-01 knows format.url-only.",
        "Only acme sample-2027-01-01 knows format.new.",
        "1 clause has another level: format.one-payload.",
        "1 clause is worded differently: format.one-payload.",
    )


LIVE = runs.header(["acme"])["providers"][0]


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ({"tool": "image-conformance 0.2.0"}, "acme 0.2.0"),
        ({"edition": NEW_EDITION}, "acme sample-2027-01-01"),
        ({"providers": [{**LIVE, "mode": "replay"}]}, "acme replay"),
        (
            {"providers": [{**LIVE, "base_url": "https://staging.test/v1"}]},
            "acme live https://staging.test/v1",
        ),
        ({"edition": {**runs.EDITION, "digest": "b" * 64}}, "acme bbbbbbbbbbbb"),
    ],
    ids=["suite", "edition", "mode", "address", "digest"],
)
def test_label_tells_what_is_different(head: dict[str, Any], label: str) -> None:
    edition = {"edition": {**runs.EDITION, "digest": "a" * 64}} if "bbb" in label else {}
    found = compare([of("acme", **edition), of("acme", id="another", **head)])
    assert found.columns[1].label == label
    assert ("different contracts, both called" in "".join(found.notes)) == bool(edition)


OTHER_ENDPOINT = {**NEW_EDITION, "document": "https://contract.test/audio"}


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([], "only one provider of one run"),
        ([of("acme")], "was named twice"),
        ([of("acme", seed=1)], "told by: image-conformance drift"),
        ([of("relay", end=None)], "--incomplete"),
        ([runs.run(runs.finding(), head=runs.header(["acme", "idle"], id="x"))], "judged nothing"),
        ([of("relay", runs.finding("count.n-images"))], "no clause in common"),
        ([of("relay", runs.finding(model="dall-e-2"))], "no model in common"),
        (
            [of("relay", runs.finding("audio.x"), edition=OTHER_ENDPOINT)],
            "different documents .*audio",
        ),
    ],
    ids=["one", "twice", "nights", "cut-off", "nothing", "clauses", "models", "endpoint"],
)
def test_runs_that_cannot_be_compared_are_refused(others: list[Run], why: str) -> None:
    with pytest.raises(ComparisonError, match=why):
        compare([of("acme"), *others])


def test_incomplete_run_is_compared_where_asked_and_said() -> None:
    found = compare([of("acme"), of("relay", end=None)], incomplete_too=True)
    assert "The run of relay did not come to its end." in found.notes


BASELINE = {"selection": {"clauses": "*", "models": "*", "cases": "baseline"}}
TWO_BROKEN = [
    runs.broken(),
    runs.broken(case="n-2"),
    runs.known(case="n-2", clause="envelope.json"),
]


@pytest.mark.parametrize(
    ("selection", "others", "who", "lost"),
    [
        (
            {"cases": "baseline"},
            TWO_BROKEN,
            "Only the cases baseline were judged by relay",
            ": 2 broken findings of the others are not compared.",
        ),
        (
            {"clauses": "format.*", "models": "dall-e-*"},
            [runs.finding(), runs.broken(model="gpt-image-1")],
            "Only the clauses format.* and the models dall-e-* were judged by relay",
            ": 1 broken finding of the others is not compared.",
        ),
        ({"cases": "baseline"}, [], "Only the cases baseline were judged by relay", "."),
    ],
    ids=["cases", "clauses-and-models", "nothing-broken"],
)
def test_run_that_judged_only_a_part_is_said_in_every_form(
    selection: dict[str, str], others: list[Finding], who: str, lost: str
) -> None:
    note = who + lost
    found = compare([of("acme", *others), of("relay", selection=selection)])
    assert note in found.notes
    assert note in json.loads(comparison_json(found))["notes"]
    assert f"> Note: {note}" in unescape(comparison_markdown(found)).replace("\\", "")
    assert note in printed(found, width=200)


def test_runs_that_judged_the_same_part_share_its_note() -> None:
    found = compare([of("acme", *TWO_BROKEN, **BASELINE), of("relay", **BASELINE)])
    assert found.notes == ("Only the cases baseline were judged by acme, relay.",)
    assert compare([of("acme", *TWO_BROKEN), of("relay")]).notes == ()


def test_terminal_shows_what_differs_and_counts_the_rest() -> None:
    same = runs.finding("count.n-images")
    found = compare([of("acme", same, runs.finding()), of("relay", same, runs.broken())])
    page = printed(found)
    assert "MUST  format.url-only  dall-e-3  pass  FAIL" in page
    assert "count.n-images" not in page
    assert "They differ in 1 promise. 1 row is the same (--all shows them)." in page
    assert "count.n-images" in printed(found, every=True)


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(text: str) -> None:
    def found(said: str) -> Comparison:
        one, other = runs.hostile(said), runs.hostile(said, Verdict.PASS)
        runs.change_header(other, tool="another")
        return compare([one, other], incomplete_too=True)

    assert all(each.isprintable() for each in printed(found(text)).split("\n"))
    assert commands(printed(found(text)) + comparison_markdown(found(text))) == []
    assert structure(comparison_markdown(found(text))) == structure(
        comparison_markdown(found("harmless"))
    )


def test_spreadsheet_runs_no_formula() -> None:
    found = compare([of("=cmd|x", runs.finding("+sum")), of("relay", runs.finding("+sum"))])
    rows = list(csv.reader(io.StringIO(comparison_csv(found))))
    assert rows[0][4] == "'=cmd|x"
    assert rows[1][0] == "'+sum"


def test_json_is_as_its_schema_says() -> None:
    found = compare([of("acme"), of("relay", runs.broken(), runs.finding("count.n-images"))])
    value = json.loads(comparison_json(found))
    VALIDATOR.validate(value)
    assert value["rows"][0]["cells"][1]["message"] == "data[0] carries b64_json"


@pytest.mark.parametrize(
    ("name", "start"), [("md", "# Side by side: acme, relay"), ("json", "{"), ("csv", "clause,")]
)
def test_command_prints_and_writes_each_form(tmp_path: Path, name: str, start: str) -> None:
    for each in ("acme", "relay"):
        write_run(of(each), tmp_path / f"{each}.jsonl")
    files = [str(tmp_path / "acme.jsonl"), str(tmp_path / "relay.jsonl")]
    out = tmp_path / f"out.{name}"
    done = CliRunner().invoke(app, ["compare", *files, "-f", name, "-o", str(out)])
    assert done.exit_code == 0
    assert out.read_text().startswith(start)
    assert done.stdout.endswith(out.read_text())
