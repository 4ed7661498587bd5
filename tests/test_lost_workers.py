"""A worker that dies is no verdict: the run is incomplete, and says so everywhere."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter, OrderedDict
from pathlib import Path

import pytest

from conformance.findings import Verdict
from conformance.reports import render
from conformance.results.run_file import Run, read_run
from conformance.suite.xdist import TogetherScheduling
from tests.extent import sample
from tests.processes import COMMAND, PLAIN
from tests.recording import CASSETTES, PROVIDER, ReplayedRun
from tests.test_scheduling import Worker

MODEL = {"models": "qwen-image"}
ONE = ("--models", "qwen-image")
PATIENCE = 300  # seconds: each death costs the start of another worker


def play_with_deaths(folder: Path, seed: int, others_go_on: bool) -> tuple[Run, ReplayedRun]:
    """A run of which workers die at random moments; their last reports may be repeated."""
    rng = random.Random(seed)
    play = ReplayedRun(folder, workers=True, **MODEL)
    names = list(play.asked)
    play.begin(names)
    moments = sorted(rng.sample(range(len(names)), rng.randint(1, 3)))
    for rank, name in enumerate(names):
        if rank in moments:
            play.die(name, f"gw{rank}")
            if not others_go_on:
                break
            for repeat in names[max(0, rank - rng.randint(0, 3)) : rank]:
                play.report(repeat)
        play.report(name)
    return play.end(), play


@pytest.mark.parametrize("seed", sample(range(12), 4))
@pytest.mark.parametrize("others_go_on", [True, False], ids=["others-go-on", "nobody-left"])
def test_lost_worker_leaves_the_run_incomplete(
    tmp_path: Path, seed: int, others_go_on: bool
) -> None:
    run, play = play_with_deaths(tmp_path, seed, others_go_on)
    assert (run.complete, run.interrupted, play.ended.exitstatus) == (False, True, 2)
    assert run.footer is not None
    assert (run.footer.whole, run.footer.conclusion) == (False, 2)
    verdicts = Counter(finding.verdict for finding in run.findings)
    assert verdicts.total() == len(play.asked) == len({finding.id for finding in run.findings})
    assert (verdicts[Verdict.NOT_RUN] > 0) == (not others_go_on)


def test_worker_that_died_after_its_report_breaks_nothing(tmp_path: Path) -> None:
    play = ReplayedRun(tmp_path, workers=True, **MODEL)
    play.begin(play.asked)
    for item in play.asked:
        play.report(item)
    play.die(item)  # pytest-xdist blames what it was at, and counts that as a failure
    assert play.end().interrupted
    assert play.ended.exitstatus == 2


def test_lost_worker_is_told_in_every_report(tmp_path: Path) -> None:
    run, play = play_with_deaths(tmp_path, 1, others_go_on=True)
    texts = {form: render([run], form) for form in ("md", "html", "json", "junit", "svg")}
    junit = texts.pop("junit")
    assert ET.fromstring(junit).get("errors") == "1"
    headlines = texts | {"json": json.loads(texts["json"])["sentence"], "terminal": play.said}
    assert [form for form, text in headlines.items() if "could not be judged" not in text] == []
    del texts["svg"]  # a badge has no room
    texts |= {"terminal": play.said, "junit": junit}
    assert [form for form, text in texts.items() if "died" not in text] == []


def test_broken_promise_outweighs_a_lost_worker(tmp_path: Path) -> None:
    play = ReplayedRun(tmp_path, workers=True, **MODEL)
    first, second, *_ = play.asked
    play.begin(play.asked)
    play.report(first, Verdict.FAIL)
    play.ended.testsfailed = 1
    play.die(second)
    run = play.end()
    assert (run.complete, play.ended.exitstatus) == (False, 1)


def test_workers_that_died_before_all_leave_exit_code_2(tmp_path: Path) -> None:
    play = ReplayedRun(tmp_path, workers=True, **MODEL)
    play.begin(play.asked)
    play.die(next(iter(play.asked)))
    run = play.end()
    assert {finding.verdict for finding in run.findings} == {Verdict.NOT_RUN}
    assert play.ended.exitstatus == 2


CASES = [f"x.py::acme::dall-e-2/{case}::{clause}" for case in ("n-1", "n-2") for clause in "ab"]


def test_case_that_kills_a_second_worker_is_given_up_and_others_are_not() -> None:
    scheduling = object.__new__(TogetherScheduling)
    scheduling.log, scheduling.workqueue = print, OrderedDict()
    scheduling._deaths = Counter()
    scheduling.assigned_work = {}
    for rank in range(2):
        node = Worker()
        work = scheduling.workqueue.pop("group", dict.fromkeys(CASES, False))
        scheduling.registered_collections = {node: CASES}
        scheduling.assigned_work[node] = {"group": work}
        scheduling.remove_node(node)
        remaining = [name for name, is_done in scheduling.workqueue["group"].items() if not is_done]
        assert remaining == (CASES[2:] if rank else CASES)


POISON = """
import os, signal
from conformance.runner.engine import Engine
judged = Engine.judged
def kill(self, case):
    if "PYTEST_XDIST_WORKER" in os.environ and case.id == {case!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    return judged(self, case)
Engine.judged = kill
"""


AT_A_MOMENT = """
import os, signal
told = []
def pytest_runtest_logreport(report):
    told.append(report)
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and len(told) == {moment}:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def start_run(folder: Path, *more: str, **environment: str) -> subprocess.Popen[str]:
    words = ["run", "--replay", "--provider", PROVIDER, "--workers", "2"]
    words += ["--cassettes", str(CASSETTES), "-o", "run.jsonl", *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*COMMAND, *words], cwd=folder, env=PLAIN | environment, **pipes)  # type: ignore[call-overload, no-any-return]


def with_poison(folder: Path, text: str) -> dict[str, str]:
    """Return the environment of a run with a plugin, which no current folder may hold."""
    elsewhere = folder / "plugins"
    elsewhere.mkdir()
    (elsewhere / "poison.py").write_text(text)
    path = os.pathsep.join([str(elsewhere), *sys.path])
    return {"PYTEST_PLUGINS": "poison", "PYTHONPATH": path}


@pytest.mark.long
def test_cassette_that_kills_workers_is_not_run_and_the_rest_is_judged(tmp_path: Path) -> None:
    poison = POISON.format(case="prompt-not-string")
    process = start_run(tmp_path, *ONE, "--cases", "[bp]*", **with_poison(tmp_path, poison))
    out, err = process.communicate(timeout=PATIENCE)
    run = read_run(tmp_path / "run.jsonl")
    assert (process.returncode, run.complete) == (2, False), out + err
    cases = {finding.case for finding in run.findings if finding.verdict is Verdict.NOT_RUN}
    assert cases == {"prompt-not-string"}
    assert "of pytest-xdist died" in err
    assert "could not be judged" in out


@pytest.mark.long
@pytest.mark.parametrize("seed", [2])
def test_worker_killed_at_a_random_moment_never_leaves_a_green_run(
    tmp_path: Path, seed: int
) -> None:
    moment = random.Random(seed).randint(1, 90)
    process = start_run(tmp_path, *ONE, **with_poison(tmp_path, AT_A_MOMENT.format(moment=moment)))
    out, err = process.communicate(timeout=PATIENCE)
    run = read_run(tmp_path / "run.jsonl")
    assert (process.returncode, run.complete) == (2, False), out + err
    assert not any(finding.verdict is Verdict.NOT_RUN for finding in run.findings)
    assert "a worker of pytest-xdist died (gw0): others judged what was left" in err
