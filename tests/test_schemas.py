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
from tests.schema import CHANGES_FILE, FILE, generated_changes, run_schema

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


def constraints(node: dict[str, Any], place: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield (place, keyword, keywords that some citation there names) for a schema and below."""
    keywords = {word for inner in node.get("citations", []) for word in inner.get("keywords", [])}
    for keyword in node.keys() - STRUCTURE - ANNOTATIONS:
        yield place, keyword, keywords
    for name, inner in {**node.get("properties", {}), **node.get("$defs", {})}.items():
        yield from constraints(inner, f"{place}.{name}")
    for index, inner in enumerate(node.get("allOf", [])):
        yield from constraints(inner, f"{place}.allOf[{index}]")
    if "items" in node:
        yield from constraints(node["items"], f"{place}[]")


def stale_keywords(node: Any, place: str) -> Iterator[str]:
    """Yield citations that name a keyword which the schema beside them does not have."""
    if isinstance(node, dict) and isinstance(node.get("citations"), list):
        words = (word for entry in node["citations"] for word in entry.get("keywords", ()))
        yield from (f"{place}: {word}" for word in words if word not in node)
    if isinstance(node, dict | list):
        for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from stale_keywords(inner, f"{place}.{name}")


def read_file(*path: str) -> Any:
    return json.loads(SCHEMAS.joinpath(*path).read_text())


def registry() -> Registry[Any]:
    """Return a stock registry of all schema files by their `$id`."""
    contents = [read_file(path) for path in schema_paths()]
    return Registry().with_resources(
        (content["$id"], Resource.from_contents(content)) for content in contents
    )


def resolve(path: str) -> dict[str, Any]:
    """Return one schema with its `$ref`s inlined and, for a file of parts, its parts."""
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
    schema = resolve(path)
    uncited = [
        (place, word) for place, word, keywords in constraints(schema, path) if word not in keywords
    ]
    assert uncited == []
    assert list(stale_keywords(schema, path)) == []


@pytest.mark.parametrize("kind", ["edition", "promises"])
def test_files_of_editions_satisfy_their_schemas(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    for name in edition_ids():
        Draft202012Validator(schema).validate(read_file(name, f"{kind}.json"))


@pytest.mark.parametrize("name", edition_ids())
def test_examples_satisfy_their_schemas_by_a_stock_validator(name: str) -> None:
    schemas = registry()
    for example in load_edition(name).examples:
        reference = {"$ref": f"https://image-conformance.invalid/{name}/{example.schema}"}
        Draft202012Validator(reference, registry=schemas).validate(example.content)


@pytest.mark.parametrize("name", edition_ids())
def test_edition_lists_every_file_of_its_folder_and_its_sources_with_their_days(name: str) -> None:
    folder, text = SCHEMAS / name, json.dumps(read_file(name, "edition.json"))
    on_disk = {path.relative_to(folder).as_posix() for path in folder.glob("**/*.json")}
    unnamed = {path for path in on_disk if path not in text and not path.endswith("common.json")}
    assert unnamed == {"edition.json", "promises.json"}
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


def substitute(node: Any) -> Any:
    """Put a short string in the place of each payload that the corpus leaves out."""
    if isinstance(node, list):
        return [substitute(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if "$omitted" in node:
        return "aGVsbG8="
    return {key: substitute(inner) for key, inner in node.items()}


def is_genuine_success(record: dict[str, Any]) -> bool:
    """Return whether a record is a first party's own 200 to an image generation."""
    host = record["provider_host"] or ""
    return (
        record["truthfulness"] == "genuine"
        and not record["adjacent"]
        and (host.startswith("api.openai.com") or ".openai.azure.com" in host)
        and record["response"]["status"] == 200
    )


@pytest.mark.skipif(not RECORDINGS.is_file(), reason="../shared/recordings is not there")
def test_genuine_successes_satisfy_the_schemas_of_request_and_response() -> None:
    edition, count = load_edition(), 0
    records = [json.loads(line) for line in RECORDINGS.read_text().splitlines()]
    for record in filter(is_genuine_success, records):
        body, answer = record["request"]["body"], substitute(record["response"]["body"])
        name = (record["model"] or "dall-e-2").split(" ")[0]  # in the days of no name
        model = edition.find(name)
        assert model is not None, record["id"]
        assert edition.read({"model": name, **body}).violations == (), record["id"]
        if "$sse" not in answer:  # a stream that the recorder kept in part
            kind = model.response_kind(body.get("response_format"))
            assert edition.response_errors(kind, answer) == [], record["id"]
        count += 1
    assert count >= 60


def test_schema_of_run_files_is_that_of_their_records() -> None:
    assert FILE.read_text(encoding="utf-8") == run_schema(), "write it: python -m tests.schema"
    assert CHANGES_FILE.read_text(encoding="utf-8") == generated_changes()
