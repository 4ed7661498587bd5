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


def old_run(*findings: Any, **head: Any) -> Run:
    """Return a run of acme by the old edition."""
    values = [value("vivid"), value("hd")]
    about = runs.header(models=["dall-e-3"], id="old", values=values, **head)
    return runs.run(*(findings or [runs.finding()]), head=about)


def new_run(*findings: Any, provider: str = "relay", **head: Any) -> Run:
    """Return a run by the new edition: it lost a promise, has another, and words a third anew."""
    about = {
        **runs.header([provider], models=["dall-e-3"], id="new", clauses=CLAUSES),
        "edition": {**runs.EDITION, "id": NEW, "title": "A newer contract"},
        "values": [value("max"), value("hd", "refused")],
        **head,
    }
    return runs.run(*(findings or [runs.finding("extras.new", provider=provider)]), head=about)


def both_runs() -> list[Run]:
    return [old_run(runs.finding(), JSON), new_run()]


def document(*several: Run) -> Any:
    return by_schema("report", render(several, "json"))


def test_column_says_what_its_edition_does_not_have_and_counts_none_of_it() -> None:
    report = document(*both_runs())
    acme, relay = report["columns"]
    assert (acme["edition"], relay["edition"]) == (OLD, NEW)
    assert acme["promises"]["extras.new"] == "not in this edition"
    assert relay["promises"] == {"extras.new": "pass", "format.url-only": "not in this edition"}
    assert [column["kept"]["MUST"]["total"] for column in report["columns"]] == [2, 1]
    assert report["edition"] is None
    editions = [(edition["id"], edition["providers"]) for edition in report["editions"]]
    assert editions == [(OLD, ["acme"]), (NEW, ["relay"])]
    (clause,) = (clause for clause in report["clauses"] if clause["id"] == "envelope.json")
    assert clause["editions"][NEW]["statement"] == "It is JSON."
    words = {
        (row["value"], cell["column"]): (cell["standing"], cell["word"])
        for row in report["capabilities"]
        for cell in row["cells"]
    }
    assert words["vivid", "relay"] == (None, "not in this edition")
    assert words["max", "acme"] == (None, "not in this edition")
    assert words["hd", "acme"] == ("documented", "not asked")
    assert words["hd", "relay"] == ("refused", "not asked")


def test_nothing_is_called_missing_of_one_edition_a_selection_or_a_plugin() -> None:
    report = document(old_run())
    assert report["edition"]["id"] == OLD
    assert "not in this edition" not in json.dumps(report)
    selection = {"clauses": "extras.*", "models": "*", "cases": "*"}
    report = document(old_run(), new_run(selection=selection))
    assert report["columns"][1]["promises"] == {"extras.new": "pass"}
    outside = [{**CLAUSES[0], "outside": True}, CLAUSES[1]]
    acme, relay = document(old_run(), new_run(clauses=outside))["columns"]
    assert "extras.new" not in acme["promises"]
    assert relay["promises"]["extras.new"] == "pass"


def test_every_format_names_the_edition_of_each_provider() -> None:
    page = " ".join(screen(print_runs, both_runs(), width=100).split())
    assert f"A newer contract ({NEW}): relay" in page
    assert f"editions: acme by {OLD}; relay by {NEW}" in page
    text = render(both_runs(), "md")
    for part in (
        f"| acme, {OLD} | dall-e-3 |",
        f"| relay, {NEW} | dall-e-3 |",
        f"{OLD}: MUST It keeps envelope.json.",
        f"{NEW}: SHOULD It is JSON.",
        "| documented for acme; refused for relay |",
    ):
        assert part in text
    suites = ET.fromstring(render(both_runs(), "junit")).findall("testsuite/properties")
    assert [suite[-1].get("value") for suite in suites] == [OLD, NEW]
    rows = csv.DictReader(io.StringIO(render(both_runs(), "csv")))
    assert {(row["provider"], row["edition"]) for row in rows} == {("acme", OLD), ("relay", NEW)}


def test_broken_promise_is_told_in_the_words_of_its_own_edition() -> None:
    finding = runs.finding("envelope.json", Verdict.DEVIATES, provider="relay")
    (promise,) = document(old_run(JSON), new_run(finding))["broken"]
    assert (promise["provider"], promise["statement"]) == ("relay", "It is JSON.")


def test_provider_that_two_editions_judged_has_a_column_of_each() -> None:
    finding = runs.finding("envelope.json", Verdict.FAIL)
    family = {**runs.EDITION, "read_as": {"dall-e-3": "family dall-e"}}
    report = document(old_run(finding, edition=family), new_run(JSON, provider="acme"))
    names = ("provider", "edition", "verdict", "read_as")
    assert [tuple(column[name] for name in names) for column in report["columns"]] == [
        ("acme", OLD, "fail", "family dall-e"),
        (f"acme ({NEW})", NEW, "pass", ""),
    ]


def test_comparison_says_of_a_promise_that_it_is_not_in_an_edition() -> None:
    finding = runs.finding("envelope.json", provider="relay")
    pair = [old_run(runs.finding(), JSON), new_run(finding)]
    lines = csv.DictReader(io.StringIO(comparison_csv(compare(pair))))
    words = {row["clause"]: row[f"relay {NEW}"] for row in lines}
    assert words == {"format.url-only": "not in this edition", "envelope.json": "pass"}
    assert NEW in comparison_page(compare(pair), pair)


def test_command_that_explains_a_clause_names_the_edition_that_is_not_the_default() -> None:
    assert explain_command("url.https", DEFAULT_EDITION) == "image-conformance explain url.https"
    command = explain_command("url.https; ls", "my editions/mine")
    assert command == "image-conformance explain 'url.https; ls' --edition 'my editions/mine'"
