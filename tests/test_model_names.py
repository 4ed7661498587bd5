"""Every command reads a model's name the same way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.commands.serve import serve
from conformance.contract import DEFAULT_EDITION, Edition, load_edition
from conformance.documentation.listing import Selection
from conformance.errors import ConformanceError, UnknownNameError
from conformance.live.plan import plan
from conformance.live.plan_report import document
from conformance.providers import load_provider
from conformance.providers.asked import check_selected
from conformance.recordings.contracts import read_names
from conformance.reports import print_runs, render
from conformance.reports.comparison.compare import compare
from conformance.reports.comparison.render import print_comparison
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.contract import change, copy_edition
from tests.shown import screen

EDITION = load_edition()
SNAPSHOT = "gpt-image-1.5-2025-12-16"
NAMES = {
    "gpt-image-1.5": "",
    SNAPSHOT: "gpt-image-1.5",
    "qwen-image-20260101": "qwen-image",
    "gpt-image-2": "its family",
    "gpt-image-9-flare": "its family",
}
"""As what a name is judged under the default edition; the edition's own as themselves."""
MINE = """
title = "Mine"
base_url = "http://127.0.0.1:1/v1"
default_key = "sk-mine-and-yours"
free = {free}
[models]
"{model}" = "as/{model}"
[prices]
source = "its page"
date = "2026-11-28"
[prices.image]
"{priced}" = {{default = 0.5}}
"""


def mine(folder: Path, model: str, priced: str = "dall-e-3", free: str = "true") -> str:
    """Write a provider's file with one model, and return its path."""
    file = folder / "mine.toml"
    file.write_text(MINE.format(model=model, priced=priced, free=free))
    return str(file)


def session_of(provider: str, models: str = "*") -> Session:
    return Session(Options(providers=(provider,), models=models, live=True, budget=1e9))


def served_models(**options: object) -> list[str]:
    """Return what `serve` would serve."""
    arguments: dict[str, list[str]] = {}
    server = "conformance.reference.server"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{server}.serve", lambda *_, **values: arguments.update(values))
        serve(**{"key": "sk", "host": "", "port": 0, **options})  # type: ignore[arg-type]
    return [*arguments["models"]]


def planned_models(provider: str, models: str = "*") -> list[str]:
    return [*plan(EDITION, load_provider(provider), 1, models, combined=False).reach]


def selected_models(models: str) -> list[str]:
    session = session_of("reference", models)
    return [case.model for case, _ in session.selected(session.engines[0])]


COMMANDS: dict[str, Callable[[str, Path], list[str] | list[str | None]]] = {
    "run-of-file": lambda name, at: [*session_of(mine(at, name)).engines[0].provider.models],
    "run-with-option": lambda name, _: selected_models(name),
    "plan-of-file": lambda name, at: planned_models(mine(at, name)),
    "plan-with-option": lambda name, _: planned_models("cometapi", name),
    "prices": lambda name, at: [
        *session_of(mine(at, "dall-e-3", priced=name)).engines[0].provider.prices.image],
    "judge-named": lambda name, _: [*read_names([f"{name}=x"], None, EDITION).known.values()],
    "judge-unnamed": lambda name, _: [read_names([], name, EDITION).unnamed],
    "list": lambda name, _: Selection(None, "*", name).models,
    "serve": lambda name, _: served_models(model=[name]),
    "serve-defect": lambda name, _: served_models(defect=["count.n-ignored"], defect_model=name),
}  # fmt: skip


HINTS = {
    "dalle-3": r"did you mean 'dall-e-3'\?",
    "qwen-image-3.0": "it is in edition alibaba-2026-10: use --edition alibaba-2026-10",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_command_takes_a_name_and_an_unknown_one_is_the_same_sentence(
    tmp_path: Path, command: Callable[[str, Path], list[str]]
) -> None:
    for name in ("gpt-image-1.5", SNAPSHOT, "gpt-image-2"):
        assert name in command(name, tmp_path)
    for name, hint in HINTS.items():
        same = f"^unknown model '{name}' in edition {DEFAULT_EDITION}.*; {hint}$"
        with pytest.raises(UnknownNameError, match=same):
            command(name, tmp_path)


@pytest.mark.parametrize(
    ("edition", "pattern", "names"),
    [
        (DEFAULT_EDITION, "qwen-image-3*", "alibaba-2026-10"),
        ("alibaba-2026-10", "gpt-image-2", "cometapi-2026-06 and openai-2026-11"),
        ("alibaba-2026-10", "gpt-image-8", "cometapi-2026-03-12 and cometapi-2026-06 and openai"),
        (DEFAULT_EDITION, "dall-e-[23]", ""),
        (DEFAULT_EDITION, "gpt-image-9*", ""),
    ],
)
def test_glob_of_no_model_names_the_editions_that_have_one(
    edition: str, pattern: str, names: str
) -> None:
    with pytest.raises(UnknownNameError) as excinfo:
        check_selected(["qwen-image"], pattern, load_edition(edition))
    hint = str(excinfo.value).partition("; ")[2]
    assert hint.startswith(f"it is in edition {names}" if names else ("did you mean", "known:"))


def test_name_is_judged_as_its_model_or_family_and_a_snapshot_by_the_rules_of_its_model(
    edition: Edition,
) -> None:
    assert {name: edition.model(name).read_as for name in NAMES} == NAMES
    # no day, and no length that a snapshot has
    for name in ("dall-e-3-2026-02-30", "dall-e-3-2026", "dall-e-33", "gpt-image-" + "9" * 200):
        assert edition.find(name) is None
    body = {"model": SNAPSHOT, "prompt": "a boat", "quality": "hd"}
    assert edition.read({**body, "quality": "high"}).expectation == "accepted"
    same = edition.read({**body, "model": "gpt-image-1.5"})
    assert edition.read(body).expectation == same.expectation


def test_snapshot_costs_what_its_model_costs(tmp_path: Path) -> None:
    file = mine(tmp_path, SNAPSHOT, priced="gpt-image-1.5", free="false")
    its_plan = plan(load_edition(), load_provider(file), 1, combined=False)
    assert not its_plan.unknown
    assert its_plan.usd >= 0.5


def test_plan_and_run_file_say_as_what_a_model_is_judged(tmp_path: Path) -> None:
    its_plan = plan(load_edition(), load_provider(mine(tmp_path, "gpt-image-2")), 1, combined=False)
    assert document(its_plan)["read_as"] == {"gpt-image-2": "its family"}
    edition = session_of(mine(tmp_path, SNAPSHOT)).header().edition
    assert edition.read_as == {SNAPSHOT: "gpt-image-1.5"}
    assert edition.families == {SNAPSHOT: "gpt-image"}


def test_name_that_no_folder_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConformanceError, match="cannot name a model here"):
        session_of(mine(tmp_path, "gpt-image-2/../x")).providers  # noqa: B018 - it is read here


def test_model_without_cassettes_is_one_sentence_in_replay() -> None:
    session = Session(Options(providers=("litellm",), models="gpt-image-2"))
    with pytest.raises(ConformanceError, match="'litellm' has no cassettes of gpt-image-2"):
        session.engines  # noqa: B018 - it is looked for here


def test_reports_say_as_what_a_model_is_judged() -> None:
    edition = {**runs.EDITION, "read_as": {"gpt-image-2": "its family"}}
    one, two = (
        runs.run(
            runs.finding(provider=provider, model="gpt-image-2"),
            head=runs.header((provider,), ("gpt-image-2",), edition=edition),
        )
        for provider in ("acme", "relay")
    )
    screens = [screen(print_runs, [one], width=200)]
    screens.append(screen(print_comparison, compare([one, two]), width=200))
    for text in (*screens, render([one], "md"), render([one], "html")):
        assert "gpt-image-2 · as its family" in text


def test_reference_provider_has_the_models_of_its_edition(tmp_path: Path) -> None:
    def models(content: dict[str, Any]) -> None:
        content["models"]["flux"] = content["models"]["qwen-image"]
        del content["models"]["dall-e-2"]

    folder = copy_edition(tmp_path)
    change(folder / "edition.json", models)
    session = Session(Options(providers=("reference",), edition=str(folder), live=True))
    assert session.providers[0].models["flux"] == "flux"
    assert "dall-e-2" not in session.providers[0].models
