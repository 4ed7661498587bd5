"""`image-conformance check`: a first look at an address, without a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cases.model import UNKNOWN_MODEL, Case
from conformance.clauses import clauses_of
from conformance.cli import app
from conformance.contract import load_edition, sides_of
from conformance.errors import ConformanceError
from conformance.live.cost import cost_of
from conformance.providers import is_loopback, load_provider
from conformance.providers.ad_hoc import KEY_VARIABLE, provider_at, toml_of
from conformance.providers.asked import documented_cases, edition_of
from conformance.reference.defects import lying_steps
from conformance.results.run_file import read_run
from conformance.runner.planned_request import sent_by
from conformance.runner.shortlist import cannot_be_billed, shortlist
from tests.contract import copied
from tests.live import EDITION, KEY, watched
from tests.living import footer_of
from tests.processes import command

FAR = "https://images.example.com/v1"
HERE = "http://127.0.0.1:9/v1"


def test_check_judges_an_address_in_a_dozen_requests(tmp_path: Path) -> None:
    with watched() as (base_url, eye):
        words = ["check", base_url, "--models", "gpt-image-1.5", "-o", "run.jsonl"]
        ended = command(tmp_path, *words, "--save", "mine.toml", IMAGE_API_KEY=KEY)
    assert (ended.returncode, ended.stderr.count("error")) == (0, 0), ended.stderr
    assert 0 < eye.posts <= 12
    assert "nothing is broken, in the part that was\njudged; 89 of 89 MUSTs" in ended.stdout
    assert "for the rest: image-conformance run --provider ./mine.toml --live" in ended.stdout
    assert load_provider(str(tmp_path / "mine.toml")).base_url == base_url
    assert footer_of(tmp_path).whole is False


def test_check_finds_what_is_broken(tmp_path: Path) -> None:
    with watched(steps=lying_steps(["count.n-ignored"])) as (base_url, _):
        words = ["check", base_url, "--models", "dall-e-2", "-o", "run.jsonl"]
        ended = command(tmp_path, *words, IMAGE_API_KEY=KEY)
    assert ended.returncode == 1
    assert "does not conform" in ended.stdout


@pytest.fixture
def unsent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to check from, where nothing is sent."""
    monkeypatch.setattr("conformance.suite.command.run_promises", lambda *_, **__: 0)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*words: str) -> Any:
    return CliRunner().invoke(app, ["check", HERE, "--models", "dall-e-2", *words])


def test_file_beside_the_run_file_replaces_no_other_one(unsent: Path) -> None:
    name = provider_at(HERE, "dall-e-2").id
    (unsent / f"{name}.toml").write_text("mine")
    for run in ("one.jsonl", "two.jsonl"):
        ended = check("-o", run)
    assert f"run --provider ./{name}-2.toml --live" in ended.stdout
    assert (unsent / f"{name}.toml").read_text() == "mine"
    assert load_provider(f"./{name}-2.toml").base_url == HERE
    assert not (unsent / f"{name}-3.toml").exists()
    assert "is there already" in str(check("--save", f"{name}.toml").exception)
    assert (unsent / f"{name}.toml").read_text() == "mine"


def test_saved_file_goes_on_by_the_edition_that_was_chosen(unsent: Path) -> None:
    copied(unsent, "mine-2027")
    for edition in ("openai-2026-11", "mine-2027"):
        check("--models", "gpt-image-1.5", "--edition", edition, "--save", f"{edition}.toml")
        saved = load_provider(f"./{edition}.toml")
        assert load_edition(edition_of(None, [saved])).id == edition


def test_check_without_models_names_those_that_are_served(tmp_path: Path) -> None:
    with watched() as (base_url, eye):
        ended = command(tmp_path, "check", base_url, IMAGE_API_KEY=KEY)
    assert (ended.returncode, eye.posts) == (2, 0)
    assert "name a model with --models; served there: dall-e-2, dall-e-3" in ended.stderr


@pytest.mark.parametrize("models", [[], ["--models", "dall-e-2"]], ids=["unnamed", "named"])
def test_check_without_a_key_names_the_variable_and_how_to_name_another(
    tmp_path: Path, models: list[str]
) -> None:
    with watched() as (base_url, _):
        ended = command(tmp_path, "check", base_url, *models, IMAGE_API_KEY="")
    assert ended.returncode == 2
    assert "IMAGE_API_KEY, which is not set; set it, or name another" in ended.stderr
    assert "variable with --key-variable" in ended.stderr


def test_check_of_a_network_without_a_key_speaks_of_no_cassettes() -> None:
    with pytest.raises(ConformanceError) as told:
        provider_at(FAR, "dall-e-2").key({})
    assert "variable IMAGE_API_KEY; set it, or name another variable with" in str(told.value)
    assert "cassettes" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["foo", "http://[foo", "http://h:x/v1", "http://u:p@h/v1", f"{FAR}/images/generations"]
)
def test_check_calls_an_address_that_will_not_do_the_url(url: str) -> None:
    with pytest.raises(ConformanceError, match=r"^URL "):
        provider_at(url, "dall-e-2")


def _musts(cases: list[Case]) -> set[str]:
    bound = ((clause, sent_by(case, EDITION)) for case in cases for clause in clauses_of(EDITION))
    return {clause.id for clause, sent in bound if clause.level == "MUST" and clause.binds(sent)}


@pytest.mark.parametrize("model", ["dall-e-3", "gpt-image-1.5", "qwen-image"])
def test_shortlist_reaches_most_musts_and_a_size_that_nobody_paints_unasked(model: str) -> None:
    provider = provider_at(HERE, model)
    cases = documented_cases(EDITION, provider, None)
    few = shortlist(cases, EDITION, provider, 12)
    paths = {case.path for case in few}
    assert len(few) <= 12
    assert all(f"{case.model}/{case.control}" in paths for case in few if case.control)
    assert len(_musts(few)) >= 0.7 * len(_musts(cases))
    assert len(_musts(few)) > len(_musts(cases[:12]))
    sizes = [sides_of((case.body or {}).get("size")) for case in few]
    assert any(sides and sides[0] != sides[1] for sides in sizes)


def test_shortlist_stays_within_a_budget() -> None:
    provider = provider_at(FAR, "dall-e-3", usd_per_image=0.04)
    cases = documented_cases(EDITION, provider, None)
    few = shortlist(cases, EDITION, provider, 12, budget=0.2)
    costs = [cost_of(case, provider, EDITION) for case in few]
    reserve = max(cost.reserve for cost in costs)
    assert any(case.billed for case in few)
    assert sum(cost.planned.usd for cost in costs) + reserve <= 0.2 + 1e-9


def test_nothing_that_can_be_billed_is_sent_without_a_budget() -> None:
    cases = documented_cases(EDITION, provider_at(FAR, "dall-e-3"), None)
    free = {case.id for case in cases if cannot_be_billed(case)}
    assert {"models-list", "authentication-missing", "authentication-unknown"} <= free
    assert not any(case.billed for case in cases if case.id in free)
    assert not {"n-0", "prompt-empty", "size-outside-enum", "json-malformed"} & free


@pytest.mark.parametrize(
    ("url", "name", "variable", "free"),
    [
        (FAR, "images.example.com", KEY_VARIABLE, False),
        ("https://api.openai.com/v1", "api.openai.com", "OPENAI_API_KEY", False),
        (
            "https://api.openai.com.example.com/v1",
            "api.openai.com.example.com",
            KEY_VARIABLE,
            False,
        ),
        ("http://127.0.0.1:4000/v1", "127.0.0.1-4000", KEY_VARIABLE, True),
        ("http://[::1]:8000/v1", "1-8000", KEY_VARIABLE, True),
    ],
)
def test_provider_has_the_name_and_the_key_of_its_host_alone(
    url: str, name: str, variable: str, free: bool
) -> None:
    provider = provider_at(url, "gpt-image-1.5")
    assert (provider.id, provider.key_variable, provider.prices.free) == (name, variable, free)


def test_host_that_only_looks_like_loopback_is_not() -> None:
    hosts = ("127.example.com", "localhost.example.com", "10.0.0.1")
    assert not any(is_loopback(f"http://{host}/v1") for host in hosts)


@pytest.mark.parametrize("models", ["", ",", "dall-e-3=", "=x"])
def test_models_that_name_nothing_are_one_sentence(models: str) -> None:
    with pytest.raises(ConformanceError, match="--models"):
        provider_at(FAR, models)


def test_saved_file_is_the_same_provider_with_models_as_it_calls_them(tmp_path: Path) -> None:
    provider = provider_at(FAR, 'dall-e-3=openai/a"b, gpt-image-1.5', usd_per_image=0.04)
    path = tmp_path / "images.example.com.toml"
    path.write_text(toml_of(provider))
    named = {"dall-e-3": 'openai/a"b', "gpt-image-1.5": "gpt-image-1.5"}
    read = load_provider(str(path))
    assert tomllib.loads(path.read_text())["models"] == read.models == provider.models == named
    assert read.base_url == provider.base_url
    assert read.prices.image == provider.prices.image


def test_check_is_resumed_without_painting_again(tmp_path: Path) -> None:
    bodies: list[dict[str, Any]] = []
    with watched() as (base_url, eye):
        eye.by_body = bodies.append
        words = ["check", base_url, "--models", "dall-e-2", "--quiet"]
        command(tmp_path, *words, "-o", "one.jsonl", IMAGE_API_KEY=KEY)
        sent = len(bodies)
        command(tmp_path, *words, "-o", "two.jsonl", "--resume", "one.jsonl", IMAGE_API_KEY=KEY)
    again = {body["model"] for body in bodies[sent:]}
    assert again <= {UNKNOWN_MODEL}  # its control, the free list of models, is asked again
    one, two = (read_run(tmp_path / name) for name in ("one.jsonl", "two.jsonl"))
    assert len(one.findings) == len(two.findings)
