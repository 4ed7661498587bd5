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

from conformance.cli import app
from conformance.clients import answers, trying
from conformance.clients.answers import reply_of, trial_of
from conformance.clients.choosing import answers_of, trials_of
from conformance.clients.comparing import ClientResult, compare
from conformance.clients.impact import impact_of
from conformance.clients.installing import ClientsError, missing
from conformance.clients.loopback import Loopback
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
from conformance.clients.table import BY_ID, CLIENTS
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Request, Response
from conformance.exchange.outcome import outcome_of
from conformance.findings import Finding, Verdict
from conformance.parsing import read_base64
from conformance.reports import render, summarize
from conformance.results.evidence import evidence
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run, write_run
from tests.pictures import encode, picture
from tests.runs import exchange, finding, header, read, run

EDITION = load_edition()
BODY: dict[str, Any] = {
    "created": 1795495705,
    "data": [{"url": "https://a.test/x.png", "revised_prompt": "A"}],
}
ASKED = {"model": "dall-e-3", "prompt": "A lighthouse"}


def record(
    body: Any = BODY, asked: Any = ASKED, status: int = 200, case: str = "baseline"
) -> ExchangeRecord:
    """Return an exchange as a run file keeps it."""
    values = exchange(model="dall-e-3", case=case)
    values["request"]["body"] = asked if isinstance(asked, str) else json.dumps(asked)
    values["response"] |= {
        "status": status,
        "headers": [["content-type", "application/json"]],
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    return read(values, ExchangeRecord)


def key(made: ExchangeRecord) -> str:
    trial = trial_of(made, EDITION)
    assert trial
    return trial.key


def run_of(*records: ExchangeRecord | Finding, broken: dict[str, list[str]]) -> Run:
    """Return a run of this edition in which cases break clauses."""
    edition = {"id": EDITION.id, "title": "t", "document": "d", "published": "p"}
    findings = [
        finding(clause, Verdict.FAIL, case=case, message="it is so")
        for case, clauses in broken.items()
        for clause in clauses
    ]
    return run(*records, *findings, head=header(edition=edition))


@pytest.mark.parametrize(
    "other",
    [
        BODY | {"created": 1800000000},
        BODY | {"data": [{"url": "https://b.test/y?sig=1", "revised_prompt": "Another"}]},
        json.dumps(dict(reversed(BODY.items())), indent=2).replace("\n", "\\n"),
    ],
    ids=["created", "url-and-prompt", "layout"],
)
def test_answer_of_another_day_has_the_same_key(other: Any) -> None:
    assert key(record(other)) == key(record())


@pytest.mark.parametrize(
    "other",
    [
        BODY | {"created": "1795495705"},
        BODY | {"created": 1795495705.5},
        BODY | {"data": [{"url": "/x.png", "revised_prompt": "A"}]},
        BODY | {"data": [{"url": None, "revised_prompt": "A"}]},
        BODY | {"data": BODY["data"] * 2},
        BODY | {"data": [{"url": "https://a.test/x.png", "revised_prompt": ""}]},
        "[" + json.dumps(BODY),
    ],
    ids=["text", "float", "relative", "null", "two", "empty", "malformed"],
)
def test_answer_of_another_form_has_another_key(other: Any) -> None:
    assert key(record(other)) != key(record())


def test_request_on_which_the_form_depends_changes_the_key() -> None:
    assert key(record(asked=ASKED | {"response_format": "url"})) != key(record())
    assert key(record(asked=ASKED | {"size": "1024x1024"})) == key(record())
    assert key(record(asked=ASKED | {"response_format": "gif"})) == key(record())


ZEROS = "iVBORw0K" + "A" * 8000
"""A long base64 text; folded, it stands as its length and digest."""
FAULTY = {
    None: ZEROS,
    "data-prefix": f"data:image/png;base64,{ZEROS}",
    "alphabet": f"!{ZEROS[1:]}",
    "whitespace": f"{ZEROS[:76]}\n{ZEROS[76:]}",
    "url-safe": f"{ZEROS[:-1]}-",
    "length": ZEROS[:-3],
    "padding": ZEROS[:-1],
    "trailing-bits": f"{ZEROS[:-3]}B==",
}


@pytest.mark.parametrize(("fault", "text"), FAULTY.items(), ids=map(str, FAULTY))
def test_payload_that_was_folded_keeps_its_fault(text: str, fault: str | None) -> None:
    assert read_base64(text).kind == fault
    url = "https://a.test/v1/images/generations"
    request = Request("POST", url, (), json.dumps(ASKED).encode())
    response = Response(200, (), json.dumps({"data": [{"b64_json": text}]}).encode())
    sent = Exchange("acme", "gpt-image-1", "baseline", request, response)
    answer = Answer(sent)
    trial = trial_of(evidence(sent, answer, outcome_of(sent, answer)), EDITION)
    assert trial
    replayed = json.loads(trial.reply.text)["data"][0]["b64_json"]
    assert (read_base64(replayed).kind, len(replayed) < 200) == (fault, True)


def test_refusal_of_a_renamed_model_is_compared_with_that_of_the_model() -> None:
    asked = ASKED | {"model": "acme/dall-e-3", "n": 0}
    renamed = trial_of(record({}, asked, 400), EDITION, "acme/dall-e-3")
    unknown = trial_of(record({}, asked, 400), EDITION)
    assert renamed
    assert unknown
    assert renamed.request["model"] == "acme/dall-e-3"
    assert json.loads(renamed.sent[0])["model"] == "dall-e-3"
    assert json.loads(unknown.sent[0])["model"] == "acme/dall-e-3"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        *((name, "an image") for name in ("whitespace", "trailing-bits")),
        ("url-safe", "no image"),
        *((name, "no base64") for name in ("data-prefix", "alphabet", "length", "padding")),
    ],
)
def test_base64_is_decoded_as_callers_of_python_do(fault: str, said: str) -> None:
    assert image(answers._FAULTY[fault].replace("\\n", "\n")) == said


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_whole_image_is_told_from_one_that_lost_a_byte(kind: str) -> None:
    data = encode(picture(), kind)
    told = [image(base64.b64encode(some).decode()) for some in (data, data[:-1])]
    assert told == ["an image", "no image"]


def test_layout_and_events_are_replayed_as_they_came() -> None:
    pretty = json.dumps({"created": 1, "data": ["a\nb"]}, indent=1)
    shown = pretty.replace("\n ", "\\n ").replace("\n}", "\\n}").replace("\n]", "\\n]")
    assert json.loads(reply_of(200, "", shown).text) == json.loads(pretty)
    events = 'event: a\\ndata: {"text": "x\\ny"}\\n\\n'
    assert reply_of(200, "", events).text == 'event: a\ndata: {"text": "x\\ny"}\n\n'


@pytest.mark.parametrize(
    "url",
    ["https://evil.test/x", "file:///etc/passwd", "http:\\/\\/evil.test", 'http://evil.test/\\"x'],
    ids=["https", "file", "escaped", "quote"],
)
def test_url_of_an_answer_leads_to_loopback_alone(url: str) -> None:
    body = f'{{"data":[{{"url":"{url}"}}]}}'
    served = reply_of(200, "", body).body("http://127.0.0.1:9").decode()
    assert "//127.0.0.1:9/i.png" in served
    assert "evil" not in served
    assert "passwd" not in served


@pytest.mark.parametrize(
    "changed",
    [
        {"response": None},
        {
            "request": {
                "method": "GET",
                "url": "https://a.test/v1/models",
                "headers": [],
                "body": "",
            }
        },
        {"response": {"status": 200, "headers": [], "bytes": 9, "body": "x… (9 more characters)"}},
        {"response": {"status": 200, "headers": [], "bytes": 9, "body": "<9 bytes, sha256 ab>"}},
    ],
    ids=["no-answer", "models", "cut", "binary"],
)
def test_exchange_without_a_whole_answer_is_not_replayed(changed: dict[str, Any]) -> None:
    values = msgspec.to_builtins(record()) | changed
    assert trial_of(read(values, ExchangeRecord), EDITION) is None


ITEM = {"data": [{"url": "u"}], "created": 1}
REFUSED = ClientResult(line="E", members={"status": 400, "code": "x"})
COMPARED = {
    "parsed": (ClientResult(ITEM), ClientResult(ITEM), ClientOutcome(Effect.PARSED)),
    "lost": (
        ClientResult({"data": [{"url": "u"}]}),
        ClientResult(ITEM),
        ClientOutcome(Effect.LOST, "created"),
    ),
    "count": (
        ClientResult({"data": []}),
        ClientResult(ITEM),
        ClientOutcome(Effect.WRONG, "data is 0 items, not 1 item"),
    ),
    "type": (
        *(ClientResult(ITEM | {"created": "1"}), ClientResult(ITEM)),
        ClientOutcome(Effect.WRONG, "created is string, not integer"),
    ),
    "raised": (
        ClientResult(line="TypeError: x"),
        ClientResult(ITEM),
        ClientOutcome(Effect.RAISED, "TypeError: x"),
    ),
    "unable": (
        ClientResult(ITEM),
        ClientResult(line="no stream"),
        ClientOutcome(Effect.UNABLE, "no stream"),
    ),
    "refused": (REFUSED, REFUSED, ClientOutcome(Effect.PARSED)),
    "refused-valid": (REFUSED, ClientResult(ITEM), ClientOutcome(Effect.RAISED, "E")),
    "no-error": (ClientResult(ITEM), REFUSED, ClientOutcome(Effect.WRONG, "no error is raised")),
    "status": (
        *(ClientResult(line="E", members={"status": 500, "code": "y"}), REFUSED),
        ClientOutcome(Effect.WRONG, "status is 500, not 400"),
    ),
    "code": (
        ClientResult(line="E", members={"status": 400}),
        REFUSED,
        ClientOutcome(Effect.LOST, "code"),
    ),
    "no-api-error": (
        ClientResult(line="E: no JSON"),
        REFUSED,
        ClientOutcome(Effect.RAISED, "E: no JSON"),
    ),
}


@pytest.mark.parametrize(("got", "meant", "outcome"), COMPARED.values(), ids=COMPARED)
def test_outcome_compares_with_the_documented_answer(
    got: ClientResult, meant: ClientResult, outcome: ClientOutcome
) -> None:
    succeeds = meant.members != REFUSED.members
    assert compare(got, meant, succeeds=succeeds) == outcome


def test_client_that_reads_no_image_of_the_documented_answer_is_not_judged() -> None:
    nothing = ClientResult({"created": 1})
    assert compare(nothing, nothing, succeeds=True).kind is Effect.UNABLE


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
    monkeypatch.setattr(trying, "ANSWER_SECONDS", 0.5)
    tasks = [trying.Task(id=name, base_url="", request={}) for name in names]
    return trying.run(CLIENTS[0], tasks)


@pytest.mark.parametrize("fault", ["dies", "hangs", "garbage"])
def test_client_that_fails_on_an_answer_is_tried_with_the_next(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    given = run_script(monkeypatch, SCRIPT, fault, "fine")
    assert given[fault].stopped
    assert given["fine"] == ClientResult(1)


def test_client_that_fails_on_every_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MOST_RESTARTS", 1)
    tasks = [trying.Task(id=name, base_url="", request={}) for name in ("a", "b", "c")]
    monkeypatch.setattr(trying, "command", lambda _: [sys.executable, "-ISc", "print('{}')"])
    assert trying.run(CLIENTS[0], tasks).keys() == {"a", "b"}


def test_client_that_does_not_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
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
    made = run_of(plain, worse, control, broken={"a": ["x.one"], "b": ["x.one", "x.two"]})
    assert {trial.key for trial in trials_of([made])} == {key(plain), key(worse), key(control)}
    shown = answers_of(made).broken["acme", "dall-e-3", "x.one"]
    assert [one.trial.key for one in shown] == [key(plain), key(worse)]


def test_answer_is_tried_for_other_editions_that_have_the_model() -> None:
    model = "gpt-image-1.5"
    made = run_of(
        msgspec.structs.replace(record(), model=model),
        finding("x.one", Verdict.FAIL, model=model, message="it is so"),
        broken={},
    )
    editions = ("cometapi-2026-03-12", "cometapi-2026-06", "openai-2026-11")
    assert "gpt-image-1.5" not in load_edition(editions[1]).models
    tried_for = [trial.edition for trial in trials_of([made], editions)]
    assert tried_for == [editions[0], editions[2]]


def outcomes_of(**by_key: ClientOutcome) -> dict[str, ClientOutcomes]:
    return {"openai-python": record_outcomes("1.0", by_key, {})}


def test_answer_that_nobody_tried_is_not_tried_in_every_client() -> None:
    made = run_of(record(), broken={"baseline": ["x.one"]})
    row = impact_of([made], {}).breaks[0]
    assert {outcome.kind for outcome in row.outcomes.values()} == {Effect.NOT_TRIED}
    assert row.outcomes.keys() == BY_ID.keys()


def test_promise_is_not_blamed_for_what_happens_without_it() -> None:
    made = run_of(record(BODY | {"extra": 1}, case="a"), record(case="b"), broken={"a": ["x.one"]})
    same = ClientOutcome(Effect.RAISED, "usage")
    known = outcomes_of(**{key(one): same for one in made.exchanges.values()})
    rows = impact_of([made], known).breaks
    told = {row.clauses: row.outcomes["openai-python"] for row in rows}
    assert told == {("x.one",): ClientOutcome(Effect.NO_MORE), (): same}


def test_member_that_an_answer_may_leave_out_is_not_lost() -> None:
    made = run_of(record(BODY | {"extra": 1}, case="a"), record(case="b"), broken={"a": ["x.one"]})
    known = outcomes_of(**{key(record()): ClientOutcome(Effect.LOST, "usage")})
    assert [row.clauses for row in impact_of([made], known).breaks] == [("x.one",)]


HOSTILE = "<script>alert(1)</script> | [x](javascript:1) \x1b[31m"


@pytest.mark.parametrize("name", ["html", "md", "json"])
def test_line_of_a_client_stands_harmless_in_reports(name: str) -> None:
    made = run_of(record(), broken={"baseline": ["x.one"]})
    known = outcomes_of(**{key(record()): ClientOutcome(Effect.RAISED, HOSTILE)})
    text = render(replace(summarize([made]), impact=impact_of([made], known)), name)
    assert "alert(1)" in text
    assert "\x1b" not in text
    assert name == "json" or "<script>alert" not in text


def test_file_of_outcomes_comes_back_as_it_was(tmp_path: Path) -> None:
    known = outcomes_of(
        a=ClientOutcome(Effect.LOST, "x"),
        b=ClientOutcome(Effect.LOST, "x"),
        c=ClientOutcome(Effect.PARSED),
    )
    write_outcomes(known, tmp_path / "o.json")
    back = read_outcomes(tmp_path / "o.json")["openai-python"]
    assert back.outcomes == known["openai-python"].outcomes


@pytest.mark.parametrize("text", ["", "[]", '{"a": {"version": 1}}', "{" * 10000])
def test_file_that_holds_no_outcomes_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "o.json"
    path.write_text(text)
    with pytest.raises(ClientsError, match="holds no outcomes of clients"):
        read_outcomes(path)


def test_outcomes_of_another_version_count_no_more() -> None:
    old, new = (
        outcomes_of(a=ClientOutcome(Effect.PARSED)),
        {"openai-python": record_outcomes("2.0", {}, {})},
    )
    assert merge_outcomes(old, new) == new
    more = merge_outcomes(old, outcomes_of(b=ClientOutcome(Effect.PARSED)))
    assert more["openai-python"].outcomes.keys() == {"a", "b"}


TEXT_FOR_NUMBER = BODY | {"created": "1795495705"}
TEXT = ClientOutcome(Effect.WRONG, "created is string, not integer")
MADE_OF_IT = {
    "openai-python": TEXT,
    "openai-node": TEXT,
    "ai-sdk-openai": ClientOutcome(Effect.UNABLE, "AI_APICallError: Invalid JSON response"),
    "ai-sdk-compatible": ClientOutcome(Effect.PARSED),
    "litellm": ClientOutcome(Effect.PARSED),
    "langchain-python": ClientOutcome(Effect.PARSED),
    "langchain-node": ClientOutcome(Effect.PARSED),
}


def test_recorded_outcomes_say_what_breaks_without_a_client() -> None:
    made = run_of(record(TEXT_FOR_NUMBER), record(case="b"), broken={"baseline": ["x.one"]})
    told = impact_of([made], read_outcomes(RECORDED)).breaks[0].outcomes
    assert told == MADE_OF_IT


def test_recorded_outcomes_are_of_the_versions_in_the_table() -> None:
    known = read_outcomes(RECORDED)
    assert {name: one.version for name, one in known.items()} == {
        client.id: client.version for client in CLIENTS
    }
    assert b"127.0.0.1" not in RECORDED.read_bytes()


def test_default_requests_are_judged_by_the_edition() -> None:
    models = ("gpt-image-1", "some-model")
    made = run_of(record(), *(finding(model=model) for model in models), broken={})
    found = impact_of([made], read_outcomes(RECORDED)).default_requests
    told = {(one.client, one.model): one for one in found}
    refused = told["langchain-node", "gpt-image-1"].not_allowed
    assert 'quality is "standard", not one of "low", "medium", "high", "auto"' in refused
    assert "style is not supported by this model" in refused
    assert ("openai-python", "gpt-image-1") not in told
    assert not told["openai-python", "some-model"].tried


def test_real_client_does_what_was_recorded() -> None:
    client = BY_ID["openai-node"]
    if why := missing(client):
        pytest.skip(f"{client.id} {why}")
    trial = trial_of(record(TEXT_FOR_NUMBER), EDITION)
    assert trial
    made = trying.try_clients([client], [trial], ["dall-e-3"])[client.id]
    assert made.outcomes == {trial.key: MADE_OF_IT[client.id]}
    assert made.defaults == {"dall-e-3": {}}


def test_client_that_is_not_installed_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    write_run(run_of(record(), broken={}), tmp_path / "r.jsonl")
    done = CliRunner().invoke(app, ["clients", str(tmp_path / "r.jsonl"), "--client", "litellm"])
    assert "litellm is not installed; image-conformance clients --install" in str(done.exception)
    listed = CliRunner().invoke(app, ["clients"]).output
    assert listed.count("is not installed") == len(CLIENTS)


def test_unknown_client_names_the_nearest() -> None:
    done = CliRunner().invoke(app, ["clients", "--client", "openai-pyton"])
    assert "openai-python" in str(done.exception)
