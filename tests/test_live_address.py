"""A base URL at which nothing speaks the API is reported as one, and is no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.responses import Response as Reply

from conformance.cases.request import Request
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Response
from conformance.exchange.wrong_endpoint import is_not_this_api, wrong_address
from conformance.results.conclusion import Conclusion, conclude
from conformance.runner.preflight import check_addresses
from conformance.runner.session import Session
from tests.extent import sample
from tests.live import Answer as Reaction
from tests.live import error, paid_toml, run_live, serve_counting
from tests.living import spent_of
from tests.processes import command

DASHBOARD = "<!doctype html><title>One API</title>"
INVALID = JSONResponse({"error": {"message": "Invalid URL (GET /models)", "code": ""}}, 404)


NO_SUCH_URL = (
    "Unknown URL",
    "Resource not found",
    "Not Found.",
    "The requested URL /images/generations was not found on this server.",
    "Route POST:/images/generations not found",
    "Unrecognized request URL (POST: /images/generations)",
    "Path /openai/models does not exist",
)
OF_A_MODEL = ("Unknown endpoint of the model 'x'", "No endpoints found for x.", "Model not found")


def exchange(reply: Reply, url: str = "http://127.0.0.1/v1/images/generations") -> Exchange:
    headers = tuple((name.decode(), value.decode()) for name, value in reply.raw_headers)
    response = Response(reply.status_code, headers, bytes(reply.body))
    return Exchange("p", "m", "c", Request("POST", url, (), b"{}"), response)


OTHER_API = [
    JSONResponse({"detail": "Not Found"}, 404), PlainTextResponse("404 page not found", 404),
    JSONResponse({"status": 404, "error": "Not Found"}, 404), error(404, "unknown_url"), INVALID,
    HTMLResponse("<h1>Not Found</h1>", 405),
    HTMLResponse("<h1>Unsupported method ('POST')</h1>", 501),
    PlainTextResponse("Client sent an HTTP request to an HTTPS server.\n", 400),
    HTMLResponse("<h1>The plain HTTP request was sent to HTTPS port</h1>", 400),
    RedirectResponse("https://a.example/v1/models", 301), RedirectResponse("/login", 302),
    HTMLResponse(DASHBOARD), PlainTextResponse(f" {DASHBOARD}"),
    *[JSONResponse({"error": {"message": text}}, 404) for text in NO_SUCH_URL],
]  # fmt: skip
THIS_API = [
    error(501), error(400), error(404), error(404, "model_not_found"), error(401), error(503),
    JSONResponse({"detail": "no"}, 400), JSONResponse({"error": "model 'x' not found"}, 404),
    *[JSONResponse({"error": {"message": text}}, 404) for text in OF_A_MODEL],
    Reply(status_code=301), HTMLResponse("<h1>Blocked</h1>", 403),
    HTMLResponse("<h1>Bad gateway</h1>", 502), HTMLResponse("<h1>Who are you?</h1>", 401),
    JSONResponse({"object": "list", "data": []}), JSONResponse({"created": 1, "data": []}),
]  # fmt: skip


def test_something_that_knows_the_api_is_told_from_what_does_not() -> None:
    assert [reply.body for reply in OTHER_API if not is_not_this_api(Answer(exchange(reply)))] == []
    assert [reply.body for reply in THIS_API if is_not_this_api(Answer(exchange(reply)))] == []


NO_API = JSONResponse({"detail": "Not Found"}, 404)
WANTS_HTTPS = PlainTextResponse("Client sent an HTTP request to an HTTPS server.", 400)
DOCUMENTED = " speaks this API; look in the provider's documentation for what goes before /images"
TRY = " speaks this API; a base URL usually ends in /v1: try"
NO_TLS = " speaks this API without encryption: try https://a:8443/v1"
AWAY = ", and redirects are not followed"
HERE = "http://a/v1"


@pytest.mark.parametrize(
    ("base_url", "reply", "advice"),
    [
        ("http://127.0.0.1:4000", NO_API, f"{TRY} http://127.0.0.1:4000/v1"),
        ("https://a.example/x/", NO_API, f"{TRY} https://a.example/x/v1"),
        ("https://a.example/api/v1", NO_API, DOCUMENTED),
        ("https://a.example/V2/", NO_API, DOCUMENTED),
        ("https://a.example/v1beta/openai", NO_API, DOCUMENTED),
        ("http://a:8443/v1", WANTS_HTTPS, NO_TLS),
        (HERE, "https://b/v1/models", f" leads to https://b/v1/models{AWAY}: try https://b/v1"),
        (HERE, "/api/v1/models/", f" leads to http://a/api/v1/models/{AWAY}: try http://a/api/v1"),
        (HERE, "https://u:secret@b/login?next=/v1", f" leads to https://b/login{AWAY}"),
        (HERE, "/v1/models/", f" leads to http://a/v1/models/{AWAY}"),
    ],
)
def test_address_is_told_with_what_it_may_be(base_url: str, reply: Any, advice: str) -> None:
    response = RedirectResponse(reply, 308) if isinstance(reply, str) else reply
    sentence = wrong_address(base_url, exchange(response, f"{base_url}/models"))
    assert sentence.partition(base_url)[2] == advice


def check(live: Session) -> None:
    """Check the addresses for all that is selected, as a run does once it has collected that."""
    for engine in live.engines:
        engine.expect(case for case, _ in live.selected(engine))
    check_addresses(live)


@pytest.mark.parametrize("reply", [NO_API, HTMLResponse(DASHBOARD)], ids=["404", "dashboard"])
def test_wrong_address_is_asked_by_what_comes_first_alone(tmp_path: Path, reply: Reply) -> None:
    names = ("dall-e-2", "dall-e-3")
    run = run_live(tmp_path, lambda *_: reply, *names, check=check, cases="[bmn]*")
    assert run.spent.counted <= 0.02 + 0.04
    assert [method for method, _ in run.eye.asked] == ["GET", "POST"] * 2
    assert run.verdicts == {"unavailable", "not run"}
    findings = [finding for result in run.results.values() for finding in result.findings.values()]
    assert conclude(findings) == Conclusion.NOT_JUDGED
    assert run.halts[0].startswith("provider 'paid': nothing at http://127.0.0.1:")
    response = run.record("dall-e-3/baseline").response
    assert response is not None
    assert response.status == reply.status_code


def answers(models: Reply | None, *generations: Reply | None) -> Reaction:
    """Answer the model list, and one generation after the other; then the truth."""

    def answer(number: int, path: str) -> Reply | None:
        if path.endswith("/models"):
            return models
        return generations[number] if number < len(generations) else None

    return answer


SPEAKS = {
    "all-there": (answers(None), 1),
    "no-models": (answers(NO_API), 2),
    "404-of-the-api": (answers(NO_API, error(404)), 2),
    "503": (answers(NO_API, error(503, retry_after="999")), 2),
    "list-alone": (answers(None, NO_API), 1),
    "other-model-answers": (answers(NO_API, NO_API), 4),
}


@pytest.mark.parametrize("provider", sample(SPEAKS, 2))
def test_provider_that_speaks_is_judged_as_ever(tmp_path: Path, provider: str) -> None:
    answer, before = SPEAKS[provider]
    counts: list[int] = []

    def check_and_count(live: Session) -> None:
        check(live)
        counts.append(live.live.ledger.spent().requests)

    options: dict[str, Any] = {"cases": "[bm][ao][sd]el*", "check": check_and_count}
    run = run_live(tmp_path, answer, "dall-e-2", "dall-e-3", **options)
    assert (counts, run.halts) == ([before], [])
    assert len(run.eye.asked) <= 8 + 1
    assert "not run" not in run.verdicts


def test_what_cannot_be_asked_for_money_is_left_to_the_run(tmp_path: Path) -> None:
    options: dict[str, Any] = {"budget": 0.01, "partial": True, "cases": "[bm]*"}
    run = run_live(tmp_path, answers(NO_API), check=check, **options)
    assert "POST" not in {method for method, _ in run.eye.asked}
    assert "cross the budget" in run.results["dall-e-2/baseline"].outcome.reason


def test_answer_that_cannot_be_looked_at_first_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Mock(side_effect=ValueError("a fault of ours"))
    monkeypatch.setattr("conformance.runner.engine.is_not_this_api", fault)
    run = run_live(tmp_path, cases="baseline", check=check_addresses)
    assert (run.posts, run.verdicts) == (1, {"pass"})


REDIRECT = RedirectResponse("https://a.example/v1/models", 308)
LIVE = ("--live", "-o", "run.jsonl", "--cases", "[bm]*")
RECORD = ("--record-mode", "rewrite", "--cassettes", "here")


@pytest.mark.parametrize(
    ("words", "reply", "message"),
    [
        (LIVE, NO_API, "speaks this API; look in the provider's"),
        (RECORD, REDIRECT, "redirects are not followed: try https://a.example/v1"),
    ],
    ids=["nothing-there", "redirect-recorded"],
)
def test_command_tells_the_wrong_address_and_could_not_judge(
    tmp_path: Path, words: tuple[str, ...], reply: Reply, message: str
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with serve_counting(lambda *_: reply) as (url, eye):
        options = ("--provider", "./paid.toml", "--base-url", url, "--budget", "1")
        process = command(tmp_path, "run", *words, *options)
    assert process.returncode == Conclusion.NOT_JUDGED
    assert message in process.stderr
    assert len(eye.asked) == 2
    assert words == RECORD or spent_of(tmp_path).requests == 2
