"""The action, used in another repository: drift against its baseline."""

from __future__ import annotations

from conformance.results.run_file import write_run
from tests import runs
from tests.nights import BROKEN, answer, night
from tests.workflows import KEY, PROVIDER, ROOT, Runner, judge, lying, resolved, step, workflow

pytest_plugins = ["tests.workflows"]


def test_action_tells_drift_against_a_baseline(runner: Runner) -> None:
    (runner.work / "out").mkdir()
    write_run(night(1, answer(), runs.finding()), runner.work / "base.jsonl")
    write_run(night(2, answer(), BROKEN), runner.work / "out" / "run.jsonl")
    given = {"OUT": "out", "BASELINE": "base.jsonl", "VENV": "venv"}
    done = runner.run(step("action", "Drift")["run"], **given)
    assert done.returncode == 1, done.stderr
    assert "1 regression" in runner.summary


def test_action_confirms_what_is_worse_than_its_baseline_and_fails(runner: Runner) -> None:
    judge(runner)
    (runner.work / "out").mkdir()
    inputs = workflow("action")["inputs"]
    given = {name: about.get("default", "") for name, about in inputs.items()}
    given |= {"provider": "./acme.toml", "key": KEY, "budget": "2.00", "models": "qwen-image"}
    given |= {"baseline": "night", "output": "out"}
    values = {f"inputs.{name}": str(value) for name, value in given.items()}
    values["runner.temp"] = str(runner.home)
    environment = resolved(
        step("action", "Judge")["env"], {"github.action_path": str(ROOT), **values}
    )
    with lying("envelope.created-float") as server:
        (runner.work / "acme.toml").write_text(PROVIDER.format(url=server.base_url))
        assert runner.run(step("action", "Judge")["run"], **environment).returncode == 0
    done = runner.run(
        step("action", "Drift")["run"], **resolved(step("action", "Drift")["env"], values)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "confirmed, broken again 3 times" in runner.summary
