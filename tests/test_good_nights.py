"""Which night is a good one, kept for those after it to be compared with."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.findings import Verdict
from conformance.results.run_file import Run, read_run
from tests import runs
from tests.nights import BROKEN, night
from tests.runs import write_run
from tests.workflows import KEY, Nights, Runner, drift_of_last_night, environment_of, judge, step

pytest_plugins = ["tests.workflows"]


def test_night_is_a_good_one_only_where_nothing_is_or_may_be_worse(nights: Nights) -> None:
    folder, passing = nights.runner.work / "good", runs.finding()
    red = {"code": "2", "good": "false"}
    after_kill = nights.next(passing, end=None, conclusion="137")
    without_verdict = nights.next(passing, conclusion="2")
    assert (after_kill, without_verdict, list(folder.iterdir())) == (red, red, [])
    assert nights.next(passing)["good"] == "true"
    assert nights.next(runs.finding(verdict=Verdict.UNAVAILABLE))["good"] == "true"
    assert nights.next(runs.broken_must()) == {"code": "0", "good": "false"}
    assert "No good night: what waits for confirmation" in nights.runner.summary
    assert nights.next(BROKEN) == {"code": "1", "good": "false"}
    assert nights.next(passing, end=None, conclusion="2")["good"] == "false"
    assert nights.runner.state["issues"][0]["state"] == "OPEN"
    assert {read_run(path).header.started[8:10] for path in folder.iterdir()} == {"03", "04"}


def test_only_so_many_good_nights_are_kept(nights: Nights) -> None:
    folder = nights.runner.work / "good"
    folder.mkdir()
    for day in range(1, 33):
        write_run(night(1, runs.finding(), head={"id": f"n{day}"}), folder / f"2025{day:04}.jsonl")
    nights.day = 1
    nights.next(runs.finding())
    assert len(list(folder.iterdir())) == 30
    assert min(path.name for path in folder.iterdir()) == "20250004.jsonl"


def artifact(run: int, **changes: Any) -> dict[str, Any]:
    made_by = {"id": run, "head_branch": "main", "head_repository_id": 7}
    about = {"created_at": f"2026-01-{run:02}", "expired": False}
    return {**about, **changes, "workflow_run": {**made_by, **changes.get("workflow_run", {})}}


OF_OTHERS = [
    artifact(7, expired=True),
    artifact(8, workflow_run={"head_repository_id": 8}),
    artifact(9, workflow_run={"head_branch": "evil"}),
]


@pytest.mark.parametrize(
    ("artifacts", "base"),
    [([artifact(3), artifact(5), artifact(4), *OF_OTHERS], "5.jsonl"), (OF_OTHERS, "")],
    ids=["newest", "none"],
)
def test_good_nights_come_from_our_own_branch(
    runner: Runner, artifacts: list[dict[str, Any]], base: str
) -> None:
    for run in range(3, 10):
        (runner.home / "gh" / str(run)).mkdir()
        (runner.home / "gh" / str(run) / f"{run}.jsonl").write_text("")
    runner.remember(artifacts=artifacts)
    fetch_good_nights(runner)
    assert [path.name for path in (runner.work / "good").iterdir()] == [base] * bool(base)
    assert (runner.home / "env").read_text() == f"BASELINE={'good' * bool(base)}\n"


def fetch_good_nights(runner: Runner) -> None:
    name = "Fetch the good nights"
    process = runner.run(step("nightly", name)["run"], **environment_of(name))
    assert process.returncode == 0, process.stderr


class Chain:
    """Nights as GitHub has them: each on a new machine, with nothing but artifacts between."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.night = 0

    def next(self, *defects: str, run: Run | None = None) -> dict[str, str]:
        """Run a night live against a provider with these defects, or take a run as the night."""
        self.night += 1
        for name in ("good", "night"):
            shutil.rmtree(self.runner.work / name, ignore_errors=True)
        (self.runner.home / "env").unlink(missing_ok=True)
        fetch_good_nights(self.runner)
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
        for file in files:
            shutil.copy(file, folder)
        ids = [night["workflow_run"]["id"] for night in self.runner.state["artifacts"]]
        self.runner.remember(artifacts=[artifact(night) for night in [*ids, self.night]])


def without_answers(run: Run, clause: str) -> Run:
    """Return the night after a run: the same, but that a clause's cases were answered 429."""
    cases = {finding.case for finding in run.findings if finding.clause == clause}
    out = {"verdict": Verdict.UNAVAILABLE, "message": "HTTP 429"}
    findings = [
        replace(finding, **out) if finding.case in cases else finding for finding in run.findings
    ]
    night = Run(run.header, run.exchanges, findings, footer=run.footer)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    runs.change_header(night, id="later", started=started)
    return night


@pytest.mark.long
def test_break_after_a_429_night_stays_a_regression_through_the_whole_chain(
    runner: Runner,
) -> None:
    chain = Chain(runner)
    assert chain.next() == {"code": "0", "good": "true"}
    assert runner.outputs["conclusion"] == "0"
    assert read_run(chain.run_file).complete
    assert KEY not in chain.run_file.read_text()
    assert "The plan for acme.toml" in runner.summary
    assert "run --live starts with" in runner.summary or "nothing is billed" in runner.summary
    assert "The first night" in runner.summary
    out = without_answers(read_run(chain.run_file), "count.zero-refused")
    assert chain.next(run=out) == {"code": "0", "good": "true"}
    assert chain.next("count.zero-taken") == {"code": "1", "good": "false"}
    document = json.loads((runner.work / "night" / "drift.json").read_text())
    (change,) = [change for change in document["changes"] if change["class"] == "regression"]
    assert (change["subject"], change["repeats"]) == ("count.zero-refused", 3)
    assert "count.zero-refused" in (runner.work / "night" / "history.md").read_text()
    assert len(list((runner.work / "good").iterdir())) == 2
    assert len(runner.state["artifacts"]) == 3
