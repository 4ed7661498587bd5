"""A live run cannot overspend, and counts every cent before it is spent."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from conformance.findings import Verdict
from conformance.live.budget import BudgetError, read_budget
from conformance.live.ledger import InFlightError, Ledger, NotSentError
from conformance.results.records import PriceRecord
from tests.live import error, images, judge_all, session, verdicts, watched


def test_plan_over_budget_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, budget=0.1) as found:
        with pytest.raises(BudgetError, match=r"cost about 0\.32 USD.*more than --budget 0\.1"):
            found.check_affordable()
        assert eye.asked == []


def test_refusal_says_what_to_narrow_and_how_to_start_all_the_same(tmp_path: Path) -> None:
    with (
        session(tmp_path, "http://127.0.0.1:1/v1", budget=0.1) as found,
        pytest.raises(BudgetError, match=r"--models or --cases .*paid/dall-e-2.*--partial"),
    ):
        found.check_affordable()


def test_paid_provider_needs_a_budget(tmp_path: Path) -> None:
    with (
        session(tmp_path, "http://127.0.0.1:1/v1", budget=None) as found,
        pytest.raises(BudgetError, match="allow for it with --budget USD"),
    ):
        found.check_affordable()


@pytest.mark.parametrize("chosen", [{"budget": float("inf")}, {"budget": 0.1, "partial": True}])
def test_budget_can_be_waived(tmp_path: Path, chosen: dict[str, Any]) -> None:
    with session(tmp_path, "http://127.0.0.1:1/v1", **chosen) as found:
        found.check_affordable()


def test_more_requests_than_allowed_are_refused(tmp_path: Path) -> None:
    with (
        session(tmp_path, "http://127.0.0.1:1/v1", max_requests=5) as found,
        pytest.raises(BudgetError, match="more than --max-requests 5"),
    ):
        found.check_affordable()


def test_hard_stop_comes_before_the_request_that_would_cross_it(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, budget=0.07, partial=True) as found:
        judged = judge_all(found)
        spent = found.live.ledger.spent()
    assert spent.counted == pytest.approx(0.06)  # three images at 0.02
    accepted = [each for each in judged.values() if each.outcome.accepted]
    assert len(accepted) == 1 + 3  # the model list is free
    assert eye.posts < 39


def test_what_was_not_run_is_kept_with_its_price(tmp_path: Path) -> None:
    with watched() as (url, _), session(tmp_path, url, budget=0.07, partial=True) as found:
        judged = judge_all(found)
    missed = judged["dall-e-2/n-2"]
    assert {each.verdict for each in missed.findings.values()} == {Verdict.NOT_RUN}
    assert missed.record is not None
    assert missed.record.outcome == "not run"
    assert missed.record.attempts == 0
    assert missed.record.price == PriceRecord(0.04, None)


def test_most_requests_are_a_hard_stop(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, max_requests=6, partial=True) as found:
        judged = judge_all(found)
    assert len(eye.asked) == 6
    assert "not run" in verdicts(judged)


def test_retries_count_as_requests(tmp_path: Path) -> None:
    with (
        watched(images(error(429))) as (url, eye),
        session(tmp_path, url, max_requests=6, partial=True) as found,
    ):
        judge_all(found)
    assert len(eye.asked) == 6


def test_failure_of_the_server_may_have_been_billed(tmp_path: Path) -> None:
    with (
        watched(images(error(500))) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judge_all(found)
        assert found.live.ledger.spent().counted == pytest.approx(0.02 * eye.posts)
    assert eye.posts == 4


def test_usage_gives_the_real_price(tmp_path: Path) -> None:
    usage = {"input_tokens": 1000, "output_tokens": 2000, "total_tokens": 3000}
    details = {"input_tokens_details": {"text_tokens": 1000, "image_tokens": 0}}
    body = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": usage | details}
    with (
        watched(images(JSONResponse(body))) as (url, _),
        session(tmp_path, url, "gpt-image-1-mini", cases="baseline") as found,
    ):
        record = judge_all(found)["gpt-image-1-mini/baseline"].record
        spent = found.live.ledger.spent()
    assert record is not None
    assert record.price is not None
    assert record.price.actual == pytest.approx((1000 * 2 + 2000 * 8) / 1_000_000)
    assert spent.counted == spent.actual == record.price.actual


def test_real_price_above_the_estimate_stops_sooner(tmp_path: Path) -> None:
    usage = {"input_tokens": 0, "output_tokens": 100_000, "total_tokens": 100_000}
    body = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": usage}
    with (
        watched(images(JSONResponse(body))) as (url, eye),
        session(tmp_path, url, "gpt-image-1-mini", budget=1.0, partial=True) as found,
    ):
        judge_all(found)
        assert found.live.ledger.spent().counted <= 1.0 + 0.8  # the last may be dearer
    assert eye.posts == 2


def test_refusal_that_is_answered_is_counted(tmp_path: Path) -> None:
    body = {"created": 1, "data": [{"url": "http://127.0.0.1:1/x.png"}]}
    with (
        watched(images(JSONResponse(body))) as (url, _),
        session(tmp_path, url, cases="n-above-*") as found,
    ):
        judge_all(found)
        assert found.live.ledger.spent().counted == pytest.approx(0.02 + 11 * 0.02)


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
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(sent) == 10
    assert ledger.spent().counted == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "two", "-1", "nan", "inf", "1e999", "1,50"])
def test_budget_that_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(BudgetError, match=r"no amount of US dollars; for example 2\.50"):
        read_budget(text)
