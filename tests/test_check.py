"""`image-conformance check`: a first look at an address, without a file."""

from __future__ import annotations

import re
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
from conformance.providers import load_provider
from conformance.providers.ad_hoc import KEY_VARIABLE, provider_at, toml_of
from conformance.providers.asked import documented_cases, edition_of
from conformance.reference.defects import lying_steps
from conformance.results.run_file import read_run
from conformance.runner.planned_request import sent_by
from conformance.runner.shortlist import cannot_be_billed, shortlist
from tests.contract import copy_edition
from tests.live import EDITION, KEY, serve_counting
from tests.living import footer_of
from tests.processes import command

FAR = "https://images.example.com/v1"
HERE = "http://127.0.0.1:9/v1"


def test_check_judges_an_address_in_a_dozen_requests(tmp_path: Path) -> None:
    with serve_counting() as (base_url, eye):
        words = ["check", base_url, "--models", "gpt-image-1.5", "-o", "run.jsonl"]
        result = command(tmp_path, *words, "--save", "mine.toml", IMAGE_API_KEY=KEY)
    assert (result.returncode, result.stderr.count("error")) == (0, 0), result.stderr
    assert 0 < eye.posts <= 12
    end = " ".join(result.stdout.split())
    assert re.search(r"nothing is broken, in the part that was judged; (\d+) of \1 MUSTs", end)
    assert "for the rest: image-conformance run --provider ./mine.toml --live" in result.stdout
    assert load_provider(str(tmp_path / "mine.toml")).base_url == base_url
    assert footer_of(tmp_path).whole is False


def test_check_finds_what_is_broken_and_is_resumed_without_painting_again(tmp_path: Path) -> None:
    bodies: list[dict[str, Any]] = []
    with serve_counting(steps=lying_steps(["count.n-ignored"])) as (base_url, eye):
        eye.by_body = bodies.append
        words = ["check", base_url, "--models", "dall-e-2"]
        result = command(tmp_path, *words, "-o", "one.jsonl", IMAGE_API_KEY=KEY)
        count = len(bodies)
        words += ["--quiet", "--resume", "one.jsonl"]
        command(tmp_path, *words, "-o", "two.jsonl", IMAGE_API_KEY=KEY)
        words[3] = "dall-e-3"
        other = command(tmp_path, *words, "-o", "three.jsonl", IMAGE_API_KEY=KEY)
    assert "that run has --models dall-e-2, and this one has --models dall-e-3" in other.stderr
    assert (result.returncode, "does not conform" in result.stdout) == (1, True)
    models = {body["model"] for body in bodies[count:]}
    assert models <= {UNKNOWN_MODEL}  # its control, the free list of models, is asked again
    one, two = (read_run(tmp_path / name) for name in ("one.jsonl", "two.jsonl"))
    assert len(one.findings) == len(two.findings)


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
        result = check("-o", run)
    assert f"run --provider ./{name}-2.toml --live" in result.stdout
    assert (unsent / f"{name}.toml").read_text() == "mine"
    assert load_provider(f"./{name}-2.toml").base_url == HERE
    assert not (unsent / f"{name}-3.toml").exists()
    assert "is there already" in str(check("--save", f"{name}.toml").exception)
    assert (unsent / f"{name}.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "lack"), [([], "no request is free"), (["--budget", "0"], "--budget 0 pays for no")]
)
def test_check_that_can_send_nothing_says_what_to_allow(
    unsent: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], lack: str
) -> None:
    monkeypatch.setattr("conformance.runner.shortlist.shortlist", lambda *_: [])
    result = check(*words)
    assert str(result.exception).startswith(lack)
    assert "--budget USD" in str(result.exception)
    assert list(unsent.iterdir()) == []


def test_saved_file_goes_on_by_the_edition_that_was_chosen(unsent: Path) -> None:
    copy_edition(unsent, "mine-2027")
    for edition in ("openai-2026-11", "mine-2027"):
        check("--models", "gpt-image-1.5", "--edition", edition, "--save", f"{edition}.toml")
        provider = load_provider(f"./{edition}.toml")
        assert load_edition(edition_of(None, [provider])).id == edition


def test_check_without_models_names_those_that_are_served() -> None:
    with serve_counting() as (base_url, eye):
        result = CliRunner().invoke(app, ["check", base_url], env={KEY_VARIABLE: KEY})
    message = "name a model with --models; served there: dall-e-2, dall-e-3"
    assert (message in str(result.exception), eye.posts) == (True, 0)


def test_check_without_a_key_names_the_variable_and_how_to_name_another(tmp_path: Path) -> None:
    with serve_counting() as (url, _):
        process = command(tmp_path, "check", url, "--models", "dall-e-2", IMAGE_API_KEY="")
        result = CliRunner().invoke(app, ["check", url], env={KEY_VARIABLE: ""})
    with pytest.raises(ConformanceError) as far:
        provider_at(FAR, "dall-e-2").key({})
    assert process.returncode == 2
    for output in (process.stderr, result.exception, far.value):
        text = " ".join(str(output).split())
        assert "IMAGE_API_KEY" in text
        assert "set it, or name another variable with --key-variable" in text
        assert "cassettes" not in text


@pytest.mark.parametrize(
    "url", ["foo", "http://[foo", "http://h:x/v1", "http://u:p@h/v1", f"{FAR}/images/generations"]
)
def test_check_calls_an_address_that_will_not_do_the_url(url: str) -> None:
    with pytest.raises(ConformanceError, match=r"^URL "):
        provider_at(url, "dall-e-2")


def test_check_takes_no_key_for_the_name_of_a_variable() -> None:
    with pytest.raises(ConformanceError, match="never the key itself") as excinfo:
        provider_at(FAR, "dall-e-2", "sk-Mine-1234")
    assert "sk-Mine" not in str(excinfo.value)


def _musts(cases: list[Case]) -> set[str]:
    pairs = ((clause, sent_by(case, EDITION)) for case in cases for clause in clauses_of(EDITION))
    return {
        clause.id for clause, request in pairs if clause.level == "MUST" and clause.binds(request)
    }


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
        ("https://api.openai.com.evil.test/v1", "api.openai.com.evil.test", KEY_VARIABLE, False),
        ("http://127.0.0.1:4000/v1", "127.0.0.1-4000", KEY_VARIABLE, True),
        ("http://[::1]:8000/v1", "1-8000", KEY_VARIABLE, True),
        ("http://127.example.com/v1", "127.example.com", KEY_VARIABLE, False),
        ("http://localhost.example.com/v1", "localhost.example.com", KEY_VARIABLE, False),
        ("http://10.0.0.1/v1", "10.0.0.1", KEY_VARIABLE, False),
    ],
)
def test_provider_has_the_name_and_the_key_of_its_host_alone(
    url: str, name: str, variable: str, free: bool
) -> None:
    provider = provider_at(url, "gpt-image-1.5")
    assert (provider.id, provider.key_variable, provider.prices.free) == (name, variable, free)


@pytest.mark.parametrize("models", ["", ",", "dall-e-3=", "=x"])
def test_models_that_name_nothing_are_one_sentence(models: str) -> None:
    with pytest.raises(ConformanceError, match="--models"):
        provider_at(FAR, models)


def test_saved_file_is_the_same_provider_with_models_as_it_calls_them(tmp_path: Path) -> None:
    provider = provider_at(FAR, 'dall-e-3=openai/a"b, gpt-image-1.5', usd_per_image=0.04)
    path = tmp_path / "images.example.com.toml"
    path.write_text(toml_of(provider))
    models = {"dall-e-3": 'openai/a"b', "gpt-image-1.5": "gpt-image-1.5"}
    copy = load_provider(str(path))
    assert tomllib.loads(path.read_text())["models"] == copy.models == provider.models == models
    assert copy.base_url == provider.base_url
    assert copy.prices.image == provider.prices.image
