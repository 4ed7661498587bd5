"""A live run cannot overspend, and counts every cent before it is spent, also when it is killed."""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from starlette.responses import JSONResponse

from conformance.errors import ConformanceError
from conformance.live.budget import BudgetError, read_budget
from conformance.live.ledger import InFlightError, Ledger, LostRequest, NotSentError, read_ledger
from conformance.results.records import PriceRecord
from tests.live import error, images, run_live, session, verdicts
from tests.sums import PRICED, kept_apart

NOWHERE = "http://127.0.0.1:1/v1"


TOO_MUCH = (
    r"cost about 0\.32 USD.*more than --budget 0\.1.*--models or --cases .*paid/dall-e-2.*--pa"
)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"budget": 0.1}, TOO_MUCH),
        ({"budget": None}, "allow for it with --budget USD"),
        ({"max_requests": 5}, "more than --max-requests 5"),
        ({"budget": float("inf")}, None),
        ({"budget": 0.1, "partial": True}, None),
    ],
    ids=["over-budget", "no-budget", "requests", "unlimited", "partial"],
)
def test_plan_that_nobody_allowed_for_is_refused(
    tmp_path: Path, chosen: dict[str, Any], said: str | None
) -> None:
    refused = pytest.raises(BudgetError, match=said) if said else nullcontext()
    with session(tmp_path, NOWHERE, **chosen) as found, refused:
        found.check_affordable()


def test_hard_stop_comes_before_the_request_that_would_cross_the_budget(tmp_path: Path) -> None:
    ended = run_live(tmp_path, budget=0.07, partial=True, cases="[bn]*")
    assert ended.spent.counted == pytest.approx(0.06)  # three images at 0.02
    assert sum(result.outcome.accepted for result in ended.results.values()) == 3
    assert ended.posts < len(ended.results)
    path = "dall-e-2/n-2"
    assert verdicts({path: ended.results[path]}) == {"not run"}
    missed = ended.record(path)
    assert (missed.outcome, missed.attempts) == ("not run", 0)
    assert missed.price == PriceRecord(0.04, None)


@pytest.mark.parametrize("answer", [None, images(error(429))], ids=["truth", "retries-count"])
def test_most_requests_are_a_hard_stop(tmp_path: Path, answer: Any) -> None:
    ended = run_live(tmp_path, answer, max_requests=6, partial=True, cases="[bn]*")
    assert len(ended.eye.asked) == 6
    assert "not run" in ended.verdicts


def used(**tokens: Any) -> Any:
    return images(JSONResponse(PRICED | {"usage": tokens}))


def test_usage_gives_the_real_price_and_a_guess_never_lands_in_it(tmp_path: Path) -> None:
    models = ("gpt-image-1-mini", "gpt-image-1")  # only the first has a price, for tokens
    details = {"input_tokens_details": {"text_tokens": 1000, "image_tokens": 0}}
    told = used(input_tokens=1000, output_tokens=2000, total_tokens=3000, **details)
    ended = run_live(tmp_path, told, *models, cases="baseline")
    assert (ended.spent.actual, ended.spent.estimate, ended.spent.guess) == (0.018, 0.0, 0.05)
    price = ended.record("gpt-image-1-mini/baseline").price
    assert price is not None
    assert price.actual == pytest.approx(0.018)
    guessed = to_builtins(ended.record("gpt-image-1/baseline").price)
    assert guessed == kept_apart(None, 0.0, 0.05)


def test_real_price_above_the_estimate_stops_sooner(tmp_path: Path) -> None:
    told = used(input_tokens=0, output_tokens=100_000, total_tokens=100_000)
    ended = run_live(tmp_path, told, "gpt-image-1-mini", budget=1.0, partial=True, cases="[bn]*")
    assert ended.spent.counted <= 1.0 + 0.8  # the last may be dearer
    assert ended.posts == 2


@pytest.mark.parametrize(
    ("model", "kind", "usd"), [("dall-e-2", "estimate", 0.02), ("gpt-image-1", "guess", 0.05)]
)
def test_refusal_that_is_answered_is_counted(
    tmp_path: Path, model: str, kind: str, usd: float
) -> None:
    told = JSONResponse(PRICED | {"usage": None})
    ended = run_live(tmp_path, images(told), model, cases="n-above-*")
    assert getattr(ended.spent, kind) == pytest.approx(usd + 11 * usd)
    assert ended.spent.counted == pytest.approx(12 * usd)


def test_money_set_aside_by_another_is_waited_for() -> None:
    ledger = Ledger(budget=1.0)
    first = ledger.reserve("p", 0.0, 0.9)
    with pytest.raises(InFlightError):
        ledger.reserve("p", 0.2, 0.2)
    ledger.settle(first, 0.0, None)
    ledger.settle(ledger.reserve("p", 0.2, 0.2), 0.9, None)
    with pytest.raises(NotSentError, match="cross the budget of 1 USD") as told:
        ledger.reserve("p", 0.2, 0.2)
    assert told.value.estimate == 0.2
    assert not isinstance(told.value, InFlightError)


def test_threads_never_cross_the_budget() -> None:
    ledger, sent = Ledger(budget=1.0), list[int]()

    def reserve() -> None:
        with suppress(NotSentError):
            while True:
                sent.append(ledger.reserve("p", 0.1, 0.1))

    threads = [threading.Thread(target=reserve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 10
    assert ledger.spent().counted == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "two", "-1", "nan", "inf", "1e999", "1,50"])
def test_budget_that_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(BudgetError, match=r"no amount of US dollars; for example 2\.50"):
        read_budget(text)


def test_ledger_keeps_apart_what_is_charged_estimated_and_guessed() -> None:
    ledger = Ledger()
    ledger.settle(ledger.reserve("p", 0.2, 0.2), 0.2, 0.05)
    ledger.settle(ledger.reserve("p", 0.02, 0.02), 0.02, None)
    ledger.settle(ledger.reserve("p", 0.25, 0.25, known=False), 0.25, None, known=False)
    ledger.reserve("p", 0.5, 0.5, known=False)
    spent = ledger.spent()
    assert (spent.actual, spent.estimate, spent.guess) == (0.05, 0.02, 0.75)
    assert spent.counted == pytest.approx(0.82)


# the ledger's file says, after a kill at any moment, what may be billed and has no answer


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "run.jsonl.ledger")


def unanswered(ledger: Ledger) -> dict[str, float]:
    assert ledger.path is not None
    return {name: request.usd for name, request in read_ledger(ledger.path).unanswered.items()}


def test_what_may_be_billed_is_in_the_file_before_it_is_sent(ledger: Ledger) -> None:
    ledger.reserve("p", 0.0, 0.0, case="m/models-list")
    number = ledger.reserve("p", 0.02, 0.04, case="m/baseline")
    assert unanswered(ledger) == {"p::m/baseline": 0.04}
    ledger.settle(number, 0.0, None, status=400)
    assert unanswered(ledger) == {}
    assert ledger.path is not None
    ledger.path.write_bytes(ledger.path.read_bytes()[:-3])
    assert unanswered(ledger) == {"p::m/baseline": 0.04}, "a line cut off: in doubt it is billed"


@pytest.mark.parametrize(
    ("usd", "status", "lost"),
    [(0.02, 200, 0.02), (0.04, None, 0.04), (0.0, 400, None), (0.02, 503, None)],
    ids=["accepted", "no-answer", "refused", "server-error"],
)
def test_answer_that_says_it_failed_is_not_lost(
    ledger: Ledger, usd: float, status: int | None, lost: float | None
) -> None:
    ledger.settle(ledger.reserve("p", 0.02, 0.04, case="m/n-2"), usd, None, status=status)
    assert unanswered(ledger) == ({} if lost is None else {"p::m/n-2": lost})


def test_lost_request_of_an_earlier_run_counts_once(tmp_path: Path) -> None:
    for counts, spent in ((True, 0.04), (False, 0.0)):  # it was killed, or it ended
        ledger = Ledger(tmp_path / f"{counts}.ledger")
        ledger.carry_over(LostRequest("p::m/n-2", 0.04, known=True), counts)
        assert ledger.spent().counted == spent
        assert unanswered(ledger) == {"p::m/n-2": 0.04}, "a third run has to know of it"


def test_ledger_that_cannot_be_kept_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("in the way")
    with pytest.raises(ConformanceError, match="no ledger can be kept there"):
        Ledger(tmp_path / "nowhere" / "run.jsonl.ledger")
