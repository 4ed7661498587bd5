"""An edition is named by its id, or by its folder, which may be anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.contract import (
    DEFAULT_EDITION,
    EditionError,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.documentation.listing import Selection
from conformance.errors import ConformanceError, UnknownNameError
from conformance.providers import load_provider
from conformance.providers.asked import with_asked_models
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import change, copied
from tests.processes import command, run_pytest
from tests.test_plugin import MINE, PROMISES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["./mine-2027", "mine-2027", "x/../mine-2027/"])
def test_folder_is_found_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    copied(tmp_path, "mine-2027")
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_edition(name).id == "mine-2027"
    assert Selection(name, "*", "*").edition is load_edition(name)


@pytest.mark.parametrize("name", edition_ids())
def test_documentation_names_every_edition(name: str) -> None:
    text = (schemas_directory().parent / "docs" / "editions.md").read_text(encoding="utf-8")
    assert f"`{name}` is" in text


def test_folder_of_a_provider_is_relative_to_its_file(tmp_path: Path) -> None:
    copied(tmp_path, "mine-2027")
    file = tmp_path / "mine.toml"
    file.write_text('edition = "./mine-2027"\n' + MINE)
    assert load_provider(str(file)).edition == str(tmp_path / "mine-2027")
    assert Session(Options(providers=(str(file), "reference"))).edition.id == "mine-2027"


def test_option_comes_before_the_provider(tmp_path: Path) -> None:
    copied(tmp_path, "mine-2027")
    file = tmp_path / "mine.toml"
    file.write_text('edition = "./mine-2027"\n' + MINE)
    chosen = Options(providers=(str(file),), edition=DEFAULT_EDITION)
    assert Session(chosen).edition.id == DEFAULT_EDITION


@pytest.mark.parametrize("name", ["cometapi", "litellm"])
def test_chosen_edition_leaves_out_models_that_only_the_one_of_the_file_has(name: str) -> None:
    edition = load_edition("cometapi-2026-06")
    asked = with_asked_models(load_provider(name), edition)
    assert asked.models
    assert {*asked.models, *asked.prices.image} <= {
        model for model in load_provider(name).models if not model.startswith("dall-e")
    }


MIXED = MINE.replace('"dall-e-3" = "dall-e-3"', '"dall-e-3" = "x"\n"qwen-image-3.0" = "y"')


def test_model_of_another_edition_stops_no_other_that_is_selected(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MIXED)
    mine = load_provider(str(file))
    with pytest.raises(UnknownNameError, match=r"mine\.toml: models.*use --edition alibaba"):
        with_asked_models(mine, load_edition())
    assert [*with_asked_models(mine, load_edition(), "dall-e-*").models] == ["dall-e-3"]
    chosen = with_asked_models(mine, load_edition("alibaba-2026-10"))
    assert [*chosen.models] == ["qwen-image-3.0"]
    file.write_text(MIXED.replace("qwen", "qwn"))
    with pytest.raises(UnknownNameError, match=r"'qwn-image-3\.0' in edition alibaba-2026-10"):
        with_asked_models(load_provider(str(file)), load_edition("alibaba-2026-10"))


def test_chosen_edition_with_none_of_the_models_of_a_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    with pytest.raises(ConformanceError, match="edition alibaba-2026-10 has none of its models"):
        with_asked_models(load_provider(str(file)), load_edition("alibaba-2026-10"))


def test_providers_of_different_editions_are_run_one_by_one(tmp_path: Path) -> None:
    copied(tmp_path, "mine-2027")
    file = tmp_path / "mine.toml"
    file.write_text('edition = "./mine-2027"\n' + MINE)
    with pytest.raises(ConformanceError, match="different editions"):
        Session(Options(providers=(str(file), "litellm")))


def test_replay_of_all_cassettes_is_judged_by_the_edition_of_their_provider(tmp_path: Path) -> None:
    (tmp_path / "openai" / "gpt-image-2").mkdir(parents=True)
    (tmp_path / "openai" / "gpt-image-2" / "baseline.yaml").touch()
    assert Session(Options(cassettes=tmp_path)).edition.id == "openai-2026-11"


def test_id_of_another_edition_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path, DEFAULT_EDITION)
    assert load_edition(str(folder)).digest == load_edition().digest  # another copy of ours
    change(folder / "edition.json", lambda content: content.update(title="Mine"))
    with pytest.raises(EditionError, match="comes with the suite"):
        load_edition(str(folder))


@pytest.mark.parametrize(
    ("name", "said"),
    [("./nowhere", "no edition.json is there"), ("nowhere", "unknown edition 'nowhere'")],
)
def test_folder_that_is_none_is_one_sentence(name: str, said: str) -> None:
    with pytest.raises((EditionError, UnknownNameError), match=said):
        load_edition(name)


def test_run_file_of_pytest_and_command_name_the_edition(tmp_path: Path) -> None:
    copied(tmp_path, "mine-2027")
    (tmp_path / "mine.toml").write_text(MINE)
    chosen = ("--provider=./mine.toml", "--edition=./mine-2027", "--cases=models-list")
    command(tmp_path, "run", *chosen, "--output=a.jsonl", "--quiet")
    run_pytest(tmp_path, PROMISES, "-q", "--live", *chosen, "--run-file=b.jsonl")
    for name in ("a.jsonl", "b.jsonl"):
        first = (tmp_path / name).read_text().splitlines()[0]
        assert json.loads(first)["edition"]["id"] == "mine-2027"
