"""What one value brings every time is the provider's; what hits all requests is an outage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from conformance.cases.model import Case
from conformance.exchange.source import RecordMode
from conformance.findings import Verdict
from conformance.live.circuit_breaker import LEAST, LEAST_OF_ALL, Generation, in_vain
from conformance.results.case_result import CaseResult
from tests.live import error, judge_all, session, watched

MODEL = "dall-e-3"
CHOSEN: dict[str, Any] = {"cases": "[bqsuc]*"}  # baseline, b64_json, quality, size, style, url
WORDS = {"error": {"message": "cannot unmarshal string", "type": "", "code": 500}}
CLAUSE = "parameters.valid-accepted"


def crashing(name: str, *values: str) -> Any:
    """Answer 500 to a parameter, or to some values of it."""

    def answer(asked: Any) -> Response | None:
        has = isinstance(asked, dict) and name in asked
        return (
            JSONResponse(WORDS, 500) if has and asked[name] in (values or [asked[name]]) else None
        )

    return answer


def judged(folder: Path, by_body: Any, **chosen: Any) -> Mapping[str, CaseResult]:
    with watched() as (url, eye), session(folder, url, MODEL, **{**CHOSEN, **chosen}) as found:
        eye.by_body = by_body
        return judge_all(found)


def test_value_that_always_crashes_breaks_its_promise(tmp_path: Path) -> None:
    told = judged(tmp_path, crashing("response_format", "b64_json"))
    for size in ("1024x1024", "1024x1792", "1792x1024"):
        finding = told[f"{MODEL}/b64_json-{size}"].findings[CLAUSE]
        assert finding.verdict is Verdict.FAIL
        told_of = "response_format b64_json: HTTP 500 in 3 of 3 cases, 16 of 16 attempts"
        assert finding.message.startswith(told_of)
        assert "HTTP 500: cannot unmarshal string" in finding.observed
    assert told[f"{MODEL}/baseline"].findings[CLAUSE].verdict is Verdict.PASS


def test_open_value_that_always_crashes_is_told_and_blocks_nothing(tmp_path: Path) -> None:
    told = judged(tmp_path, crashing("conformance_unknown"), cases="[bqc]*")
    findings = told[f"{MODEL}/conformance_unknown"].findings
    broken = findings["parameters.unknown"]
    assert broken.verdict is Verdict.DEVIATES
    assert "HTTP 500 in 1 of 1 case, 8 of 8 attempts" in broken.message
    others = {each.verdict for each in findings.values()} - {Verdict.DEVIATES}
    assert others == {Verdict.PASS}


def test_first_request_that_crashes_is_told_from_an_outage_by_later_ones(tmp_path: Path) -> None:
    def answer(asked: Any) -> Response | None:
        works = isinstance(asked, dict) and asked.get("response_format") == "b64_json"
        return None if works else JSONResponse({"error": "no bucket"}, 500)

    told = judged(tmp_path, answer)
    assert told[f"{MODEL}/baseline"].findings[CLAUSE].verdict is Verdict.FAIL
    refusal = told[f"{MODEL}/size-outside-enum"].findings
    assert {each.control for each in refusal.values()} == {"b64_json-1024x1024"}


def test_outage_that_is_over_is_no_verdict_on_the_request_that_met_it(tmp_path: Path) -> None:
    left = [4]  # as many attempts as one request has

    def answer(asked: Any) -> Response | None:
        if isinstance(asked, dict) and asked.get("quality") == "hd" and left[0]:
            left[0] -= 1
            return error(502)
        return None

    told = judged(tmp_path, answer)[f"{MODEL}/quality-hd"]
    assert told.findings[CLAUSE].verdict is Verdict.PASS
    assert told.record is not None
    assert told.record.attempts == 5


def test_threads_that_share_a_run_find_what_one_does(tmp_path: Path) -> None:
    crash = crashing("response_format", "b64_json")
    with watched() as (url, eye), session(tmp_path, url, MODEL, **CHOSEN) as found:
        eye.by_body, eye.pause = crash, 0.02
        several = judge_all(found, threads=3)
        assert eye.posts == sum(x.record.attempts or 0 for x in several.values() if x.record)
    assert _told(several) == _told(judged(tmp_path, crash))


def test_value_is_told_where_it_was_chosen_alone(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, MODEL, cases="quality-hd") as found:
        eye.by_body = crashing("quality", "hd")
        (told,) = judge_all(found).values()
    assert told.findings[CLAUSE].verdict is Verdict.FAIL
    assert told.findings[CLAUSE].message.startswith("quality hd: HTTP 500 in 1 of 1 case, 8 of 8 ")


def test_outage_of_all_is_unavailable(tmp_path: Path) -> None:
    told = judged(tmp_path, lambda _: error(503))
    verdicts = {each.verdict for one in told.values() for each in one.findings.values()}
    assert Verdict.FAIL not in verdicts
    assert Verdict.UNAVAILABLE in verdicts


def test_nothing_is_sent_out_of_order_where_the_budget_is_short(tmp_path: Path) -> None:
    told = judged(tmp_path, crashing("quality", "hd"), partial=True, budget=0.05)
    assert told[f"{MODEL}/quality-hd"].findings[CLAUSE].verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    "by_body",
    [
        crashing("response_format"),
        lambda asked: (
            JSONResponse({"detail": "url needs cloud storage"}, 400)
            if isinstance(asked, dict) and asked.get("response_format") != "b64_json"
            else None
        ),
    ],
    ids=["any-response-format-is-500", "only-b64_json-works"],
)
def test_replay_comes_to_what_the_recorded_run_did(tmp_path: Path, by_body: Any) -> None:
    chosen = {"live": False, "cassettes": tmp_path / "cassettes"}
    live = judged(tmp_path, by_body)
    recorded = judged(tmp_path, by_body, record_mode=RecordMode.REWRITE, **chosen)
    with session(tmp_path, "http://127.0.0.1:1/v1", MODEL, **{**CHOSEN, **chosen}) as found:
        replayed = judge_all(found)
    assert _told(live) == _told(recorded) == _told(replayed)


def test_answer_that_is_always_cut_is_recorded_and_told(tmp_path: Path) -> None:
    (tmp_path / "free").mkdir()
    chosen: dict[str, Any] = {"cases": "[bqs]*", "cassettes": tmp_path / "cassettes"}
    with watched() as (url, eye):
        eye.by_body = lambda asked: _Cut() if asked and asked.get("quality") == "hd" else None
        chosen |= {"live": False, "more": "free = true"}
        with session(tmp_path, url, MODEL, record_mode=RecordMode.REWRITE, **chosen) as found:
            recorded = judge_all(found)
    with session(tmp_path, "http://127.0.0.1:1/v1", MODEL, **chosen) as found:
        replayed = judge_all(found)
    told = [each[f"{MODEL}/quality-hd"].findings[CLAUSE] for each in (recorded, replayed)]
    assert [each.verdict for each in told] == [Verdict.FAIL] * 2
    assert "closed in the middle of the body in 1 of 1 case, 3 of 3 attempts" in told[0].message
    assert told[0].message == told[1].message


class _Cut(Response):
    """An answer that breaks off."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"created":'})


def _told(judged: Mapping[str, CaseResult]) -> dict[tuple[str, str], tuple[Verdict, str | None]]:
    return {
        (path, clause): (each.verdict, each.control)
        for path, one in judged.items()
        for clause, each in one.findings.items()
    }


def test_refusal_is_judged_in_a_request_that_was_accepted(tmp_path: Path) -> None:
    def answer(asked: Any) -> Response | None:
        works = isinstance(asked, dict) and asked.get("response_format") == "b64_json"
        return None if works else JSONResponse({"detail": "url needs cloud storage"}, 400)

    with watched() as (url, eye), session(tmp_path, url, MODEL, cases="[bnsu]*") as found:
        eye.by_body = answer
        told = judge_all(found)
        (engine,) = found.engines
        sent = engine.sent_as(engine.cases[f"{MODEL}/n-0"])
    refusal = told[f"{MODEL}/n-0"].findings["count.zero-refused"]
    assert (refusal.verdict, refusal.control) == (Verdict.PASS, "b64_json-1024x1024")
    assert sent.body is not None
    assert (sent.body["n"], sent.body["response_format"]) == (0, "b64_json")
    valid = told[f"{MODEL}/baseline"].findings[CLAUSE]
    assert (valid.verdict, valid.observed) == (
        Verdict.FAIL,
        "HTTP 400: url needs cloud storage",
    )


def test_refusal_in_the_words_of_a_valid_request_says_nothing_of_the_mistake(
    tmp_path: Path,
) -> None:
    said = {"error": {"message": "Streaming is only supported with n=1.", "type": "x"}}

    def answer(asked: Any) -> Response | None:
        many = isinstance(asked, dict) and type(asked.get("n")) is int and asked["n"] > 1
        return JSONResponse(said, 400) if many else None

    with watched() as (url, eye), session(tmp_path, url, "dall-e-2", cases="[bn]*") as found:
        eye.by_body = answer
        told = judge_all(found)
    assert told["dall-e-2/n-2"].findings[CLAUSE].verdict is Verdict.FAIL
    above = told["dall-e-2/n-above-maximum"].findings["count.above-maximum-refused"]
    assert above.verdict is Verdict.NOT_TESTABLE
    assert told["dall-e-2/n-0"].findings["count.zero-refused"].verdict is Verdict.PASS


HD, NONE = frozenset({"quality", "quality=hd"}), frozenset[str]()


def row(*answers: tuple[bool, frozenset[str]]) -> list[Generation]:
    """Requests one after the other, 20 seconds each, the newest first."""
    made = [
        Generation("m", at * 20.0, at * 20.0 + 20, None if fine else "HTTP 500", True, asks)
        for at, (fine, asks) in enumerate(answers)
    ]
    return made[::-1]


@pytest.mark.parametrize(
    ("tried", "stops"),
    [
        (row((True, NONE), *[(False, HD)] * LEAST_OF_ALL), False),
        (row((True, HD), *[(False, HD)] * LEAST), True),
        (row(*[(False, HD)] * LEAST_OF_ALL), True),
        (row((True, NONE), *[(False, HD)] * LEAST, (False, NONE)), True),
    ],
    ids=["one-value", "value-that-worked", "nothing-ever-worked", "another-as-well"],
)
def test_one_value_that_never_works_stops_no_model(tried: list[Generation], stops: bool) -> None:
    assert bool(in_vain("p", tried)) == stops


@pytest.mark.parametrize("status", [400, 404, 503])
def test_value_for_which_a_painting_model_is_said_to_be_gone_breaks_its_promise(
    tmp_path: Path, status: int
) -> None:
    said = {"error": {"message": "No channel for the model with quality hd.", "type": "x"}}
    said["error"]["code"] = "model_not_found"

    def answer(asked: Any) -> Response | None:
        hd = isinstance(asked, dict) and asked.get("quality") == "hd"
        return JSONResponse(said, status) if hd else None

    found = judged(tmp_path, answer)[f"{MODEL}/quality-hd"].findings[CLAUSE]
    assert found.verdict is Verdict.FAIL
    assert "quality hd" in found.observed


def test_request_refused_in_the_words_of_the_model_list_is_about_who_asks(tmp_path: Path) -> None:
    told = JSONResponse({"error": {"message": "Not for you.", "type": "x"}}, 400)
    with watched() as (url, eye), session(tmp_path, url, MODEL, cases="[bm][ao][sd]el*") as found:
        eye.answer = lambda _number, _path: told
        judged = judge_all(found)
        (why,) = found.live.ledger.halts()
    assert "is not open to this account (HTTP 400: Not for you.)" in why
    verdicts = {each.verdict for one in judged.values() for each in one.findings.values()}
    assert Verdict.FAIL not in verdicts


def test_answer_lost_as_often_as_others_is_unavailable() -> None:
    from tests.test_model_outcomes import SMALL, URL, accepted, crashed, others

    hd = Case("hd", MODEL, body={"model": MODEL, "prompt": "a cat", "quality": "hd"})
    more = [Case(f"n-{n}", MODEL, body={"model": MODEL, "prompt": "a cat", "n": n}) for n in (2, 3)]
    lossy = [
        (case, replace(timed, attempts=3, lost=2))
        for case, timed in (accepted(each, 2) for each in more)
    ]
    known = [accepted(SMALL, 1), crashed(hd, 2, attempts=3), accepted(URL, 3)]
    assert others(*known).context(hd, None).crash_doubt == ""
    assert others(*known, *lossy).context(hd, None).crash_doubt == (
        "the provider lost 4 of 8 other answers as well"
    )
    assert others(*known[:1], crashed(hd, 2, attempts=2), known[2]).context(hd, None).crash_doubt
