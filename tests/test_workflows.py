"""The workflows: linted, without a way in for others' text, and run here step by step."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import load_edition
from conformance.findings import Finding, Verdict
from conformance.reference.defects import with_defects
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.reports.drift import drift, drift_json
from conformance.runs.file import Run, read_run, write_run
from tests import runs
from tests.nights import answer, night
from tests.workflows import EXPRESSION, ROOT, SCRIPTS, Runner, resolved, step, steps, workflow

ALL = ("ci", "nightly", "action")
KEY = "sk-acme-for-the-nightly-0123456789"
BIN = Path(sys.executable).parent
TOML = """title = "Acme"
base_url = "{url}"
free = true
key_variable = "ACME_KEY"
[models]
"qwen-image" = "qwen-image"
"""
VALUES = {
    "github.token": "token",
    "github.repository": "acme/images",
    "github.event.repository.default_branch || 'main'": "main",
    "github.server_url": "https://ci.test",
    "github.run_id": "1",
    "inputs.budget || matrix.budget": "2.00",
    "inputs.strength || matrix.strength": "",
    "matrix.models": "*",
    "matrix.name": "acme",
    "matrix.provider": "./acme.toml",
}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    found = Runner(tmp_path / "machine")
    found.variables.update(
        GITHUB_REPOSITORY="acme/images", GITHUB_REPOSITORY_ID="7", GH_REPO="acme/images"
    )
    return found


@pytest.mark.parametrize(
    "command",
    [["actionlint"], ["zizmor", "--offline", "--no-progress", "--quiet", "."]],
    ids=["actionlint", "zizmor"],
)
def test_linters_find_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALL)
def test_no_expression_stands_in_a_script(name: str) -> None:
    scripts = [each["run"] for _, each in steps(name) if "run" in each]
    assert scripts
    assert not [each for each in scripts if EXPRESSION.search(each)]


@pytest.mark.parametrize("name", ALL)
def test_actions_are_githubs_own_and_named_by_version(name: str) -> None:
    used = {each["uses"] for _, each in steps(name) if "uses" in each}
    assert all(each.startswith("actions/") and "@v" in each for each in used)


def test_rights_are_the_least() -> None:
    nightly = workflow("nightly")
    assert workflow("ci")["permissions"] == {"contents": "read"}
    assert nightly["permissions"] == {}
    rights = {name: job["permissions"] for name, job in nightly["jobs"].items()}
    assert rights["judge"] == {"contents": "read", "actions": "read"}
    assert rights["tell"] == {"contents": "read", "issues": "write"}


def test_keys_reach_only_the_step_that_judges() -> None:
    with_secrets = [
        each.get("name") for _, each in steps("nightly") if "secrets." in json.dumps(each)
    ]
    assert with_secrets == ["Judge"]
    assert "secrets" not in json.dumps(workflow("ci"))


def test_nightly_runs_only_where_it_was_turned_on() -> None:
    assert "vars.NIGHTLY == 'on'" in workflow("nightly")["jobs"]["judge"]["if"]
    triggers = {key: value for key, value in workflow("nightly").items() if key is True}
    assert set(triggers[True]) == {"schedule", "workflow_dispatch"}  # `on` is YAML's yes


def test_action_is_used_in_five_lines() -> None:
    given = workflow("action")["inputs"]
    assert [name for name, about in given.items() if about.get("required")] == [
        "provider",
        "budget",
    ]
    assert {"key", "budget"} <= given.keys()


def test_ci_calls_targets_that_there_are() -> None:
    for _, each in steps("ci"):
        if each.get("run", "").startswith("make "):
            subprocess.run([*each["run"].split(), "--dry-run"], cwd=ROOT, check=True, timeout=60)


def environment_of(name: str, **more: str) -> dict[str, str]:
    job = workflow("nightly")["jobs"]["judge"]
    values = {**VALUES, **more}
    return resolved({**job["env"], **step("nightly", name).get("env", {})}, values)


def lying(*defects: str) -> ReferenceServer:
    return ReferenceServer(load_edition(), key=KEY, steps=with_defects(TRUTHFUL, defects))


def judge(runner: Runner, *defects: str, **more: str) -> None:
    """Run the step that judges, against a reference provider that lies as told."""
    secret = " ".join(EXPRESSION.findall(step("nightly", "Judge")["env"]["KEY"])[0].split())
    given = {**environment_of("Judge", **{secret: KEY}), "MODELS": "qwen-image", **more}
    with lying(*defects) as server:
        (runner.work / "acme.toml").write_text(TOML.format(url=server.base_url))
        done = runner.run(step("nightly", "Judge")["run"], **given)
    assert done.returncode == 0, done.stdout + done.stderr


def drift_of_last_night(runner: Runner) -> None:
    conclusion = {"steps.judge.outputs.conclusion": runner.outputs["conclusion"]}
    done = runner.run(step("nightly", "Drift")["run"], **environment_of("Drift", **conclusion))
    assert done.returncode == 0, done.stderr


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
    (runner.work / "acme.toml").write_text(TOML.format(url="https://acme.test/v1"))
    given = {"PROVIDER": "./acme.toml", "RUN_FILE": "night/acme.jsonl", "KEY": ""}
    done = runner.run("bash .github/scripts/judge.sh", **given)
    assert done.returncode == 1
    assert "ACME_KEY" in done.stderr
    assert "was not judged at all" in done.stdout


class Nights:
    """Nights of one provider, one after another, as the workflow goes through them."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.day = 0
        (runner.work / "night").mkdir()

    def next(self, *findings: Finding, end: Any = ..., conclusion: str = "0") -> dict[str, str]:
        """Let a night pass: drift, then the issue; gives the outputs of drift."""
        self.day += 1
        run: Run = night(self.day, answer(), *findings, runs.finding("envelope.json"), end=end)
        write_run(run, self.runner.work / "night" / "acme.jsonl")
        given = environment_of("Drift", **{"steps.judge.outputs.conclusion": conclusion})
        done = self.runner.run(step("nightly", "Drift")["run"], **given)
        assert done.returncode == 0, done.stderr
        shutil.copytree(
            self.runner.work / "night", self.runner.work / "nights" / "acme", dirs_exist_ok=True
        )
        told = self.runner.run(
            step("nightly", "Issue")["run"], **resolved(step("nightly", "Issue")["env"], VALUES)
        )
        assert told.returncode == 0, told.stderr
        return self.runner.outputs


@pytest.fixture
def nights(runner: Runner) -> Nights:
    return Nights(runner)


BROKEN = runs.broken(repeats=3)
ALSO = runs.broken(clause="count.n-images", repeats=3)
COUNT = runs.finding("count.n-images")


def test_same_regression_on_a_second_night_refreshes_its_issue(nights: Nights) -> None:
    assert nights.next(runs.finding())["good"] == "true"
    assert nights.next(BROKEN)["code"] == "1"
    assert nights.next(BROKEN) == {"code": "1", "good": "false"}
    (issue,) = nights.runner.state["issues"]
    assert issue["title"] == "acme no longer keeps format.url-only"
    assert (issue["state"], issue["comments"]) == ("OPEN", [])
    calls = [each[:2] for each in nights.runner.state["calls"]]
    assert calls.count(["issue", "create"]) == 1
    assert ["issue", "edit"] in calls
    assert len(list((nights.runner.work / "good").iterdir())) == 1


def test_issue_is_closed_once_it_is_kept_again_and_opened_again_if_not(nights: Nights) -> None:
    for findings in ([runs.finding()], [BROKEN], [runs.finding()]):
        nights.next(*findings)
    (issue,) = nights.runner.state["issues"]
    assert issue["state"] == "CLOSED"
    assert "kept again" in issue["comments"][0]
    nights.next(BROKEN)
    (issue,) = nights.runner.state["issues"]
    assert issue["state"] == "OPEN"
    assert "broken again" in issue["comments"][1]


@pytest.mark.parametrize(
    "unsure",
    [runs.finding(verdict=Verdict.UNAVAILABLE), runs.broken(), runs.finding(verdict=Verdict.FLAKY)],
    ids=["unavailable", "unconfirmed", "flaky"],
)
def test_night_that_cannot_tell_closes_nothing(nights: Nights, unsure: Finding) -> None:
    nights.next(runs.finding())
    nights.next(BROKEN)
    before = nights.runner.state["issues"]
    nights.next(unsure)
    assert nights.runner.state["issues"] == before


@pytest.mark.parametrize("unsure", [Verdict.UNAVAILABLE, Verdict.FLAKY], ids=["429", "flaky"])
def test_regression_after_a_night_that_could_not_tell_is_never_taken_for_good(
    nights: Nights, unsure: Verdict
) -> None:
    nights.next(runs.finding())
    assert nights.next(runs.finding(verdict=unsure))["good"] == "true"
    for _ in range(2):
        assert nights.next(runs.broken()) == {"code": "0", "good": "false"}
        assert "No good night: what waits for confirmation" in nights.runner.summary
    assert nights.next(BROKEN) == {"code": "1", "good": "false"}
    good = (nights.runner.work / "good").iterdir()
    assert {read_run(each).header["started"][8:10] for each in good} <= {"01", "02"}


def test_cut_off_night_closes_nothing_and_is_no_good_one(nights: Nights) -> None:
    nights.next(runs.finding())
    nights.next(BROKEN)
    assert nights.next(runs.finding(), end=None, conclusion="2")["good"] == "false"
    assert nights.runner.state["issues"][0]["state"] == "OPEN"


def test_deviation_that_was_written_down_closes_the_issue(nights: Nights) -> None:
    nights.next(runs.finding())
    nights.next(BROKEN)
    nights.next(runs.known())
    assert nights.runner.state["issues"][0]["state"] == "CLOSED"


def test_other_clauses_change_the_issue_with_a_comment(nights: Nights) -> None:
    nights.next(runs.finding(), COUNT)
    nights.next(BROKEN, COUNT)
    nights.next(BROKEN, ALSO)
    (issue,) = nights.runner.state["issues"]
    assert issue["title"] == "acme no longer keeps count.n-images and 1 more"
    assert "Newly broken: count.n-images. No longer: nothing." in issue["comments"][0]


def test_clause_that_could_not_be_judged_does_not_leave_the_issue(nights: Nights) -> None:
    nights.next(runs.finding(), COUNT)
    nights.next(BROKEN, ALSO)
    before = nights.runner.state["issues"]
    nights.next(BROKEN, runs.finding("count.n-images", Verdict.UNAVAILABLE))
    assert nights.runner.state["issues"] == before


def test_first_night_that_could_not_be_judged_is_no_base(nights: Nights) -> None:
    assert nights.next(runs.finding(), conclusion="2") == {"code": "2", "good": "false"}
    assert not list((nights.runner.work / "good").iterdir())


def test_only_so_many_good_nights_are_kept(nights: Nights) -> None:
    good = nights.runner.work / "good"
    good.mkdir()
    for day in range(1, 40):
        write_run(night(1, runs.finding(), head={"id": f"n{day}"}), good / f"2025{day:04}.jsonl")
    nights.day = 1
    nights.next(runs.finding())
    assert len(list(good.iterdir())) == 30
    assert min(each.name for each in good.iterdir()) == "20250011.jsonl"


def artifact(run: int, **changes: Any) -> dict[str, Any]:
    made_by = {"id": run, "head_branch": "main", "head_repository_id": 7}
    about = {"created_at": f"2026-01-{run:02}", "expired": False}
    return {**about, **changes, "workflow_run": {**made_by, **changes.get("workflow_run", {})}}


@pytest.mark.parametrize(
    ("artifacts", "base"),
    [
        ([artifact(3), artifact(5), artifact(4)], "5.jsonl"),
        ([artifact(3), artifact(5, expired=True)], "3.jsonl"),
        ([artifact(3), artifact(5, workflow_run={"head_repository_id": 8})], "3.jsonl"),
        ([artifact(3), artifact(5, workflow_run={"head_branch": "evil"})], "3.jsonl"),
        ([], ""),
    ],
    ids=["newest", "expired", "fork", "branch", "none"],
)
def test_good_nights_come_from_our_own_branch(
    runner: Runner, artifacts: list[dict[str, Any]], base: str
) -> None:
    for run in (3, 5):
        (runner.home / "gh" / str(run)).mkdir()
        (runner.home / "gh" / str(run) / f"{run}.jsonl").write_text("")
    runner.remember(artifacts=artifacts)
    name = "Fetch the good nights"
    done = runner.run(step("nightly", name)["run"], **environment_of(name))
    assert done.returncode == 0, done.stderr
    assert [each.name for each in (runner.work / "good").iterdir()] == [base] * bool(base)
    assert (runner.home / "env").read_text() == f"BASELINE={'good' * bool(base)}\n"


class Chain:
    """Nights as GitHub has them: each on a new machine, with nothing but artifacts between."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.night = 0

    def next(self, *defects: str, run: Run | None = None) -> dict[str, str]:
        """Let a night pass, live against a provider that lies as told, or with a run given."""
        self.night += 1
        for name in ("good", "night"):
            shutil.rmtree(self.runner.work / name, ignore_errors=True)
        (self.runner.home / "env").unlink(missing_ok=True)
        name = "Fetch the good nights"
        done = self.runner.run(step("nightly", name)["run"], **environment_of(name))
        assert done.returncode == 0, done.stderr
        if run is None:
            _, _, baseline = (self.runner.home / "env").read_text().strip().partition("=")
            judge(self.runner, *defects, BASELINE=baseline)
        else:
            write_run(run, self.run_file)
            self.runner.outputs["conclusion"] = "2"
        drift_of_last_night(self.runner)
        self._keep()
        return {name: self.runner.outputs[name] for name in ("code", "good")}

    @property
    def run_file(self) -> Path:
        return self.runner.work / "night" / "acme.jsonl"

    def _keep(self) -> None:
        """Upload the good nights, where the workflow does."""
        keep = step("nightly", "Keep the good nights")
        assert keep["if"] == "${{ steps.drift.outputs.code != '' }}"
        files = list((self.runner.work / keep["with"]["path"]).iterdir())
        if not files:
            assert keep["with"]["if-no-files-found"] == "ignore"
            return
        folder = self.runner.home / "gh" / str(self.night)
        folder.mkdir()
        for each in files:
            shutil.copy(each, folder)
        others = [each["workflow_run"]["id"] for each in self.runner.state["artifacts"]]
        self.runner.remember(artifacts=[artifact(each) for each in [*others, self.night]])


def without_answers(run: Run, clause: str) -> Run:
    """Give the night after a run: the same, but that a clause's cases were answered 429."""
    cases = {each.case for each in run.findings if each.clause == clause}
    later = {"id": "later", "started": datetime.now(UTC).isoformat(timespec="seconds")}
    findings = [
        replace(each, verdict=Verdict.UNAVAILABLE, message="HTTP 429")
        if each.case in cases
        else each
        for each in run.findings
    ]
    return Run({**run.header, **later}, run.exchanges, findings, footer=run.footer)


def test_break_after_a_429_night_stays_a_regression_through_the_whole_chain(
    runner: Runner,
) -> None:
    chain = Chain(runner)
    assert chain.next() == {"code": "0", "good": "true"}
    out = without_answers(read_run(chain.run_file), "count.zero-refused")
    assert chain.next(run=out) == {"code": "0", "good": "true"}
    for _ in range(2):
        assert chain.next("count.zero-taken") == {"code": "1", "good": "false"}
        told = json.loads((runner.work / "night" / "drift.json").read_text())
        (change,) = [each for each in told["changes"] if each["class"] == "regression"]
        assert (change["subject"], change["repeats"]) == ("count.zero-refused", 3)
    assert len(list((runner.work / "good").iterdir())) == 2
    assert len(runner.state["artifacts"]) == 4


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


def test_action_tells_drift_against_a_baseline(runner: Runner) -> None:
    (runner.work / "out").mkdir()
    write_run(night(1, answer(), runs.finding()), runner.work / "base.jsonl")
    write_run(night(2, answer(), BROKEN), runner.work / "out" / "run.jsonl")
    done = runner.run(step("action", "Drift")["run"], OUT="out", BASELINE="base.jsonl")
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
    environment = resolved(
        step("action", "Judge")["env"], {"github.action_path": str(ROOT), **values}
    )
    with lying("envelope.created-float") as server:
        (runner.work / "acme.toml").write_text(TOML.format(url=server.base_url))
        assert runner.run(step("action", "Judge")["run"], **environment).returncode == 0
    done = runner.run(
        step("action", "Drift")["run"], **resolved(step("action", "Drift")["env"], values)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "confirmed, broken again 3 times" in runner.summary


def test_marker_of_the_issue_is_what_the_script_looks_for(runner: Runner, tmp_path: Path) -> None:
    names = ["format.url-only", "errors.status-400"]
    old = night(1, *(runs.finding(each) for each in names))
    new = night(2, *(runs.broken(clause=each, repeats=2) for each in names))
    (tmp_path / "drift.json").write_text(drift_json(drift([old], new)))
    script = f"python {SCRIPTS / 'regression_issue.py'} {tmp_path / 'drift.json'}"
    assert "opened" in runner.run(script).stdout
    assert "refreshed #1" in runner.run(script).stdout
