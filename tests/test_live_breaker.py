"""A provider that answers nothing any more is not asked for every case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.exchange.outcome import MOST_ATTEMPTS
from conformance.live.circuit_breaker import LEAST, LEAST_OF_ALL, LONG_ENOUGH, Generation, in_vain
from conformance.live.ledger import Ledger, NotSentError
from conformance.plugin import PROMISES
from conformance.providers import load_provider
from conformance.results.run_file import read_run
from tests.extent import sample
from tests.live import deviation_toml, error, images, paid_toml, run_live, serve_counting, session
from tests.processes import run_pytest

OUT = "HTTP 503"
GOOD = None
HD = frozenset({"quality", "quality=hd"})


def row(
    model: str,
    *outcomes: str | None,
    every: float = 20.0,
    start: float = 0.0,
    valid: bool = True,
    asks: frozenset[str] = frozenset(),
) -> list[Generation]:
    """Requests for one model, one after the other, of so many seconds each."""
    return [
        Generation(model, start + at * every, start + (at + 1) * every, why, valid, asks)
        for at, why in enumerate(outcomes)
    ]


def mistakes(*outcomes: str | None, start: float = 0.0) -> list[Generation]:
    """The same, of requests that are to be refused."""
    return row("a", *outcomes, start=start, valid=False)


def hd(*outcomes: str | None) -> list[Generation]:
    """The same, of valid requests for one value, after any others."""
    return row("a", *outcomes, start=100, asks=HD)


WAITED = [Generation("a", 0, 120 + at, OUT) for at in range(LEAST)]
TRIED: dict[str, tuple[list[Generation], str | None]] = {
    "enough": (row("a", *[OUT] * LEAST), "p/a"),
    "too-few": (row("a", *[OUT] * (LEAST - 1)), None),
    "8-workers-in-seconds": (row("a", GOOD, *[OUT] * 40, every=LONG_ENOUGH / 50), None),
    "nothing-ever": (row("a", *[OUT] * LEAST_OF_ALL, every=0.1), "p/a"),
    "nothing-but-too-few": (row("a", *[OUT] * (LEAST_OF_ALL - 1), every=0.1), None),
    "answered-between": (row("a", OUT, OUT, GOOD, *[OUT] * (LEAST - 1)), None),
    "answered-before": (row("a", GOOD, *[OUT] * LEAST), "p/a"),
    "timeouts-at-once": (WAITED, "p/a"),
    "answered-while-they-waited": ([Generation("a", 0, 90), *WAITED], None),
    "other-model-answers": (row("a", *[OUT] * 9) + row("b", *[GOOD] * 9, every=19), "p/a"),
    "other-model-asked-once": (row("b", OUT) + row("a", *[OUT] * 9), "p/a"),
    "two-models": (row("b", *[OUT] * 3, every=21) + row("a", *[OUT] * 9), "p"),
    "every-model-once": ([row(m, OUT)[0] for m in "bcd"] + row("a", OUT, OUT, OUT), "p"),
    "mistakes-answered-5xx": (mistakes(*[OUT] * 40), None),
    "mistakes-after-an-image": (row("a", GOOD) + mistakes(*[OUT] * 40, start=20), None),
    "too-few-mistakes-more": (
        row("a", OUT) + mistakes(*[OUT] * (LEAST_OF_ALL - 2), start=20), None),
    "mistakes-as-well": (row("a", OUT) + mistakes(*[OUT] * (LEAST_OF_ALL - 1), start=20), "p/a"),
    "mistake-refused-between": (row("a", OUT) + mistakes(OUT, GOOD, *[OUT] * 30, start=20), None),
    "mistakes-refused-all-along": (
        row("a", *[OUT] * LEAST, every=40) + mistakes(*[GOOD] * 5), "p/a"),
    "one-value": (row("a", GOOD) + hd(*[OUT] * LEAST_OF_ALL), None),
    "value-that-worked": (hd(GOOD, *[OUT] * LEAST), "p/a"),
    "value-and-nothing-ever-worked": (hd(*[OUT] * LEAST_OF_ALL), "p/a"),
    "value-and-another-as-well": (
        row("a", GOOD) + hd(*[OUT] * LEAST) + row("a", OUT, start=900), "p/a"),
}  # fmt: skip


@pytest.mark.parametrize(("requests", "expected"), TRIED.values(), ids=TRIED)
def test_stops_after_enough_in_a_row_for_long_enough(
    requests: Sequence[Generation], expected: str | None
) -> None:
    outage = in_vain("p", sorted(requests, key=lambda generation: generation.ended, reverse=True))
    assert (outage and outage[0]) == expected


def test_ledger_halts_a_model_that_is_asked_in_vain_and_no_other() -> None:
    ledger = Ledger()
    for generation in row("m", *[OUT] * 6):
        ledger.record_attempt("p", generation)
    with pytest.raises(NotSentError, match="the last 5 requests for m came to nothing"):
        ledger.reserve("p", 0.1, 0.1, case="m/baseline")
    ledger.reserve("p", 0.1, 0.1, case="other/baseline")
    ledger.reserve("q", 0.1, 0.1, case="m/baseline")


OUTAGES = {
    "503": (error(503), 60),
    "429-with-retry-after": (error(429, retry_after="30"), 40),
    "503-for-an-hour": (error(503, retry_after="3600"), 10),
}


@pytest.mark.parametrize("outage", sample(OUTAGES, 2))
def test_model_that_is_out_is_not_asked_for_every_case(tmp_path: Path, outage: str) -> None:
    reply, posts = OUTAGES[outage]
    takes = 20 if posts == LEAST_OF_ALL else 0  # an hour is not waited for
    run = run_live(tmp_path, images(reply), takes=takes)
    (halt,) = run.halts
    assert LEAST <= run.posts <= posts
    assert f"requests for dall-e-2 came to nothing (HTTP {reply.status_code}" in halt
    assert halt.endswith("nothing more is sent there; look at the provider")
    assert run.verdicts >= {"unavailable", "not run"}
    assert "fail" not in run.verdicts


def test_mistake_that_is_answered_5xx_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    run = run_live(tmp_path, images(error(500), start=1), cases="*-not-string", takes=20)
    assert run.halts == []
    assert len(run.results) > LEAST
    assert {result.outcome.reason for result in run.results.values()} == {"HTTP 500"}
    verdicts = {run.finding(path, "errors.not-5xx").verdict for path in run.results}
    assert verdicts == {"fail"}


def test_known_outage_stops_nothing(tmp_path: Path) -> None:
    file = Path(paid_toml(tmp_path, "dall-e-2"))
    file.write_text(file.read_text() + deviation_toml("*", "b64_json-*", "url-*"))
    deviations = load_provider(str(file)).deviations
    with (
        serve_counting(images(error(503))) as (url, eye),
        session(tmp_path, url, cases="[bu]*-*x*") as live,
    ):
        sender = live.live_client(live.providers[0])
        sender.provider = replace(sender.provider, deviations=deviations)
        for case, _ in live.selected(live.engines[0]):
            live.__dict__["clock"].now += 20 * MOST_ATTEMPTS
            sender.exchange(case)
        assert eye.posts == 6 * MOST_ATTEMPTS
        assert live.live.ledger.halts() == []


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
    words = [str(PROMISES), "-p", "quick", "-q", "--live", "--clauses=parameters.valid-accepted"]
    words += ["--provider=./paid.toml", "--budget=9", "--run-file=run.jsonl"]
    words += ["--concurrency=1"]  # the clock of the test is no clock for threads
    with serve_counting(images(error(503, retry_after="60"))) as (url, eye):
        process = run_pytest(tmp_path, *words, f"--base-url={url}")
    run = read_run(tmp_path / "run.jsonl")
    assert process.returncode == 2, process.stdout + process.stderr
    assert eye.posts <= 60
    provider, model = run.problems  # the model that was asked first is out before the provider is
    assert "requests for 2 models came to nothing (HTTP 503; the provider asks to wait" in provider
    assert "the last 5 requests for dall-e-2 came to nothing (HTTP 503" in model
    messages = {finding.message for finding in run.findings if finding.verdict == "not run"}
    assert set() < messages <= {f"not run: {provider}", f"not run: {model}"}
