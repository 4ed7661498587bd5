"""The files under schemas/: valid, cited, and true of what first parties really answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.contract import edition_ids, load_edition, schemas_directory
from conformance.contract.schema_files import SchemaFiles
from tests.schema import CHANGES_FILE, FILE, generated, generated_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = schemas_directory()
RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings" / "corpus.jsonl"
STRUCTURE = frozenset(
    {"$schema", "$id", "$defs", "$ref", "title", "description", "properties", "examples"}
)
ANNOTATIONS = frozenset({"allOf", "citations", "open", "unsupported"})


def schema_paths() -> list[str]:
    """List every JSON Schema of every edition, relative to schemas/."""
    paths = [path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.glob("*/**/*.json")]
    others = ("/edition.json", "/promises.json")
    return sorted(path for path in paths if "/examples/" not in path and not path.endswith(others))


def example_ids() -> list[tuple[str, str]]:
    """List (edition, example) for every example of every edition."""
    return [(name, example.id) for name in edition_ids() for example in load_edition(name).examples]


def constraints(node: dict[str, Any], place: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield (place, keyword, keywords that some citation there names) for a schema and below."""
    cited = {word for each in node.get("citations", []) for word in each.get("keywords", [])}
    for keyword in node.keys() - STRUCTURE - ANNOTATIONS:
        yield place, keyword, cited
    for name, each in {**node.get("properties", {}), **node.get("$defs", {})}.items():
        yield from constraints(each, f"{place}.{name}")
    for index, each in enumerate(node.get("allOf", [])):
        yield from constraints(each, f"{place}.allOf[{index}]")
    if "items" in node:
        yield from constraints(node["items"], f"{place}[]")


def stale_keywords(node: Any, place: str) -> Iterator[str]:
    """Yield citations that name a keyword which the schema beside them does not have."""
    if isinstance(node, list):
        for each in node:
            yield from stale_keywords(each, place)
    elif isinstance(node, dict):
        for entry in node.get("citations", []) if isinstance(node.get("citations"), list) else []:
            yield from (
                f"{place}: {word}" for word in entry.get("keywords", ()) if word not in node
            )
        for name, each in node.items():
            yield from stale_keywords(each, f"{place}.{name}")


def registry() -> Registry[Any]:
    """Give a stock registry of all schema files by their `$id`."""
    contents = [json.loads((SCHEMAS / path).read_text()) for path in schema_paths()]
    return Registry().with_resources(
        (content["$id"], Resource.from_contents(content)) for content in contents
    )


def resolved(path: str) -> dict[str, Any]:
    """Give one schema with its `$ref`s inlined and, for a file of parts, its parts."""
    edition, _, name = path.partition("/")
    files = SchemaFiles(SCHEMAS / edition)
    parts = files.json(name).get("$defs", {})
    return {
        **files.schema(name),
        "$defs": {part: files.schema(f"{name}#/$defs/{part}") for part in parts},
    }


@pytest.mark.parametrize("path", schema_paths())
def test_schema_is_valid_named_and_cited(path: str) -> None:
    text = (SCHEMAS / path).read_text()
    content = json.loads(text)
    Draft202012Validator.check_schema(content)
    assert content["$id"] == f"https://image-conformance.invalid/{path}"
    assert "additionalProperties" not in text
    schema = resolved(path)
    found = constraints(schema, path)
    assert [f"{place}: {keyword}" for place, keyword, cited in found if keyword not in cited] == []
    assert list(stale_keywords(schema, path)) == []


def test_schema_of_editions_satisfies_the_metaschema() -> None:
    Draft202012Validator.check_schema(json.loads((SCHEMAS / "edition.schema.json").read_text()))


@pytest.mark.parametrize("name", edition_ids())
def test_edition_file_satisfies_its_schema(name: str) -> None:
    schema = json.loads((SCHEMAS / "edition.schema.json").read_text())
    content = json.loads((SCHEMAS / name / "edition.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []


@pytest.mark.parametrize("name", edition_ids())
def test_promises_file_satisfies_its_schema(name: str) -> None:
    schema = json.loads((SCHEMAS / "promises.schema.json").read_text())
    content = json.loads((SCHEMAS / name / "promises.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []


@pytest.mark.parametrize(("name", "example"), example_ids())
def test_example_satisfies_its_schema_by_a_stock_validator(name: str, example: str) -> None:
    found = next(each for each in load_edition(name).examples if each.id == example)
    reference = {"$ref": f"https://image-conformance.invalid/{name}/{found.schema}"}
    validator = Draft202012Validator(reference, registry=registry())
    assert [error.message for error in validator.iter_errors(found.content)] == []


@pytest.mark.parametrize("name", edition_ids())
def test_edition_lists_every_file_of_its_folder(name: str) -> None:
    content = json.loads((SCHEMAS / name / "edition.json").read_text())
    on_disk = {
        path.relative_to(SCHEMAS / name).as_posix() for path in SCHEMAS.glob(f"{name}/**/*.json")
    }
    text = json.dumps(content)
    unnamed = {path for path in on_disk if path not in text and not path.endswith("common.json")}
    assert unnamed == {"edition.json", "promises.json"}


@pytest.mark.parametrize("name", edition_ids())
def test_every_source_was_retrieved_after_the_edition_appeared(name: str) -> None:
    edition = load_edition(name)
    for source in edition.sources.values():
        assert edition.published <= source.retrieved, source.id


def test_first_example_is_the_documented_exchange_of_2026_03_12() -> None:
    edition = load_edition()
    request, answer = edition.examples[0].content, edition.examples[1].content
    assert (request["model"], request["response_format"]) == ("dall-e-3", "url")
    assert answer["created"] == 1773311889
    assert set(answer["data"][0]) == {"revised_prompt", "url"}
    assert edition.read(request).expectation == "accepted"
    assert edition.response_errors("url", answer) == []


# ------------------------------------------------------------------ ground truth


def substituted(node: Any) -> Any:
    """Put a short string in the place of each payload that the corpus leaves out."""
    if isinstance(node, list):
        return [substituted(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$omitted" in node:
        return "aGVsbG8="
    return {key: substituted(each) for key, each in node.items()}


def genuine_successes() -> list[dict[str, Any]]:
    """List the genuine first-party exchanges of the corpus that were answered 200 with JSON."""
    if not RECORDINGS.is_file():
        return []
    records = [json.loads(line) for line in RECORDINGS.read_text().splitlines()]
    return [record for record in records if is_genuine_success(record)]


def is_genuine_success(record: dict[str, Any]) -> bool:
    """Say whether a record is a first party's own 200 to an image generation."""
    host = record["provider_host"] or ""
    return (
        record["truthfulness"] == "genuine"
        and not record["adjacent"]
        and (host.startswith("api.openai.com") or ".openai.azure.com" in host)
        and record["response"]["status"] == 200
    )


def model_name(record: dict[str, Any]) -> str:
    """Name the model of a record; in the days of no name it was dall-e-2."""
    return (record["model"] or "dall-e-2").split(" ")[0]


SUCCESSES = genuine_successes()
needs_recordings = pytest.mark.skipif(not SUCCESSES, reason="../shared/recordings is not there")


@needs_recordings
def test_recordings_are_found() -> None:
    assert len(SUCCESSES) >= 60


@needs_recordings
@pytest.mark.parametrize("record", SUCCESSES, ids=lambda record: str(record["id"]))
def test_genuine_answer_satisfies_the_response_schema(record: dict[str, Any]) -> None:
    body = substituted(record["response"]["body"])
    if "$sse" in body:
        pytest.skip("an event stream that the recorder kept in part")
    edition = load_edition()
    model = edition.find(model_name(record))
    assert model is not None
    kind = model.response_kind(record["request"]["body"].get("response_format"))
    assert edition.response_errors(kind, body) == []


@needs_recordings
@pytest.mark.parametrize("record", SUCCESSES, ids=lambda record: str(record["id"]))
def test_genuine_success_is_not_expected_to_be_refused(record: dict[str, Any]) -> None:
    body = {"model": model_name(record), **record["request"]["body"]}
    assert load_edition().read(body).violations == ()


def test_schema_of_run_files_is_that_of_their_records() -> None:
    assert FILE.read_text(encoding="utf-8") == generated(), "write it: python -m tests.schema"
    assert CHANGES_FILE.read_text(encoding="utf-8") == generated_changes()
