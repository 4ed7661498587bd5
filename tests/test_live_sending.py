"""What is sent again and what is not, how fast, and when a run ends at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from starlette.responses import JSONResponse
from starlette.responses import Response as Reply

from conformance.exchange.model import Exchange, Failure, Request, Response
from conformance.exchange.retry_after import MOST_ATTEMPTS, retry_after
from conformance.live.ledger import Ledger
from conformance.live.retries import should_retry
from tests.live import KEY, Clock, error, images, judge_all, naps, session, verdicts, watched

REQUEST = Request("POST", "http://127.0.0.1/v1/images/generations", (), b"{}")


def answered(status: int, **headers: str) -> Exchange:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("p", "m", "c", REQUEST, Response(status, named, b"{}"), sent_at=1e9)


def failed(kind: str, method: str = "POST") -> Exchange:
    request = Request(method, REQUEST.url, (), b"")
    return Exchange("p", "m", "c", request, None, Failure(kind, "it failed"))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 524])
def test_outage_that_ends_is_no_verdict(tmp_path: Path, status: int) -> None:
    with (
        watched(images(error(status), stop=2)) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judged = judge_all(found)["dall-e-2/baseline"]
    assert eye.posts == 3
    assert judged.record is not None
    assert judged.record.attempts == 3
    assert [each.status for each in judged.record.retried] == [status, status]
    assert verdicts({"baseline": judged}) == {"pass"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_outage_that_stays_is_unavailable(tmp_path: Path, status: int) -> None:
    with (
        watched(images(error(status))) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judged = judge_all(found)["dall-e-2/baseline"]
    assert eye.posts == MOST_ATTEMPTS
    assert "unavailable" in verdicts({"baseline": judged})
    assert "fail" not in verdicts({"baseline": judged})
    assert judged.outcome.reason == f"HTTP {status}"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refusal_is_not_sent_again(tmp_path: Path, status: int) -> None:
    with (
        watched(images(error(status))) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judge_all(found)
    assert eye.posts == 1


def test_waits_grow(tmp_path: Path) -> None:
    with (
        watched(images(error(503))) as (url, _),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judge_all(found)
        waits = [each for each in naps(found) if each > 0]
    assert len(waits) == MOST_ATTEMPTS - 1
    assert 0.5 <= waits[0] <= 1.0 <= waits[1] <= 1.5 < waits[2]


def test_as_long_as_the_provider_asks_is_waited(tmp_path: Path) -> None:
    with (
        watched(images(error(429, retry_after="17"), stop=1)) as (url, _),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judge_all(found)
        (waited,) = naps(found)
    assert 17 <= waited <= 17.25


def test_day_is_not_waited_and_told(tmp_path: Path) -> None:
    with (
        watched(images(error(429, retry_after="86400"))) as (url, eye),
        session(tmp_path, url, cases="baseline") as found,
    ):
        judged = judge_all(found)["dall-e-2/baseline"]
        assert naps(found) == []
    assert eye.posts == 1
    assert judged.outcome.reason == "HTTP 429; the provider asks to wait 86,400 seconds"


@pytest.mark.parametrize(
    "value", ["-5", "soon", "", "1e9", "NaN", "٣", "Thu, 99 Foo 2026", "1" * 40]
)
def test_wait_that_is_none_is_ignored(value: str) -> None:
    assert retry_after(answered(429, retry_after=value)) is None


def test_date_is_taken_from_the_date_of_the_answer_and_no_clock() -> None:
    there = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)  # their clock; ours may say anything
    until = format_datetime(there + timedelta(seconds=90), usegmt=True)
    exchange = answered(503, retry_after=until, date=format_datetime(there, usegmt=True))
    assert retry_after(exchange) == 90
    assert retry_after(answered(503, retry_after="Wed, 21 Oct 1998 07:28:00 GMT")) == 0


@pytest.mark.parametrize(
    ("kind", "method", "expected"),
    [
        ("connect", "POST", True),
        ("dns", "POST", True),
        ("timeout", "POST", False),
        ("disconnect", "POST", False),
        ("timeout", "GET", True),
        ("disconnect", "GET", True),
        ("tls", "GET", False),
        ("too-large", "GET", False),
    ],
)
def test_what_may_have_been_billed_is_not_sent_again(
    kind: str, method: str, expected: bool
) -> None:
    assert should_retry(failed(kind, method)) is expected


def test_network_that_comes_back_is_used(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, cases="baseline") as found:
        sender = found.live_client(found.providers[0])
        (case,) = [each for each in found.engines[0].cases.values() if each.id == "baseline"]
        there, sender.client._transport = sender.client._transport, Unplugged()
        sender.sleep = lambda _: setattr(sender.client, "_transport", there)
        exchange = sender.exchange(case)
    assert exchange.response is not None
    assert (exchange.attempts, eye.posts) == (2, 1)
    assert found.live.ledger.spent().counted == pytest.approx(0.02)


class Unplugged:
    """A transport without a network."""

    def send(self, *_: object) -> Failure:
        return Failure("connect", "no route to host")


def test_lost_answer_is_counted_and_not_asked_for_again(tmp_path: Path) -> None:
    with hanging_up() as (url, taken), session(tmp_path, url) as found:
        sender = found.live_client(found.providers[0])
        (case,) = [each for each in found.engines[0].cases.values() if each.id == "baseline"]
        exchange = sender.exchange(case)
        assert found.live.ledger.spent().counted == pytest.approx(0.02)
    assert exchange.failure is not None
    assert exchange.failure.kind == "disconnect"
    assert len(taken) == 1


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[bytes]]]:
    """Take every request, and hang up without an answer."""
    listener, taken = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                taken.append(connection.recv(65536))
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", taken


def test_pace_is_the_rate_limit_of_each_provider() -> None:
    ledger = Ledger()
    slots = [ledger.slot("p", now=100.0, interval=6.0) for _ in range(4)]
    assert slots == [100.0, 106.0, 112.0, 118.0]
    assert ledger.slot("q", now=100.0, interval=6.0) == 100.0


def test_requests_are_sent_at_the_rate_of_the_file(tmp_path: Path) -> None:
    with (
        watched() as (url, eye),
        session(tmp_path, url, more="requests_per_minute = 30") as found,
    ):
        judge_all(found)
        clock: Clock = found.__dict__["clock"]
    assert clock.now - 1000 == pytest.approx(2.0 * (len(eye.asked) - 1))


def test_one_who_is_told_to_wait_holds_the_others_back() -> None:
    ledger = Ledger()
    ledger.slot("p", now=100.0, interval=0.0)
    ledger.hold("p", 160.0)
    assert ledger.slot("p", now=101.0, interval=0.0) == 160.0


def test_clock_that_jumps_moves_no_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (
        watched(images(error(429, retry_after="3"), stop=1)) as (url, _),
        session(tmp_path, url, cases="baseline") as found,
    ):
        jumps = iter(range(0, 10**9, 10**6))
        monkeypatch.setattr(time, "time", lambda: float(next(jumps)))
        judge_all(found)
        assert 3 <= sum(naps(found)) <= 3.5


def test_refused_key_ends_the_run_with_one_request(tmp_path: Path) -> None:
    with watched(lambda *_: error(401)) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert len(eye.asked) == 1
    assert verdicts(judged) == {"unavailable", "not run"}
    assert "first authorised request was refused (HTTP 401: no); look at the key" in told


@pytest.mark.parametrize("told", [f"Incorrect API key: {KEY}", KEY.swapcase(), KEY[::-1]])
def test_key_that_comes_back_in_the_first_401_is_a_finding(tmp_path: Path, told: str) -> None:
    refused = JSONResponse({"error": {"message": told}}, 401)
    with watched(lambda *_: refused) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
    (echo,) = [
        each
        for one in judged.values()
        for each in one.findings.values()
        if each.clause == "authentication.key-not-echoed" and each.verdict.value != "not run"
    ]
    assert (len(eye.asked), echo.verdict.value) == (1, "fail")
    assert verdicts(judged) == {"fail", "unavailable", "not run"}


def test_masked_key_in_the_first_401_is_no_finding(tmp_path: Path) -> None:
    refused = JSONResponse({"error": {"message": f"Incorrect: sk-...{KEY[-4:]}"}}, 401)
    with watched(lambda *_: refused) as (url, _), session(tmp_path, url) as found:
        assert verdicts(judge_all(found)) == {"unavailable", "not run"}


def test_public_model_list_does_not_make_a_key_good(tmp_path: Path) -> None:
    with watched(images(error(401))) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 1
    assert "fail" not in verdicts(judged)
    assert "look at the key" in told


def test_single_401_later_is_a_verdict_and_no_end(tmp_path: Path) -> None:
    with (
        watched(images(error(401), start=1, stop=2)) as (url, _),
        session(tmp_path, url, cases="b[a6][s4]*") as found,
    ):
        judged = judge_all(found)
        assert found.live.ledger.halts() == []
    assert "fail" in verdicts(judged)


def test_key_that_stops_working_ends_the_run(tmp_path: Path) -> None:
    with watched(images(error(401), start=5)) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 5 + 2
    assert "the key in its file was refused (HTTP 401: no), though it was good before" in told
    assert "fail" not in verdicts(judged)
    assert {"unavailable", "not run"} < verdicts(judged)


def test_key_that_cannot_be_asked_about_says_nothing_and_ends_nothing(tmp_path: Path) -> None:
    def answer(number: int, path: str) -> Reply | None:
        return {3: error(401), 4: error(503)}.get(number) if "images" in path else None

    with watched(answer) as (url, _), session(tmp_path, url, cases="b[a6][s4]*") as found:
        judged = judge_all(found)
        assert found.live.ledger.halts() == []
    (denied,) = [each for each in judged.values() if not each.outcome.accepted]
    assert "was refused (HTTP 401: no), though" in denied.outcome.reason
    assert {each.verdict.value for each in denied.findings.values()} == {"unavailable"}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "insufficient_quota", "x"),
        (400, "billing_hard_limit_reached", "x"),
        (403, "insufficient_user_quota", "x"),
        (402, "", "x"),
        (429, "", "insufficient_quota"),
    ],
)
def test_exhausted_quota_ends_the_run_and_keeps_what_was_found(
    tmp_path: Path, status: int, code: str, kind: str
) -> None:
    with (
        watched(images(error(status, code, kind), start=3)) as (url, eye),
        session(tmp_path, url) as found,
    ):
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 4
    assert verdicts(judged) == {"pass", "unavailable", "not run"}
    assert "no quota left" in told


FLAT = [
    (403, {"code": "x", "message": "user quota is not enough"}),
    (403, {"errors": [{"message": "user quota is not enough"}]}),
    (400, {"detail": "Insufficient account balance"}),
    (200, {"error": {"message": "user quota is not enough"}}),
    (429, {"code": 1113, "msg": "余额不足"}),
]


@pytest.mark.parametrize(("status", "body"), FLAT, ids=["flat", "list", "detail", "200", "words"])
def test_quota_in_any_shape_ends_the_run_and_breaks_nothing(
    tmp_path: Path, status: int, body: object
) -> None:
    reply = JSONResponse(body, status)
    with watched(images(reply, start=10)) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 11
    assert verdicts(judged) <= {"pass", "unavailable", "not run", "not testable"}
    assert f"no quota left (HTTP {status}: " in told


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (JSONResponse({"error": {"message": "Invalid API key"}}, 403), "look at the key in its f"),
        (Reply("login", 407), "a proxy before the provider wants a login"),
    ],
    ids=["403-about-the-key", "407"],
)
def test_first_request_that_is_not_let_in_ends_the_run(
    tmp_path: Path, reply: Reply, said: str
) -> None:
    with watched(lambda *_: reply) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert len(eye.asked) == 1
    assert verdicts(judged) == {"unavailable", "not run"}
    assert said in told


def test_model_that_is_named_wrongly_is_told_with_the_names_most_like_it(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, "dall-e-3") as found:
        (engine,) = found.engines
        wrong = replace(engine.provider, models={"dall-e-3": "dalle-3"})
        found.__dict__["providers"] = (wrong.at(url),)
        del found.__dict__["engines"]
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 1
    assert verdicts(judged) == {"pass", "unavailable"}
    assert "model dall-e-3, as 'dalle-3', is not served (HTTP 404: " in told
    assert "served there: dall-e-3, dall-e-2 and 4 more; look at [models] in paid.toml" in told


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "unsupported_country"), (403, "model_not_found"), (451, "")],
    ids=["region", "project", "law"],
)
def test_model_that_is_not_open_to_this_account_is_no_broken_promise(
    tmp_path: Path, status: int, code: str
) -> None:
    with watched(images(error(status, code))) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
    assert eye.posts == 1
    assert "fail" not in verdicts(judged)
    assert f"is not open to this account (HTTP {status}: no); look at the account" in told


@pytest.mark.parametrize(("status", "code"), [(404, "model_not_found"), (503, "model_not_found")])
def test_model_that_is_not_served_is_asked_once(tmp_path: Path, status: int, code: str) -> None:
    with watched(images(error(status, code))) as (url, eye), session(tmp_path, url) as found:
        judged = judge_all(found)
        assert found.live.ledger.spent().counted == 0
    assert eye.posts == 1
    reasons = {each.outcome.reason for path, each in judged.items() if "models-list" not in path}
    assert reasons == {f"the model is not served (HTTP {status})"}


def test_other_model_is_asked_all_the_same(tmp_path: Path) -> None:
    with (
        watched(models=["dall-e-3"]) as (url, _),
        session(tmp_path, url, "dall-e-2", "dall-e-3") as found,
    ):
        judged = judge_all(found)
    assert judged["dall-e-3/baseline"].outcome.accepted
    assert not judged["dall-e-2/n-2"].outcome.accepted
    assert judged["dall-e-2/n-2"].record is not None
    assert judged["dall-e-2/n-2"].record.attempts == 0


def test_unreachable_provider_is_not_asked_for_every_case(tmp_path: Path) -> None:
    with session(tmp_path, "http://127.0.0.1:9/v1") as found:
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
        assert found.live.ledger.spent().requests == MOST_ATTEMPTS
    assert "cannot be reached" in told
    assert verdicts(judged) == {"unavailable", "not run"}


@pytest.mark.parametrize("answered", [True, False], ids=["answered-before", "never"])
def test_provider_that_has_answered_another_process_is_away_for_a_while(
    tmp_path: Path, answered: bool
) -> None:
    with session(tmp_path, "http://127.0.0.1:1/v1", cases="b[a6][s4]*") as found:
        if answered:
            found.live.ledger.admit("paid")
        judged = judge_all(found)
        assert bool(found.live.ledger.halts()) == (not answered)
    assert verdicts(judged) == {"unavailable" if answered else "not run"}
