"""A provider that answers nothing any more is not asked for every case."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response as Reply

import conformance
from conformance.exchange.retry_after import MOST_ATTEMPTS
from conformance.live.circuit_breaker import LEAST, LEAST_OF_ALL, LONG_ENOUGH, Generation, in_vain
from conformance.live.ledger import Ledger, NotSentError
from conformance.providers import load_provider
from conformance.results.run_file import read_run
from tests.live import Answer, error, images, judge_all, paid_toml, session, verdicts, watched

OUT = "HTTP 503"
GOOD = None


def row(
    model: str, *outcomes: str | None, every: float = 20.0, start: float = 0.0, valid: bool = True
) -> list[Generation]:
    """Requests for one model, one after the other, of so many seconds each."""
    return [
        Generation(model, start + at * every, start + (at + 1) * every, why, valid)
        for at, why in enumerate(outcomes)
    ]


def mistakes(*outcomes: str | None, start: float = 0.0) -> list[Generation]:
    """The same, of requests that are to be refused."""
    return row("a", *outcomes, start=start, valid=False)


def stopped(tried: Sequence[Generation]) -> str | None:
    """What is not asked any more after the last of some requests."""
    found = in_vain("p", sorted(tried, key=lambda each: each.ended, reverse=True))
    return found and found[0]


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (row("a", *[OUT] * LEAST), "p/a"),
        (row("a", *[OUT] * (LEAST - 1)), None),
        (row("a", GOOD, *[OUT] * 40, every=LONG_ENOUGH / 50), None),
        (row("a", *[OUT] * LEAST_OF_ALL, every=0.1), "p/a"),
        (row("a", *[OUT] * (LEAST_OF_ALL - 1), every=0.1), None),
        (row("a", OUT, OUT, GOOD, *[OUT] * (LEAST - 1)), None),
        (row("a", GOOD, *[OUT] * LEAST), "p/a"),
        ([Generation("a", 0, 120 + at, OUT) for at in range(LEAST)], "p/a"),
        (
            [Generation("a", 0, 90), *(Generation("a", 0, 120 + at, OUT) for at in range(LEAST))],
            None,
        ),
        (row("a", *[OUT] * 9) + row("b", *[GOOD] * 9, every=19), "p/a"),
        (row("b", OUT) + row("a", *[OUT] * 9), "p/a"),
        (row("b", *[OUT] * 3, every=21) + row("a", *[OUT] * 9), "p"),
        ([*row("b", OUT), *row("c", OUT), *row("d", OUT), *row("a", OUT, OUT, OUT)], "p"),
        (mistakes(*[OUT] * 40), None),
        (row("a", GOOD) + mistakes(*[OUT] * 40, start=20), None),
        (row("a", OUT) + mistakes(*[OUT] * (LEAST_OF_ALL - 2), start=20), None),
        (row("a", OUT) + mistakes(*[OUT] * (LEAST_OF_ALL - 1), start=20), "p/a"),
        (row("a", OUT) + mistakes(OUT, GOOD, *[OUT] * 30, start=20), None),
        (row("a", *[OUT] * LEAST, every=40) + mistakes(*[GOOD] * 5), "p/a"),
    ],
    ids=[
        "enough", "too-few", "8-workers-in-seconds", "nothing-ever",
        "nothing-but-too-few", "answered-between", "answered-before",
        "timeouts-at-once", "answered-while-they-waited", "other-model-answers",
        "other-model-asked-once", "two-models", "every-model-once",
        "mistakes-answered-5xx", "mistakes-after-an-image", "too-few-mistakes-more",
        "mistakes-as-well", "mistake-refused-between", "mistakes-refused-all-along",
    ],
)  # fmt: skip
def test_stops_after_enough_in_a_row_for_long_enough(
    tried: list[Generation], expected: str | None
) -> None:
    assert stopped(tried) == expected


def test_ledger_halts_a_model_that_is_asked_in_vain_and_no_other() -> None:
    ledger = Ledger()
    for each in row("m", *[OUT] * 6):
        ledger.record_attempt("p", each)
    with pytest.raises(NotSentError, match="the last 5 requests for m came to nothing"):
        ledger.reserve("p", 0.1, 0.1, case="m/baseline")
    ledger.reserve("p", 0.1, 0.1, case="other/baseline")
    ledger.reserve("q", 0.1, 0.1, case="m/baseline")


@pytest.mark.parametrize(
    ("reply", "posts"),
    [(error(503), 60), (error(429, retry_after="30"), 40), (error(503, retry_after="3600"), 10)],
    ids=["503", "429-with-retry-after", "503-for-an-hour"],
)
def test_model_that_is_out_is_not_asked_for_every_case(
    tmp_path: Path, reply: Reply, posts: int
) -> None:
    with watched(images(reply)) as (url, eye), session(tmp_path, url) as found:
        if posts == LEAST_OF_ALL:  # an hour is not waited for
            eye.answer = slow(found, eye.answer)
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert LEAST <= eye.posts <= posts
    assert f"requests for dall-e-2 came to nothing (HTTP {reply.status_code}" in told
    assert told.endswith("nothing more is sent there; look at the provider")
    assert verdicts(judged) >= {"unavailable", "not run"}


def slow(found: Any, answer: Answer | None) -> Answer:
    """Let 20 seconds pass before every answer."""
    assert answer is not None

    def answered(number: int, path: str) -> Reply | None:
        found.__dict__["clock"].now += 20
        return answer(number, path)

    return answered


def test_mistake_that_is_answered_5xx_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    with (
        watched(images(error(500), start=1)) as (url, eye),
        session(tmp_path, url, cases="*-not-string") as found,
    ):
        eye.answer = slow(found, eye.answer)
        judged = judge_all(found)
        assert found.live.ledger.halts() == []
    assert len(judged) > LEAST
    assert {each.outcome.reason for each in judged.values()} == {"HTTP 500"}
    broken = [each.findings["errors.not-5xx"].verdict for each in judged.values()]
    assert set(broken) == {"fail"}


def test_known_outage_stops_nothing(tmp_path: Path) -> None:
    known = """
[[deviations]]
clause = "*"
cases = ["b64_json-*", "url-*"]
reason = "these are out, and known to be"
link = "https://example.com/known"
since = "2026-01-01"
expires = "2099-01-01"
"""
    (tmp_path / "known").mkdir()
    with (
        watched(images(error(503))) as (url, eye),
        session(tmp_path, url, cases="[bu]*-*x*") as found,
    ):
        eye.answer = slow(found, eye.answer)
        sender = found.live_client(found.providers[0])
        deviations = load_provider(known_toml(tmp_path / "known", known)).deviations
        sender.provider = replace(sender.provider, deviations=deviations)
        for case, _ in found.selected(found.engines[0]):
            sender.exchange(case)
        assert eye.posts == 6 * MOST_ATTEMPTS
        assert found.live.ledger.halts() == []


def known_toml(folder: Path, more: str) -> str:
    """Write the provider with its deviations at the end, where tables belong."""
    path = Path(paid_toml(folder, "dall-e-2"))
    path.write_text(path.read_text() + more)
    return str(path)


QUICK = """
from functools import partial
from conformance.runner import session
from tests.live import Clock
clock = Clock()
session.LiveRun = partial(session.LiveRun, clock=clock, sleep=clock.sleep)
"""


def test_run_against_what_is_out_ends_in_one_sentence(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2", "dall-e-3")
    (tmp_path / "quick.py").write_text(QUICK)
    words = ["-p", "conformance.plugin", "-p", "quick", "-o", "addopts=", "-q", "--live"]
    words += ["--clauses=parameters.valid-accepted"]
    mine = ["--provider=./paid.toml", "--budget=9", "--run-file=run.jsonl", f"--rootdir={tmp_path}"]
    mine += ["--concurrency=1"]  # the clock of the test is no clock for threads
    promises = Path(conformance.__file__).with_name("suite").joinpath("test_promises.py")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parent.parent)])
    with watched(images(error(503, retry_after="60"))) as (url, eye):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *mine, f"--base-url={url}", str(promises)],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
    run = read_run(tmp_path / "run.jsonl")
    assert done.returncode == 2, done.stdout + done.stderr
    assert eye.posts <= 60
    every, one = run.problems  # the model that was asked first is out before the provider is
    assert "requests for 2 models came to nothing (HTTP 503; the provider asks to wait" in every
    assert "the last 5 requests for dall-e-2 came to nothing (HTTP 503" in one
    unsent = {each.message for each in run.findings if each.verdict == "not run"}
    assert set() < unsent <= {f"not run: {every}", f"not run: {one}"}
