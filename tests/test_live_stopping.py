"""A live run that is stopped or killed keeps what it paid for, and nothing is paid twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from conformance.cli import main
from conformance.exchange.model import Price
from conformance.findings import Verdict
from conformance.live.ledger import STOPPED, read_ledger
from conformance.results.records import NOT_RUN, ExchangeRecord
from conformance.results.run_file import Run, read_run
from conformance.runner.live_run import LiveRun
from conformance.runner.output_path import OutputFile, ledger_of
from conformance.runner.resume import ResumeError
from conformance.suite.signals import SAID, SIGNALS, Stopping
from tests.kills import kill_often
from tests.live import (
    KEY,
    CountingServer,
    error,
    images,
    judge_all,
    serve_counting,
    session,
    verdicts,
)
from tests.living import LiveProcess, live, spent_of, wait_for

FEW = ("--budget", "1", "--cases", "[bu][a6r]*", "--quiet")
"""Images, and nothing that is to be refused: that would be sent before them."""


@dataclass
class Stopped:
    """A run that was stopped while two answers were under way, and the run that resumed it."""

    folder: Path
    url: str
    eye: CountingServer
    code: int | None
    output: str
    posts: int  # generations, by the run that was stopped

    def resume(self, name: str, *words: str, of: str = "run.jsonl") -> tuple[Run, str]:
        """Resume a run into a file of its own; returns it, and what was said."""
        options = (*FEW, "--resume", of, "--output", name, *words)
        stderr = live(self.folder, self.url, *options).stderr
        return read_run(self.folder / name), stderr

    @property
    def run(self) -> Run:
        return read_run(self.folder / "run.jsonl")


@contextmanager
def stop_run(folder: Path, *signals: int, answer: bool) -> Iterator[Stopped]:
    """Stop a run while its third and fourth request are under way, which may be answered."""
    with serve_counting() as (url, eye):
        eye.held_from = 2
        eye.gate.clear()
        process = LiveProcess(folder, url, *FEW, "--concurrency", "2")
        wait_for(lambda: eye.posts >= 4)
        process.send(*signals)
        if answer:
            wait_for(lambda: SAID in process.said)
            eye.gate.set()
        code = process.wait()
        eye.gate.set()
        yield Stopped(folder, url, eye, code, process.said, eye.posts)


@pytest.fixture(scope="module")
def interrupted_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    with stop_run(tmp_path_factory.mktemp("interrupted"), signal.SIGINT, answer=True) as run:
        yield run


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    with stop_run(tmp_path_factory.mktemp("killed"), signal.SIGKILL, answer=False) as run:
        yield run


def generations(run: Run) -> list[ExchangeRecord]:
    """The requests for images that were sent."""
    exchanges = (exchange for exchange in run.exchanges.values() if exchange.outcome != NOT_RUN)
    return [exchange for exchange in exchanges if exchange.case != "models-list"]


def test_ctrl_c_keeps_what_is_under_way_and_says_how_the_run_is_resumed(
    interrupted_run: Stopped,
) -> None:
    run = interrupted_run.run
    assert len(generations(run)) == interrupted_run.posts
    assert {finding.verdict for finding in run.findings} == {Verdict.PASS, Verdict.NOT_RUN}
    assert (interrupted_run.code, run.complete, interrupted_run.output.count(SAID)) == (2, False, 1)
    how = "continue with --resume run.jsonl and another --output"
    assert f"the findings made so far are kept; {how}" in interrupted_run.output
    assert "Traceback" not in interrupted_run.output


def test_interrupted_run_is_resumed_without_sending_a_case_twice(interrupted_run: Stopped) -> None:
    second, stderr = interrupted_run.resume("second.jsonl")
    assert second.complete, stderr
    assert len(generations(second)) == interrupted_run.eye.posts > interrupted_run.posts
    assert second.header.resumes == (interrupted_run.run.header.id,)
    assert KEY not in (interrupted_run.folder / "second.jsonl").read_text()


def test_killed_run_keeps_every_answer_and_its_ledger_names_those_that_are_lost(
    killed_run: Stopped,
) -> None:
    run = killed_run.run
    assert (killed_run.code, run.footer) == (-signal.SIGKILL, None)
    assert len(generations(run)) == killed_run.posts - 2
    unanswered = read_ledger(ledger_of(killed_run.folder / "run.jsonl")).unanswered
    paths = {f"paid::{exchange.partition('/')[2]}" for exchange in run.exchanges}
    amounts = [row.usd for name, row in unanswered.items() if name not in paths]
    assert amounts == [pytest.approx(0.04)] * 2


def test_lost_answers_are_spent_and_sent_again_only_when_told(killed_run: Stopped) -> None:
    second, stderr = killed_run.resume("second.jsonl")
    sentence = "2 requests of run.jsonl may be billed, and the answers are lost: 0.08 USD at most"
    assert f"{sentence}, counted as spent; they are not sent again without --resend" in stderr
    assert stderr.count(sentence) == 1
    assert len(generations(second)) == killed_run.eye.posts - 2
    kinds = {
        finding.verdict for finding in second.findings if "--resend sends it" in finding.message
    }
    assert kinds == {Verdict.NOT_RUN}
    prices = [generation.price for generation in generations(second) if generation.run is None]
    own_usd = sum(price.spent.estimate or 0 for price in prices if price and price.spent)
    assert spent_of(killed_run.folder / "second.jsonl").estimate == pytest.approx(own_usd + 0.08)
    third, stderr = killed_run.resume("third.jsonl", "--resend", of="second.jsonl")
    assert third.complete, stderr
    assert "counted as spent; they are sent again" in stderr
    usd = spent_of(killed_run.folder / "third.jsonl").estimate
    assert usd == pytest.approx(0.08), "not counted a second time"


def test_budget_has_to_pay_for_lost_answers_too(killed_run: Stopped) -> None:
    words = ("--resume", "run.jsonl", "--output", "less.jsonl", "--budget", "0.01")
    stderr = live(killed_run.folder, killed_run.url, *FEW, *words).stderr
    assert "0.08 USD counts as spent for answers that were lost: more than --budget 0.01" in stderr


def test_nothing_billed_is_sent_twice_whenever_it_is_killed(tmp_path: Path) -> None:
    assert kill_often(tmp_path, kills=3, seed=1) == []


def test_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with serve_counting() as (url, eye):
        eye.held_from = 2
        eye.gate.clear()
        process = LiveProcess(tmp_path, url, *FEW)
        wait_for(lambda: eye.posts > 2)
        process.send(signal.SIGINT)
        wait_for(lambda: SAID in process.said)
        time.sleep(0.6)  # sooner it is the same signal
        process.send(signal.SIGINT)
        assert process.wait(20) == 2
    assert "interrupted" in process.said
    assert "continue with --resume run.jsonl" in process.said
    assert "Traceback" not in process.said


def test_stopped_run_sends_nothing_more_and_keeps_prices(tmp_path: Path) -> None:
    with serve_counting() as (url, eye), session(tmp_path, url) as new_session:
        new_session.live.ledger.stop()
        results = judge_all(new_session)
        assert eye.asked == []
    assert verdicts(results) == {"not run"}
    baseline = results["dall-e-2/baseline"]
    assert baseline.outcome.reason == f"not run: {STOPPED}"
    assert baseline.record is not None
    assert baseline.record.price == Price(0.02, None)


def test_stop_ends_the_wait_that_a_provider_asked_for(tmp_path: Path) -> None:
    busy = images(error(429, retry_after="60"))

    def answer(number: int, path: str) -> Any:
        threading.Timer(0.1, new_session.live.ledger.stop).start()
        return busy(number, path)

    with (
        serve_counting(answer) as (url, eye),
        session(tmp_path, url, cases="baseline") as new_session,
    ):
        new_session.__dict__["live"] = LiveRun(new_session.options)
        before = time.monotonic()
        judge_all(new_session)
        assert time.monotonic() - before < 3
    assert eye.posts == 1


def test_signals_are_one_at_one_moment_end_the_run_later_and_are_given_back() -> None:
    before, stop = [signal.getsignal(number) for number in SIGNALS], Mock()
    stopping = Stopping(stop)
    try:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # `timeout` asks a process and its group
        stop.assert_called_once_with()
        assert not stopping.at_once
        stopping._last -= 1  # a second later
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert stopping.at_once
    finally:
        stopping.end()
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_run_under_nohup_survives_its_terminal() -> None:
    before, stop = signal.signal(signal.SIGHUP, signal.SIG_IGN), Mock()
    stopping = Stopping(stop)
    signal.raise_signal(signal.SIGHUP)
    stopping.end()
    signal.signal(signal.SIGHUP, before)
    stop.assert_not_called()


def test_run_that_goes_on_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with (
        OutputFile(path),
        session(tmp_path, "http://127.0.0.1:1/v1", resume=path) as new_session,
        pytest.raises(ResumeError, match="that run still goes on; wait for it, or stop it"),
    ):
        new_session.check_affordable()


def test_ctrl_c_before_anything_is_sent_is_one_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "conformance.suite.command.run_promises", Mock(side_effect=KeyboardInterrupt)
    )
    monkeypatch.setattr("conformance.cli.guard", Mock())
    monkeypatch.setattr("sys.argv", ["image-conformance", "run"])
    with pytest.raises(SystemExit) as excinfo:
        main()
    assert excinfo.value.code == 2
    assert capsys.readouterr().err.strip() == "interrupted"
