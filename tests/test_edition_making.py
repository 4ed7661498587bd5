"""A new edition is a folder under an id of its own; `edition check` says what is wrong with one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer

from conformance.commands.edition import check
from conformance.contract import DEFAULT_EDITION, Edition, EditionError, edition_ids, load_edition
from conformance.contract.frozen import DIGEST_FILE, freeze
from conformance.contract.loading import read_edition
from conformance.contract.promises import load_promises
from conformance.editions.checking import check_edition, faults
from conformance.editions.creating import new_edition
from conformance.editions.document_differences import document_differences, unnamed_models
from conformance.editions.mentions import named_in, unnamed_citations
from conformance.editions.openapi import DocumentError, read_document
from tests.contract import change, set_member
from tests.extent import sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new edition."""
    return new_edition(DEFAULT_EDITION, str(tmp_path / "mine-2027-01")).folder


def test_new_edition_is_the_old_one_with_its_own_id_everywhere(folder: Path) -> None:
    old = load_edition().folder
    for path in old.rglob("*.json"):
        mine = folder / path.relative_to(old).as_posix().replace(DEFAULT_EDITION, folder.name)
        assert mine.read_text() == path.read_text().replace(DEFAULT_EDITION, folder.name)
    assert load_edition(str(folder)).id == load_promises(load_edition(str(folder))).edition
    assert (folder / "examples" / "mine-2027-01-request.json").is_file()
    assert not any(DEFAULT_EDITION in path.name for path in folder.rglob("*.json"))
    assert not (folder / DIGEST_FILE).exists()


def test_new_edition_of_a_new_edition_keeps_a_longer_id_that_begins_the_same(folder: Path) -> None:
    said = "As in mine-2027-01-b, and unlike mine-2027-01."
    set_member(folder / "promises.json", "promises/0/says", said)
    third = new_edition(str(folder), str(folder.with_name("third")))
    promises = load_promises(third)
    assert (third.id, promises.edition, promises.all[0].says) == ("third", "third", said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine-2027-01", "is there already"),
        (DEFAULT_EDITION, "comes with the suite"),
        ("Mine", "cannot be the id"),
        ("nowhere/mine", "is no folder"),
    ],
)
def test_place_that_will_not_do_is_one_sentence(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "mine-2027-01").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(EditionError, match=said):
        new_edition(DEFAULT_EDITION, str(tmp_path / name))
    assert sorted(tmp_path.rglob("*")) == before


Output = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", sample(sorted(edition_ids(), key=DEFAULT_EDITION.__ne__), 2))
def test_edition_of_the_suite_has_no_fault(capsys: Output, name: str) -> None:
    with pytest.raises(typer.Exit) as ended:
        check(name, None)
    assert ended.value.exit_code == 0
    assert "0 faults" in " ".join(capsys.readouterr().out.split())


def uncited_default(content: dict[str, Any]) -> None:
    for cited in content["properties"]["style"]["citations"]:
        cited["keywords"] = [word for word in cited["keywords"] if word != "default"]


def test_fault_is_named(folder: Path) -> None:
    freeze(folder)
    change(folder / "request/dall-e-3.json", uncited_default)
    set_member(folder / "request/dall-e-2.json", "$id", "x")
    set_member(folder / "promises.json", "promises/3/clauses", None)
    set_member(folder / "examples/dall-e-2-request.json", "n", 99)
    said = "\n".join(check_edition(str(folder)).faults)
    for fault in (
        "style: default has no citation",
        "its $id is not",
        "has neither clause nor",
        "was changed after it was published",
        "breaks its schema",
    ):
        assert fault in said


def test_model_whose_schema_has_another_name_is_a_fault(folder: Path) -> None:
    model = json.loads((folder / "edition.json").read_text())["models"]["dall-e-3"]
    set_member(folder / "edition.json", "models/dall-e-4", model)
    fault = next(faults(read_edition(folder)))
    assert fault == "edition.json: dall-e-4: its request schema does not accept its own name"


def test_citation_that_never_names_the_model_is_said(edition: Edition) -> None:
    (note,) = unnamed_citations(edition, load_promises(edition))
    assert note.startswith("dall-e-2: model.enum cites cometapi, Choosing a model")


def test_names_in_a_text(edition: Edition) -> None:
    texts: dict[str, set[str]] = {
        "For GPT Image models": {"gpt-image"},
        "DALL·E 3 is dall-e-3": {"dall-e-3"},
        "gpt-image-1.5 and gpt-image-1-mini": {"gpt-image-1-mini", "gpt-image-1.5"},
        "gpt-image-2-2026-04-21": set(),
        "any model": set(),
    }
    for text, names in texts.items():
        assert names <= set(named_in(text, edition))
        assert "gpt-image-1" not in named_in(text, edition)


# ------------------------------------------------------------------ documents

PROPERTIES: dict[str, Any] = {
    "prompt": {"type": "string", "maxLength": 32000},
    "model": {"anyOf": [{"type": "string"}, {"enum": ["dall-e-3", "flux"]}], "nullable": True},
    "n": {"$ref": "#/components/schemas/Count"},
    "quality": {"allOf": [{"$ref": "#/components/schemas/Quality"}], "nullable": True},
    "seed": {"type": "integer"},
}
COMPONENTS: dict[str, Any] = {
    "Count": {"anyOf": [{"$ref": "#/components/schemas/Small"}, {"type": "null"}]},
    "Small": {"type": "integer", "minimum": 1, "maximum": 4, "default": 2},
    "Quality": {"type": "string", "enum": ["standard", "ultra"], "default": "standard"},
}


def document(
    folder: Path, name: str = "openapi.json", wide: dict[str, Any] | None = None, **changes: Any
) -> Path:
    """Write an OpenAPI document of the endpoint."""
    request = {"type": "object", "properties": PROPERTIES, "required": ["prompt", "n"], **changes}
    components = {"schemas": {**COMPONENTS, "Request": request, "Wide": wide}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}}
    paths = {"/v1/images/generations": {"post": {"requestBody": {"content": content}}}}
    file = folder / name
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths, "components": components}))
    return file


def differences(file: Path) -> list[str]:
    return [*document_differences(load_edition(), read_document(file, load_edition()))]


@pytest.mark.parametrize("name", ["openapi.json", "openapi.yaml"])
def test_document_that_says_otherwise(tmp_path: Path, name: str) -> None:
    said = "\n".join(differences(document(tmp_path, name)))
    for difference in (
        "n: maximum is 10 in the edition, 4 in the document",
        "n: the default is 1 in the edition, 2 in the document",
        "n: it is not required in the edition, required in the document",
        "seed: the document has it, and no model of the edition has",
        "model: the document names the model flux, which the edition does not know",
        "style: the edition has it for dall-e-3, and the document has not",
        'quality: the document names "ultra"',
        "quality: the edition has",
    ):
        assert f"\n{difference}" in f"\n{said}"


def test_text_that_names_no_model_passes_none_over(tmp_path: Path) -> None:
    properties = {"prompt": {"type": "string"}, "n": {"type": "integer", "description": "Images"}}
    for description, parameters in ({}, []), ({"description": "For dall-e-3."}, ["quality"]):
        quality = {"quality": {"type": "string", **description}}
        file = document(tmp_path, properties=properties | quality)
        named = unnamed_models(load_edition(), read_document(file, load_edition()))
        assert [sentence.partition(":")[0] for sentence in named] == parameters


def test_document_of_countless_parameters_is_read_in_part(tmp_path: Path) -> None:
    many = {f"x{number}": {"$ref": "#/components/schemas/Wide"} for number in range(501)}
    wide = {"anyOf": [{"enum": [number]} for number in range(12)]}
    sentences = differences(document(tmp_path, properties={**PROPERTIES, **many}, wide=wide))
    assert len(sentences) < 600
    assert "the document: what comes after the first 500 parameters was not read" in sentences
    assert "the document: what comes after the first 5000 schemas was not read" in sentences


LOOP = {"$ref": "#/components/schemas/Request"}
NESTED: dict[str, Any] = {"type": "string"}
for _ in range(90):
    NESTED = {"anyOf": [NESTED, LOOP]}
TYPES = {"type": [{}, []], "enum": [{}, [1]], "maximum": "x", "default": {"a": "b" * 100_000}}
HOSTILE: dict[str, Any] = {
    "loop": LOOP,
    "nested": NESTED,
    "other-file": {"$ref": "other.yaml#/x"},
    "nowhere": {"$ref": "#/nowhere"},
    "types": TYPES,
    "long": {"enum": [*range(20_000)]},
    "list": [],
    "text": "string",
    "null": None,
}


@pytest.mark.parametrize("prompt", HOSTILE.values(), ids=HOSTILE)
def test_hostile_document_does_no_harm(tmp_path: Path, prompt: Any) -> None:
    sentences = differences(document(tmp_path, properties={**PROPERTIES, "prompt": prompt}))
    assert max(map(len, sentences)) < 2000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "nests deeper"),
        ("{}", "it has no paths"),
        ('{"paths": {"/v1/images/edits": {}}}', "did you mean '/v1/images/edits'"),
        ('{"paths": {"/images/generations": {"post": {"requestBody": []}}}}', "has no POST"),
    ],
)
def test_document_that_is_none_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(text)
    with pytest.raises(DocumentError, match=said):
        read_document(file, load_edition())


def test_difference_to_a_document_ends_with_1(tmp_path: Path, capsys: Output) -> None:
    with pytest.raises(typer.Exit) as ended:
        check(DEFAULT_EDITION, document(tmp_path))
    assert ended.value.exit_code == 1
    assert "0 faults" in " ".join(capsys.readouterr().out.split())
