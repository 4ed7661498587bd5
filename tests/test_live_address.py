"""A base URL at which nothing speaks the API is told as that, and is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
)
from starlette.responses import Response as Reply

from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Request, Response
from conformance.exchange.wrong_endpoint import is_not_this_api, wrong_address
from conformance.results.conclusion import Conclusion, conclude
from conformance.results.run_file import read_run
from conformance.runner.preflight import check_addresses
from conformance.runner.session import Session
from tests.live import Answer as Reaction
from tests.live import error, judge_all, paid_toml, session, verdicts, watched
from tests.living import live
from tests.processes import command

DASHBOARD = "<!doctype html><title>One API</title>"
INVALID = JSONResponse({"error": {"message": "Invalid URL (GET /models)", "code": ""}}, 404)


def answered(reply: Reply, url: str = "http://127.0.0.1/v1/images/generations") -> Exchange:
    headers = tuple((name.decode(), value.decode()) for name, value in reply.raw_headers)
    response = Response(reply.status_code, headers, bytes(reply.body))
    return Exchange("p", "m", "c", Request("POST", url, (), b"{}"), response)


@pytest.mark.parametrize(
    ("reply", "speaks"),
    [
        (JSONResponse({"detail": "Not Found"}, 404), False),
        (JSONResponse({"status": 404, "error": "Not Found"}, 404), False),
        (PlainTextResponse("404 page not found", 404), False),
        (HTMLResponse("<h1>Not Found</h1>", 405), False),
        (HTMLResponse("<h1>Unsupported method ('POST')</h1>", 501), False),
        (error(501), True),
        (PlainTextResponse("Client sent an HTTP request to an HTTPS server.\n", 400), False),
        (HTMLResponse("<h1>The plain HTTP request was sent to HTTPS port</h1>", 400), False),
        (error(400), True),
        (JSONResponse({"detail": "no"}, 400), True),
        (RedirectResponse("https://a.example/v1/models", 301), False),
        (RedirectResponse("/login", 302), False),
        (Reply(status_code=301), True),
        (HTMLResponse("<h1>Blocked</h1>", 403), True),
        (HTMLResponse(DASHBOARD), False),
        (PlainTextResponse(f" {DASHBOARD}"), False),
        (INVALID, False),
        (error(404, "unknown_url"), False),
        (error(404, "model_not_found"), True),
        (error(404), True),
        (JSONResponse({"error": "model 'x' not found"}, 404), True),
        (error(401), True),
        (error(503), True),
        (HTMLResponse("<h1>Bad gateway</h1>", 502), True),
        (HTMLResponse("<h1>Who are you?</h1>", 401), True),
        (JSONResponse({"object": "list", "data": []}), True),
        (JSONResponse({"created": 1, "data": []}), True),
    ],
)
def test_something_that_knows_the_api_is_told_from_what_does_not(
    reply: Reply, speaks: bool
) -> None:
    assert is_not_this_api(Answer(answered(reply))) is not speaks


DOCUMENTED = "; look in the provider's documentation for what goes before /images"


@pytest.mark.parametrize(
    ("base_url", "advice"),
    [
        ("http://127.0.0.1:4000", "; a base URL usually ends in /v1: try http://127.0.0.1:4000/v1"),
        ("https://a.example/x/", "; a base URL usually ends in /v1: try https://a.example/x/v1"),
        ("https://a.example/api/v1", DOCUMENTED),
        ("https://a.example/V2/", DOCUMENTED),
        ("https://a.example/v1beta/openai", DOCUMENTED),
    ],
)
def test_address_is_told_with_what_it_may_be(base_url: str, advice: str) -> None:
    told = wrong_address(base_url, answered(JSONResponse({"detail": "Not Found"}, 404)))
    assert told == f"nothing at {base_url} speaks this API{advice}"


def check(found: Session) -> None:
    """Check the addresses for all that is selected, as a run does once it has collected that."""
    for engine in found.engines:
        engine.expect(case for case, _ in found.selected(engine))
    check_addresses(found)


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        ("https://b.example/v1/models", ": try https://b.example/v1"),
        ("/api/v1/models/", ": try http://127.0.0.1:4000/api/v1"),
        ("https://u:secret@b.example/login?next=/v1", ""),
        ("/v1/models/", ""),
    ],
)
def test_redirect_is_told_with_where_it_leads(target: str, advice: str) -> None:
    base = "http://127.0.0.1:4000/v1"
    told = wrong_address(base, answered(RedirectResponse(target, 308), f"{base}/models"))
    assert told.endswith(f", and redirects are not followed{advice}")
    assert "secret" not in told


def test_server_that_wants_https_is_told_as_that() -> None:
    reply = PlainTextResponse("Client sent an HTTP request to an HTTPS server.", 400)
    told = wrong_address("http://a.example:8443/v1", answered(reply))
    assert told.endswith("speaks this API without encryption: try https://a.example:8443/v1")


@pytest.mark.parametrize(
    "reply",
    [JSONResponse({"detail": "Not Found"}, 404), HTMLResponse(DASHBOARD), INVALID],
    ids=["404", "dashboard", "invalid-url"],
)
def test_wrong_address_is_asked_by_what_comes_first_alone(tmp_path: Path, reply: Reply) -> None:
    with (
        watched(lambda *_: reply) as (url, eye),
        session(tmp_path, url, "dall-e-2", "dall-e-3") as found,
    ):
        check(found)
        judged = judge_all(found)
        (told,) = found.live.ledger.halts()
        assert found.live.ledger.spent().counted <= 0.02 + 0.04
    assert [method for method, _ in eye.asked] == ["GET", "POST"] * 2
    assert verdicts(judged) == {"unavailable", "not run"}
    assert conclude([x for each in judged.values() for x in each.findings.values()]) == 2
    assert told.startswith(f"provider 'paid': nothing at {url} speaks this API")
    record = judged["dall-e-3/baseline"].record
    assert record is not None
    assert record.response is not None
    assert record.response.status == reply.status_code


def answers(models: Reply | None, *generations: Reply | None) -> Reaction:
    """Answer the model list, and one generation after the other; then the truth."""

    def answer(number: int, path: str) -> Reply | None:
        if path.endswith("/models"):
            return models
        return generations[number] if number < len(generations) else None

    return answer


NOWHERE = JSONResponse({"detail": "Not Found"}, 404)


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (answers(None), 1),
        (answers(NOWHERE), 2),
        (answers(NOWHERE, error(404)), 2),
        (answers(NOWHERE, error(503, retry_after="999")), 2),
        (answers(None, NOWHERE), 1),
        (answers(NOWHERE, NOWHERE), 4),
    ],
    ids=["all-there", "no-models", "404-of-the-api", "503", "list-alone", "other-model-answers"],
)
def test_provider_that_speaks_is_judged_as_ever(
    tmp_path: Path, answer: Reaction, first: int
) -> None:
    names, chosen = ("dall-e-2", "dall-e-3"), "[bm][ao][sd]el*"
    with watched(answer) as (url, eye), session(tmp_path, url, *names, cases=chosen) as found:
        check(found)
        asked = len(eye.asked)
        judged = judge_all(found)
        assert found.live.ledger.halts() == []
    assert asked == first
    assert len(eye.asked) <= 8 + 1
    assert "not run" not in verdicts(judged)


def test_what_cannot_be_asked_for_money_is_left_to_the_run(tmp_path: Path) -> None:
    with (
        watched(answers(NOWHERE)) as (url, eye),
        session(tmp_path, url, budget=0.01, partial=True) as found,
    ):
        check(found)
        assert [method for method, _ in eye.asked] == ["GET"]
        assert "cross the budget" in judge_all(found)["dall-e-2/baseline"].outcome.reason


def test_command_tells_the_wrong_address_and_could_not_judge(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched() as (url, _):
        base = url.removesuffix("/v1")
        done = live(tmp_path, base, "--budget", "1", "--clauses", "[pm]*")
    assert done.returncode == Conclusion.NOT_JUDGED
    assert f"speaks this API; a base URL usually ends in /v1: try {url}" in done.stderr
    footer = read_run(tmp_path / "run.jsonl").footer
    assert footer is not None
    assert footer.spent is not None
    assert footer.spent.requests == 2


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--live", "--cases", "size-*", "--budget", "1", "-o", "run.jsonl"),
        ("run", "--record-mode", "rewrite", "--budget", "1", "--cassettes", "here"),
    ],
    ids=["cases", "recorded"],
)
def test_redirecting_address_is_no_verdict_whatever_is_selected(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched(lambda *_: RedirectResponse("https://a.example/v1/models", 308)) as (url, eye):
        done = command(tmp_path, *words, "--provider", "./paid.toml", "--base-url", url)
    assert done.returncode == Conclusion.NOT_JUDGED
    assert "redirects are not followed: try https://a.example/v1" in done.stderr
    assert len(eye.asked) == 2
