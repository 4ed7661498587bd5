"""The nightly steps one by one: a missing key, the page, and how a job ends."""

from __future__ import annotations

import pytest

from conformance.results.run_file import write_run
from tests import runs
from tests.workflows import PROVIDER, Runner, step

pytest_plugins = ["tests.workflows"]


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
