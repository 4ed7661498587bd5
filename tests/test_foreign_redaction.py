"""What others recorded is judged without their credentials, and judged the same."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.request import Request
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.contract import Edition
from conformance.exchange.model import Download, Exchange, Provenance, Response
from conformance.exchange.redaction.recordings import clean_text, is_harmless_header
from conformance.exchange.redaction.recordings import without_credentials as redacted
from conformance.recordings.readers.alterations import altered_parts
from conformance.recordings.readers.layouts import entries_of, layout_of
from conformance.recordings.readers.model import Entry, foreign_exchange, is_generation
from tests.attacks.credentials import FORMS, HEADERS, KEPT, LABELLED, MEMBERS, QUERIES, SECRET
from tests.extent import sample

CORPUS = Path(__file__).parents[2] / "shared" / "recordings" / "corpus.jsonl"
URL = "https://api.example/v1/images/generations"


def exchange(
    url: str = URL,
    headers: dict[str, str] | None = None,
    request: bytes = b'{"model":"dall-e-3","prompt":"A kite."}',
    response_headers: dict[str, str] | None = None,
    body: bytes = b"{}",
    status: int = 200,
) -> Exchange:
    """Make an exchange as an importer does."""
    sent_request = Request("POST", url, tuple((headers or {}).items()), request)
    every_header = {"content-type": "application/json", **(response_headers or {})}
    response = Response(status, tuple(every_header.items()), body)
    exchange = Exchange("api.example", "dall-e-3", "case", sent_request, response)
    return replace(exchange, provenance=Provenance.FOREIGN)


def answer(value: Exchange) -> Any:
    assert value.response is not None
    return json.loads(value.response.body)


@pytest.mark.parametrize("name", HEADERS)
def test_header_that_is_not_known_to_be_harmless_is_redacted(name: str) -> None:
    clean = redacted(exchange(headers={name: SECRET}, response_headers={name.upper(): SECRET}))
    assert SECRET not in repr(clean)
    assert clean.request.header(name) == "REDACTED"


@pytest.mark.parametrize("name", KEPT)
def test_harmless_header_stays(name: str) -> None:
    assert is_harmless_header(name.title())
    clean = redacted(exchange(response_headers={name: "17"}))
    assert clean.response is not None
    assert clean.response.headers[-1] == (name, "17")


def test_authorization_is_still_seen() -> None:
    clean = redacted(exchange(headers={"Authorization": f"Bearer {SECRET}"}))
    assert clean.request.header("authorization") == "Bearer REDACTED"


def test_first_word_of_an_authorization_that_is_no_scheme_is_no_less_secret() -> None:
    clean = redacted(exchange(headers={"Authorization": f"{SECRET[:24]} x"}))
    assert clean.request.header("authorization") == "REDACTED"


@pytest.mark.parametrize("value", ["{}", "{} x", "x {}", "{} Zz99Yy88Xx77"])
def test_every_word_of_a_foreign_authorization_is_looked_for_in_the_answer(value: str) -> None:
    body = json.dumps({"echo": SECRET[:24].swapcase()}).encode()
    clean = redacted(exchange(headers={"Authorization": value.format(SECRET[:24])}, body=body))
    assert answer(clean)["echo"] == "sk-conformance-redacted"


def test_presented_credentials_are_looked_for_in_the_answer() -> None:
    echo = {"a": SECRET.swapcase(), "b": base64.b64encode(SECRET.encode()).decode()}
    clean = redacted(exchange(headers={"x-goog-api-key": SECRET}, body=json.dumps(echo).encode()))
    assert set(answer(clean).values()) == {"sk-conformance-redacted"}


@pytest.mark.parametrize("name", QUERIES)
def test_secret_query_member_is_redacted(name: str) -> None:
    for escape in ("&", "\\u0026", "&amp;"):
        url = f"https://images.example/i.png?se=2026{escape}{name}={SECRET}{escape}sp=r"
        clean = redacted(exchange(url=f"{URL}?{name}={SECRET}", body=f'{{"url":"{url}"}}'.encode()))
        assert SECRET not in repr(clean)
        assert "se=2026" in repr(clean)
        assert "sp=r" in repr(clean)


@pytest.mark.parametrize("name", MEMBERS)
def test_secret_member_is_redacted_however_deep_it_is(name: str) -> None:
    inner = json.dumps({"x": {name: "hunter2 and more"}, "size": "1024x1024"})
    body = {"data": [{name: ["hunter2 and more"]}], "raw": inner, name: {"a": "hunter2 and more"}}
    clean = redacted(exchange(request=json.dumps(body).encode(), body=json.dumps(body).encode()))
    assert "hunter2" not in repr(clean)
    assert answer(clean)["data"] == [{name: ["REDACTED"]}]
    assert json.loads(answer(clean)["raw"])["size"] == "1024x1024"


WITHIN = ("pem", "userinfo", "only user", "connection string", "option of curl", "bot", "cookie")
"""Forms in which something follows the credential."""


@pytest.mark.parametrize("form", FORMS)
def test_credential_is_known_by_its_form(form: str) -> None:
    value = FORMS[form]
    secret = value.rpartition("-" if form in ("organization", "user") else " ")[2][-16:]
    secret = "ecre7F0rT3sts9aB8" if form in WITHIN else secret
    text = f"Incorrect: {value}. Look at https://help.example/keys."
    bodies = {
        "message": json.dumps({"error": {"message": text}}),
        "events": f"event: error\ndata: {json.dumps({'message': text})}\n\n",
        "nested": json.dumps({"raw": json.dumps({"message": text})}),
        "page": f"<html><p>{text}</p></html>",
    }
    for place, body in bodies.items():
        assert secret not in repr(redacted(exchange(body=body.encode()))), place
    assert secret not in repr(redacted(exchange(response_headers={"warning": text})))
    assert secret not in repr(redacted(exchange(f"{URL}?note={value}")))
    if value.isascii() and " " not in value and "base64" not in form:
        assert secret not in repr(redacted(exchange(f"https://gateway.example/{value}/v1")))


@pytest.mark.parametrize("form", LABELLED)
@pytest.mark.parametrize("place", ["member", "nested"])
def test_value_that_is_named_beside_it_is_redacted(form: str, place: str) -> None:
    value: Any = LABELLED[form]
    body = {"headers": value if place == "member" else json.dumps(value), "size": "1024x1024"}
    clean = redacted(exchange(request=json.dumps(body).encode(), body=json.dumps(body).encode()))
    assert SECRET not in repr(clean)
    assert answer(clean)["size"] == "1024x1024"


HARMLESS = {
    "usage": '{"usage": {"input_tokens": 50, "total_tokens": 1056, "d": {"image_tokens": 9}}}',
    "code": '{"error": {"message": "Invalid token", "code": "invalid_api_key", "param": "key"}}',
    "code-in-words": '{"error": {"message": "m", "code": "InvalidParameter.DataInspection"}}',
    "masked": '{"error": {"message": "Incorrect API key provided: sk-...abcd", "code": 400}}',
    "prompt": '{"prompt": "A token on a key, signature style, basic black, password: hidden"}',
    "picture": '{"data": [{"revised_prompt": "A key", "b64_json": "%s"}]}' % ("QUJD" * 2000),
    "url": '{"data": [{"url": "https://a.example/a/img-aB5cD6.png?se=2026-01-01T00%3A00&sp=r"}]}',
    "numbers": '{"created": 1711578421, "size": "1024x1024", "seed": 123456789}',
    "names": '{"author": "A", "monkey": "m", "max_tokens": 5, "token_type": "Bearer"}',
    "tags": '{"tags": ["token", "a key of 3 castles"], "p": [{"name": "n", "value": "x"}]}',
    "words": '{"prompt": "A4 paper, pin=stuck, key: 1024x1024, token is golden"}',
    "base64-of-words": '{"base": "QSBraXRlIG9uIGEgaGlsbA=="}',
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_clauses_need_stays_byte_for_byte(text: str) -> None:
    for body in (text.encode(), text.replace(", ", ",\n ").encode()):
        assert redacted(exchange(request=body, body=body)) == exchange(request=body, body=body)


def test_body_and_download_name_one_url() -> None:
    url = f"https://u:{SECRET}@images.example/org-aB5cD6eF7gH8iJ9/i.png?sig={SECRET}&x=1"
    original = exchange(body=json.dumps({"data": [{"url": url}]}).encode())
    clean = redacted(replace(original, downloads=(Download(url),)))
    assert answer(clean)["data"][0]["url"] == clean.downloads[0].url
    assert clean.downloads[0].url == (
        "https://REDACTED@images.example/org-REDACTED/i.png?sig=REDACTED&x=1"
    )


PIECES = [
    '"',
    '"\\',
    '\\"',
    '{"key":',
    "[",
    "eyJ",
    "Bearer ",
    "://",
    "&a=",
    "token=",
    "a=",
    "name=x ",
]


@pytest.mark.parametrize("piece", sample(PIECES, 2))
def test_cleaning_takes_time_in_proportion_to_a_hostile_body(piece: str) -> None:
    started = time.process_time()
    clean_text(piece * 8_000)
    assert time.process_time() - started < 2.5  # the square of it would take minutes


def corpus_exchanges() -> list[Exchange]:
    """Return the exchanges of the corpus, with what their recorders altered."""
    if not CORPUS.is_file():
        pytest.skip("the shared recordings are not beside the checkout")
    recordings = [
        entry.read()
        for entry in entries_of(CORPUS, layout_of(CORPUS))
        if isinstance(entry, Entry) and is_generation(entry)
    ]
    pairs = [(raw, foreign_exchange(raw, "case")) for raw in recordings]
    return [replace(imported, altered=altered_parts(raw, imported)) for raw, imported in pairs]


def test_redaction_changes_no_verdict_of_real_recordings(edition: Edition) -> None:
    clauses = tuple(clauses_of(edition))
    differing = []
    for original in sample(corpus_exchanges(), 4):
        verdicts = [
            [(finding.clause, finding.verdict) for finding in judge(version, edition, clauses)]
            for version in (original, redacted(original))
        ]
        differing += [] if verdicts[0] == verdicts[1] else [original]
    assert differing == []
