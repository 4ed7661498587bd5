"""A refusal that names nothing is the account's, where what was accepted before gets it too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from conformance.findings import Verdict
from conformance.results.case_result import CaseResult
from tests.live import images, judge_all, session, verdicts, watched

MYSTERY = {"error": {"message": "qaStaH nuq?", "type": "x", "code": None, "param": None}}
VALID = "[bu]*"  # baseline, b64_json-… and url-…


def judge_against(folder: Path, answer: Any) -> tuple[Mapping[str, CaseResult], list[str], int]:
    """Judge a server; return the results, why nothing more was sent, and how many requests were."""
    with watched(answer) as (url, eye), session(folder, url, cases=VALID) as found:
        judged = judge_all(found)
        return judged, found.live.ledger.halts(), eye.posts


def test_account_at_its_end_stops_the_run_in_whatever_words(tmp_path: Path) -> None:
    for status, told in ((400, MYSTERY), (403, {"detail": "qaStaH"}), (200, MYSTERY)):
        judged, (why,), posts = judge_against(tmp_path, images(JSONResponse(told, status), 3))
        assert "what was accepted before is refused now" in why
        assert "qaStaH" in why
        assert why.endswith("look at the account and the key")
        assert verdicts(judged) <= {"pass", "unavailable", "not run"}
        # three answers, what was accepted before, and the refusal: twice, but for a 200
        assert posts == (5 if status == 200 else 6)


def test_page_to_a_mistake_after_the_end_says_nothing_of_errors(tmp_path: Path) -> None:
    page = HTMLResponse("<title>Attention required</title>", 403)
    later = images(page, 5)
    with watched() as (url, eye), session(tmp_path, url, cases="[bn]*") as found:
        eye.answer = later
        judged = judge_all(found)
        assert found.live.ledger.halts()
    assert "fail" not in verdicts(judged)


def refused_urls(folder: Path, message: str) -> tuple[int, float, set[Verdict]]:
    """Judge a server that knows no URLs; gives its requests, what was lost on the way, verdicts."""
    told = {"error": {**MYSTERY["error"], "message": message}}
    with watched() as (url, eye), session(folder, url, cases=VALID) as found:
        eye.by_body = lambda body: (
            JSONResponse(told, 400) if body.get("response_format") == "url" else None
        )
        judged = judge_all(found)
        assert not found.live.ledger.halts()
        spent = found.live.ledger.spent().estimate
    prices = [result.record.price for result in judged.values() if result.record]
    refused = [result for path, result in judged.items() if "/url-" in path]
    seen = {result.findings["parameters.valid-accepted"].verdict for result in refused}
    return eye.posts, spent - sum(e.spent.estimate for e in prices if e and e.spent), seen


def test_refusal_that_names_nothing_is_asked_about_once_and_is_a_verdict(tmp_path: Path) -> None:
    named, _, seen = refused_urls(tmp_path, "response_format: qaStaH")
    assert seen == {Verdict.FAIL}
    unnamed, lost, seen = refused_urls(tmp_path, "qaStaH")
    # each refusal once more, what was accepted once, and the first refusal twice more
    assert (unnamed - named, seen) == (6, {Verdict.FAIL})
    assert abs(lost) < 1e-9


@pytest.mark.parametrize(
    "mishap",
    [
        HTMLResponse("<title>Just a moment...</title>", 403),
        JSONResponse({"error": {"message": "The upstream failed.", "type": "upstream"}}, 400),
        JSONResponse({"error": {"message": "No such model.", "code": "model_not_found"}}, 404),
        JSONResponse({"error": {"message": "No channel.", "code": "model_not_found"}}, 503),
    ],
    ids=["challenge", "upstream", "no-model", "no-channel"],
)
def test_mishap_is_no_verdict_and_is_kept_as_an_attempt(tmp_path: Path, mishap: Response) -> None:
    judged, halts, _ = judge_against(tmp_path, images(mishap, 2, 4))
    assert not halts
    assert verdicts(judged) == {"pass"}
    records = [result.record for result in judged.values() if result.record is not None]
    (retried,) = (record.retried for record in records if record.retried)
    assert [record.status for record in retried] == [mishap.status_code] * 2


def test_success_without_an_image_is_a_verdict_and_never_asked_again(tmp_path: Path) -> None:
    later = images(JSONResponse({"error": {"message": "Try the model later."}}, 200), 2, 3)
    judged, halts, _ = judge_against(tmp_path, later)
    assert not halts
    assert "fail" in verdicts(judged)
    assert not any(result.record.retried for result in judged.values() if result.record)


def test_limit_of_this_user_names_no_parameter(tmp_path: Path) -> None:
    told = {"error": {"message": "Limit for this user reached.", "param": "user", "code": "limit"}}
    judged, halts, _ = judge_against(tmp_path, images(JSONResponse(told, 400), 2))
    assert halts
    assert "fail" not in verdicts(judged)
