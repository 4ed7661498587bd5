"""Every promise of an edition has its clauses or its reason, and every clause its promise."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.contract import Edition, EditionError, edition_ids, load_edition, schemas_directory
from conformance.contract.loading import PROMISES_FILE, read_edition
from conformance.contract.promises import load_promises
from conformance.documentation.traceability import TraceabilityError, as_json, trace

PAGE = Path(__file__).resolve().parents[2] / "shared" / "contract" / "seed.txt"
NAME = "cometapi-2026-03-12"
Edit = Callable[[dict[str, Any]], object]


trace_of = cache(lambda name: trace(load_edition(name)))


@pytest.mark.parametrize("name", edition_ids())
def test_edition_has_no_promise_or_rule_without_clause_and_no_clause_without_promise(
    name: str,
) -> None:
    assert trace_of(name).gaps == ()
    rules = {rule.name: rule for rule in trace_of(name).rules}
    for model in load_edition(name).models.values():
        for rule in model.rules:
            row = rules[f"{rule.parameter or 'body'}.{rule.keyword}"]
            assert row.clauses or row.promises, (model.name, rule)
            assert model.name in row.models


def test_rule_leads_to_the_clause_that_a_breaking_request_is_judged_by() -> None:
    rules = {rule.name: rule.clauses for rule in trace_of(NAME).rules}
    assert "count.above-maximum-refused" in rules["n.maximum"]
    assert "count.zero-refused" in rules["n.minimum"]
    assert "parameters.size-enum" in rules["size.enum"]
    assert "parameters.prompt-required" in rules["prompt.required"]


def change_promise(rank: int = 0, **members: Any) -> Edit:
    def edit(content: dict[str, Any]) -> None:
        content["promises"][rank].update(members)

    return edit


def forget(name: str, what: str) -> Edit:
    def edit(content: dict[str, Any]) -> None:
        for promise in content["promises"]:
            promise[what] = [member for member in promise.get(what, []) if member != name]
            if not promise[what]:
                del promise[what]
                promise.setdefault("none", "No reason at all.")

    return edit


def edit_edition(folder: Path, edit: Edit) -> Edition:
    """Copy the default edition, its promises edited; without any left, the file is gone."""
    for path in schemas_directory().glob("*.json"):
        shutil.copy(path, folder)
    shutil.copytree(schemas_directory() / NAME, folder / NAME)
    path = folder / NAME / "promises.json"
    content = json.loads(path.read_text("utf-8"))
    edit(content)
    if content:
        path.write_text(json.dumps(content), "utf-8")
    else:
        path.unlink()
    return read_edition(path.parent)


def unsettle(content: dict[str, Any]) -> None:
    for what in ("clauses", "none"):
        content["promises"][0].pop(what, None)


def without_user(content: dict[str, Any]) -> None:
    promises = [promise for promise in content["promises"] if promise["id"] != "openai.user"]
    content.update(promises=promises, edition="other-2026-01-01")


GAPS: list[tuple[Edit, str]] = [
    (change_promise(1, clauses=["count.as-askd"]), "unknown clause count.as-askd"),
    (change_promise(2, open=["size-omitted"]), "unknown open question size-omitted"),
    (change_promise(3, rules=["size.depth"]), "unknown rule size.depth"),
    (change_promise(4, source="nobody"), "unknown source nobody"),
    (change_promise(5, id="page.curl"), "promise id page.curl is used 2 times"),
    (change_promise(6, none="because"), "is settled otherwise"),
    (forget("url.not-empty", "clauses"), "clause url.not-empty is named by no promise"),
    (forget("empty-prompt", "open"), "open question empty-prompt is named by no promise"),
    (forget("style.default", "rules"), "rule style.default has neither clause nor promise"),
    (unsettle, "has neither clause nor open"),
    (without_user, "a schema cites openai, CreateImageRequest.user: no such promise"),
    (lambda _: None, "is of another edition"),
]


def test_gaps_are_told(tmp_path: Path) -> None:
    def all_at_once(content: dict[str, Any]) -> None:
        for edit, _ in GAPS:
            edit(content)

    faulty = trace(edit_edition(tmp_path, all_at_once))
    assert [message for _, message in GAPS if not any(message in gap for gap in faulty.gaps)] == []
    with pytest.raises(TraceabilityError, match=r"mend its promises\.json"):
        faulty.check()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change_promise(level="OUGHT"), r"promises\[0\]\.level"),
        (change_promise(lines=["3 to 5"]), r"promises\[0\]\.lines"),
        (change_promise(clause=["count.as-asked"]), r"promises\.schema\.json"),
        (dict.clear, r"promises\.json is missing"),
    ],
    ids=["level", "lines", "unknown-member", "no-file"],
)
def test_faulty_file_is_named_with_the_place(tmp_path: Path, edit: Edit, message: str) -> None:
    with pytest.raises(EditionError, match=message):
        trace(edit_edition(tmp_path, edit))


def test_page_that_was_read_is_told_by_promises_and_silent_lines_alone() -> None:
    if not PAGE.is_file():
        pytest.skip(f"{PAGE} is not on this machine")
    edition, data = load_edition(), PAGE.read_bytes()
    promises = load_promises(edition)
    page = json.loads((edition.folder / PROMISES_FILE).read_text())["page"]
    assert hashlib.sha256(data).hexdigest() == page["sha256"], "the page changed: read it again"
    lines = {
        number: line for number, line in enumerate(data.decode().splitlines(), 1) if line.strip()
    }
    promised = {number for promise in promises.all for number in promise.lines}
    silent = {int(number) for entry in page["silent"] for number in entry["lines"]}
    assert promised | silent == set(lines)
    assert not promised & silent
    sentences = [line.strip() for line in lines.values() if len(line.split()) >= 5]
    for promise in promises.all:
        assert not any(sentence in promise.says for sentence in sentences), promise.id


def test_table_as_json_counts_every_promise_once_and_satisfies_its_schema() -> None:
    table = as_json(trace_of(NAME))
    assert sum(table["counts"].values()) == len(table["promises"])
    assert table["gaps"] == []
    assert "page.n-images" in table["clauses"]["count.as-asked"]
    schema = json.loads((schemas_directory() / "traceability.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(table)
