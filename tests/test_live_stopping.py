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
from conformance.findings import Verdict
from conformance.live.ledger import STOPPED, read_ledger
from conformance.results.records import NOT_RUN, ExchangeRecord, PriceRecord
from conformance.results.run_file import Run, read_run
from conformance.runner.live_run import LiveRun
from conformance.runner.output_path import OutputFile, ledger_of
from conformance.runner.resume import ResumeError
from conformance.suite.signals import SAID, SIGNALS, Stopping
from tests.kills import kill_often
from tests.live import KEY, Watched, error, images, judge_all, session, verdicts, watched
from tests.living import Running, live, wait_for

FEW = ("--budget", "1", "--cases", "[bu][a6r]*", "--quiet")
"""Images, and nothing that is to be refused: that would be sent before them."""


@dataclass
class Stopped:
    """A run that was stopped while two answers were under way, and the run that resumed it."""

    folder: Path
    url: str
    eye: Watched
    code: int | None
    said: str
    sent: int  # generations, by the run that was stopped

    def resumed(self, name: str, *words: str, of: str = "run.jsonl") -> tuple[Run, str]:
        """Resume a run into a file of its own; returns it, and what was said."""
        again = (*FEW, "--resume", of, "--output", name, *words)
        said = live(self.folder, self.url, *again).stderr
        return read_run(self.folder / name), said

    @property
    def run(self) -> Run:
        return read_run(self.folder / "run.jsonl")


@contextmanager
def stopped(folder: Path, *signals: int, answer: bool) -> Iterator[Stopped]:
    """Stop a run while its third and fourth request are under way, which may be answered."""
    with watched() as (url, eye):
        eye.held_from = 2
        eye.gate.clear()
        running = Running(folder, url, *FEW, "--concurrency", "2")
        wait_for(lambda: eye.posts >= 4)
        running.send(*signals)
        if answer:
            wait_for(lambda: SAID in running.said)
            eye.gate.set()
        code = running.wait()
        eye.gate.set()
        yield Stopped(folder, url, eye, code, running.said, eye.posts)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    with stopped(tmp_path_factory.mktemp("interrupted"), signal.SIGINT, answer=True) as found:
        yield found


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    with stopped(tmp_path_factory.mktemp("killed"), signal.SIGKILL, answer=False) as found:
        yield found


def generations(run: Run) -> list[ExchangeRecord]:
    """The requests for images that were sent."""
    sent = (each for each in run.exchanges.values() if each.outcome != NOT_RUN)
    return [each for each in sent if each.case != "models-list"]


def test_ctrl_c_waits_for_what_is_under_way_and_keeps_it(interrupted: Stopped) -> None:
    assert len(generations(interrupted.run)) == interrupted.sent
    assert {each.verdict for each in interrupted.run.findings} == {Verdict.PASS, Verdict.NOT_RUN}


def test_ctrl_c_says_how_the_run_is_resumed_and_is_never_green(interrupted: Stopped) -> None:
    assert (interrupted.code, interrupted.run.complete) == (2, False)
    assert interrupted.said.count(SAID) == 1
    how = "continue with --resume run.jsonl and another --output"
    assert f"the findings made so far are kept; {how}" in interrupted.said
    assert "Traceback" not in interrupted.said


def test_interrupted_run_is_resumed_without_sending_a_case_twice(interrupted: Stopped) -> None:
    second, said = interrupted.resumed("second.jsonl")
    assert second.complete, said
    assert len(generations(second)) == interrupted.eye.posts > interrupted.sent
    assert second.header.resumes == (interrupted.run.header.id,)
    assert KEY not in (interrupted.folder / "second.jsonl").read_text()


def test_killed_run_keeps_every_answer_that_came(killed: Stopped) -> None:
    run = killed.run
    assert run.footer is None
    assert len(generations(run)) == killed.sent - 2


def test_ledger_of_a_killed_run_names_the_requests_without_an_answer(killed: Stopped) -> None:
    assert killed.code == -signal.SIGKILL
    ledger = read_ledger(ledger_of(killed.folder / "run.jsonl"))
    kept = {
        f"paid::{each}" for each in killed.run.exchanges for _, _, each in [each.partition("/")]
    }
    lost = [each for name, each in ledger.unanswered.items() if name not in kept]
    assert [each.usd for each in lost] == [pytest.approx(0.04)] * 2


def test_lost_answers_are_spent_and_sent_again_only_when_told(killed: Stopped) -> None:
    second, said = killed.resumed("second.jsonl")
    told = "2 requests of run.jsonl may be billed, and the answers are lost: 0.08 USD at most"
    assert f"{told}, counted as spent; they are not sent again without --resend" in said
    assert len(generations(second)) == killed.eye.posts - 2
    assert {e.verdict for e in second.findings if "--resend sends it" in e.message} == {
        Verdict.NOT_RUN
    }
    assert _spent(second) == pytest.approx(_own(second) + 0.08)
    third, said = killed.resumed("third.jsonl", "--resend", of="second.jsonl")
    assert third.complete, said
    assert "counted as spent; they are sent again" in said
    assert _spent(third) == pytest.approx(0.08), "not counted a second time"


def _spent(run: Run) -> float:
    """What the footer says was spent by the run itself, by a known price."""
    assert run.footer is not None
    assert run.footer.spent is not None
    return run.footer.spent.estimate


def _own(run: Run) -> float:
    prices = [each.price for each in generations(run) if each.run is None]
    return sum(each.spent.estimate or 0 for each in prices if each and each.spent)


def test_nothing_billed_is_sent_twice_whenever_it_is_killed(tmp_path: Path) -> None:
    assert kill_often(tmp_path, kills=3, seed=1) == []


def test_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with watched() as (url, eye):
        running = Running(tmp_path, url, *FEW)
        wait_for(lambda: eye.posts)
        eye.gate.clear()
        wait_for(lambda: eye.posts > 2)
        running.send(signal.SIGINT)
        wait_for(lambda: SAID in running.said)
        time.sleep(0.6)  # sooner it is the same signal
        running.send(signal.SIGINT)
        assert running.wait(20) == 2
    assert "interrupted" in running.said
    assert "continue with --resume run.jsonl" in running.said
    assert "Traceback" not in running.said


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


def test_stop_ends_the_wait_that_a_provider_asked_for(tmp_path: Path) -> None:
    busy = images(error(429, retry_after="60"))

    def answer(number: int, path: str) -> Any:
        threading.Timer(0.1, found.live.ledger.stop).start()
        return busy(number, path)

    with watched(answer) as (url, eye), session(tmp_path, url, cases="baseline") as found:
        found.__dict__["live"] = LiveRun(found.options)
        before = time.monotonic()
        judge_all(found)
        assert time.monotonic() - before < 3
    assert eye.posts == 1


@pytest.fixture
def taken() -> Iterator[tuple[Stopping, Mock]]:
    stop = Mock()
    stopping = Stopping(stop)
    yield stopping, stop
    stopping.end()


def test_signals_at_one_moment_are_one(taken: tuple[Stopping, Mock]) -> None:
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)  # `timeout` asks a process and its group
    taken[1].assert_called_once_with()
    assert not taken[0].at_once


def test_later_signal_ends_the_run(taken: tuple[Stopping, Mock]) -> None:
    signal.raise_signal(signal.SIGTERM)
    taken[0]._last -= 1  # a second later
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert taken[0].at_once


def test_signals_are_given_back() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    stopping = Stopping(Mock())
    assert [signal.getsignal(each) for each in SIGNALS] != before
    stopping.end()
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_run_that_goes_on_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with (
        OutputFile(path),
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
