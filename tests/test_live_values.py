"""What one value brings every time is the provider's; what hits all requests is an outage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from conformance.exchange.source import RecordMode
from conformance.findings import Verdict
from conformance.results.case_result import CaseResult
from tests.live import (
    ByBody,
    LiveResult,
    answer_instead,
    error,
    judge_all,
    run_live,
    session,
    verdicts,
)

MODEL = "dall-e-3"
BASE, HD = f"{MODEL}/baseline", f"{MODEL}/quality-hd"
WORDS = JSONResponse(
    {"error": {"message": "cannot unmarshal string", "type": "", "code": 500}}, 500
)
CLAUSE = "parameters.valid-accepted"
B64_CRASHES = answer_instead({"response_format": "b64_json"}, WORDS)
FEW = "[bq]*"  # baseline, b64_json-… and quality-…
HDS = "[bq][au]*"  # baseline and quality-…
FALLS_BACK = "b*,size-outside-enum"  # a mistake, and what it may be sent in instead


def run_of(folder: Path, by_body: ByBody, cases: str = FEW, **options: Any) -> LiveResult:
    return run_live(folder, None, MODEL, by_body=by_body, cases=cases, **options)


def unless_base64(response: Response | None) -> ByBody:
    """Answer every generation that does not ask for base64 with something else."""

    def answer(body: Any) -> Response | None:
        works = isinstance(body, dict) and body.get("response_format") == "b64_json"
        return None if works else response

    return answer


@pytest.fixture(scope="module")
def crashing_run(tmp_path_factory: pytest.TempPathFactory) -> LiveResult:
    """A provider that answers 500 whenever base64 is asked for, and nothing else."""
    return run_of(tmp_path_factory.mktemp("crashed"), B64_CRASHES)


def test_value_that_always_crashes_breaks_its_promise(crashing_run: LiveResult) -> None:
    for size in ("1024x1024", "1024x1792", "1792x1024"):
        finding = crashing_run.finding(f"{MODEL}/b64_json-{size}", CLAUSE)
        assert finding.verdict is Verdict.FAIL
        message = "response_format b64_json: HTTP 500 in 3 of 3 cases, 16 of 16 attempts"
        assert finding.message.startswith(message)
        assert "HTTP 500: cannot unmarshal string" in finding.observed
    assert crashing_run.finding(BASE, CLAUSE).verdict is Verdict.PASS


def test_threads_that_share_a_run_find_what_one_does(
    crashing_run: LiveResult, tmp_path: Path
) -> None:
    run = run_of(tmp_path, B64_CRASHES, threads=3, pause=0.02)
    records = [result.record for result in run.results.values()]
    assert run.posts == sum(record.attempts or 0 for record in records if record)
    assert _states(run.results) == _states(crashing_run.results)


def test_open_value_that_always_crashes_is_told_and_blocks_nothing(tmp_path: Path) -> None:
    def answer(body: Any) -> Response | None:
        return WORDS if isinstance(body, dict) and "conformance_unknown" in body else None

    findings = run_of(tmp_path, answer, "[bc]*").results[f"{MODEL}/conformance_unknown"].findings
    deviating = findings["parameters.unknown"]
    assert deviating.verdict is Verdict.DEVIATES
    assert "HTTP 500 in 1 of 1 case, 8 of 8 attempts" in deviating.message
    verdicts_beside = {finding.verdict for finding in findings.values()} - {Verdict.DEVIATES}
    assert verdicts_beside == {Verdict.PASS}


def test_open_request_that_is_answered_as_a_mistake_is_was_refused(tmp_path: Path) -> None:
    def answer(body: Any) -> Response | None:
        mistake = isinstance(body, dict) and ("conformance_unknown" in body or body.get("n") == 0)
        return JSONResponse({"error": {"message": "Wrong."}}, 200) if mistake else None

    path = f"{MODEL}/conformance_unknown"
    run = run_of(tmp_path, answer, "[bcn]*")
    assert verdicts({path: run.results[path]}) == {"pass", "not testable"}
    message = "refused in the way of the mistake n-0: HTTP 200 without an image: Wrong."
    assert run.finding(path, "parameters.unknown").message == message


def test_first_request_that_crashes_is_told_from_an_outage_by_later_ones(tmp_path: Path) -> None:
    run = run_of(tmp_path, unless_base64(JSONResponse({"error": "no bucket"}, 500)), FALLS_BACK)
    assert run.finding(BASE, CLAUSE).verdict is Verdict.FAIL
    refusal = run.results[f"{MODEL}/size-outside-enum"].findings
    assert {finding.control for finding in refusal.values()} == {"b64_json-1024x1024"}


def test_outage_that_is_over_is_no_verdict_on_the_request_that_met_it(tmp_path: Path) -> None:
    out, tries = (
        answer_instead({"quality": "hd"}, error(502)),
        [4],
    )  # as many attempts as one request has

    def answer(body: Any) -> Response | None:
        response = out(body) if tries[0] else None
        tries[0] -= response is not None
        return response

    run = run_of(tmp_path, answer, HDS)
    assert run.finding(HD, CLAUSE).verdict is Verdict.PASS
    assert run.record(HD).attempts == 5


def test_value_is_told_where_it_was_chosen_alone(tmp_path: Path) -> None:
    finding = run_of(tmp_path, answer_instead({"quality": "hd"}, WORDS), "quality-hd").finding(
        HD, CLAUSE
    )
    assert finding.verdict is Verdict.FAIL
    assert finding.message.startswith("quality hd: HTTP 500 in 1 of 1 case, 8 of 8 ")


def test_nothing_is_sent_out_of_order_where_the_budget_is_short(tmp_path: Path) -> None:
    run = run_of(tmp_path, answer_instead({"quality": "hd"}, WORDS), HDS, partial=True, budget=0.05)
    assert run.finding(HD, CLAUSE).verdict is Verdict.NOT_RUN


URL_REFUSED = unless_base64(JSONResponse({"detail": "url needs cloud storage"}, 400))
NOWHERE = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    "by_body", [B64_CRASHES, URL_REFUSED], ids=["b64_json-is-500", "only-b64_json-works"]
)
def test_replay_comes_to_what_the_recorded_run_did(
    crashing_run: LiveResult, tmp_path: Path, by_body: ByBody
) -> None:
    options: dict[str, Any] = {"live": False, "cassettes": tmp_path / "cassettes"}
    run = run_of(tmp_path, by_body, record_mode=RecordMode.REWRITE, **options)
    with session(tmp_path, NOWHERE, MODEL, cases=FEW, **options) as replay:
        assert _states(run.results) == _states(judge_all(replay))
    assert by_body is URL_REFUSED or _states(run.results) == _states(crashing_run.results)


def test_mistake_is_replayed_in_the_request_it_was_sent_in(tmp_path: Path) -> None:
    options: dict[str, Any] = {"live": False, "cassettes": tmp_path / "cassettes"}
    for by_body, cases in ((unless_base64(WORDS), FALLS_BACK), (unless_base64(None), "baseline")):
        run_of(tmp_path, by_body, cases, record_mode=RecordMode.REWRITE, **options)
    with session(tmp_path, NOWHERE, MODEL, cases=FALLS_BACK, **options) as replay:
        findings = judge_all(replay)[f"{MODEL}/size-outside-enum"].findings.values()
    assert {finding.control for finding in findings} == {"b64_json-1024x1024"}
    assert {finding.verdict for finding in findings} == {Verdict.PASS}


def test_answer_that_is_always_cut_is_recorded_and_told(tmp_path: Path) -> None:
    options: dict[str, Any] = {"cassettes": tmp_path / "cassettes", "cases": HDS}
    options |= {"live": False, "more": "free = true"}
    cut = answer_instead({"quality": "hd"}, _Cut())
    finding = run_of(tmp_path, cut, record_mode=RecordMode.REWRITE, **options).finding(HD, CLAUSE)
    with session(tmp_path, NOWHERE, MODEL, **options) as replay:
        replayed_finding = judge_all(replay)[HD].findings[CLAUSE]
    assert finding.verdict is replayed_finding.verdict is Verdict.FAIL
    assert "closed in the middle of the body in 1 of 1 case, 3 of 3 attempts" in finding.message
    assert finding.message == replayed_finding.message


class _Cut(Response):
    """An answer that breaks off."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"created":'})


def _states(results: Mapping[str, CaseResult]) -> dict[tuple[str, str], tuple[Verdict, str | None]]:
    return {
        (path, clause): (finding.verdict, finding.control)
        for path, result in results.items()
        for clause, finding in result.findings.items()
    }


def test_refusal_is_judged_in_a_request_that_was_accepted(tmp_path: Path) -> None:
    run = run_of(tmp_path, URL_REFUSED, "[bn]*")
    (engine,) = run.session.engines
    case = engine.sent_as(engine.cases[f"{MODEL}/n-0"])
    refusal = run.finding(f"{MODEL}/n-0", "count.zero-refused")
    assert (refusal.verdict, refusal.control) == (Verdict.PASS, "b64_json-1024x1024")
    assert case.body is not None
    assert (case.body["n"], case.body["response_format"]) == (0, "b64_json")
    valid = run.finding(BASE, CLAUSE)
    assert (valid.verdict, valid.observed) == (Verdict.FAIL, "HTTP 400: url needs cloud storage")


def test_refusal_in_the_words_of_a_valid_request_says_nothing_of_the_mistake(
    tmp_path: Path,
) -> None:
    def answer(body: Any) -> Response | None:
        is_above_one = isinstance(body, dict) and type(body.get("n")) is int and body["n"] > 1
        refusal = {"error": {"message": "Streaming is only supported with n=1.", "type": "x"}}
        return JSONResponse(refusal, 400) if is_above_one else None

    run = run_live(tmp_path, by_body=answer, cases="[bn]*")
    assert run.finding("dall-e-2/n-2", CLAUSE).verdict is Verdict.FAIL
    above = run.finding("dall-e-2/n-above-maximum", "count.above-maximum-refused")
    assert above.verdict is Verdict.NOT_TESTABLE
    assert run.finding("dall-e-2/n-0", "count.zero-refused").verdict is Verdict.PASS


@pytest.mark.parametrize("status", [400, 404, 503])
def test_value_for_which_a_painting_model_is_said_to_be_gone_breaks_its_promise(
    tmp_path: Path, status: int
) -> None:
    refusal = {"message": "No channel for the model with quality hd.", "code": "model_not_found"}
    gone = JSONResponse({"error": refusal}, status)
    finding = run_of(tmp_path, answer_instead({"quality": "hd"}, gone), HDS).finding(HD, CLAUSE)
    assert finding.verdict is Verdict.FAIL
    assert "quality hd" in finding.observed
