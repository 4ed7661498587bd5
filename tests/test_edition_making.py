"""A new edition is made, checked, and compared: with a document, and with the one before."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import typer
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from rich.console import Console

from conformance.commands.editions import changes as changes_command
from conformance.commands.editions import check
from conformance.contract import (
    DEFAULT_EDITION,
    Edition,
    EditionError,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.contract.loading import read_edition
from conformance.contract.promises import load_promises
from conformance.contract.schema_files import DIGEST_FILE, freeze
from conformance.editions.changes import changes_between, lifecycle_changes
from conformance.editions.document_differences import (
    document_differences,
    unnamed_citations,
    unnamed_models,
)
from conformance.editions.making import check_edition, faults, new_edition
from conformance.editions.openapi import DocumentError, read_document
from conformance.editions.render import changes_json, changes_markdown, closing, print_changes
from tests.contract import change, copy_edition, set_member
from tests.extent import sample

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.editions.records import Changes, EditionChange


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
    text = "As in mine-2027-01-b, and unlike mine-2027-01."
    set_member(folder / "promises.json", "promises/0/says", text)
    third = new_edition(str(folder), str(folder.with_name("third")))
    promises = load_promises(third)
    assert (third.id, promises.edition, promises.all[0].says) == ("third", "third", text)


def test_place_that_will_not_do_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine-2027-01").mkdir()
    for name, message in {
        "mine-2027-01": "is there already",
        DEFAULT_EDITION: "comes with the suite",
        "Mine": "cannot be the id",
        "nowhere/mine": "is no folder",
    }.items():
        with pytest.raises(EditionError, match=message):
            new_edition(DEFAULT_EDITION, str(tmp_path / name))
    assert [path.name for path in tmp_path.rglob("*")] == ["mine-2027-01"]


def exit_code(capsys: pytest.CaptureFixture[str], name: str, document: Path | None = None) -> Any:
    """Check an edition; return the exit code, where no fault is printed."""
    with pytest.raises(typer.Exit) as excinfo:
        check(name, document)
    assert "0 faults" in " ".join(capsys.readouterr().out.split())
    return excinfo.value.exit_code


@pytest.mark.parametrize("name", sample(sorted(edition_ids(), key=DEFAULT_EDITION.__ne__), 2))
def test_edition_of_the_suite_has_no_fault(capsys: Any, name: str) -> None:
    assert exit_code(capsys, name) == 0


def uncited_default(content: dict[str, Any]) -> None:
    for citation in content["properties"]["style"]["citations"]:
        citation["keywords"] = [word for word in citation["keywords"] if word != "default"]


def test_fault_is_named(folder: Path) -> None:
    freeze(folder)
    change(folder / "request/dall-e-3.json", uncited_default)
    set_member(folder / "request/dall-e-2.json", "$id", "x")
    set_member(folder / "promises.json", "promises/3/clauses", None)
    set_member(folder / "examples/dall-e-2-request.json", "n", 99)
    text = "\n".join(check_edition(str(folder)).faults)
    for fault in (
        "style: default has no citation",
        "its $id is not",
        "has neither clause nor",
        "was changed after it was published",
        "breaks its schema",
    ):
        assert fault in text


def test_model_whose_schema_has_another_name_is_a_fault(folder: Path) -> None:
    model = json.loads((folder / "edition.json").read_text())["models"]["dall-e-3"]
    set_member(folder / "edition.json", "models/dall-e-4", model)
    fault = next(faults(read_edition(folder)))
    assert fault == "edition.json: dall-e-4: its request schema does not accept its own name"


def test_citation_that_never_names_the_model_is_said(edition: Edition) -> None:
    (note,) = unnamed_citations(edition, load_promises(edition))
    assert note.startswith("dall-e-2: model.enum cites cometapi, Choosing a model")


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


def document(folder: Path, wide: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write an OpenAPI document of the endpoint."""
    request = {"type": "object", "properties": PROPERTIES, "required": ["prompt", "n"], **changes}
    components = {"schemas": {**COMPONENTS, "Request": request, "Wide": wide}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}}
    paths = {"/v1/images/generations": {"post": {"requestBody": {"content": content}}}}
    file = folder / "openapi.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths, "components": components}))
    return file


def differences(file: Path) -> list[str]:
    return [*document_differences(load_edition(), read_document(file, load_edition()))]


def test_document_that_says_otherwise(tmp_path: Path, capsys: Any) -> None:
    file = document(tmp_path)
    assert exit_code(capsys, DEFAULT_EDITION, file) == 1
    assert differences(file.rename(tmp_path / "openapi.yaml")) == differences(document(tmp_path))
    text = "\n".join(differences(document(tmp_path)))
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
        assert f"\n{difference}" in f"\n{text}"


def test_text_that_names_no_model_passes_none_over(tmp_path: Path) -> None:
    properties = {"prompt": {"type": "string"}, "n": {"type": "integer", "description": "Images"}}
    for description, parameters in ({}, []), ({"description": "For dall-e-3."}, ["quality"]):
        quality = {"quality": {"type": "string", **description}}
        file = document(tmp_path, properties=properties | quality)
        sentences = unnamed_models(load_edition(), read_document(file, load_edition()))
        assert [sentence.partition(":")[0] for sentence in sentences] == parameters


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
REFERENCES: list[Any] = [LOOP, NESTED, {"$ref": "other.yaml#/x"}, {"$ref": "#/nowhere"}]


def test_hostile_document_does_no_harm(tmp_path: Path) -> None:
    for prompt in (*REFERENCES, TYPES, {"enum": [*range(20_000)]}, [], "string", None):
        sentences = differences(document(tmp_path, properties={**PROPERTIES, "prompt": prompt}))
        assert max(map(len, sentences)) < 2000


def test_document_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    for text, message in {
        "{": "is no JSON",
        "[" * 100_000: "nests deeper",
        "{}": "it has no paths",
        '{"paths": {"/v1/images/edits": {}}}': "did you mean '/v1/images/edits'",
        '{"paths": {"/images/generations": {"post": {"requestBody": []}}}}': "has no POST",
    }.items():
        file.write_text(text)
        with pytest.raises(DocumentError, match=message):
            read_document(file, load_edition())


# ------------------------------------------------------------------ changes

PLACE = {"source": "cometapi", "section": "Body: n", "level": "MUST"}
PROMISE = {"id": "page.new", **PLACE, "says": "A new sentence.", "clauses": ["count.as-asked"]}
KEYWORDS = ["type", "pattern", "default", "maxPixels"]
EDITS: list[tuple[str, str, Any]] = [
    ("request/dall-e-3.json", "properties/quality/enum", ["standard", "ultra", None]),
    ("request/dall-e-3.json", "properties/quality/default", "standard"),
    ("request/dall-e-3.json", "properties/style", None),
    ("request/dall-e-2.json", "properties/n/maximum", 6),
    ("request/gpt-image.json", "properties/size/open", None),
    ("request/gpt-image.json", "properties/size/examples", ["1024x1024", "1536x864"]),
    ("request/gpt-image.json", "properties/size/maxPixels", 8_294_400),
    ("request/gpt-image.json", "properties/size/citations/1/keywords", KEYWORDS),
    ("response/url.json", "required", ["created", "data", "quality"]),
    ("edition.json", "models/qwen-image/responses/default", "url"),
    ("edition.json", "models/gpt-image-1", None),
    ("edition.json", "models_path", "/v2/models"),
    ("edition.json", "open/0/question", "What now?"),
    ("edition.json", "clauses/withdrawn", {"url.https": "gone"}),
]


@pytest.fixture(scope="module")
def stricter(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """The differences to an edition that is stricter here and there."""
    folder = copy_edition(tmp_path_factory.mktemp("editions"), "later-2027")
    for name, place, value in EDITS:
        set_member(folder / name, place, value)
    change(folder / "promises.json", lambda content: content["promises"].pop(3))
    change(folder / "promises.json", lambda content: content["promises"].append(PROMISE))
    return changes_between(load_edition(), load_edition(str(folder)))


def one_change(changes: Changes, area: str, subject: str) -> EditionChange:
    (change,) = (change for change in changes.of(area) if change.subject == subject)
    return change


def test_what_a_provider_must_change(stricter: Changes) -> None:
    demands = {change.must: change for change in stricter.demands}
    for must, models, clauses in [
        ('accept quality="ultra"', {"dall-e-3"}, {"parameters.valid-accepted"}),
        ('refuse quality="auto", quality="hd"', {"dall-e-3"}, {"parameters.quality-enum"}),
        ("refuse n=7, n=10", {"dall-e-2"}, {"count.above-maximum-refused"}),
        ("treat a request without quality as quality=standard", {"dall-e-3"}, set()),
        ("send quality in the body of a response url", set(), set()),
        ("answer with url where no response_format is asked", {"qwen-image"}, set()),
        ("answer at the path of the models /v2/models", set(), set()),
    ]:
        assert demands[must].breaking
        assert models <= {*demands[must].models}
        assert clauses <= {*demands[must].clauses}
    assert demands['accept quality="ultra"'].cases == ("dall-e-3/quality-ultra",)


def test_rule_of_a_family_is_tried_on_a_member_that_no_edition_has(stricter: Changes) -> None:
    demand = one_change(stricter, "requests", "size.maxPixels")
    assert (demand.before, demand.after) == ("open", "refused")
    assert demand.models == ("gpt-image-2 · as its family",)
    assert demand.clauses == ("parameters.size-maxpixels",)


def test_what_differs(stricter: Changes) -> None:
    for area, subject, kind in [
        ("models", "gpt-image-1", "removed"),
        ("parameters", "style", "removed"),
        ("parameters", "n.maximum", "changed"),
        ("parameters", "size.maxPixels", "added"),
        ("promises", "page.new", "added"),
        ("clauses", "url.https", "removed"),
        ("open", "model-omitted", "changed"),
    ]:
        change = one_change(stricter, area, subject)
        assert change.kind == kind
        assert not (change.breaking and kind == "removed")  # no longer promised breaks nothing
    promise = one_change(stricter, "promises", "page.new")
    assert promise.clauses == ("count.as-asked",)
    assert "n-2" in promise.cases


def test_dates_of_a_model() -> None:
    none: dict[str, Any] = dict.fromkeys(("since", "deprecated", "until")) | {"replaced_by": ()}
    end: dict[str, Any] = {"until": date(2026, 12, 1)}
    successor: dict[str, Any] = {"replaced_by": ("x", "y")}
    demand = "serve m until 2026-12-01, and refuse it from then on"
    for before, after, must in (({}, end, demand), (end, {}, ""), ({}, successor, "")):
        old, new = (
            SimpleNamespace(lifecycles={"m": SimpleNamespace(**(none | dates))})
            for dates in (before, after)
        )
        (change,) = lifecycle_changes(old, new)  # type: ignore[arg-type]
        assert (change.must, change.breaking) == (must, bool(must))


def test_editions_without_a_model_in_common_demand_nothing_of_each_other() -> None:
    changes = changes_between(load_edition("openai-2026-11"), load_edition("alibaba-2026-10"))
    assert (changes.in_common, changes.demands) == ((), ())
    assert "no model that both read" in closing(changes)
    subjects = [change.subject for change in changes.changes if change.kind == "added"]
    models = [name for name in subjects if name in load_edition("alibaba-2026-10").models]
    assert models == [*load_edition("alibaba-2026-10").models]  # in the order of the edition
    assert one_change(changes, "answers", "stream completed: type").kind == "removed"
    assert one_change(changes, "answers", "response url: data").kind == "added"


def screen_text(changes: Changes, show_all: bool = False) -> str:
    screen = StringIO()
    print_changes(changes, Console(width=200, file=screen), show_all=show_all)
    return screen.getvalue()


def test_json_markdown_and_terminal_say_the_same(stricter: Changes) -> None:
    schema = json.loads((schemas_directory() / "changes.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(changes_json(stricter)))
    for text in (screen_text(stricter, show_all=True), changes_markdown(stricter)):
        assert "What a provider must change" in text
        assert 'accept quality="ultra"' in text


def test_terminal_names_the_clauses_of_a_promise_once(stricter: Changes) -> None:
    new = one_change(stricter, "promises", "page.new")
    text, clauses = "MUST: One. (format.one-payload)", ("format.one-payload",)
    promise = replace(new, subject="acme.one", after=text, clauses=clauses, cases=("a", "b"))
    line = "added acme.one: MUST: One. (format.one-payload) (2 cases)"
    assert line in screen_text(replace(stricter, changes=(promise,)))
    assert closing(replace(stricter, changes=())).endswith(": the same.")


def test_breaking_change_ends_with_1_and_nothing_in_common_with_0(
    stricter: Changes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "changes.md"
    with pytest.raises(typer.Exit) as same_exit:
        changes_command("openai-2026-11", "alibaba-2026-10", "json", [file])
    assert file.read_text().startswith("# From openai-2026-11 to alibaba-2026-10")
    # to find the differences once more takes seconds
    monkeypatch.setattr("conformance.editions.changes.changes_between", lambda *_: stricter)
    with pytest.raises(typer.Exit) as breaking_exit:
        changes_command(DEFAULT_EDITION, DEFAULT_EDITION, "terminal")
    assert (same_exit.value.exit_code, breaking_exit.value.exit_code) == (0, 1)
    with pytest.raises(EditionError, match="edition"):
        changes_command(DEFAULT_EDITION, "./nowhere")
