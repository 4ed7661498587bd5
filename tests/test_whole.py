"""A part of what is planned is no whole run, however it was selected and whoever judged it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.findings import GREEN, Verdict
from conformance.reports import render, summarize
from conformance.reports.badges import badges
from conformance.results.baselines import NightsError, RunFilter, nights_of
from conformance.results.run_file import Run
from conformance.results.selection import begun_whole, is_part
from tests import runs
from tests.recording import PROVIDER, ReplayedRun, promise_names, session

Pick = Callable[[str], bool]
PICKS: dict[str, Pick] = {
    "cases": lambda name: "size-1024x1024" in name,
    "model": lambda name: "::dall-e-3/" in name,
    "one": lambda name: name == f"{PROVIDER}::dall-e-3/baseline::envelope.json-syntax",
    "all-but-one": lambda name: name != f"{PROVIDER}::dall-e-3/baseline::format.one-payload",
}
"""What may be left by -k, --lf, --deselect, a node id, addopts or another plugin of pytest."""
GLOBS = {
    "--models": {"models": "dall-e-3"},
    "--cases": {"cases": "n-*"},
    "--clauses": {"clauses": "format.*"},
}
PARTS: dict[str, tuple[Pick, dict[str, str]]] = {
    name: (pick, {}) for name, pick in PICKS.items()
} | {name: ((lambda _: True), globs) for name, globs in GLOBS.items()}
FORMATS = ("md", "html", "json", "junit", "svg")


def play_part(
    folder: Path, pick: Pick, workers: bool, globs: dict[str, str]
) -> tuple[Run, ReplayedRun]:
    play = ReplayedRun(folder, workers, **globs)
    names = list(filter(pick, play.asked))
    play.begin(names)
    for name in names:
        play.report(name)
    return play.end(), play


@dataclass
class Part:
    """A part: its run, what the terminal said, and the exit code."""

    run: Run
    said: str
    code: int


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Part]:
    parts = {}
    for rank, (name, (pick, globs)) in enumerate(PARTS.items()):
        # alone or by workers: they differ in how the items are collected
        run, play = play_part(tmp_path_factory.mktemp("part"), pick, bool(rank % 2), globs)
        parts[name] = Part(run, play.said, play.ended.exitstatus)
    return parts


@pytest.mark.parametrize("name", PARTS)
def test_part_is_no_whole_run_and_judges_no_deviation_stale(
    name: str, parts: dict[str, Part]
) -> None:
    part = parts[name]
    assert (part.run.problems, part.code) == ((), 0)
    assert "remove it" not in part.said
    assert part.run.footer is not None
    whole_models = name in ("model", "--models")
    assert (part.run.footer.whole, is_part(part.run)) == (whole_models, not whole_models)
    if name in PICKS:
        assert (part.run.complete, part.run.interrupted) == (False, False)


@pytest.mark.parametrize("name", ["cases", "one", "--models"])
def test_part_is_nowhere_said_to_conform(name: str, parts: dict[str, Part]) -> None:
    part = parts[name]
    texts = {"terminal": part.said, **{form: render([part.run], form) for form in FORMATS}}
    texts["json"] = json.loads(texts["json"])["sentence"]
    for form, text in texts.items():
        assert "in the part that was judged" in text, form
        head = text.split("<table")[0]
        assert not re.search(r"\b(conforms?|does not conform|do not conform)\b", head), form


@pytest.mark.parametrize("name", PARTS)
def test_part_has_a_green_badge_of_its_whole_models_alone(
    name: str, parts: dict[str, Part]
) -> None:
    part = parts[name]
    assert GREEN not in render([part.run], "svg")
    svgs = badges(summarize([part.run]))
    assert GREEN not in svgs[f"{PROVIDER}.svg"]
    pick, globs = PARTS[name]
    cut = {
        one.model
        for key, one in promise_names().items()
        if key not in promise_names(**globs) or not pick(key)
    }
    whole_models = {item.model for item in promise_names().values()} - cut
    assert sum(GREEN in badge for badge in svgs.values()) == len(whole_models)


def test_night_of_a_part_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    play_part(tmp_path, PICKS["cases"], False, {})
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
    run = runs.run(head=runs.header(plan=plan), end={**runs.footer(), "reach": reach})
    assert begun_whole(run) == {("acme", "dall-e-3")}


@pytest.mark.parametrize("workers", [False, True], ids=["alone", "workers"])
def test_whole_run_is_whole_and_judges_deviations_whatever_finds_nothing_to_judge(
    tmp_path: Path, workers: bool
) -> None:
    play = ReplayedRun(tmp_path, workers)
    play.begin(play.asked)
    for rank, name in enumerate(play.asked):
        play.report(name, Verdict.PASS if rank or workers else None)
    run = play.end()
    assert run.footer is not None
    assert (run.complete, run.footer.whole, is_part(run)) == (True, True, False)
    assert any("no longer occurs; remove it" in problem for problem in run.problems)


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, None], ids=["not-run", "never-reported"])
def test_promise_that_was_begun_with_and_not_judged_cuts_the_run(
    tmp_path: Path, verdict: Verdict | None
) -> None:
    play = ReplayedRun(tmp_path, models="qwen-image")
    play.begin(play.asked)
    first, *rest = play.asked
    for name in rest:
        play.report(name)
    if verdict:
        play.report(first, verdict)  # as --max-requests leaves it
    run = play.end()
    assert (run.complete, run.interrupted, play.ended.exitstatus) == (False, True, 2)
    assert "could not be judged" in play.said


def test_plan_counts_what_no_option_narrows() -> None:
    for globs in ({}, {"clauses": "format.*"}):
        plan = session(**globs).header().plan
        assert sum(model.promises for model in plan) == len(promise_names())
