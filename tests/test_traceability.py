"""Every promise of an edition has its clauses or its reason, and every clause its promise."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.contract import EditionError, edition_ids, load_edition, schemas_directory
from conformance.contract.promises import load_promises
from conformance.documentation.traceability import TraceabilityError, as_json, trace

PAGE = Path(__file__).resolve().parents[2] / "shared" / "contract" / "seed.txt"
NAME = "cometapi-2026-03-12"


@pytest.mark.parametrize("name", edition_ids())
def test_edition_has_no_promise_without_clause_or_reason_and_no_clause_without_promise(
    name: str,
) -> None:
    assert trace(load_edition(name)).gaps == ()


@pytest.mark.parametrize("name", edition_ids())
def test_every_rule_of_a_request_schema_is_traced(name: str) -> None:
    edition = load_edition(name)
    rules = {each.name: each for each in trace(edition).rules}
    for model in edition.models.values():
        for rule in model.rules:
            found = rules[f"{rule.parameter or 'body'}.{rule.keyword}"]
            assert found.clauses or found.promises, (model.name, rule)
            assert model.name in found.models


@pytest.mark.parametrize(
    ("rule", "clause"),
    [
        ("n.maximum", "count.above-maximum-refused"),
        ("n.minimum", "count.zero-refused"),
        ("size.enum", "parameters.size-enum"),
        ("prompt.required", "parameters.prompt-required"),
    ],
)
def test_rule_leads_to_the_clause_that_a_breaking_request_is_judged_by(
    rule: str, clause: str
) -> None:
    found = {each.name: each for each in trace(load_edition()).rules}
    assert clause in found[rule].clauses


def change_promise(rank: int = 0, **members: Any) -> Callable[[dict[str, Any]], None]:
    def edit(content: dict[str, Any]) -> None:
        content["promises"][rank].update(members)

    return edit


def forget(name: str, what: str) -> Callable[[dict[str, Any]], None]:
    def edit(content: dict[str, Any]) -> None:
        for each in content["promises"]:
            each[what] = [known for known in each.get(what, []) if known != name]
            if not each[what]:
                del each[what]
                each.setdefault("none", "No reason at all.")

    return edit


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> Any:
    shutil.copytree(schemas_directory(), folder / "schemas")
    path = folder / "schemas" / NAME / "promises.json"
    content = json.loads(path.read_text("utf-8"))
    edit(content)
    path.write_text(json.dumps(content), "utf-8")
    return load_edition(NAME, folder / "schemas")


def unsettled(content: dict[str, Any]) -> None:
    for what in ("clauses", "none"):
        content["promises"][0].pop(what, None)


def without_user(content: dict[str, Any]) -> None:
    kept = [each for each in content["promises"] if each["id"] != "openai.user"]
    content.update(promises=kept, edition="other-2026-01-01")


GAPS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (change_promise(1, clauses=["count.as-askd"]), "unknown clause count.as-askd"),
    (change_promise(2, open=["size-omitted"]), "unknown open question size-omitted"),
    (change_promise(3, rules=["size.depth"]), "unknown rule size.depth"),
    (change_promise(4, source="nobody"), "unknown source nobody"),
    (change_promise(5, id="page.curl"), "promise id page.curl is used 2 times"),
    (change_promise(6, none="because"), "is settled otherwise"),
    (forget("url.not-empty", "clauses"), "clause url.not-empty is named by no promise"),
    (forget("empty-prompt", "open"), "open question empty-prompt is named by no promise"),
    (forget("style.default", "rules"), "rule style.default has neither clause nor promise"),
    (unsettled, "has neither clause nor open"),
    (without_user, "a schema cites openai, CreateImageRequest.user: no such promise"),
    (lambda _: None, "is of another edition"),
]


def test_gaps_are_told(tmp_path: Path) -> None:
    def all_at_once(content: dict[str, Any]) -> None:
        for edit, _ in GAPS:
            edit(content)

    found = trace(edited(tmp_path, all_at_once))
    assert [said for _, said in GAPS if not any(said in gap for gap in found.gaps)] == []
    with pytest.raises(TraceabilityError, match=r"mend its promises\.json"):
        found.check()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (change_promise(level="OUGHT"), r"promises\[0\]\.level"),
        (change_promise(lines=["3 to 5"]), r"promises\[0\]\.lines"),
        (change_promise(clause=["count.as-asked"]), r"promises\.schema\.json"),
    ],
    ids=["level", "lines", "unknown-member"],
)
def test_faulty_file_is_named_with_the_place(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(EditionError, match=said):
        load_promises(edited(tmp_path, edit))


def test_edition_without_promises_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copytree(schemas_directory(), tmp_path / "schemas")
    (tmp_path / "schemas" / NAME / "promises.json").unlink()
    with pytest.raises(EditionError, match=r"promises\.json is missing"):
        trace(load_edition(NAME, tmp_path / "schemas"))


def page_lines() -> dict[int, str]:
    if not PAGE.is_file():
        pytest.skip(f"{PAGE} is not on this machine")
    text = PAGE.read_text("utf-8").splitlines()
    return {number: line for number, line in enumerate(text, 1) if line.strip()}


def test_every_line_of_the_page_is_a_promise_or_silent_and_not_both() -> None:
    written, promises = set(page_lines()), load_promises(load_edition())
    promised = {number for each in promises.all for number in each.lines}
    silent = {number for _, numbers in promises.silent for number in numbers}
    assert promised | silent == written
    assert not promised & silent


def test_page_is_the_one_that_was_read() -> None:
    page_lines()
    digest = hashlib.sha256(PAGE.read_bytes()).hexdigest()
    assert digest == load_promises(load_edition()).page_sha256, "the page changed: read it again"


def test_no_promise_copies_a_sentence_of_the_page() -> None:
    sentences = [line.strip() for line in page_lines().values() if len(line.split()) >= 5]
    for each in load_promises(load_edition()).all:
        assert not any(sentence in each.says for sentence in sentences), each.id


def test_table_as_json_counts_every_promise_once() -> None:
    found = as_json(trace(load_edition()))
    assert sum(found["counts"].values()) == len(found["promises"])
    assert found["gaps"] == []
    assert "page.n-images" in found["clauses"]["count.as-asked"]


def test_table_as_json_satisfies_its_published_schema() -> None:
    schema = json.loads((schemas_directory() / "traceability.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(as_json(trace(load_edition())))
