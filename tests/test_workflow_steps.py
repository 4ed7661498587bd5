"""The nightly steps one by one: judging, drift, the page, and how a job ends."""

from __future__ import annotations

import pytest

from conformance.results.run_file import read_run, write_run
from tests import runs
from tests.workflows import KEY, PROVIDER, Runner, drift_of_last_night, judge, step

pytest_plugins = ["tests.workflows"]


def test_judge_and_first_night_run_against_the_reference(runner: Runner) -> None:
    judge(runner)
    assert runner.outputs["conclusion"] == "0"
    run_file = runner.work / "night" / "acme.jsonl"
    assert read_run(run_file).complete
    assert KEY not in run_file.read_text()
    drift_of_last_night(runner)
    assert (runner.outputs["code"], runner.outputs["good"]) == ("0", "true")
    assert "The first night" in runner.summary
    assert "The plan for acme.toml" in runner.summary
    assert "run --live starts with" in runner.summary or "nothing is billed" in runner.summary
    assert len(list((runner.work / "good").iterdir())) == 1


def test_regression_of_a_live_night_is_confirmed_by_repeats(runner: Runner) -> None:
    judge(runner)
    drift_of_last_night(runner)
    (base,) = (runner.work / "good").iterdir()
    judge(runner, "envelope.created-float", BASELINE=str(base))
    drift_of_last_night(runner)
    assert (runner.outputs["code"], runner.outputs["good"]) == ("1", "false")
    assert "envelope.created-integer" in runner.summary
    assert "envelope.created-integer" in (runner.work / "night" / "history.md").read_text()


def test_judge_without_a_key_fails_and_says_so(runner: Runner) -> None:
    (runner.work / "acme.toml").write_text(PROVIDER.format(url="https://acme.test/v1"))
    given = {"PROVIDER": "./acme.toml", "RUN_FILE": "night/acme.jsonl", "KEY": ""}
    done = runner.run("bash .github/scripts/judge.sh", **given)
    assert done.returncode == 1
    assert "ACME_KEY" in done.stderr
    assert "was not judged at all" in done.stdout


def test_page_step_writes_page_and_summary(runner: Runner) -> None:
    for name in ("acme", "relay"):
        folder = runner.work / "nights" / name
        folder.mkdir(parents=True)
        about = runs.header([name], id=name)
        write_run(runs.run(runs.finding(provider=name), head=about), folder / f"{name}.jsonl")
    done = runner.run(step("nightly", "Page")["run"])
    assert done.returncode == 0, done.stderr
    assert (runner.work / "page" / "index.html").exists()
    assert "relay" in runner.summary


@pytest.mark.parametrize("code", ["0", "1", "2"])
@pytest.mark.parametrize("name", ["nightly", "action"])
def test_job_ends_as_the_suite_did(runner: Runner, name: str, code: str) -> None:
    last = step(name, "Say how it ended")
    assert runner.run(last["run"], **dict.fromkeys(last["env"], code)).returncode == int(code)
