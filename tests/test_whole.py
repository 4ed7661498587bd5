"""A part of what is planned is no whole run, however it was selected and whoever judged it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.findings import GREEN, Verdict
from conformance.reports import render, summarize
from conformance.reports.badges import badges
from conformance.results.baselines import NightsError, RunFilter, nights_of
from conformance.results.run_file import Run
from conformance.results.selection import begun_whole, is_part
from tests import runs
from tests.extent import sample
from tests.recording import PROVIDER, Played, asked

Pick = Callable[[str], bool]
PICKS: dict[str, Pick] = {
    "k": lambda name: "size-1024x1024" in name,
    "model-by-k": lambda name: "::dall-e-3/" in name,
    "lf": lambda name: name.endswith("::format.b64-when-asked"),
    "node-id": lambda name: name == f"{PROVIDER}::dall-e-3/baseline::envelope.json-syntax",
    "deselect": lambda name: "::dall-e-3/baseline::" not in name,
    "addopts": lambda name: "::errors." not in name,
    "plugin-takes-one": lambda name: name != f"{PROVIDER}::dall-e-3/baseline::format.one-payload",
}
"""What each way to select in pytest leaves, as items; another plugin may leave anything."""
GLOBS = {
    "models": {"models": "dall-e-3"},
    "cases": {"cases": "n-*"},
    "clauses": {"clauses": "format.*"},
}
PARTS: dict[str, tuple[Pick, dict[str, str]]] = {
    name: (pick, {}) for name, pick in PICKS.items() if name != "m"
} | {name: ((lambda _: True), globs) for name, globs in GLOBS.items()}
FORMATS = ("md", "html", "json", "junit", "svg")


def played(folder: Path, pick: Pick, workers: bool, globs: dict[str, str]) -> tuple[Run, Played]:
    found = Played(folder, workers, **globs)
    chosen = list(filter(pick, found.asked))
    found.begin(chosen)
    for each in chosen:
        found.report(each)
    return found.end(), found


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, str, int]]:
    """Every part: its run, what the terminal said, and the exit code."""
    found = {}
    for rank, (name, (pick, globs)) in enumerate(PARTS.items()):
        # alone or by workers: they differ in how the items are collected
        run, made = played(tmp_path_factory.mktemp(name), pick, bool(rank % 2), globs)
        found[name] = run, made.said, made.ended.exitstatus
    return found


@pytest.mark.parametrize("name", PARTS)
def test_part_judges_no_deviation_stale(name: str, parts: dict[str, tuple[Run, str, int]]) -> None:
    run, said, code = parts[name]
    assert (run.problems, code) == ((), 0)
    assert "remove it" not in said


@pytest.mark.parametrize("name", sample(PARTS, 3))
def test_part_is_nowhere_said_to_conform(name: str, parts: dict[str, tuple[Run, str, int]]) -> None:
    run, said, _ = parts[name]
    texts = {"terminal": said, **{form: render([run], form) for form in FORMATS}}
    texts["json"] = json.loads(texts["json"])["sentence"]
    for form, text in texts.items():
        assert "in the part that was judged" in text, form
        head = text.split("<table")[0]
        assert not re.search(r"\b(conforms?|does not conform|do not conform)\b", head), form


@pytest.mark.parametrize("name", PARTS)
def test_part_has_a_green_badge_of_its_whole_models_alone(
    name: str, parts: dict[str, tuple[Run, str, int]]
) -> None:
    run, _, _ = parts[name]
    assert GREEN not in render([run], "svg")
    named = badges(summarize([run]))
    assert GREEN not in named[f"{PROVIDER}.svg"]
    pick, globs = PARTS[name]
    left = {each.model for key, each in asked().items() if key not in asked(**globs)}
    left |= {each.model for key, each in asked().items() if not pick(key)}
    whole = {each.model for each in asked().values()} - left
    assert sum(GREEN in each for each in named.values()) == len(whole)


@pytest.mark.parametrize("name", PARTS)
def test_part_of_a_model_is_no_good_night(
    name: str, parts: dict[str, tuple[Run, str, int]], tmp_path: Path
) -> None:
    run, _, _ = parts[name]
    assert run.footer is not None
    whole_models = name in ("models", "model-by-k")
    assert (run.footer.whole, is_part(run)) == (whole_models, not whole_models)


def test_night_of_a_part_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    played(tmp_path, PICKS["k"], False, {})
    with pytest.raises(NightsError, match="judged its models whole"):
        nights_of(tmp_path, RunFilter("cometapi-2026-03-12", frozenset(), "9999"))


def test_run_without_a_plan_of_which_pytest_left_out_something_is_a_part() -> None:
    assert not is_part(runs.run())
    assert is_part(runs.run(end={**runs.footer(), "interrupted": False, "left_out": 1}))


def test_model_without_a_plan_is_a_part_beside_one_that_has_one() -> None:
    plan = [{"provider": "acme", "model": "dall-e-3", "cases": 1, "promises": 1}]
    reach: list[dict[str, object]] = [
        {"provider": "acme", "model": model, "levels": {}, "chosen": chosen}
        for model, chosen in [("dall-e-3", 1), ("gpt-image-1", None)]
    ]
    made = runs.run(head=runs.header(plan=plan), end={**runs.footer(), "reach": reach})
    assert begun_whole(made) == {("acme", "dall-e-3")}


@pytest.mark.parametrize("name", PICKS)
def test_what_pytest_left_out_is_not_complete(
    name: str, parts: dict[str, tuple[Run, str, int]]
) -> None:
    run, _, _ = parts[name]
    assert (run.complete, run.interrupted) == (False, False)


@pytest.mark.parametrize("workers", [False, True], ids=["alone", "workers"])
def test_whole_run_is_whole_and_judges_deviations(tmp_path: Path, workers: bool) -> None:
    run, _ = played(tmp_path, lambda _: True, workers, {})
    assert run.footer is not None
    assert (run.complete, run.footer.whole, is_part(run)) == (True, True, False)
    assert any("no longer occurs; remove it" in each for each in run.problems)


def test_clause_that_finds_nothing_to_judge_leaves_the_run_whole(tmp_path: Path) -> None:
    found = Played(tmp_path)
    found.begin(found.asked)
    for rank, each in enumerate(found.asked):
        found.report(each, Verdict.PASS if rank else None)
    run = found.end()
    assert run.footer is not None
    assert run.footer.whole


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, "never-reported"])
def test_promise_that_was_begun_with_and_not_judged_cuts_the_run(
    tmp_path: Path, verdict: Verdict | str
) -> None:
    found = Played(tmp_path)
    found.begin(found.asked)
    first, *others = found.asked
    for each in others:
        found.report(each)
    if isinstance(verdict, Verdict):
        found.report(first, verdict)  # as --max-requests leaves it
    run = found.end()
    assert (run.complete, run.interrupted, found.ended.exitstatus) == (False, True, 2)
    assert "could not be judged" in found.said


def test_plan_counts_what_no_option_narrows(tmp_path: Path) -> None:
    whole = sum(
        each.promises for each in played(tmp_path, lambda _: True, False, {})[0].header.plan
    )
    assert whole == len(asked())
    narrow, _ = played(tmp_path, lambda _: True, False, {"clauses": "format.*"})
    assert sum(each.promises for each in narrow.header.plan) == whole
