"""Charged, estimated and guessed money are told apart, each dollar once."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import to_builtins
from starlette.responses import JSONResponse

from conformance.live.ledger import Ledger
from tests.live import error, images, judge_all, session, watched
from tests.sums import csv_sum, kept_apart, of, page, paid, told

USAGE = {"input_tokens": 0, "output_tokens": 2000, "total_tokens": 2000}  # 0.016 USD
PRICED = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": USAGE}


def test_ledger_keeps_apart_what_is_charged_estimated_and_guessed() -> None:
    ledger = Ledger()
    ledger.settle(ledger.reserve("p", 0.2, 0.2), 0.2, 0.05)
    ledger.settle(ledger.reserve("p", 0.02, 0.02), 0.02, None)
    ledger.settle(ledger.reserve("p", 0.25, 0.25, known=False), 0.25, None, known=False)
    ledger.reserve("p", 0.5, 0.5, known=False)
    spent = ledger.spent()
    assert (spent.actual, spent.estimate, spent.guess) == (0.05, 0.02, 0.75)
    assert spent.counted == pytest.approx(0.82)


def test_guess_never_lands_in_what_was_really_charged(tmp_path: Path) -> None:
    models = ("gpt-image-1-mini", "gpt-image-1")  # only the first has a price, for tokens
    with (
        watched(images(JSONResponse(PRICED))) as (url, _),
        session(tmp_path, url, *models, cases="baseline") as found,
    ):
        judged = judge_all(found)
        spent = found.live.ledger.spent()
    assert (spent.actual, spent.estimate, spent.guess) == (0.016, 0.0, 0.05)
    record = judged["gpt-image-1/baseline"].record
    assert record is not None
    assert to_builtins(record.price) == kept_apart(None, 0.0, 0.05)


def test_refusal_that_is_answered_at_no_known_price_is_a_guess(tmp_path: Path) -> None:
    with (
        watched(images(JSONResponse(PRICED | {"usage": None}))) as (url, _),
        session(tmp_path, url, "gpt-image-1", cases="n-above-*") as found,
    ):
        judge_all(found)
        spent = found.live.ledger.spent()
    assert spent.estimate == 0
    assert spent.guess == pytest.approx(0.05 + 11 * 0.05)


@pytest.mark.parametrize("status", [429, 500])
def test_record_of_an_exchange_has_all_its_attempts(tmp_path: Path, status: int) -> None:
    with (
        watched(images(error(status), stop=2)) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        record = judge_all(found)["dall-e-2/baseline"].record
        spent = found.live.ledger.spent()
    assert eye.posts == 3
    assert record is not None
    assert record.price is not None
    assert record.price.spent is not None
    assert record.price.spent.estimate == spent.estimate
    assert spent.estimate == pytest.approx(0.06 if status == 500 else 0.02)


def test_head_cards_table_and_summary_leave_out_guesses_and_tell_them() -> None:
    spent = {"estimate": 0.02, "actual": 0.5, "guess": 0.25, "requests": 3}
    prices = [kept_apart(0.5), kept_apart(None, 0.02), kept_apart(None, 0.0, 0.25)]
    found = of(*(paid(each, f"case-{n}") for n, each in enumerate(prices)), spent=spent)
    said = page(found)
    assert "about 0.5200 USD spent, 1 answer without a price (counted as 0.2500 USD" in said
    assert "about 0.5200 USD paid, 0.2600 USD an image 1 answer without a price (counted" in said
    assert csv_sum(found) == pytest.approx(0.52)
    (run,), (provider,) = told(found)["runs"], told(found)["providers"]
    assert (run["spent"], run["actual"], run["estimate"], run["guess"]) == (0.52, 0.5, 0.02, 0.25)
    assert run["elsewhere"] == run["taken_over"] == 0
    assert (provider["price"]["paid"], provider["price"]["guess"]) == (0.52, 0.25)


def test_what_was_not_sent_costs_nothing_in_the_table() -> None:
    assert csv_sum(of(paid({"estimate": 5.0, "actual": None}, outcome="not run"))) == 0


def test_price_stands_once_for_all_findings_of_an_exchange() -> None:
    assert csv_sum(of(paid(kept_apart(0.5)))) == 0.5


def test_requests_of_the_ledger_without_an_exchange_are_told() -> None:
    spent = {"estimate": 0.75, "actual": 0.5, "guess": 0.0, "requests": 2}
    found = of(paid(kept_apart(0.5)), spent=spent)
    assert "0.5000 USD spent, 0.7500 USD more for requests that are not shown" in page(found)
    assert told(found)["runs"][0]["elsewhere"] == 0.75
