"""Footer, head, cards, table and summary agree, whatever was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from tests import runs
from tests.live import error, images, session, watched
from tests.sums import check_agreement, csv_sum, kept_apart, lived, of, page, paid, told

USAGE = {"input_tokens": 0, "output_tokens": 2000, "total_tokens": 2000}  # 0.016 USD
PRICED = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": USAGE}


MODELS = ("dall-e-2", "gpt-image-1-mini")
ONE = {"models": "dall-e-2"}


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        (None, {}),
        (images(error(500)), ONE),
        (images(error(500), stop=2), ONE),
        (images(error(429), stop=2), ONE),
        (images(JSONResponse(PRICED)), {"models": "gpt-image-1-mini"}),
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
    from conformance.runner.options import Options
    from conformance.runner.session import Session
    from tests.live import paid_toml

    with watched() as (url, _):
        files = []
        for name, model in (("cheap", "dall-e-2"), ("dear", "dall-e-3")):
            file = Path(paid_toml(tmp_path, model)).rename(tmp_path / f"{name}.toml")
            file.write_text(file.read_text().replace("http://127.0.0.1:1/v1", url))
            files.append(str(file))
        found = Session(Options(providers=tuple(files), live=True, budget=9.0, cases="[bn]*"))
        written = lived(found)
        found.close()
    check_agreement(written)
    cards = {each["id"]: each["price"]["paid"] for each in told(written)["providers"]}
    assert set(cards) == {"cheap", "dear"}
    assert min(cards.values()) > 0


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
outcomes = st.sampled_from(["accepted", "refused", "unavailable", "not served", "not run"])


@st.composite
def sent(draw: st.DrawFn) -> dict[str, Any]:
    """An exchange with any price."""
    made = paid(draw(st.none() | parts), draw(st.sampled_from("abcdefgh")))
    status = draw(st.sampled_from([200, 400, 408, 429, 500]))
    answer = {"status": status, "headers": [], "body": "{}", "bytes": 2}
    made |= {"provider": draw(st.sampled_from(["acme", "relay"])), "outcome": draw(outcomes)}
    made["images"] *= draw(st.integers(0, 2))
    return made | {"response": draw(st.sampled_from([None, answer]))}


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
    prices = [each.price for each in found.exchanges.values() if each.was_sent]
    spent = [each.spent for each in prices if each and each.spent]
    charged = sum((each.actual or 0.0) + each.estimate for each in spent)
    assert head == pytest.approx(charged, abs=1e-5)


def test_exchange_that_is_made_again_to_confirm_a_verdict_is_paid_for(tmp_path: Path) -> None:
    from conformance.results.run_file import write_run

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


def test_image_costs_what_its_own_attempt_did() -> None:
    twice = {
        "estimate": 0.04,
        "actual": None,
        "spent": {"actual": None, "estimate": 0.12, "guess": 0},
    }
    lost = paid(
        kept_apart(None, 0.08),
        "lost",
        images=[],
        response={"status": 503, "headers": [], "body": "", "bytes": 0},
    )
    made = of(paid(twice, "one"), paid(kept_apart(None, 0.04), "two"), lost)
    (provider,) = told(made)["providers"]
    assert provider["price"]["paid"] == pytest.approx(0.24)
    assert provider["price"]["per_image"] == pytest.approx(0.04)
    assert provider["price"]["in_vain"] == pytest.approx(0.16)
    assert "0.1600 USD of it for attempts without an answer, if those are billed" in page(made)


def test_run_without_its_end_cost_at_least_what_it_tells() -> None:
    made = of(paid(kept_apart(None, 0.04)))
    made.footer = None
    assert "at least about 0.0400 USD spent" in page(made)
