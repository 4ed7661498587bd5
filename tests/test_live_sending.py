"""What is sent again and what is not, how fast, and when a run ends at once."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse
from starlette.responses import Response as Reply

from conformance.cases.request import Request
from conformance.exchange.model import Exchange, Failure, Response
from conformance.exchange.outcome import MOST_ATTEMPTS, retry_after
from conformance.live.ledger import Ledger
from conformance.live.retries import should_retry
from tests.extent import sample
from tests.hostile import HostileServer
from tests.live import (
    KEY,
    Answer,
    LiveResult,
    answer_instead,
    error,
    images,
    judge_all,
    run_live,
    serve_counting,
    session,
    verdicts,
)

REQUEST = Request("POST", "http://127.0.0.1/v1/images/generations", (), b"{}")
VALID = "[bu]*[e6]"  # baseline, b64_json-256x256 and url-256x256


def with_status(status: int, **headers: str) -> Exchange:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("p", "m", "c", REQUEST, Response(status, pairs, b"{}"), sent_at=1e9)


def no_answer(kind: str, method: str = "POST") -> Exchange:
    request = Request(method, REQUEST.url, (), b"")
    return Exchange("p", "m", "c", request, None, Failure(kind, "it failed"))


@pytest.mark.parametrize(
    ("status", "usd"), [(408, 0.06), (409, 0.02), (429, 0.02), (500, 0.06), (524, 0.06)]
)
def test_outage_that_ends_is_no_verdict_and_may_be_billed(
    tmp_path: Path, status: int, usd: float
) -> None:
    run = run_live(tmp_path, images(error(status), stop=2), cases="baseline")
    record = run.record("dall-e-2/baseline")
    assert (run.posts, record.attempts, run.verdicts) == (3, 3, {"pass"})
    assert [attempt.status for attempt in record.retried] == [status, status]
    assert record.price is not None
    assert record.price.spent is not None
    assert record.price.spent.estimate == run.spent.estimate == pytest.approx(usd)


@pytest.mark.parametrize(("status", "usd"), [(429, 0), (500, 0.08)])
def test_outage_that_stays_is_unavailable_after_waits_that_grow(
    tmp_path: Path, status: int, usd: float
) -> None:
    run = run_live(tmp_path, images(error(status)), cases="baseline")
    assert run.posts == MOST_ATTEMPTS
    assert "unavailable" in run.verdicts
    assert "fail" not in run.verdicts
    assert run.results["dall-e-2/baseline"].outcome.reason == f"HTTP {status}"
    first, second, third = (nap for nap in run.clock.naps if nap > 0)
    assert 0.5 <= first <= 1.0 <= second <= 1.5 < third
    assert run.spent.counted == pytest.approx(usd)


@pytest.mark.parametrize("status", [408, 500, 503])
def test_budget_holds_where_a_mistake_is_painted_before_the_server_fails(
    tmp_path: Path, status: int
) -> None:
    fails = answer_instead({"n": 0}, error(status))
    run = run_live(tmp_path, by_body=fails, cases="n-0", budget=0.07, partial=True)
    assert run.posts == 3, "the control, and the attempts that the rest may be billed for"
    assert run.spent.counted == pytest.approx(0.06)


@pytest.mark.parametrize("status", [400, 403])
def test_refusal_is_not_sent_again(tmp_path: Path, status: int) -> None:
    assert run_live(tmp_path, images(error(status)), cases="baseline").posts == 1


def test_as_long_as_the_provider_asks_is_waited_by_a_clock_that_never_jumps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jumps = iter(range(0, 10**9, 10**6))
    monkeypatch.setattr(time, "time", lambda: float(next(jumps)))
    busy = images(error(429, retry_after="17"), stop=1)
    (nap,) = run_live(tmp_path, busy, cases="baseline").clock.naps
    assert 17 <= nap <= 17.25


def test_day_is_not_waited_and_told(tmp_path: Path) -> None:
    run = run_live(tmp_path, images(error(429, retry_after="86400")), cases="baseline")
    assert (run.posts, run.clock.naps) == (1, [])
    reason = run.results["dall-e-2/baseline"].outcome.reason
    assert reason == "HTTP 429; the provider asks to wait 86,400 seconds"


@pytest.mark.parametrize(
    "value", ["-5", "soon", "", "1e9", "NaN", "٣", "Thu, 99 Foo 2026", "1" * 40]
)
def test_wait_that_is_none_is_ignored(value: str) -> None:
    assert retry_after(with_status(429, retry_after=value)) is None


def test_date_is_taken_from_the_date_of_the_answer_and_no_clock() -> None:
    there = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)  # their clock; ours may say anything
    until = format_datetime(there + timedelta(seconds=90), usegmt=True)
    exchange = with_status(503, retry_after=until, date=format_datetime(there, usegmt=True))
    assert retry_after(exchange) == 90
    assert retry_after(with_status(503, retry_after="Wed, 21 Oct 1998 07:28:00 GMT")) == 0


def test_what_may_have_been_billed_is_not_sent_again() -> None:
    assert all(should_retry(no_answer(kind, "POST")) for kind in ("connect", "dns"))
    assert not any(should_retry(no_answer(kind, "POST")) for kind in ("timeout", "disconnect"))
    assert all(should_retry(no_answer(kind, "GET")) for kind in ("timeout", "disconnect"))
    assert not any(should_retry(no_answer(kind, "GET")) for kind in ("tls", "too-large"))


def test_exceeded_pace_is_waited_for_whatever_its_status() -> None:
    response = Response(403, (), b'{"code": "Throttling.RateQuota"}')
    assert should_retry(replace(with_status(403), response=response))
    assert not should_retry(with_status(403))


class Unplugged:
    """A transport without a network."""

    def send(self, *_: object) -> Failure:
        return Failure("connect", "no route to host")


def test_network_that_comes_back_is_used(tmp_path: Path) -> None:
    with serve_counting() as (url, eye), session(tmp_path, url, cases="baseline") as live:
        sender = live.live_client(live.providers[0])
        there, sender.client._transport = sender.client._transport, Unplugged()
        sender.sleep = lambda _: setattr(sender.client, "_transport", there)
        exchange = sender.exchange(live.engines[0].cases["dall-e-2/baseline"])
    assert exchange.response is not None
    assert (exchange.attempts, eye.posts) == (2, 1)
    assert live.live.ledger.spent().counted == pytest.approx(0.02)


def test_lost_answer_is_counted_and_not_asked_for_again(tmp_path: Path) -> None:
    with HostileServer() as server, session(tmp_path, server.url("/hang-up/v1")) as live:
        sender = live.live_client(live.providers[0])
        exchange = sender.exchange(live.engines[0].cases["dall-e-2/baseline"])
    assert live.live.ledger.spent().counted == pytest.approx(0.02)
    assert exchange.failure is not None
    assert exchange.failure.kind == "disconnect"
    assert len(server.requests) == 1


def test_pace_is_the_rate_limit_of_each_provider_and_a_wait_holds_all_back() -> None:
    ledger = Ledger()
    slots = [ledger.slot("p", now=100.0, interval=6.0) for _ in range(4)]
    assert slots == [100.0, 106.0, 112.0, 118.0]
    assert ledger.slot("q", now=100.0, interval=6.0) == 100.0
    ledger.hold("q", 160.0)
    assert ledger.slot("q", now=101.0, interval=0.0) == 160.0


def test_requests_are_sent_at_the_rate_of_the_file(tmp_path: Path) -> None:
    run = run_live(tmp_path, more="requests_per_minute = 30", cases=VALID)
    assert len(run.eye.asked) > 3
    assert run.clock.now - 1000 == pytest.approx(2.0 * (len(run.eye.asked) - 1))


# what ends a run is reported, and is no verdict on any request; what was accepted before is kept


def says(status: int, message: str, **members: Any) -> Reply:
    return JSONResponse({"error": {"message": message, **members}}, status)


KEY_REFUSED = "first authorised request was refused (HTTP 401: no); look at the key"
KEY_LOST = "the key in its file was refused (HTTP 401: no), though it was good before"
PROXY = "a proxy before the provider wants a login"
CLOSED = "is not open to this account (HTTP {}: {}); look at the account"
QUOTA = "no quota left (HTTP {}: "
SPENT = "what was accepted before is refused now (HTTP {}: {}); look at the account and the key"
LIMIT = says(400, "Limit for this user.", param="user", code="limit")
FLAT = JSONResponse({"code": "x", "message": "user quota is not enough"}, 403)
POOR = says(200, "user quota is not enough")
PAGE = HTMLResponse("<title>Attention required</title>", 403)
ODD = JSONResponse({"detail": "qaStaH"}, 403)
LIST, MANY = "[bm][ao][sd]el*", "[bmn]*"
ENDS: dict[str, tuple[Answer, int, str, str]] = {
    "401": (lambda *_: error(401), 1, KEY_REFUSED, MANY),
    "403-about-the-key": (lambda *_: says(403, "Invalid API key"), 1, "look at the key in", MANY),
    "407": (lambda *_: Reply("login", 407), 1, PROXY, MANY),
    "list-refused": (lambda *_: says(400, "Not you."), 2, CLOSED.format(400, "Not you."), LIST),
    "list-is-public": (images(error(401)), 2, "look at the key", MANY),
    "401-later": (images(error(401), 5), 8, KEY_LOST, "*"),
    "quota-429": (images(error(429, "insufficient_quota"), 3), 5, QUOTA.format(429), MANY),
    "quota-402": (images(error(402), 3), 5, QUOTA.format(402), MANY),
    "quota-flat": (images(FLAT, 3), 5, QUOTA.format(403), MANY),
    "quota-200": (images(POOR, 3), 5, QUOTA.format(200), MANY),
    "region": (images(error(403, "unsupported_country")), 2, CLOSED.format(403, "no"), MANY),
    "project": (images(error(403, "model_not_found")), 2, CLOSED.format(403, "no"), MANY),
    "law": (images(error(451)), 2, CLOSED.format(451, "no"), MANY),
    # a refusal that names nothing is the account's, where what was accepted before gets it too:
    # two answers, what was accepted before, and the refusal: twice, but for a 200
    "mystery-400": (images(says(400, "qaStaH"), 2), 6, SPENT.format(400, "qaStaH"), VALID),
    "mystery-403": (images(ODD, 2), 6, SPENT.format(403, "qaStaH"), VALID),
    "mystery-200": (images(says(200, "qaStaH"), 2), 5, SPENT.format(200, "qaStaH"), VALID),
    "page-to-a-mistake": (images(PAGE, 5), 9, SPENT.format(403, "Attention required"), MANY),
    "limit-of-this-user": (images(LIMIT, 2), 6, SPENT.format(400, "Limit for this user."), VALID),
}  # fmt: skip


@pytest.mark.parametrize("end", sample(ENDS, 2))
def test_end_of_a_run_is_told_and_blames_no_request(tmp_path: Path, end: str) -> None:
    answer, requests, message, cases = ENDS[end]
    run = run_live(tmp_path, answer, cases=cases)
    assert message in run.halts[0]
    assert len(run.eye.asked) == requests
    assert ("unavailable" in run.verdicts, "fail" in run.verdicts) == (True, False)
    assert ("pass" in run.verdicts) is (requests > 1), "what was found is kept"


@pytest.mark.parametrize("status", [404, 503])
def test_model_that_is_not_served_is_asked_once(tmp_path: Path, status: int) -> None:
    run = run_live(tmp_path, images(error(status, "model_not_found")), cases="[bn]*")
    assert (run.posts, run.spent.counted) == (1, 0)
    reasons = {result.outcome.reason for result in run.results.values()}
    assert reasons == {f"the model is not served (HTTP {status})"}


@pytest.mark.parametrize(("key", "is_echoed"), [(KEY, True), (f"sk-...{KEY[-4:]}", False)])
def test_key_that_comes_back_in_the_first_401_is_a_finding_unless_it_is_masked(
    tmp_path: Path, key: str, is_echoed: bool
) -> None:
    refusal = JSONResponse({"error": {"message": f"Incorrect API key: {key}"}}, 401)
    run = run_live(tmp_path, lambda *_: refusal)
    findings = [one for result in run.results.values() for one in result.findings.values()]
    clauses = {finding.clause for finding in findings if finding.verdict == "fail"}
    assert len(run.eye.asked) == 1
    assert clauses == ({"authentication.key-not-echoed"} if is_echoed else set())


def test_single_401_later_is_a_verdict_and_no_end(tmp_path: Path) -> None:
    run = run_live(tmp_path, images(error(401), start=1, stop=2), cases="b[a6][s4]*")
    assert run.halts == []
    assert "fail" in run.verdicts


def test_key_that_cannot_be_asked_about_says_nothing_and_ends_nothing(tmp_path: Path) -> None:
    def answer(number: int, path: str) -> Reply | None:
        return {3: error(401), 4: error(503)}.get(number) if "images" in path else None

    run = run_live(tmp_path, answer, cases="b[a6][s4]*")
    assert run.halts == []
    (unclear,) = (result for result in run.results.values() if not result.outcome.accepted)
    assert "was refused (HTTP 401: no), though" in unclear.outcome.reason
    assert verdicts({"denied": unclear}) == {"unavailable"}


def test_model_that_is_named_wrongly_is_told_with_the_names_most_like_it(tmp_path: Path) -> None:
    with serve_counting() as (url, eye), session(tmp_path, url, "dall-e-3") as live:
        provider = replace(live.engines[0].provider, models={"dall-e-3": "dalle-3"})
        live.__dict__["providers"] = (provider.at(url),)
        del live.__dict__["engines"]
        results = judge_all(live)
        (halt,) = live.live.ledger.halts()
    assert eye.posts == 1
    assert verdicts(results) == {"pass", "unavailable"}
    assert "model dall-e-3, as 'dalle-3', is not served (HTTP 404: " in halt
    assert "served there: dall-e-3, dall-e-2 and 4 more; look at [models] in paid.toml" in halt


def test_other_model_is_asked_all_the_same(tmp_path: Path) -> None:
    names = ("dall-e-2", "dall-e-3")
    run = run_live(tmp_path, None, *names, served=["dall-e-3"], cases="[bn]*")
    assert run.results["dall-e-3/baseline"].outcome.accepted
    assert not run.results["dall-e-2/n-2"].outcome.accepted
    assert run.record("dall-e-2/n-2").attempts == 0


@pytest.mark.parametrize("has_answered", [False, True], ids=["never", "answered-another-process"])
def test_unreachable_provider_is_asked_for_every_case_only_if_it_has_answered(
    tmp_path: Path, has_answered: bool
) -> None:
    with session(tmp_path, "http://127.0.0.1:9/v1", cases="[bm]*") as live:
        if has_answered:
            live.live.ledger.admit("paid")
        results = judge_all(live)
        halts = "".join(live.live.ledger.halts())
    assert (halts == "", "cannot be reached" in halts) == (has_answered, not has_answered)
    assert verdicts(results) == {"unavailable"} | ({"not run"} if not has_answered else set())
    assert has_answered or live.live.ledger.spent().requests == MOST_ATTEMPTS


def test_refusal_that_names_nothing_is_asked_about_once_and_is_a_verdict(tmp_path: Path) -> None:
    posts = []
    for words in ("response_format: qaStaH", "qaStaH"):
        refusal = says(400, words)
        run = run_live(
            tmp_path, by_body=answer_instead({"response_format": "url"}, refusal), cases="[bu]*"
        )
        results = [result for path, result in run.results.items() if "/url-" in path]
        kinds = {result.findings["parameters.valid-accepted"].verdict for result in results}
        prices = [result.record.price for result in run.results.values() if result.record]
        estimate = sum(price.spent.estimate for price in prices if price and price.spent)
        assert (run.halts, kinds) == ([], {"fail"})
        assert run.spent.estimate == pytest.approx(estimate)
        posts.append(run.posts)
    # each refusal once more, what was accepted once, and the first refusal twice more
    assert posts[1] - posts[0] == 6


MISHAPS = {
    "challenge": HTMLResponse("<title>Just a moment...</title>", 403),
    "upstream": says(400, "The upstream failed.", type="upstream"),
    "no-model": says(404, "No such model.", code="model_not_found"),
    "no-channel": says(503, "No channel.", code="model_not_found"),
    "maintenance": Reply(status_code=302, headers={"location": "https://status.example/"}),
}


@pytest.mark.parametrize("mishap", MISHAPS.values(), ids=MISHAPS)
def test_mishap_is_no_verdict_and_is_kept_as_an_attempt(tmp_path: Path, mishap: Reply) -> None:
    run = run_live(tmp_path, images(mishap, 2, 4), cases=VALID)
    assert (run.halts, run.verdicts) == ([], {"pass"})
    assert retried_statuses(run) == [mishap.status_code] * 2


@pytest.mark.parametrize("mishap", ["upstream", "maintenance"])
def test_mishap_before_anything_was_accepted_is_no_verdict(tmp_path: Path, mishap: str) -> None:
    run = run_live(tmp_path, images(MISHAPS[mishap], stop=1), cases=VALID)
    assert (run.halts, run.verdicts) == ([], {"pass"})
    assert retried_statuses(run) == [MISHAPS[mishap].status_code]


def test_first_request_that_crashes_when_it_is_sent_again_is_judged_as_a_crash(
    tmp_path: Path,
) -> None:
    tries = 0

    def answer(body: Any) -> Reply | None:
        nonlocal tries
        tries += set(body) == {"model", "prompt"}
        return None if set(body) > {"model", "prompt"} else error(400 if tries == 1 else 500)

    run = run_live(tmp_path, by_body=answer, cases=VALID)
    baseline = run.results["dall-e-2/baseline"].findings["parameters.valid-accepted"]
    assert (baseline.verdict, baseline.message[:8]) == ("fail", "HTTP 500")


@pytest.mark.parametrize("mishap", ["challenge", "maintenance"])
def test_mistake_that_is_barred_is_sent_again(tmp_path: Path, mishap: str) -> None:
    run = run_live(tmp_path, images(MISHAPS[mishap], 2, 3), cases="[bn]*[e0]")  # and n-0
    assert (run.halts, run.verdicts) == ([], {"pass"})
    assert retried_statuses(run) == [MISHAPS[mishap].status_code]


def test_success_without_an_image_is_a_verdict_and_never_asked_again(tmp_path: Path) -> None:
    run = run_live(tmp_path, images(says(200, "Try the model later."), 2, 3), cases=VALID)
    assert (run.halts, retried_statuses(run)) == ([], [])
    assert "fail" in run.verdicts


def retried_statuses(run: LiveResult) -> list[int | None]:
    records = [result.record for result in run.results.values()]
    return [attempt.status for record in records if record for attempt in record.retried]
