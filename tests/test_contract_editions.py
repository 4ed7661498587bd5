"""An edition is a folder, named by its id or its path; a mistake in one is named."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract import (
    DEFAULT_EDITION,
    EditionError,
    Level,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.contract.schema_files import digest_of, frozen_digest
from conformance.documentation.listing import Selection
from conformance.editions.making import check_edition
from conformance.errors import ConformanceError, UnknownNameError
from conformance.providers import load_provider
from conformance.providers.asked import with_asked_models
from conformance.results.run_file import read_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import D3, change, copy_edition, set_member, small_body
from tests.live import embedded_toml
from tests.processes import command

if TYPE_CHECKING:
    from pathlib import Path

MINE = embedded_toml("dall-e-3")


def test_copied_folder_with_changes_is_a_second_edition(tmp_path: Path) -> None:
    folder = copy_edition(tmp_path)
    set_member(folder / "request/dall-e-3.json", "properties/quality/enum", ["ultra", None])
    model = json.loads((folder / "edition.json").read_text())["models"][D3]
    set_member(folder / "edition.json", "models/dall-e-4", model)
    citation = {"source": "openai", "section": "x", "level": "SHOULD"}
    levels = {"c.d": {"level": "MAY", "citations": [citation]}}
    clauses = {"withdrawn": {"a.b": "why"}, "levels": levels}
    set_member(folder / "edition.json", "clauses", clauses)
    second = load_edition(str(folder))
    assert second.read(small_body(D3, quality="ultra")).expectation == "accepted"
    assert second.read(small_body(D3, quality="hd")).expectation == "refused"
    assert load_edition().read(small_body(D3, quality="hd")).expectation == "accepted"
    assert second.model("dall-e-4").response_kind(None) == "url"
    assert (second.withdrawn, second.levels["c.d"].level) == ({"a.b": "why"}, Level.MAY)


REQUEST, EDITION_FILE = "request/dall-e-3.json", "edition.json"
MISTAKES: list[tuple[str, str, Any, str]] = [
    (REQUEST, "properties/n/$ref", "common.json#/$defs/nn", "has nothing at"),
    (REQUEST, "properties/n/$ref", "../../elsewhere.json", "leaves the edition"),
    (REQUEST, "properties/n/$ref", 7, "is no JSON Schema"),
    (REQUEST, "properties/n", {"$ref": "#/properties/n"}, "refers to itself"),
    (REQUEST, "properties/n/minimum", 2, "'minimum' stands both"),
    (REQUEST, "properties/size/citations/0/source", "comet", "did you mean 'cometapi'"),
    (REQUEST, "properties/size/open/0/question", "dall-e-size", "mean 'dall-e-size-default'"),
    (REQUEST, "type", "objekt", "is no JSON Schema: type"),
    (REQUEST, "citations/0", {"source": "openai"}, "citations has"),
    (REQUEST, "citations/0/level", "ALWAYS", "citations has"),
    (REQUEST, "open", ["model-omitted"], "open has"),
    (REQUEST, "citations", True, "citations has true"),
    (REQUEST, "properties/size/citations", {"a": 1}, 'citations has {"a": 1}'),
    (REQUEST, "properties/size/open/0/keywords", {"enum": 3}, "open: is no JSON Schema: enum"),
    (REQUEST, "properties/size/open/0/keywords", {"enum": [["a"]]}, 'enum has ["a"]'),
    (REQUEST, "properties/quality/enum", [{"a": 1}], 'enum has {"a": 1}'),
    ("request/common.json", "$defs/n/minPixels", "many", 'minPixels has "many"'),
    (REQUEST, "properties/user", True, "properties has"),
    (REQUEST, "unsupported", {"style": {}}, "unsupported has a parameter without citations"),
    (EDITION_FILE, "models", None, "models is missing"),
    (EDITION_FILE, "published", "soon", "published"),
    (EDITION_FILE, "id", "other", "differs from the name of its folder"),
    (EDITION_FILE, "error", "nowhere.json", "nowhere.json is missing"),
    (EDITION_FILE, "families/gpt-image/pattern", "(", "regular expression"),
]


def refusal(folder: Path) -> str:
    """Return why an edition is not loaded."""
    try:
        load_edition(str(folder))
    except ConformanceError as error:
        return str(error)
    return "it is loaded"


def test_mistake_in_an_edition_is_named(tmp_path: Path) -> None:
    folder = copy_edition(tmp_path)
    for file, place, value, message in MISTAKES:
        before = (folder / file).read_text()
        set_member(folder / file, place, value)
        assert message in refusal(folder)
        (folder / file).write_text(before)
    (folder / "error.json").write_text("{\n  oops")
    assert re.search(r"error\.json is not JSON.*line 2", refusal(folder))


@pytest.mark.parametrize("name", edition_ids())
def test_published_edition_is_as_it_was_frozen_and_documented(name: str) -> None:
    """After a change before publication: ``python -m tests.digests``; later: a new edition."""
    edition = load_edition(name)
    assert edition.digest == frozen_digest(edition.folder)
    text = (schemas_directory().parent / "docs" / "editions.md").read_text(encoding="utf-8")
    assert f"`{name}` is" in text


def test_digest_changes_with_a_value_and_a_name_and_not_with_the_layout(tmp_path: Path) -> None:
    folder = copy_edition(tmp_path)
    before = digest_of(folder)
    change(folder / "edition.json", lambda content: content.update(title=content.pop("title")))
    assert digest_of(folder) == before
    set_member(folder / "error.json", "title", "Another")
    digest = digest_of(folder)
    (folder / "error.json").rename(folder / "errors.json")
    assert len({before, digest, digest_of(folder)}) == 3
    assert frozen_digest(folder) == frozen_digest(schemas_directory() / DEFAULT_EDITION)
    assert frozen_digest(tmp_path) is None  # a draft


# ------------------------------------------------------------------ where it is


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A provider's file beside an edition of its own."""
    copy_edition(tmp_path, "mine-2027")
    (tmp_path / "mine.toml").write_text(MINE)
    return tmp_path / "mine.toml"


def test_folder_is_found_from_where_the_user_is(
    own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_file.parent / "x").mkdir()
    monkeypatch.chdir(own_file.parent)
    for name in ("./mine-2027", "mine-2027", "x/../mine-2027/"):
        assert load_edition(name).id == "mine-2027"
        assert Selection(name, "*", "*").edition is load_edition(name)


def test_folder_of_a_provider_is_relative_to_its_file_and_an_option_comes_before_it(
    own_file: Path,
) -> None:
    own_file.write_text('edition = "./mine-2027"\n' + MINE)
    assert load_provider(str(own_file)).edition == str(own_file.with_name("mine-2027"))
    assert Session(Options(providers=(str(own_file), "reference"))).edition.id == "mine-2027"
    options = Options(providers=(str(own_file),), edition=DEFAULT_EDITION)
    assert Session(options).edition.id == DEFAULT_EDITION
    with pytest.raises(ConformanceError, match="different editions"):
        Session(Options(providers=(str(own_file), "litellm")))


@pytest.mark.parametrize("name", ["cometapi", "litellm"])
def test_chosen_edition_leaves_out_models_that_only_the_one_of_the_file_has(name: str) -> None:
    edition = load_edition("cometapi-2026-06")
    provider = with_asked_models(load_provider(name), edition)
    assert provider.models
    assert {*provider.models, *provider.prices.image} <= {
        model for model in load_provider(name).models if not model.startswith("dall-e")
    }


def test_model_of_another_edition_stops_no_other_that_is_selected(tmp_path: Path) -> None:
    file, alibaba = tmp_path / "mine.toml", load_edition("alibaba-2026-10")

    def models(text: str, *options: Any) -> list[str]:
        file.write_text(text)
        return [*with_asked_models(load_provider(str(file)), *options).models]

    two_models = f'{MINE}"qwen-image-3.0" = "y"\n'
    with pytest.raises(UnknownNameError, match=r"mine\.toml: models.*use --edition alibaba"):
        models(two_models, load_edition())
    assert models(two_models, load_edition(), "dall-e-*") == ["dall-e-3"]
    assert models(two_models, alibaba) == ["qwen-image-3.0"]
    with pytest.raises(UnknownNameError, match=r"'qwn-image-3\.0' in edition alibaba-2026-10"):
        models(two_models.replace("qwen", "qwn"), alibaba)
    with pytest.raises(ConformanceError, match="edition alibaba-2026-10 has none of its models"):
        models(MINE, alibaba)


def test_replay_of_all_cassettes_is_judged_by_the_edition_of_their_provider(tmp_path: Path) -> None:
    (tmp_path / "openai" / "gpt-image-2").mkdir(parents=True)
    (tmp_path / "openai" / "gpt-image-2" / "baseline.yaml").touch()
    assert Session(Options(cassettes=tmp_path)).edition.id == "openai-2026-11"


def test_id_of_another_edition_is_refused(tmp_path: Path) -> None:
    folder = copy_edition(tmp_path, DEFAULT_EDITION)
    assert load_edition(str(folder)).digest == load_edition().digest  # another copy of ours
    set_member(folder / "edition.json", "title", "Mine")
    with pytest.raises(EditionError, match="comes with the suite"):
        load_edition(str(folder))


def test_folder_that_is_none_is_one_sentence() -> None:
    for load in (load_edition, check_edition):
        with pytest.raises(EditionError, match=r"no edition\.json is there"):
            load("./nowhere")
    with pytest.raises(UnknownNameError, match="unknown edition 'nowhere'"):
        load_edition("nowhere")


def test_run_file_names_the_edition(own_file: Path) -> None:
    options = ("--provider=./mine.toml", "--edition=./mine-2027", "--cases=models-list")
    command(own_file.parent, "run", *options, "--output=a.jsonl", "--quiet")
    assert read_run(own_file.with_name("a.jsonl")).header.edition.id == "mine-2027"
