"""What breaks in which client: how answers are replayed, compared, recorded and reported.

Clients that answer here are three lines of Python; one test runs a real one, where it is installed.
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from conformance.cases.request import Request
from conformance.cli import app
from conformance.clients import answers, trying
from conformance.clients.answers import reply_of, trial_of
from conformance.clients.comparing import ClientResult, compare
from conformance.clients.impact import answers_of, impact_of, trials_of
from conformance.clients.installing import BY_ID, CLIENTS, ClientsError, missing
from conformance.clients.outcomes import (
    RECORDED,
    ClientOutcomes,
    merge_outcomes,
    read_outcomes,
    record_outcomes,
    write_outcomes,
)
from conformance.clients.records import ClientOutcome, Effect
from conformance.clients.scripts.python_clients import image
from conformance.clients.trying import Loopback
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Response
from conformance.exchange.outcome import outcome_of
from conformance.findings import Finding, Verdict
from conformance.parsing import read_base64
from conformance.reports import render, summarize
from conformance.results.evidence import evidence
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests.pictures import encode, picture
from tests.runs import exchange, finding, header, read_record, run, write_run

EDITION = load_edition()
BODY: dict[str, Any] = {
    "created": 1795495705,
    "data": [{"url": "https://a.test/x.png", "revised_prompt": "A"}],
}
REQUEST = {"model": "dall-e-3", "prompt": "A lighthouse"}
REQUEST_JSON = json.dumps(REQUEST).encode()


def record(
    body: Any = BODY, request: Any = REQUEST, status: int = 200, case: str = "baseline"
) -> ExchangeRecord:
    """Return an exchange as a run file keeps it."""
    values = exchange(model="dall-e-3", case=case)
    values["request"]["body"] = request if isinstance(request, str) else json.dumps(request)
    values["response"] |= {
        "status": status,
        "headers": [["content-type", "application/json"]],
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    return read_record(values, ExchangeRecord)


def key(exchange_record: ExchangeRecord) -> str:
    trial = trial_of(exchange_record, EDITION)
    assert trial
    return trial.key


def run_of(*records: ExchangeRecord | Finding, failures: dict[str, list[str]]) -> Run:
    """Return a run of this edition in which cases break clauses."""
    edition = {"id": EDITION.id, "title": "t", "document": "d", "published": "p"}
    findings = [
        finding(clause, Verdict.FAIL, case=case, message="it is so")
        for case, clauses in failures.items()
        for clause in clauses
    ]
    return run(*records, *findings, head=header(edition=edition))


def test_answer_of_another_day_has_the_same_key() -> None:
    answers_alike: list[Any] = [
        BODY | {"created": 1800000000},
        BODY | {"data": [{"url": "https://b.test/y?sig=1", "revised_prompt": "Another"}]},
        json.dumps(dict(reversed(BODY.items())), indent=2).replace("\n", "\\n"),
    ]
    assert {key(record(answer)) for answer in answers_alike} == {key(record())}
    for parameters in ({"size": "1024x1024"}, {"response_format": "gif"}):
        assert key(record(request=REQUEST | parameters)) == key(record())
    assert key(record(request=REQUEST | {"response_format": "url"})) != key(record())


def test_answer_of_another_form_has_another_key() -> None:
    answers_unlike: list[Any] = [
        BODY | {"created": "1795495705"},
        BODY | {"created": 1795495705.5},
        BODY | {"data": [{"url": "/x.png", "revised_prompt": "A"}]},
        BODY | {"data": [{"url": None, "revised_prompt": "A"}]},
        BODY | {"data": BODY["data"] * 2},
        BODY | {"data": [{"url": "https://a.test/x.png", "revised_prompt": ""}]},
        "[" + json.dumps(BODY),
    ]
    assert len({key(record(answer)) for answer in [BODY, *answers_unlike]}) == 8


ZEROS = "iVBORw0K" + "A" * 8000
"""A long base64 text; folded, it stands as its length and digest."""
FAULTY_TEXTS = {
    None: ZEROS,
    "data-prefix": f"data:image/png;base64,{ZEROS}",
    "alphabet": f"!{ZEROS[1:]}",
    "whitespace": f"{ZEROS[:76]}\n{ZEROS[76:]}",
    "url-safe": f"{ZEROS[:-1]}-",
    "length": ZEROS[:-3],
    "padding": ZEROS[:-1],
    "trailing-bits": f"{ZEROS[:-3]}B==",
}


def test_payload_that_was_folded_keeps_its_fault() -> None:
    for fault, text in FAULTY_TEXTS.items():
        assert read_base64(text).kind == fault
        request = Request("POST", "https://a.test/v1/images/generations", (), REQUEST_JSON)
        response = Response(200, (), json.dumps({"data": [{"b64_json": text}]}).encode())
        one = Exchange("acme", "gpt-image-1", "baseline", request, response)
        trial = trial_of(evidence(one, Answer(one), outcome_of(one, Answer(one))), EDITION)
        assert trial
        payload = json.loads(trial.reply.text)["data"][0]["b64_json"]
        assert (read_base64(payload).kind, len(payload) < 200) == (fault, True)


def test_refusal_of_a_renamed_model_is_compared_with_that_of_the_model() -> None:
    refusal = record({}, REQUEST | {"model": "acme/dall-e-3", "n": 0}, 400)
    trial, trial_unnamed = trial_of(refusal, EDITION, "acme/dall-e-3"), trial_of(refusal, EDITION)
    assert trial
    assert trial_unnamed
    assert trial.request["model"] == "acme/dall-e-3"
    assert json.loads(trial.sent[0])["model"] == "dall-e-3"
    assert json.loads(trial_unnamed.sent[0])["model"] == "acme/dall-e-3"


def test_base64_is_decoded_as_callers_of_python_do() -> None:
    kinds = {name: image(text.replace("\\n", "\n")) for name, text in answers._FAULTY.items()}
    assert {name for name in kinds if kinds[name] == "an image"} == {"whitespace", "trailing-bits"}
    assert {name for name in kinds if kinds[name] == "no image"} == {"url-safe"}
    assert kinds["data-prefix"] == kinds["alphabet"] == kinds["length"] == kinds["padding"]
    assert kinds["padding"] == "no base64"
    for kind in ("PNG", "JPEG", "WEBP"):
        data = encode(picture(), kind)
        images = [image(base64.b64encode(part).decode()) for part in (data, data[:-1])]
        assert images == ["an image", "no image"]


def test_layout_and_events_are_replayed_as_they_came() -> None:
    pretty = json.dumps({"created": 1, "data": ["a\nb"]}, indent=1)
    evidence_text = pretty.replace("\n ", "\\n ").replace("\n}", "\\n}").replace("\n]", "\\n]")
    assert json.loads(reply_of(200, "", evidence_text).text) == json.loads(pretty)
    events = 'event: a\\ndata: {"text": "x\\ny"}\\n\\n'
    assert reply_of(200, "", events).text == 'event: a\ndata: {"text": "x\\ny"}\n\n'


def test_url_of_an_answer_leads_to_loopback_alone() -> None:
    escaped_urls = (r"http:\/\/evil.test", r"http://evil.test/\"x")
    for url in ("https://evil.test/x", "file:///evil", *escaped_urls):
        body = f'{{"data":[{{"url":"{url}"}}]}}'
        reply = reply_of(200, "", body).body("http://127.0.0.1:9").decode()
        assert "//127.0.0.1:9/i.png" in reply
        assert "evil" not in reply


CUT_RESPONSE = {"status": 200, "headers": [], "bytes": 9, "body": "x… (9 more characters)"}
LIST = {"method": "GET", "url": "https://a.test/v1/models", "headers": [], "body": ""}


def test_exchange_without_a_whole_answer_is_not_replayed() -> None:
    changes: list[dict[str, Any]] = [
        {"response": None},
        {"request": LIST},
        {"response": CUT_RESPONSE},
        {"response": CUT_RESPONSE | {"body": "<9 bytes, sha256 ab>"}},
    ]
    for change in changes:
        values = msgspec.to_builtins(record()) | change
        assert trial_of(read_record(values, ExchangeRecord), EDITION) is None


ITEM = {"data": [{"url": "u"}], "created": 1}
GOOD, REFUSAL = ClientResult(ITEM), ClientResult(line="E", members={"status": 400, "code": "x"})
LATER = ClientResult(line="E", members={"status": 500, "code": "y"})
# got, meant, and the outcome of both
COMPARISONS: list[tuple[ClientResult, ClientResult, Effect, str]] = [
    (GOOD, GOOD, Effect.PARSED, ""),
    (ClientResult({"data": [{"url": "u"}]}), GOOD, Effect.LOST, "created"),
    (ClientResult({"data": []}), GOOD, Effect.WRONG, "data is 0 items, not 1 item"),
    (ClientResult(ITEM | {"created": "1"}), GOOD, Effect.WRONG, "created is string, not integer"),
    (ClientResult(line="TypeError: x"), GOOD, Effect.RAISED, "TypeError: x"),
    (GOOD, ClientResult(line="no stream"), Effect.UNABLE, "no stream"),
    (REFUSAL, REFUSAL, Effect.PARSED, ""),
    (REFUSAL, GOOD, Effect.RAISED, "E"),
    (GOOD, REFUSAL, Effect.WRONG, "no error is raised"),
    (LATER, REFUSAL, Effect.WRONG, "status is 500, not 400"),
    (ClientResult(line="E", members={"status": 400}), REFUSAL, Effect.LOST, "code"),
    (ClientResult(line="E: no JSON"), REFUSAL, Effect.RAISED, "E: no JSON"),
]


def test_outcome_compares_with_the_documented_answer() -> None:
    for result, documented, effect, line in COMPARISONS:
        outcome = compare(result, documented, succeeds=documented.members != REFUSAL.members)
        assert outcome == ClientOutcome(effect, line)
    empty = ClientResult({"created": 1})  # nobody judges a client that reads no documented image
    assert compare(empty, empty, succeeds=True).kind is Effect.UNABLE


SCRIPT = """
import json, sys, time
print("{}", flush=True)
for line in sys.stdin:
    task = json.loads(line)
    if task["id"] == "dies": sys.exit(3)
    if task["id"] == "hangs": time.sleep(60)
    said = json.dumps({"id": task["id"], "value": 1})
    print("x" * 200 if task["id"] == "garbage" else said, flush=True)
"""


def run_script(
    monkeypatch: pytest.MonkeyPatch, script: str, *names: str
) -> dict[str, ClientResult]:
    monkeypatch.setattr(trying, "command", lambda _: [sys.executable, "-ISc", script])
    tasks = [trying.Task(id=name, base_url="", request={}) for name in names]
    return trying.run(CLIENTS[0], tasks)


def test_client_that_fails_on_an_answer_is_tried_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = run_script(monkeypatch, SCRIPT, "dies", "a", "garbage", "b")
    assert results["dies"].stopped
    assert results["garbage"].stopped
    assert results["a"] == results["b"] == ClientResult(1)


def test_client_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "ANSWER_SECONDS", 0.1)
    assert run_script(monkeypatch, SCRIPT, "hangs")["hangs"].stopped


def test_client_that_fails_always_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MOST_RESTARTS", 1)
    assert run_script(monkeypatch, "print('{}')", "a", "b", "c").keys() == {"a", "b"}
    with pytest.raises(ClientsError, match="openai-python does not start: no such package"):
        run_script(monkeypatch, "import sys; sys.exit('no such package')", "a")


def test_loopback_replays_and_remembers_the_first_request() -> None:
    reply = reply_of(201, "application/json; charset=x", json.dumps(BODY))
    with Loopback({"a": reply}) as server, httpx.Client(trust_env=False) as client:
        url = f"{server.base_url('a')}/images/generations"
        first = client.post(url, json={"n": 1})
        client.post(url, json={"n": 2})
        picture = client.get(first.json()["data"][0]["url"])
    assert (first.status_code, first.headers["content-type"]) == (201, "application/json")
    assert server.sent == {"a": {"n": 1}}
    assert picture.content == answers.PICTURE


def test_promise_is_tried_with_its_plainest_answer_and_a_control() -> None:
    plain, worse = record(BODY | {"created": "1"}, case="a"), record({"created": "1"}, case="b")
    control = record(case="c")
    run = run_of(plain, worse, control, failures={"a": ["x.one"], "b": ["x.one", "x.two"]})
    assert {trial.key for trial in trials_of([run])} == {key(plain), key(worse), key(control)}
    answers_shown = answers_of(run).broken["acme", "dall-e-3", "x.one"]
    assert [one.trial.key for one in answers_shown] == [key(plain), key(worse)]


def test_answer_is_tried_for_other_editions_that_have_the_model() -> None:
    model = "gpt-image-1.5"
    failure = finding("x.one", Verdict.FAIL, model=model, message="it is so")
    run = run_of(msgspec.structs.replace(record(), model=model), failure, failures={})
    editions = ("cometapi-2026-03-12", "cometapi-2026-06", "openai-2026-11")
    assert model not in load_edition(editions[1]).models
    assert [trial.edition for trial in trials_of([run], editions)] == [editions[0], editions[2]]


def outcomes_of(**by_key: ClientOutcome) -> dict[str, ClientOutcomes]:
    return {"openai-python": record_outcomes("1.0", by_key, {})}


def test_answer_that_nobody_tried_is_not_tried_in_every_client() -> None:
    run = run_of(record(), failures={"baseline": ["x.one"]})
    row = impact_of([run], {}).breaks[0]
    assert {outcome.kind for outcome in row.outcomes.values()} == {Effect.NOT_TRIED}
    assert row.outcomes.keys() == BY_ID.keys()


def test_promise_is_not_blamed_for_what_happens_without_it_or_is_no_loss() -> None:
    run = run_of(record(BODY | {"extra": 1}, case="a"), record(case="b"), failures={"a": ["x.one"]})
    same = ClientOutcome(Effect.RAISED, "usage")
    outcomes = outcomes_of(**{key(entry): same for entry in run.exchanges.values()})
    rows = impact_of([run], outcomes).breaks
    by_clauses = {row.clauses: row.outcomes["openai-python"] for row in rows}
    assert by_clauses == {("x.one",): ClientOutcome(Effect.NO_MORE), (): same}
    left_out = outcomes_of(**{key(record()): ClientOutcome(Effect.LOST, "usage")})
    assert [row.clauses for row in impact_of([run], left_out).breaks] == [("x.one",)]


def test_rows_stand_in_one_order_whichever_answer_came_first() -> None:
    clauses = ["x.two", "x.one"]
    outcomes = outcomes_of(**{key(record()): ClientOutcome(Effect.RAISED, "usage")})
    impacts = [
        impact_of([run_of(record(), failures={"baseline": names})], outcomes)
        for names in (clauses, clauses[::-1])
    ]
    assert impacts[0] == impacts[1]


HOSTILE = "<script>alert(1)</script> | [x](javascript:1) \x1b[31m"


def test_line_of_a_client_stands_harmless_in_reports() -> None:
    run = run_of(record(), failures={"baseline": ["x.one"]})
    outcomes = outcomes_of(**{key(record()): ClientOutcome(Effect.RAISED, HOSTILE)})
    summary = replace(summarize([run]), impact=impact_of([run], outcomes))
    for name in ("html", "md", "json"):
        text = render(summary, name)
        assert "alert(1)" in text
        assert "\x1b" not in text
        assert name == "json" or "<script>alert" not in text


def test_file_of_outcomes_comes_back_as_it_was_or_is_a_sentence(tmp_path: Path) -> None:
    loss, path = ClientOutcome(Effect.LOST, "x"), tmp_path / "o.json"
    outcomes = outcomes_of(a=loss, b=loss, c=ClientOutcome(Effect.PARSED))
    write_outcomes(outcomes, path)
    assert read_outcomes(path)["openai-python"].outcomes == outcomes["openai-python"].outcomes
    for text in ("", "[]", '{"a": {"version": 1}}', "{" * 10000):
        path.write_text(text)
        with pytest.raises(ClientsError, match="holds no outcomes of clients"):
            read_outcomes(path)


def test_outcomes_of_another_version_count_no_more() -> None:
    old = outcomes_of(a=ClientOutcome(Effect.PARSED))
    new = {"openai-python": record_outcomes("2.0", {}, {})}
    assert merge_outcomes(old, new) == new
    more = merge_outcomes(old, outcomes_of(b=ClientOutcome(Effect.PARSED)))
    assert more["openai-python"].outcomes.keys() == {"a", "b"}


TEXT_FOR_NUMBER = BODY | {"created": "1795495705"}
TEXT = ClientOutcome(Effect.WRONG, "created is string, not integer")
OUTCOMES_OF_TEXT = {
    "openai-python": TEXT,
    "openai-node": TEXT,
    "ai-sdk-openai": ClientOutcome(Effect.UNABLE, "AI_APICallError: Invalid JSON response"),
    "ai-sdk-compatible": ClientOutcome(Effect.PARSED),
    "litellm": ClientOutcome(Effect.PARSED),
    "langchain-python": ClientOutcome(Effect.PARSED),
    "langchain-node": ClientOutcome(Effect.PARSED),
}


def test_recorded_outcomes_say_what_breaks_without_a_client() -> None:
    run = run_of(record(TEXT_FOR_NUMBER), record(case="b"), failures={"baseline": ["x.one"]})
    outcomes = read_outcomes(RECORDED)
    assert impact_of([run], outcomes).breaks[0].outcomes == OUTCOMES_OF_TEXT
    versions = {name: client_outcomes.version for name, client_outcomes in outcomes.items()}
    assert versions == {client.id: client.version for client in CLIENTS}
    assert b"127.0.0.1" not in RECORDED.read_bytes()


def test_default_requests_are_judged_by_the_edition() -> None:
    models = ("gpt-image-1", "some-model")
    run = run_of(record(), *(finding(model=model) for model in models), failures={})
    requests = impact_of([run], read_outcomes(RECORDED)).default_requests
    by_client_and_model = {(request.client, request.model): request for request in requests}
    faults = by_client_and_model["langchain-node", "gpt-image-1"].not_allowed
    assert 'quality is "standard", not one of "low", "medium", "high", "auto"' in faults
    assert "style is not supported by this model" in faults
    assert ("openai-python", "gpt-image-1") not in by_client_and_model
    assert not by_client_and_model["openai-python", "some-model"].tried


def test_real_client_does_what_was_recorded() -> None:
    client = BY_ID["openai-node"]
    if why := missing(client):
        pytest.skip(f"{client.id} {why}")
    trial = trial_of(record(TEXT_FOR_NUMBER), EDITION)
    assert trial
    trial_results = trying.try_clients([client], [trial], ["dall-e-3"])[client.id]
    assert trial_results.outcomes == {trial.key: OUTCOMES_OF_TEXT[client.id]}
    assert trial_results.defaults == {"dall-e-3": {}}


def test_client_that_is_not_installed_or_unknown_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    write_run(run_of(record(), failures={}), tmp_path / "r.jsonl")
    result = CliRunner().invoke(app, ["clients", str(tmp_path / "r.jsonl"), "--client", "litellm"])
    assert "litellm is not installed; image-conformance clients --install" in str(result.exception)
    output = CliRunner().invoke(app, ["clients"]).output
    assert output.count("is not installed") == len(CLIENTS)
    result = CliRunner().invoke(app, ["clients", "--client", "openai-pyton"])
    assert "openai-python" in str(result.exception)
