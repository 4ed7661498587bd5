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
from conformance.errors import ConformanceError
from tests.contract import change
from tests.extent import sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new edition."""
    return new_edition(DEFAULT_EDITION, str(tmp_path / "mine-2027-01")).folder


def test_new_edition_has_its_own_id_everywhere(folder: Path) -> None:
    texts = [path.read_text() + path.name for path in folder.rglob("*.json")]
    assert not any(DEFAULT_EDITION in text for text in texts)
    assert load_edition(str(folder)).id == load_promises(load_edition(str(folder))).edition
    assert (folder / "examples" / "mine-2027-01-request.json").is_file()
    assert not (folder / DIGEST_FILE).exists()


def test_new_edition_is_laid_out_as_the_old_one(folder: Path) -> None:
    old = load_edition().folder
    for path in old.rglob("*.json"):
        mine = folder / path.relative_to(old).as_posix().replace(DEFAULT_EDITION, folder.name)
        assert mine.read_text() == path.read_text().replace(DEFAULT_EDITION, folder.name)


def test_new_edition_of_a_new_edition(folder: Path) -> None:
    third = new_edition(str(folder), str(folder.with_name("mine-2027-01-b")))
    assert third.id == "mine-2027-01-b"
    assert load_promises(third).edition == third.id


def test_longer_id_that_begins_the_same_is_kept(folder: Path) -> None:
    said = "As in mine-2027-01-b, and unlike mine-2027-01."
    change(folder / "promises.json", lambda content: content["promises"][0].update(says=said))
    third = new_edition(str(folder), str(folder.with_name("third")))
    says = load_promises(third).all[0].says
    assert says == "As in mine-2027-01-b, and unlike mine-2027-01."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine-2027-01", "is there already"),
        (DEFAULT_EDITION, "comes with the suite"),
        ("Mine", "cannot be the id"),
        ("nowhere/mine", "is no folder"),
    ],
)
def test_place_that_will_not_do_is_one_sentence(folder: Path, name: str, said: str) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(EditionError, match=said):
        new_edition(DEFAULT_EDITION, str(folder.parent / name))
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("name", sample(sorted(edition_ids(), key=DEFAULT_EDITION.__ne__), 2))
def test_edition_of_the_suite_has_no_fault(name: str) -> None:
    assert check_edition(name).faults == ()


def uncited_default(content: dict[str, Any]) -> None:
    for cited in content["properties"]["style"]["citations"]:
        cited["keywords"] = [word for word in cited["keywords"] if word != "default"]


EDITS: list[tuple[str, Any, str]] = [
    ("request/dall-e-3.json", uncited_default, "style: default has no citation"),
    ("request/dall-e-2.json", lambda c: c.update({"$id": "x"}), "its $id is not"),
    ("promises.json", lambda c: c["promises"][3].pop("clauses"), "has neither clause nor"),
    ("digest.txt", None, "was changed after it was published"),
    ("examples/dall-e-2-request.json", lambda c: c.update(n=99), "breaks its schema"),
]


@pytest.fixture(scope="module")
def all_faults(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The faults of an edition that has one of each kind."""
    place = tmp_path_factory.mktemp("faults") / "faulty"
    folder = new_edition(DEFAULT_EDITION, str(place)).folder
    freeze(folder)
    for file, edit, _ in EDITS:
        if edit is not None:
            change(folder / file, edit)
    return check_edition(str(folder)).faults


@pytest.mark.parametrize(
    "fault",
    [fault for *_, fault in EDITS],
    ids=["citation", "id", "promise", "digest", "example"],
)
def test_fault_is_named(all_faults: tuple[str, ...], fault: str) -> None:
    assert any(fault in sentence for sentence in all_faults)


def test_model_whose_schema_has_another_name_is_a_fault(folder: Path) -> None:
    models = {"dall-e-4": json.loads((folder / "edition.json").read_text())["models"]["dall-e-3"]}
    change(folder / "edition.json", lambda content: content["models"].update(models))
    fault = next(faults(read_edition(folder)))
    assert fault == "edition.json: dall-e-4: its request schema does not accept its own name"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda c: c.update(type="objekt"), "is no JSON Schema: type"),
        (lambda c: c["properties"]["n"].update({"$ref": 7}), "is no JSON Schema"),
        (lambda c: c["citations"].append({"source": "openai"}), "citations has"),
        (lambda c: c["citations"][0].update(level="ALWAYS"), "citations has"),
        (lambda c: c.update(open=["model-omitted"]), "open has"),
    ],
    ids=["type", "ref", "citation", "level", "open"],
)
def test_schema_that_is_none_is_one_sentence(folder: Path, edit: Any, said: str) -> None:
    change(folder / "request/dall-e-3.json", edit)
    with pytest.raises(EditionError, match=said):
        read_edition(folder)


def test_citation_that_never_names_the_model_is_said(edition: Edition) -> None:
    (note,) = unnamed_citations(edition, load_promises(edition))
    assert note.startswith("dall-e-2: model.enum cites cometapi, Choosing a model")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("For GPT Image models", ("gpt-image",)),
        ("DALL·E 3 is dall-e-3", ("dall-e-3",)),
        ("gpt-image-1.5 and gpt-image-1-mini", ("gpt-image-1-mini", "gpt-image-1.5")),
        ("gpt-image-2-2026-04-21", ()),
        ("any model", ()),
    ],
)
def test_names_in_a_text(text: str, names: tuple[str, ...]) -> None:
    assert set(names) <= set(named_in(text, load_edition()))
    assert "gpt-image-1" not in named_in(text, load_edition())


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
@pytest.mark.parametrize(
    "difference",
    [
        "n: maximum is 10 in the edition, 4 in the document",
        "n: the default is 1 in the edition, 2 in the document",
        "n: it is not required in the edition, required in the document",
        "seed: the document has it, and no model of the edition has",
        "model: the document names the model flux, which the edition does not know",
    ],
)
def test_document_that_says_otherwise(tmp_path: Path, name: str, difference: str) -> None:
    assert difference in differences(document(tmp_path, name))


@pytest.mark.parametrize(
    "start", ['quality: the document names "ultra"', "quality: the edition has"]
)
def test_values_of_a_list_are_compared(tmp_path: Path, start: str) -> None:
    sentences = differences(document(tmp_path))
    assert any(sentence.startswith(start) for sentence in sentences)


def test_text_that_names_no_model_passes_none_over(tmp_path: Path) -> None:
    properties = {"prompt": {"type": "string"}, "n": {"type": "integer", "description": "Images"}}
    for text, found in (("", []), ("For dall-e-3.", ["quality"])):
        quality = {"quality": {"type": "string", **({"description": text} if text else {})}}
        file = document(tmp_path, properties=properties | quality)
        named = unnamed_models(load_edition(), read_document(file, load_edition()))
        assert [each.partition(":")[0] for each in named] == found


def test_what_the_document_lacks_is_said(tmp_path: Path) -> None:
    sentences = differences(document(tmp_path))
    assert "style: the edition has it for dall-e-3, and the document has not" in sentences


def test_document_of_countless_parameters_is_read_in_part(tmp_path: Path) -> None:
    many = {f"x{number}": {"$ref": "#/components/schemas/Wide"} for number in range(1000)}
    wide = {"anyOf": [{"enum": [*range(start, start + 100)]} for start in range(50)]}
    file = document(tmp_path, properties={**PROPERTIES, **many}, wide=wide)
    sentences = differences(file)
    assert len(sentences) < 600
    assert "the document: what comes after the first 500 parameters was not read" in sentences
    assert "the document: what comes after the first 5000 schemas was not read" in sentences


LOOP = {"$ref": "#/components/schemas/Request"}
NESTED: dict[str, Any] = {"type": "string"}
for _ in range(90):
    NESTED = {"anyOf": [NESTED, {"$ref": "#/components/schemas/Request"}]}


@pytest.mark.parametrize(
    "prompt",
    [
        LOOP,
        NESTED,
        {"$ref": "other.yaml#/x"},
        {"$ref": "#/nowhere"},
        {"type": [{}, []], "enum": [{}, [1]], "maximum": "x", "default": {"a": "b" * 100_000}},
        {"enum": [*range(20_000)]},
        [],
        "string",
        None,
    ],
    ids=["loop", "nested", "other-file", "nowhere", "types", "long", "list", "text", "null"],
)
def test_hostile_document_does_no_harm(tmp_path: Path, prompt: Any) -> None:
    file = document(tmp_path, properties={**PROPERTIES, "prompt": prompt})
    sentences = differences(file)
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


@pytest.mark.parametrize(("named", "code"), [(False, 0), (True, 1)], ids=["alone", "document"])
def test_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: bool, code: int
) -> None:
    with pytest.raises(typer.Exit) as ended:
        check(DEFAULT_EDITION, document(tmp_path) if named else None)
    assert ended.value.exit_code == code
    assert "0 faults" in " ".join(capsys.readouterr().out.split())


def test_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConformanceError, match=r"no edition\.json is there"):
        check(str(tmp_path / "x"))
