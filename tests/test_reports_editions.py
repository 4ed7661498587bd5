"""Providers of different editions in one report: neither is judged by the other's promises."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from rich.console import Console

from conformance.contract import DEFAULT_EDITION, schemas_directory
from conformance.findings import Verdict
from conformance.reports import print_runs, render
from conformance.reports.comparison import compare, comparison_csv, comparison_page
from conformance.results.editions import explain_command
from conformance.results.run_file import Run
from tests import runs
from tests.browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OLD, NEW = "sample-2026-01-01", "sample-2027-01-01"
CLAUSES = [
    {"id": "extras.new", "level": "MUST", "statement": "It keeps up.", "citations": []},
    {"id": "envelope.json", "level": "SHOULD", "statement": "It is JSON.", "citations": []},
]


def value(text: str, standing: str) -> dict[str, Any]:
    return {"model": "dall-e-3", "asks": [["quality", text]], "standing": standing}


def old(*findings: Any, **head: Any) -> Run:
    """A run of acme by the old edition."""
    values = [value("vivid", "documented"), value("hd", "documented")]
    about = runs.header(models=["dall-e-3"], id="old", values=values, **head)
    return runs.run(*(findings or [runs.finding()]), head=about)


def new(*findings: Any, provider: str = "relay", **head: Any) -> Run:
    """A run by the new edition: it lost a promise, has another, and words a third differently."""
    about = {
        **runs.header([provider], models=["dall-e-3"], id="new", clauses=CLAUSES),
        "edition": {**runs.EDITION, "id": NEW, "title": "A newer contract"},
        "values": [value("max", "documented"), value("hd", "refused")],
        **head,
    }
    return runs.run(*(findings or [runs.finding("extras.new", provider=provider)]), head=about)


def two(*more: Run) -> list[Run]:
    return [old(runs.finding(), runs.finding("envelope.json")), new(), *more]


def document(found: list[Run]) -> Any:
    told = json.loads(render(found, "json"))
    schema = json.loads((schemas_directory() / "report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(told)
    return told


def test_column_says_what_its_edition_does_not_have_and_counts_none_of_it() -> None:
    told = document(two())
    acme, relay = told["columns"]
    assert (acme["edition"], relay["edition"]) == (OLD, NEW)
    assert acme["promises"]["extras.new"] == "not in this edition"
    assert relay["promises"] == {"extras.new": "pass", "format.url-only": "not in this edition"}
    assert [each["kept"]["MUST"]["total"] for each in told["columns"]] == [2, 1]
    assert told["edition"] is None
    judged = [(each["id"], each["providers"]) for each in told["editions"]]
    assert judged == [(OLD, ["acme"]), (NEW, ["relay"])]


def test_report_of_one_edition_has_nothing_that_is_missing() -> None:
    told = document([old()])
    assert told["edition"]["id"] == OLD
    assert "not in this edition" not in json.dumps(told)


def test_clause_that_a_run_did_not_select_is_not_called_missing() -> None:
    chosen = {"clauses": "extras.*", "models": "*", "cases": "*"}
    told = document([old(), new(selection=chosen)])
    assert told["columns"][1]["promises"] == {"extras.new": "pass"}


def test_clause_of_a_plugin_that_the_other_run_had_not_is_not_called_missing() -> None:
    outside = [{**CLAUSES[0], "outside": True}, CLAUSES[1]]
    acme, relay = document([old(), new(clauses=outside)])["columns"]
    assert "extras.new" not in acme["promises"]
    assert relay["promises"]["extras.new"] == "pass"


def test_every_head_names_its_edition() -> None:
    file = io.StringIO()
    print_runs(two(), Console(file=file, width=100))
    page = " ".join(file.getvalue().split())
    assert f"A newer contract ({NEW}): relay" in page
    assert f"editions: acme by {OLD}; relay by {NEW}" in page
    text = render(two(), "md")
    assert f"| acme, {OLD} | dall-e-3 |" in text
    assert f"| relay, {NEW} | dall-e-3 |" in text
    suites = ET.fromstring(render(two(), "junit")).findall("testsuite/properties")
    assert [each[-1].get("value") for each in suites] == [OLD, NEW]
    rows = csv.DictReader(io.StringIO(render(two(), "csv")))
    assert {(row["provider"], row["edition"]) for row in rows} == {("acme", OLD), ("relay", NEW)}


def test_both_statements_of_a_promise_stand_in_the_report() -> None:
    text = render(two(), "md")
    assert f"{OLD}: MUST It keeps envelope.json." in text
    assert f"{NEW}: SHOULD It is JSON." in text
    (clause,) = (each for each in document(two())["clauses"] if each["id"] == "envelope.json")
    assert clause["editions"][NEW]["statement"] == "It is JSON."


def test_broken_promise_is_told_in_the_words_of_its_own_edition() -> None:
    broken = runs.finding("envelope.json", Verdict.DEVIATES, provider="relay")
    (told,) = document([old(runs.finding("envelope.json")), new(broken)])["broken"]
    assert (told["provider"], told["statement"]) == ("relay", "It is JSON.")


def test_provider_that_two_editions_judged_has_a_column_of_each() -> None:
    failed = runs.finding("envelope.json", Verdict.FAIL)
    told = document([old(failed), new(runs.finding("envelope.json"), provider="acme")])
    shown = [(each["provider"], each["edition"], each["verdict"]) for each in told["columns"]]
    assert shown == [("acme", OLD, "fail"), (f"acme ({NEW})", NEW, "pass")]


def test_model_is_read_as_its_own_edition_reads_it() -> None:
    family = {**runs.EDITION, "read_as": {"dall-e-3": "family dall-e"}}
    told = document([old(edition=family), new()])
    assert [each["read_as"] for each in told["columns"]] == ["family dall-e", ""]


def test_value_that_one_edition_does_not_name_is_said_and_who_disagrees() -> None:
    words = {
        (each["value"], cell["column"]): (cell["standing"], cell["word"])
        for each in document(two())["capabilities"]
        for cell in each["cells"]
    }
    assert words["vivid", "relay"] == (None, "not in this edition")
    assert words["max", "acme"] == (None, "not in this edition")
    assert words["hd", "acme"] == ("documented", "not asked")
    assert words["hd", "relay"] == ("refused", "not asked")
    assert "| documented for acme; refused for relay |" in render(two(), "md")


def test_comparison_says_of_a_promise_that_it_is_not_in_an_edition() -> None:
    shared = runs.finding("envelope.json", provider="relay")
    both = [old(runs.finding(), runs.finding("envelope.json")), new(shared)]
    lines = csv.DictReader(io.StringIO(comparison_csv(compare(both))))
    words = {row["clause"]: row[f"relay {NEW}"] for row in lines}
    assert words == {"format.url-only": "not in this edition", "envelope.json": "pass"}
    assert NEW in comparison_page(compare(both), both)


def test_cell_of_a_missing_promise_opens_and_says_so(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "two.html"
    file.write_text(render(two(), "html"), encoding="utf-8")
    with opened(browser, file, "#differs=0") as page:
        assert page.texts("thead .edition")[-2:] == [OLD, NEW]
        assert page.page.locator("#grid td.v-not-in-this-edition").count() == 2
        page.page.click("td.v-not-in-this-edition a")
        page.page.wait_for_selector("#evidence:not([hidden])")
        assert "has no such promise" in page.texts("#evidence-body")[0]
        page.page.evaluate("location.hash = ''")
        page.page.wait_for_selector("#grid .empty")


def test_command_that_explains_a_clause_names_the_edition_that_is_not_the_default() -> None:
    assert explain_command("url.https", DEFAULT_EDITION) == "image-conformance explain url.https"
    told = explain_command("url.https; ls", "my editions/mine")
    assert told == "image-conformance explain 'url.https; ls' --edition 'my editions/mine'"
