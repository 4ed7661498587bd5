"""A live run that is stopped keeps what it paid for, sends no more, and can be gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from filelock import FileLock

from conformance.cli import main
from conformance.live.ledger import STOPPED, Ledger
from conformance.results.records import PriceRecord
from conformance.results.run_file import Run, read_run
from conformance.runner.journal import Spool
from conformance.runner.live_run import LiveRun
from conformance.runner.output_path import Place, folder_of, lock_of
from conformance.runner.resume import ResumeError
from conformance.runner.underway import await_answers
from conformance.suite.signals import SAID, SIGNALS, Stopping, follow
from tests.live import KEY, error, images, judge_all, paid_toml, session, verdicts, watched
from tests.living import PAID, lines_of, live, paid_answers, wait_for
from tests.processes import COMMAND, PLAIN

TWO = ["--budget", "1", "--cases", "[bu][a6r]*", "-n", "2"]
"""Images, and nothing that is to be refused: that would be sent before them."""


@contextmanager
def started(folder: Path, url: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run with a group of its own, as a terminal does."""
    paid_toml(folder, "dall-e-3")
    whole = [*COMMAND, *PAID, "--base-url", url, *words]
    with subprocess.Popen(
        whole, cwd=folder, env=PLAIN, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        yield running


def gone_on_with(folder: Path, url: str) -> tuple[Run, str]:
    """Go on with a run in one process, at once; gives the new one and what it said."""
    again = [*TWO[:-1], "0", "--resume", "run.jsonl", "--output", "second.jsonl"]
    done = live(folder, url, *again)
    assert done.returncode == 0, done.stderr + done.stdout
    assert lines_of(folder / "second.jsonl")[0]["resumes"] == [
        lines_of(folder / "run.jsonl")[0]["id"]
    ]
    assert KEY not in (folder / "second.jsonl").read_text()
    return read_run(folder / "second.jsonl"), done.stderr


def generations(run: Run) -> int:
    """Count the requests for images, of all cases."""
    return sum(each.case != "models-list" for each in run.exchanges.values())


def test_ctrl_c_waits_for_what_is_under_way_and_no_case_is_sent_twice(tmp_path: Path) -> None:
    with watched() as (url, eye):
        eye.pause = 0.7
        with started(tmp_path, url, *TWO) as running:
            wait_for(lambda: eye.posts >= 2)
            os.killpg(running.pid, signal.SIGINT)
            _, said = running.communicate(timeout=60)
        first, eye.pause = eye.posts, 0
        assert paid_answers(folder_of(tmp_path / "run.jsonl")) == first, "each one was kept"
        second, _ = gone_on_with(tmp_path, url)
    assert (running.returncode, read_run(tmp_path / "run.jsonl").complete) == (2, False)
    assert said.count(SAID) == 1
    assert "the findings made so far are kept; go on with --resume run.jsonl" in said
    assert "Traceback" not in said
    assert first < eye.posts == generations(second)
    assert second.complete


def test_killed_run_is_waited_for_and_no_case_is_sent_twice(tmp_path: Path) -> None:
    """Kill it when one image has come, and every worker waits for another."""
    with watched() as (url, eye):
        eye.pause = 0.3
        with started(tmp_path, url, *TWO) as running:
            wait_for(lambda: eye.posts)
            eye.pause = 3
            wait_for(lambda: paid_answers(folder_of(tmp_path / "run.jsonl")) and eye.posts > 2)
            os.kill(running.pid, signal.SIGKILL)
            eye.pause = 0  # the rest need not be waited for
            second, said = gone_on_with(tmp_path, url)
    assert "requests of run.jsonl are still under way, and paid for" in said
    assert eye.posts == generations(second)
    assert second.complete


def test_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with watched() as (url, eye):
        eye.pause = 0.3
        with started(tmp_path, url, *TWO) as running:
            wait_for(lambda: eye.posts)
            eye.pause = 30  # and those are not waited for
            wait_for(lambda: paid_answers(folder_of(tmp_path / "run.jsonl")) and eye.posts > 2)
            os.killpg(running.pid, signal.SIGINT)
            time.sleep(0.6)
            os.killpg(running.pid, signal.SIGINT)
            _, said = running.communicate(timeout=5)
    assert running.returncode == 2
    assert "interrupted" in said
    assert "go on with --resume run.jsonl" in said
    assert "Traceback" not in said


def test_sigterm_keeps_the_one_answer_and_is_never_green(tmp_path: Path) -> None:
    with watched() as (url, eye):
        eye.pause = 0.7
        words = ["--budget", "1", "--cases", "baseline", "-n", "0", "--quiet"]
        with started(tmp_path, url, *words) as running:
            wait_for(lambda: eye.posts)
            # two at one moment, however busy the machine is: `timeout` asks a process and its group
            for each in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
                running.send_signal(each)
            _, said = running.communicate(timeout=30)
    run = read_run(tmp_path / "run.jsonl")
    assert (running.returncode, run.complete, generations(run)) == (2, False, 1)
    assert {each.verdict.value for each in run.findings} == {"pass"}
    assert said.count(SAID) == 1


def test_stopped_run_sends_nothing_more_and_keeps_prices(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url) as found:
        found.live.ledger.stop()
        judged = judge_all(found)
        assert eye.asked == []
    assert verdicts(judged) == {"not run"}
    baseline = judged["dall-e-2/baseline"]
    assert baseline.outcome.reason == f"not run: {STOPPED}"
    assert baseline.record is not None
    assert baseline.record.price == PriceRecord(0.02, None)


def test_first_signal_ends_the_wait_that_a_provider_asked_for(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    busy = images(error(429, retry_after="60"))

    def answer(number: int, path: str) -> Any:
        threading.Timer(0.2, lambda: Ledger(shared / "ledger.sqlite").stop()).start()
        return busy(number, path)

    with (
        watched(answer) as (url, eye),
        session(tmp_path, url, cases="baseline", shared=shared) as found,
    ):
        found.__dict__["live"] = LiveRun(found.options)
        before = time.monotonic()
        judge_all(found)
        assert time.monotonic() - before < 3
    assert eye.posts == 1


def test_worker_whose_parent_is_gone_sends_nothing(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with watched() as (url, eye), session(tmp_path, url, parent=gone.pid) as found:
        judged = judge_all(found)
        assert eye.asked == []
    assert "the process that started this one has ended" in (
        judged["dall-e-2/baseline"].outcome.reason
    )


def test_worker_whose_parent_is_there_sends(tmp_path: Path) -> None:
    with (
        watched() as (url, eye),
        session(tmp_path, url, parent=os.getppid(), cases="baseline") as found,
    ):
        judge_all(found)
    assert eye.posts == 1


class Taken(Stopping):
    """The signals of a run, taken over and given back without pytest."""

    def __enter__(self) -> Taken:
        self._take_over()
        return self

    def __exit__(self, *_: object) -> None:
        self.pytest_unconfigure()


def test_signals_at_once_are_one_and_a_later_one_ends_the_workers(tmp_path: Path) -> None:
    killed: list[str] = []
    io = SimpleNamespace(kill=lambda: killed.append("worker"))
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    with Taken(lambda: path) as stopping:
        stopping.pytest_configure_node(SimpleNamespace(gateway=SimpleNamespace(_io=io)))
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        wait_for(ledger.stopped)
        assert killed == []
        stopping._last -= 1  # a second later
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert killed == ["worker"]


@pytest.mark.parametrize("shared", [True, False], ids=["sends", "replays"])
def test_signals_are_taken_where_something_is_paid_and_given_back(
    tmp_path: Path, shared: bool
) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with Taken(lambda: tmp_path / "ledger.sqlite" if shared else None):
        assert ([signal.getsignal(each) for each in SIGNALS] == before) == (not shared)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_worker_outlives_its_parent_for_as_long_as_an_answer_may_take() -> None:
    done: list[Any] = []
    pool = SimpleNamespace(waitall=done.append)
    gateway = SimpleNamespace(_execpool=pool, _terminate_execution=lambda: done.append("ended"))
    before = {each: signal.getsignal(each) for each in SIGNALS}
    try:
        follow(gateway, 480.0)
        signal.raise_signal(signal.SIGINT)  # and is left alone by the terminal
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    gateway._terminate_execution()
    assert done == [480.0, "ended"]


@pytest.mark.parametrize(
    "waits",
    [lambda path: await_answers(folder_of(path), path), lambda path: Place(path).take()],
    ids=["resume", "new-run-in-its-place"],
)
def test_answer_under_way_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], waits: Callable[[Path], None]
) -> None:
    path = tmp_path / "run.jsonl"
    lock = FileLock(folder_of(path) / "paid" / "0.lock", thread_local=False)
    Spool(folder_of(path) / "paid")
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    before = time.monotonic()
    waits(path)
    assert time.monotonic() - before >= 0.25
    assert capsys.readouterr().err.count("still under way, and paid for; waiting for them") == 1


def test_run_that_goes_on_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with (
        FileLock(lock_of(path)),
        session(tmp_path, "http://127.0.0.1:1/v1", resume=path) as found,
        pytest.raises(ResumeError, match="that run still goes on; wait for it, or stop it"),
    ):
        found.check_affordable()


def test_ctrl_c_before_anything_is_sent_is_one_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "conformance.suite.command.run_promises", Mock(side_effect=KeyboardInterrupt)
    )
    monkeypatch.setattr("conformance.cli.guard", Mock())
    monkeypatch.setattr("sys.argv", ["image-conformance", "run"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == "interrupted"
