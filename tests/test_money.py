"""A live run cannot overspend, also when it is killed; and all that tells its sum tells one.

Footer, head, cards, table and summary count each dollar once, whatever was sent.
"""

from __future__ import annotations

import threading
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from starlette.responses import JSONResponse

from conformance.errors import ConformanceError
from conformance.exchange.model import Price
from conformance.live.budget import BudgetError, read_budget
from conformance.live.ledger import InFlightError, Ledger, LostRequest, NotSentError, read_ledger
from conformance.results.run_file import Run, read_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.extent import sample
from tests.live import error, images, paid_toml, run_live, serve_counting, session, verdicts
from tests.runs import write_run
from tests.sums import (
    PRICED,
    check_agreement,
    csv_sum,
    facts,
    first_and_second,
    kept_apart,
    of,
    page,
    paid_exchange,
    run_of_session,
    summary_json,
)

TOO_MUCH = (
    r"cost about 0\.32 USD.*more than --budget 0\.1.*--models or --cases .*paid/dall-e-2.*--p"
)


@pytest.mark.parametrize(
    ("options", "message"),
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
    tmp_path: Path, options: dict[str, Any], message: str | None
) -> None:
    refusal = pytest.raises(BudgetError, match=message) if message else nullcontext()
    with session(tmp_path, "http://127.0.0.1:1/v1", **options) as live, refusal:
        live.check_affordable()


def test_hard_stop_comes_before_the_request_that_would_cross_the_budget(tmp_path: Path) -> None:
    run = run_live(tmp_path, budget=0.07, partial=True, cases="[bn]*")
    assert run.spent.counted == pytest.approx(0.06)  # three images at 0.02
    assert sum(result.outcome.accepted for result in run.results.values()) == 3
    assert run.posts < len(run.results)
    path = "dall-e-2/n-2"
    assert verdicts({path: run.results[path]}) == {"not run"}
    record = run.record(path)
    assert (record.outcome, record.attempts) == ("not run", 0)
    assert record.price == Price(0.04, None)


@pytest.mark.parametrize("answer", [None, images(error(429))], ids=["truth", "retries-count"])
def test_most_requests_are_a_hard_stop(tmp_path: Path, answer: Any) -> None:
    run = run_live(tmp_path, answer, max_requests=6, partial=True, cases="[bn]*")
    assert len(run.eye.asked) == 6
    assert "not run" in run.verdicts


def usage_answer(**tokens: Any) -> Any:
    return images(JSONResponse(PRICED | {"usage": tokens}))


def test_usage_gives_the_real_price_and_a_guess_never_lands_in_it(tmp_path: Path) -> None:
    models = ("gpt-image-1-mini", "gpt-image-1")  # only the first has a price, for tokens
    details = {"input_tokens_details": {"text_tokens": 1000, "image_tokens": 0}}
    answer = usage_answer(input_tokens=1000, output_tokens=2000, total_tokens=3000, **details)
    run = run_live(tmp_path, answer, *models, cases="baseline")
    assert (run.spent.actual, run.spent.estimate, run.spent.guess) == (0.018, 0.0, 0.05)
    price = run.record("gpt-image-1-mini/baseline").price
    assert price is not None
    assert price.actual == pytest.approx(0.018)
    guess = to_builtins(run.record("gpt-image-1/baseline").price)
    assert guess == kept_apart(None, 0.0, 0.05)


def test_real_price_above_the_estimate_stops_sooner(tmp_path: Path) -> None:
    answer = usage_answer(input_tokens=0, output_tokens=100_000, total_tokens=100_000)
    run = run_live(tmp_path, answer, "gpt-image-1-mini", budget=1.0, partial=True, cases="[bn]*")
    assert run.spent.counted <= 1.0 + 0.8  # the last may be dearer
    assert run.posts == 2


@pytest.mark.parametrize(
    ("model", "kind", "usd"), [("dall-e-2", "estimate", 0.02), ("gpt-image-1", "guess", 0.05)]
)
def test_refusal_that_is_answered_is_counted(
    tmp_path: Path, model: str, kind: str, usd: float
) -> None:
    answer = JSONResponse(PRICED | {"usage": None})
    run = run_live(tmp_path, images(answer), model, cases="n-above-*")
    assert getattr(run.spent, kind) == pytest.approx(usd + 11 * usd)
    assert run.spent.counted == pytest.approx(12 * usd)


def test_money_set_aside_by_another_is_waited_for() -> None:
    ledger = Ledger(budget=1.0)
    first = ledger.reserve("p", 0.0, 0.9)
    with pytest.raises(InFlightError):
        ledger.reserve("p", 0.2, 0.2)
    ledger.settle(first, 0.0, None)
    ledger.settle(ledger.reserve("p", 0.2, 0.2), 0.9, None)
    with pytest.raises(NotSentError, match=r"cross the budget of 1\.00 USD") as excinfo:
        ledger.reserve("p", 0.2, 0.2)
    assert excinfo.value.estimate == 0.2
    assert not isinstance(excinfo.value, InFlightError)


def test_threads_never_cross_the_budget() -> None:
    ledger, numbers = Ledger(budget=1.0), list[int]()

    def reserve() -> None:
        with suppress(NotSentError):
            while True:
                numbers.append(ledger.reserve("p", 0.1, 0.1))

    threads = [threading.Thread(target=reserve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 10
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
    ("usd", "status", "amount"),
    [(0.02, 200, 0.02), (0.04, None, 0.04), (0.0, 400, None), (0.02, 503, None)],
    ids=["accepted", "no-answer", "refused", "server-error"],
)
def test_answer_that_says_it_failed_is_not_lost(
    ledger: Ledger, usd: float, status: int | None, amount: float | None
) -> None:
    ledger.settle(ledger.reserve("p", 0.02, 0.04, case="m/n-2"), usd, None, status=status)
    assert unanswered(ledger) == ({} if amount is None else {"p::m/n-2": amount})


def test_lost_request_of_an_earlier_run_counts_once(tmp_path: Path) -> None:
    for usd in (0.04, 0.0):  # it was killed, or it ended
        ledger = Ledger(tmp_path / f"{usd}.ledger")
        ledger.carry_over(LostRequest("p::m/n-2", 0.04, known=True), usd)
        assert ledger.spent().counted == usd
        assert unanswered(ledger) == {"p::m/n-2": 0.04}, "a third run has to know of it"


def test_ledger_that_cannot_be_kept_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "nowhere").write_text("in the way")
    with pytest.raises(ConformanceError, match="no ledger can be kept there"):
        Ledger(tmp_path / "nowhere" / "run.jsonl.ledger")


# one sum, wherever it stands

MODELS = ("dall-e-2", "gpt-image-1-mini")
FEW: dict[str, Any] = {"cases": "baseline,n-[02]"}
ONE = FEW | {"models": "dall-e-2"}
WITH_USAGE = {"models": "gpt-image-1-mini", "cases": "[bn][-a][2s]*[2e]"}
WAYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "truth": (None, FEW),
    "5xx": (images(error(500)), ONE),
    "5xx-then-well": (images(error(500), stop=2), ONE),
    "429": (images(error(429), stop=2), ONE),
    "usage": (images(JSONResponse(PRICED)), WITH_USAGE),
    "max-within-retries": (images(error(500)), FEW | {"max_requests": 6, "partial": True}),
    "budget": (None, FEW | {"budget": 0.1, "partial": True}),
}


@pytest.mark.parametrize("way", sample(WAYS, 2))
def test_footer_page_table_and_summary_agree(tmp_path: Path, way: str) -> None:
    answer, options = WAYS[way]
    with serve_counting(answer) as (url, _), session(tmp_path, url, *MODELS, **options) as live:
        check_agreement(run_of_session(live))


def test_two_providers_in_one_run_agree_with_its_footer(tmp_path: Path) -> None:
    files = [tmp_path / "cheap.toml", tmp_path / "dear.toml"]
    with serve_counting() as (url, _):
        for file, model in zip(files, ("dall-e-2", "dall-e-3"), strict=True):
            text = Path(paid_toml(tmp_path, model)).read_text()
            file.write_text(text.replace("http://127.0.0.1:1/v1", url))
        options = Options(tuple(map(str, files)), live=True, budget=9.0, **FEW)
        with closing(Session(options)) as live:
            run = run_of_session(live)
    check_agreement(run)
    paid_to = {
        provider["id"]: provider["price"]["paid"] for provider in summary_json(run)["providers"]
    }
    assert paid_to.keys() == {"cheap", "dear"}
    assert min(paid_to.values()) > 0


def test_control_that_nobody_chose_is_told_beside_the_exchanges(tmp_path: Path) -> None:
    with serve_counting() as (url, _), session(tmp_path, url, cases="n-above-*") as live:
        text = page(run_of_session(live))
    assert "0.00 USD spent of 9.00 USD, 0.02 USD more for requests that are not shown" in text


def test_exchange_costs_in_the_table_what_was_sent_for_it_with_and_without_findings() -> None:
    exchange = paid_exchange(kept_apart(0.5), "silent")
    assert csv_sum(runs.run(exchange, runs.exchange(), runs.finding())) == 0.5
    assert csv_sum(of(paid_exchange(kept_apart(0.5)))) == 0.5, "two findings, one price"
    assert csv_sum(of(paid_exchange({"estimate": 5.0, "actual": None}, outcome="not run"))) == 0


dollars = st.integers(0, 10**7).map(lambda millionths: millionths / 1e6)
parts = st.builds(kept_apart, st.none() | dollars, dollars, dollars)
outcomes = st.sampled_from(["accepted", "refused", "unavailable", "not served", "not run"])


@st.composite
def paid_exchanges(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an exchange with any price."""
    exchange = paid_exchange(draw(st.none() | parts), draw(st.sampled_from("abcdefgh")))
    status = draw(st.sampled_from([200, 400, 408, 429, 500]))
    answer = {"status": status, "headers": [], "body": "{}", "bytes": 2}
    exchange |= {"provider": draw(st.sampled_from(["acme", "relay"])), "outcome": draw(outcomes)}
    exchange["images"] *= draw(st.integers(0, 2))
    return exchange | {"response": draw(st.sampled_from([None, answer]))}


@given(exchanges=st.lists(paid_exchanges(), max_size=12), clauses=st.integers(0, 3))
def test_all_sums_of_any_exchanges_are_one(exchanges: list[dict[str, Any]], clauses: int) -> None:
    names = list(runs.LEVELS)[:clauses]
    where = [{name: one[name] for name in ("provider", "model", "case")} for one in exchanges]
    findings = [runs.finding(name, **place) for place in where for name in names]
    more = [runs.finding(provider=name, case="z") for name in ("acme", "relay")]
    run = runs.run(*exchanges, *findings, *more, head=runs.header(["acme", "relay"]))
    document = summary_json(run)
    head = document["runs"][0]["spent"] or 0.0
    cards = sum(card["price"]["paid"] for card in document["providers"] if card["price"])
    assert head == pytest.approx(cards, abs=1e-5)
    assert head == pytest.approx(csv_sum(run), abs=1e-5)
    prices = [exchange.price for exchange in run.exchanges.values() if exchange.was_sent]
    spent = [price.spent for price in prices if price and price.spent]
    total = sum((part.actual or 0.0) + part.estimate for part in spent)
    assert head == pytest.approx(total, abs=1e-5)


def test_exchange_that_is_made_again_to_confirm_a_verdict_is_paid_for(tmp_path: Path) -> None:
    body = {"created": 1, "data": [{"b64_json": "aGk="}]}
    with serve_counting() as (url, eye):
        with session(tmp_path, url, cases="baseline") as first:
            write_run(run_of_session(first), tmp_path / "good.jsonl")
        eye.answer, posts = images(JSONResponse(body)), eye.posts
        options: dict[str, Any] = {"baseline": tmp_path / "good.jsonl", "confirm": 2}
        with session(tmp_path, url, cases="baseline", **options) as second:
            run = run_of_session(second)
    assert eye.posts - posts == 3
    check_agreement(run)
    assert csv_sum(run) == pytest.approx(3 * 0.02)


def test_image_costs_what_its_own_attempt_did() -> None:
    spent = {"actual": None, "estimate": 0.12, "guess": 0}
    twice = {"estimate": 0.04, "actual": None, "spent": spent}
    outage = {"status": 503, "headers": [], "body": "", "bytes": 0}
    lost_exchange = paid_exchange(kept_apart(None, 0.08), "lost", images=[], response=outage)
    run = of(
        paid_exchange(twice, "one"), paid_exchange(kept_apart(None, 0.04), "two"), lost_exchange
    )
    price = summary_json(run)["providers"][0]["price"]
    assert price["paid"] == pytest.approx(0.24)
    assert price["per_image"] == pytest.approx(0.04)
    assert price["in_vain"] == pytest.approx(0.16)
    assert "0.16 USD of it for attempts without an answer, if those are billed" in page(run)


def test_run_without_its_end_cost_at_least_that_and_requests_without_an_exchange_more() -> None:
    run = of(paid_exchange(kept_apart(None, 0.04)))
    run.footer = None
    assert "at least about 0.04 USD spent" in page(run)
    spent = {"estimate": 0.75, "actual": 0.5, "guess": 0.0, "requests": 2}
    run = of(paid_exchange(kept_apart(0.5)), spent=spent)
    assert "0.50 USD spent, 0.75 USD more for requests that are not shown" in page(run)
    assert summary_json(run)["runs"][0]["elsewhere"] == 0.75


def test_head_cards_table_and_summary_leave_out_guesses_and_tell_them() -> None:
    spent = {"estimate": 0.02, "actual": 0.5, "guess": 0.25, "requests": 3}
    prices = [kept_apart(0.5), kept_apart(None, 0.02), kept_apart(None, 0.0, 0.25)]
    run = of(*(paid_exchange(price, f"case-{n}") for n, price in enumerate(prices)), spent=spent)
    text = page(run)
    assert "about 0.52 USD spent, 1 answer without a price (counted as 0.25 USD" in text
    assert "about 0.52 USD paid, 0.26 USD an image 1 answer without a price (counted" in text
    assert csv_sum(run) == pytest.approx(0.52)
    (row,), (provider,) = summary_json(run)["runs"], summary_json(run)["providers"]
    assert (row["spent"], row["actual"], row["estimate"], row["guess"]) == (0.52, 0.5, 0.02, 0.25)
    assert row["elsewhere"] == row["taken_over"] == 0
    assert (provider["price"]["paid"], provider["price"]["guess"]) == (0.52, 0.25)


# a run that is named twice, or resumed by another, is paid once


def test_run_that_is_named_twice_is_counted_once_and_told() -> None:
    run = of(paid_exchange(kept_apart(0.5)))
    assert facts(run, run) == facts(run) == (0.5, 1, 1, 1)
    assert csv_sum(run, run) == 0.5
    assert "run 20260102T030405Z-00000000 was named twice" in summary_json(run, run)["problems"][0]
    assert "was named twice; it is counted once" in page(run, run)


def test_copy_of_a_run_that_was_still_going_on_is_left_out_and_another_of_its_id_is_not() -> None:
    one, two = paid_exchange(kept_apart(0.5), "one"), paid_exchange(kept_apart(0.25), "two")
    run, copy = of(one, two), of(one)
    copy.footer = None
    for pair in ((copy, run), (run, copy)):
        assert facts(*pair) == (0.75, 2, 2, 2)
        assert summary_json(*pair)["complete"]
    assert facts(of(one), of(two)) == (0.75, 2, 2, 2)


def test_run_and_the_one_that_goes_on_with_it_are_paid_once() -> None:
    first, second = first_and_second()
    for pair in ([first, second], [second, first]):
        assert facts(*pair) == (0.75, 2, 2, 2)
        assert csv_sum(*pair) == 0.75
        spent = [(run["spent"], run["taken_over"]) for run in summary_json(*pair)["runs"]]
        assert sorted(spent) == [(0.25, 0.5), (0.5, 0)]
    assert "0.25 USD spent, 0.50 USD by the runs it took over" in page(second)
    assert facts(second)[0] == csv_sum(second) == 0.75


def test_run_that_was_gone_on_with_twice_is_paid_once(tmp_path: Path) -> None:
    nights: list[Run] = []
    with serve_counting() as (url, eye):
        for number, most in enumerate((4, 4, None)):
            options: dict[str, Any] = {"max_requests": most, "partial": True, "cases": "[bn]*"}
            if number:
                options["resume"] = tmp_path / f"{number - 1}.jsonl"
            with session(tmp_path, url, **options) as live:
                for engine in live.engines if number else ():
                    engine._results.update(live.resumed.judged(engine))
                write_run(run_of_session(live), tmp_path / f"{number}.jsonl")
            nights.append(read_run(tmp_path / f"{number}.jsonl"))
    for run in nights:
        check_agreement(run)
    (provider,) = summary_json(*nights)["providers"]
    sums = [run.footer.spent for run in nights if run.footer]
    spent = sum(part.estimate for part in sums if part)
    assert provider["price"]["paid"] == pytest.approx(spent) == csv_sum(*nights)
    assert spent == pytest.approx(csv_sum(nights[-1]))
    assert provider["availability"]["total"] == eye.posts
    (first, *_), later = nights[0].exchanges, nights[1].exchanges
    assert later[first].run == nights[0].header.id
