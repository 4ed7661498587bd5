"""One sum of money everywhere: ledger, footer, head and cards of the page, CSV and summary."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from conformance.live.ledger import Ledger
from conformance.reports import render
from conformance.runs.file import Run
from tests import runs
from tests.live import error, images, judge_all, session, watched

USAGE = {"input_tokens": 0, "output_tokens": 2000, "total_tokens": 2000}  # 0.016 USD
PRICED = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": USAGE}


def paid(price: Any, case: str = "baseline", **changes: Any) -> dict[str, Any]:
    """One exchange with an image and a price."""
    image = {"index": 0, "member": "b64_json"}
    return {**runs.exchange(case=case), "images": [image], "price": price, **changes}


def kept_apart(actual: float | None, estimate: float = 0.0, guess: float = 0.0) -> dict[str, Any]:
    """The price of an answer as it is written today."""
    spent = {"actual": actual, "estimate": estimate, "guess": guess}
    return {"estimate": None if guess else estimate, "actual": actual, "spent": spent}


def told(*found: Run) -> dict[str, Any]:
    """The summary as JSON."""
    return dict(json.loads(render(found, "json")))


def page(*found: Run) -> str:
    """What the page says, without its tags."""
    html = render(found, "html").split("<main>")
    head, cards = html[0], html[1].split('<section id="runs"')[0]
    return re.sub(r"(<[^>]+>|\s)+", " ", f"{head} {cards}")


def csv_sum(*found: Run) -> float:
    """The sum of the column, as a spreadsheet adds it up."""
    rows = csv.DictReader(io.StringIO(render(found, "csv"), newline=""))
    return sum(float(row["price_usd"] or 0) for row in rows)


def of(*exchanges: dict[str, Any], spent: Any = None, **head: Any) -> Run:
    """A run of exchanges with two findings each."""
    names = ("format.url-only", "count.n-images")
    judged = [runs.finding(name, case=each["case"]) for each in exchanges for name in names]
    end = runs.footer() | ({"spent": spent} if spent else {})
    return runs.run(*exchanges, *judged, head=runs.header(**head), end=end)


def test_ledger_keeps_apart_what_is_charged_estimated_and_guessed() -> None:
    ledger = Ledger()
    ledger.settle(ledger.set_aside("p", 0.2, 0.2), 0.2, 0.05)
    ledger.settle(ledger.set_aside("p", 0.02, 0.02), 0.02, None)
    ledger.settle(ledger.set_aside("p", 0.25, 0.25, known=False), 0.25, None, known=False)
    ledger.set_aside("p", 0.5, 0.5, known=False)
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
    assert record["price"] == kept_apart(None, 0.0, 0.05)


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
    assert record["price"]["spent"]["estimate"] == spent.estimate
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


def test_older_footer_with_guesses_in_its_sum_is_read() -> None:
    known, unknown = {"estimate": 0.9, "actual": 0.5}, {"estimate": None, "actual": None}
    spent = {"estimate": 9.0, "actual": 3.0, "requests": 2}
    found = of(paid(known, "one"), paid(unknown, "two"), spent=spent)
    assert "0.5000 USD spent, 1 answer without a price (counted as 2.50 USD" in page(found)
    assert told(found)["providers"][0]["price"]["paid"] == csv_sum(found) == 0.5


def test_older_run_without_any_price_has_spent_nothing_that_is_known() -> None:
    free, unknown = {"estimate": 0.0, "actual": None}, {"estimate": None, "actual": None}
    spent = {"estimate": 8.5, "actual": None, "requests": 2}
    said = page(of(paid(free, "one"), paid(unknown, "two"), spent=spent))
    assert "; spend not known, 1 answer without a price (counted as 8.50 USD" in said
    assert "Price not known 1 answer without a price" in said


def test_older_plan_of_what_was_refused_costs_nothing() -> None:
    refused: dict[str, Any] = {
        "outcome": "refused",
        "response": {"status": 400, "headers": [], "body": "{}"},
    }
    found = of(paid({"estimate": 0.06, "actual": None}, **refused, images=[]))
    assert told(found)["providers"][0]["price"]["paid"] == csv_sum(found) == 0


def test_what_was_not_sent_costs_nothing_in_the_table() -> None:
    assert csv_sum(of(paid({"estimate": 5.0, "actual": None}, outcome="not run"))) == 0


def test_price_stands_once_for_all_findings_of_an_exchange() -> None:
    assert csv_sum(of(paid(kept_apart(0.5)))) == 0.5


def test_requests_of_the_ledger_without_an_exchange_are_told() -> None:
    spent = {"estimate": 0.75, "actual": 0.5, "guess": 0.0, "requests": 2}
    found = of(paid(kept_apart(0.5)), spent=spent)
    assert "0.5000 USD spent, 0.7500 USD more for requests that are not shown" in page(found)
    assert told(found)["runs"][0]["elsewhere"] == 0.75


def first_and_second(**second: Any) -> tuple[Run, Run]:
    """A run that was cut off, and the one that went on with it and sent one more."""
    one = paid(kept_apart(0.5), "one", sent_at="2026-01-02T03:04:06+00:00")
    two = paid(kept_apart(0.25), "two", sent_at="2026-01-02T04:04:06+00:00")
    first, later = of(one, id="first"), "2026-01-02T04:00:00+00:00"
    first.footer = None
    taken = one | {"run": "first"}
    return first, of(taken, two, id="second", resumes=["first"], started=later, **second)


def facts(*found: Run) -> tuple[float, int, int, int]:
    """Dollars, requests, images and latencies of the only provider."""
    (provider,) = told(*found)["providers"]
    return (
        provider["price"]["paid"],
        provider["availability"]["total"],
        provider["images"],
        provider["latency"]["count"],
    )


def test_run_that_is_named_twice_is_counted_once_and_told() -> None:
    found = of(paid(kept_apart(0.5)))
    assert facts(found, found) == facts(found) == (0.5, 1, 1, 1)
    assert csv_sum(found, found) == 0.5
    assert "run 20260102T030405Z-00000000 was named twice" in told(found, found)["problems"][0]
    assert "was named twice; it is counted once" in page(found, found)


def test_copy_of_a_run_that_was_still_going_on_is_left_out() -> None:
    one, two = paid(kept_apart(0.5), "one"), paid(kept_apart(0.25), "two")
    whole, copy = of(one, two), of(one)
    copy.footer = None
    for found in ((copy, whole), (whole, copy)):
        assert facts(*found) == (0.75, 2, 2, 2)
        assert told(*found)["complete"]


def test_other_run_with_the_same_id_is_not_left_out() -> None:
    other = of(paid(kept_apart(0.25), "two"))
    assert facts(of(paid(kept_apart(0.5), "one")), other) == (0.75, 2, 2, 2)


@pytest.mark.parametrize("marked", [True, False], ids=["today", "older"])
@pytest.mark.parametrize("turned", [False, True], ids=["in-order", "turned"])
def test_run_and_the_one_that_it_goes_on_with_are_paid_once(marked: bool, turned: bool) -> None:
    found = list(first_and_second())
    if not marked:
        del found[1].exchanges["acme/dall-e-3/one"]["run"]
    assert facts(*(found[::-1] if turned else found)) == (0.75, 2, 2, 2)
    assert csv_sum(*found) == 0.75
    spent = [(each["spent"], each["taken_over"]) for each in told(*found)["runs"]]
    assert spent == [(0.5, 0), (0.25, 0.5)]


def test_page_of_a_resumed_run_tells_what_the_run_before_it_paid() -> None:
    _, second = first_and_second()
    assert "0.2500 USD spent, 0.5000 USD by the runs it took over" in page(second)
    assert facts(second)[0] == csv_sum(second) == 0.75


def test_resumed_run_says_who_sent_what_it_took_over(tmp_path: Path) -> None:
    from conformance.runs.file import read_run, write_run

    with watched() as (url, _):
        with session(tmp_path, url, cases="baseline") as found:
            judged = judge_all(found)
            written = runs.run(
                *(
                    {**(each.record or {}), "findings": len(each.findings)}
                    for each in judged.values()
                ),
                *(one for each in judged.values() for one in each.findings.values()),
                head=found.header(),
                end=None,
            )
        write_run(written, tmp_path / "run.jsonl")
        with session(tmp_path, url, cases="baseline", resume=tmp_path / "run.jsonl") as again:
            taken = again.resumed.judged(again.engines[0])["dall-e-2/baseline"].record
    assert taken["run"] == read_run(tmp_path / "run.jsonl").header["id"]


def lived(found: Any) -> Run:
    """The run of a session as its file tells it."""
    made = Run(found.header())
    for engine in found.engines:
        for case, _ in found.selected(engine):
            one = engine.judged(case)
            made.add({**one.record, "findings": len(one.findings)})
            for each in one.findings.values():
                made.add(each)
    spent = found.live.ledger.spent()
    names = ("estimate", "actual", "guess", "requests")
    made.footer = runs.footer() | {"spent": {name: getattr(spent, name) for name in names}}
    return made


def check_agreement(found: Run) -> None:
    """Footer, head, cards, CSV and summary say one sum."""
    spent = (found.footer or {})["spent"]
    document = told(found)
    (run,) = document["runs"]
    assert run["spent"] == pytest.approx((spent["actual"] or 0) + spent["estimate"])
    assert run["guess"] == pytest.approx(spent["guess"])
    assert run["elsewhere"] == 0
    cards = [each["price"] for each in document["providers"]]
    before = run["taken_over"]
    assert sum(each["paid"] for each in cards) == pytest.approx(run["spent"] + before)
    assert csv_sum(found) == pytest.approx(run["spent"] + before)


MODELS = ("dall-e-2", "gpt-image-1-mini", "gpt-image-1")


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        (None, {}),
        (images(error(500)), {}),
        (images(error(500), stop=2), {}),
        (images(error(429), stop=2), {}),
        (images(JSONResponse(PRICED)), {}),
        (None, {"max_requests": 7, "partial": True}),
        (images(error(500)), {"max_requests": 6, "partial": True}),
        (None, {"budget": 0.3, "partial": True}),
    ],
    ids=["truth", "5xx", "5xx-then-well", "429", "usage", "max", "max-within-retries", "budget"],
)
def test_footer_page_table_and_summary_agree(
    tmp_path: Path, answer: Any, chosen: dict[str, Any]
) -> None:
    with watched(answer) as (url, _), session(tmp_path, url, *MODELS, **chosen) as found:
        check_agreement(lived(found))


def test_two_providers_in_one_run_agree_with_its_footer(tmp_path: Path) -> None:
    from conformance.runs.session import Options, Session
    from tests.live import paid_toml

    with watched() as (url, _):
        files = []
        for name, model in (("cheap", "dall-e-2"), ("dear", "dall-e-3")):
            file = Path(paid_toml(tmp_path, model)).rename(tmp_path / f"{name}.toml")
            file.write_text(file.read_text().replace("http://127.0.0.1:1/v1", url))
            files.append(str(file))
        found = Session(Options(providers=tuple(files), live=True, budget=9.0))
        written = lived(found)
        found.close()
    check_agreement(written)
    cards = {each["id"]: each["price"]["paid"] for each in told(written)["providers"]}
    assert set(cards) == {"cheap", "dear"}
    assert min(cards.values()) > 0


def test_run_that_was_gone_on_with_twice_is_paid_once(tmp_path: Path) -> None:
    from conformance.runs.file import read_run, write_run

    written: list[Run] = []
    with watched() as (url, eye):
        for number, most in enumerate((4, 4, None)):
            chosen: dict[str, Any] = {"max_requests": most, "partial": True, "cases": "[bn]*"}
            if number:
                chosen["resume"] = tmp_path / f"{number - 1}.jsonl"
            with session(tmp_path, url, **chosen) as found:
                if number:
                    for engine in found.engines:
                        engine._judged.update(found.resumed.judged(engine))
                made = lived(found)
            write_run(made, tmp_path / f"{number}.jsonl")
            written.append(read_run(tmp_path / f"{number}.jsonl"))
    for each in written:
        check_agreement(each)
    (provider,) = told(*written)["providers"]
    spent = sum((each.footer or {})["spent"]["estimate"] for each in written)
    assert provider["price"]["paid"] == pytest.approx(spent) == csv_sum(*written)
    assert spent == pytest.approx(csv_sum(written[-1]))
    assert provider["availability"]["total"] == eye.posts


def test_control_that_nobody_chose_is_told_beside_the_exchanges(tmp_path: Path) -> None:
    with watched() as (url, _), session(tmp_path, url, cases="n-above-*") as found:
        written = lived(found)
    assert "0.00 USD spent of 9.00 USD, 0.0200 USD more for requests that are not shown" in page(
        written
    )


def test_exchange_without_a_finding_is_paid_for_in_the_table_all_the_same() -> None:
    silent = paid(kept_apart(0.5), "silent")
    assert csv_sum(runs.run(silent, runs.exchange(), runs.finding())) == 0.5


dollars = st.integers(0, 10**7).map(lambda each: each / 1e6)
parts = st.builds(kept_apart, st.none() | dollars, dollars, dollars)
older = st.fixed_dictionaries({"estimate": st.none() | dollars, "actual": st.none() | dollars})
outcomes = st.sampled_from(["accepted", "refused", "unavailable", "not served", "not run"])


@st.composite
def sent(draw: st.DrawFn) -> dict[str, Any]:
    """An exchange with any price, as files of today and of before have it."""
    made = paid(draw(st.none() | parts | older), draw(st.sampled_from("abcdefgh")))
    status = draw(st.sampled_from([200, 400, 408, 429, 500]))
    answer = draw(st.sampled_from([None, {"status": status, "headers": [], "body": "{}"}]))
    made |= {"provider": draw(st.sampled_from(["acme", "relay"])), "outcome": draw(outcomes)}
    return made | {"response": answer, "images": made["images"] * draw(st.integers(0, 2))}


@given(exchanges=st.lists(sent(), max_size=12), judged=st.integers(0, 3))
def test_all_sums_of_any_exchanges_are_one(exchanges: list[dict[str, Any]], judged: int) -> None:
    names = list(runs.LEVELS)[:judged]
    where = [{name: each[name] for name in ("provider", "model", "case")} for each in exchanges]
    findings = [runs.finding(name, **each) for each in where for name in names]
    shown = [runs.finding(provider=name, case="z") for name in ("acme", "relay")]
    found = runs.run(*exchanges, *findings, *shown, head=runs.header(["acme", "relay"]))
    document = told(found)
    head = document["runs"][0]["spent"] or 0.0
    cards = sum(each["price"]["paid"] for each in document["providers"] if each["price"])
    assert head == pytest.approx(cards, abs=1e-5)
    assert head == pytest.approx(csv_sum(found), abs=1e-5)
    kept = [each["price"] for each in found.exchanges.values() if each["outcome"] != "not run"]
    spent = [each["spent"] for each in kept if each and "spent" in each]
    if len(spent) == len([each for each in kept if each]):
        charged = sum((each["actual"] or 0.0) + each["estimate"] for each in spent)
        assert head == pytest.approx(charged, abs=1e-5)


def test_exchange_that_is_made_again_to_confirm_a_verdict_is_paid_for(tmp_path: Path) -> None:
    from conformance.runs.file import write_run

    wrong = {"created": 1, "data": [{"b64_json": "aGk="}]}
    with watched() as (url, eye):
        with session(tmp_path, url, cases="baseline") as good:
            write_run(lived(good), tmp_path / "good.jsonl")
        eye.answer, before = images(JSONResponse(wrong)), eye.posts
        again: dict[str, Any] = {"baseline": tmp_path / "good.jsonl", "confirm": 2}
        with session(tmp_path, url, cases="baseline", **again) as found:
            written = lived(found)
    assert eye.posts - before == 3
    check_agreement(written)
    assert csv_sum(written) == pytest.approx(3 * 0.02)
