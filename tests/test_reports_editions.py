"""Providers of different editions in one report: neither is judged by the other's promises."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from typing import Any

from conformance.contract import DEFAULT_EDITION
from conformance.findings import Verdict
from conformance.reports import print_runs, render
from conformance.reports.comparison.compare import compare
from conformance.reports.comparison.render import comparison_csv, comparison_page
from conformance.results.editions import explain_command
from conformance.results.run_file import Run
from tests import runs
from tests.shown import by_schema, screen

OLD, NEW = "sample-2026-01-01", "sample-2027-01-01"
JSON = runs.finding("envelope.json")
CLAUSES = [
    {"id": "extras.new", "level": "MUST", "statement": "It keeps up.", "citations": []},
    {"id": "envelope.json", "level": "SHOULD", "statement": "It is JSON.", "citations": []},
]


def value(text: str, standing: str = "documented") -> dict[str, Any]:
    return {"model": "dall-e-3", "asks": [["quality", text]], "standing": standing}


def old(*findings: Any, **head: Any) -> Run:
    """A run of acme by the old edition."""
    values = [value("vivid"), value("hd")]
    about = runs.header(models=["dall-e-3"], id="old", values=values, **head)
    return runs.run(*(findings or [runs.finding()]), head=about)


def new(*findings: Any, provider: str = "relay", **head: Any) -> Run:
    """A run by the new edition: it lost a promise, has another, and words a third differently."""
    about = {
        **runs.header([provider], models=["dall-e-3"], id="new", clauses=CLAUSES),
        "edition": {**runs.EDITION, "id": NEW, "title": "A newer contract"},
        "values": [value("max"), value("hd", "refused")],
        **head,
    }
    return runs.run(*(findings or [runs.finding("extras.new", provider=provider)]), head=about)


def two() -> list[Run]:
    return [old(runs.finding(), JSON), new()]


def document(*made: Run) -> Any:
    return by_schema("report", render(made, "json"))


def test_column_says_what_its_edition_does_not_have_and_counts_none_of_it() -> None:
    told = document(*two())
    acme, relay = told["columns"]
    assert (acme["edition"], relay["edition"]) == (OLD, NEW)
    assert acme["promises"]["extras.new"] == "not in this edition"
    assert relay["promises"] == {"extras.new": "pass", "format.url-only": "not in this edition"}
    assert [column["kept"]["MUST"]["total"] for column in told["columns"]] == [2, 1]
    assert told["edition"] is None
    judged = [(edition["id"], edition["providers"]) for edition in told["editions"]]
    assert judged == [(OLD, ["acme"]), (NEW, ["relay"])]
    (clause,) = (clause for clause in told["clauses"] if clause["id"] == "envelope.json")
    assert clause["editions"][NEW]["statement"] == "It is JSON."
    words = {
        (row["value"], cell["column"]): (cell["standing"], cell["word"])
        for row in told["capabilities"]
        for cell in row["cells"]
    }
    assert words["vivid", "relay"] == (None, "not in this edition")
    assert words["max", "acme"] == (None, "not in this edition")
    assert words["hd", "acme"] == ("documented", "not asked")
    assert words["hd", "relay"] == ("refused", "not asked")


def test_nothing_is_called_missing_of_one_edition_a_selection_or_a_plugin() -> None:
    told = document(old())
    assert told["edition"]["id"] == OLD
    assert "not in this edition" not in json.dumps(told)
    chosen = {"clauses": "extras.*", "models": "*", "cases": "*"}
    told = document(old(), new(selection=chosen))
    assert told["columns"][1]["promises"] == {"extras.new": "pass"}
    outside = [{**CLAUSES[0], "outside": True}, CLAUSES[1]]
    acme, relay = document(old(), new(clauses=outside))["columns"]
    assert "extras.new" not in acme["promises"]
    assert relay["promises"]["extras.new"] == "pass"


def test_every_format_names_the_edition_of_each_provider() -> None:
    shown = " ".join(screen(print_runs, two(), width=100).split())
    assert f"A newer contract ({NEW}): relay" in shown
    assert f"editions: acme by {OLD}; relay by {NEW}" in shown
    text = render(two(), "md")
    for said in (
        f"| acme, {OLD} | dall-e-3 |",
        f"| relay, {NEW} | dall-e-3 |",
        f"{OLD}: MUST It keeps envelope.json.",
        f"{NEW}: SHOULD It is JSON.",
        "| documented for acme; refused for relay |",
    ):
        assert said in text
    suites = ET.fromstring(render(two(), "junit")).findall("testsuite/properties")
    assert [suite[-1].get("value") for suite in suites] == [OLD, NEW]
    rows = csv.DictReader(io.StringIO(render(two(), "csv")))
    assert {(row["provider"], row["edition"]) for row in rows} == {("acme", OLD), ("relay", NEW)}


def test_broken_promise_is_told_in_the_words_of_its_own_edition() -> None:
    broken = runs.finding("envelope.json", Verdict.DEVIATES, provider="relay")
    (told,) = document(old(JSON), new(broken))["broken"]
    assert (told["provider"], told["statement"]) == ("relay", "It is JSON.")


def test_provider_that_two_editions_judged_has_a_column_of_each() -> None:
    failed = runs.finding("envelope.json", Verdict.FAIL)
    family = {**runs.EDITION, "read_as": {"dall-e-3": "family dall-e"}}
    told = document(old(failed, edition=family), new(JSON, provider="acme"))
    names = ("provider", "edition", "verdict", "read_as")
    assert [tuple(column[name] for name in names) for column in told["columns"]] == [
        ("acme", OLD, "fail", "family dall-e"),
        (f"acme ({NEW})", NEW, "pass", ""),
    ]


def test_comparison_says_of_a_promise_that_it_is_not_in_an_edition() -> None:
    shared = runs.finding("envelope.json", provider="relay")
    both = [old(runs.finding(), JSON), new(shared)]
    lines = csv.DictReader(io.StringIO(comparison_csv(compare(both))))
    words = {row["clause"]: row[f"relay {NEW}"] for row in lines}
    assert words == {"format.url-only": "not in this edition", "envelope.json": "pass"}
    assert NEW in comparison_page(compare(both), both)


def test_command_that_explains_a_clause_names_the_edition_that_is_not_the_default() -> None:
    assert explain_command("url.https", DEFAULT_EDITION) == "image-conformance explain url.https"
    told = explain_command("url.https; ls", "my editions/mine")
    assert told == "image-conformance explain 'url.https; ls' --edition 'my editions/mine'"
