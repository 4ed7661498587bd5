"""A key is planted everywhere it could hide, and found nowhere on disk."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from conformance.cases.model import Case
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import REDACTED_KEY, Download, Exchange, Failure, Request, Response
from conformance.exchange.redaction.api_key import Redactor

KEY = "sk-Planted/Key+0123456789abcdefghij"
CASE = Case(id="planted", model="dall-e-3", body={"model": "dall-e-3", "prompt": "A kite."})


def spellings() -> dict[str, bytes]:
    basic = [base64.b64encode(b"x" * shift + KEY.encode()) for shift in range(3)]
    return {
        "plain": KEY.encode(),
        "percent-encoded": quote(KEY, safe="").encode(),
        "without its prefix": KEY.removeprefix("sk-").encode(),
        "json-escaped": json.dumps(KEY).strip('"').encode(),
        "base64": basic[0],
        "base64 after one byte": basic[1],
        "base64 after two bytes": basic[2],
    }


def planted(secret: bytes) -> Exchange:
    text = secret.decode()
    body = b'{"error":{"message":"no such key ' + secret + b'"}}'
    url = f"https://images.example/{text}.png?token={text}"
    image = b"\x89PNG\r\n\x1a\n\0\0" + KEY.encode() + b"\0" * 600
    return Exchange(
        provider="planted",
        model="dall-e-3",
        case="planted",
        request=Request(
            "POST",
            f"https://api.example/v1?key={text}",
            (("authorization", f"Bearer {KEY}"),),
            body,
        ),
        response=Response(400, (("x-echo", text), ("set-cookie", text), (text, "1")), body),
        downloads=(
            Download(url, Response(200, (("content-type", "image/png"),), image)),
            Download(url + "2", failure=Failure("connect", f"no answer from {url}")),
        ),
        sent_at=1.0,
    )


@pytest.mark.parametrize("name", spellings())
def test_redaction_leaves_no_key_on_disk(name: str, tmp_path: Path) -> None:
    secret = spellings()[name]
    library = CassetteLibrary(tmp_path, "planted", "an-edition", "a tool")
    library.record(Redactor(KEY).exchange(planted(secret)), CASE, "https://api.example/v1")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(list(tmp_path.rglob("*.yaml"))) == 1
    for each in spellings().values():
        assert each[4:-4] not in written


DISGUISED = {
    "false type": (b'{"k":"%s"}', "image/png"),
    "first bytes of an image": (b'GIF89a{"k":"%s"}', "application/json"),
    "no type": (b'{"k":"%s"}', None),
}


@pytest.mark.parametrize("disguise", DISGUISED)
def test_redaction_finds_an_escaped_key_whatever_the_answer_says_it_is(disguise: str) -> None:
    form, kind = DISGUISED[disguise]
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY).encode()
    headers = (("content-type", kind),) if kind else ()
    found = Redactor(KEY).response(Response(200, headers, form % escaped))
    assert found is not None
    assert escaped[24:] not in found.body
    assert REDACTED_KEY.encode() in found.body


@pytest.mark.parametrize("piece", [b"\\", b"%25", b"&amp;", b"&#", b"?sig=", b"s\\", b"\\u00"])
def test_redaction_takes_time_in_proportion_to_a_hostile_body(piece: bytes) -> None:
    started = time.process_time()
    Redactor(KEY).data(piece * 200_000)
    assert time.process_time() - started < 5  # the square of it would take hours


def test_redaction_shows_that_the_key_stood_for_a_signature() -> None:
    found = Redactor(KEY).text(f"https://host/?key={KEY}#{KEY}")
    assert found == f"https://host/?key={REDACTED_KEY}"


def test_redaction_keeps_the_sign_that_a_key_came_back() -> None:
    found = Redactor(KEY).exchange(planted(KEY.encode()))
    assert found.response is not None
    assert REDACTED_KEY.encode() in found.response.body
    assert found.response.header("x-echo") == REDACTED_KEY


@pytest.mark.parametrize(
    "query", ["sig=abc%2Bd", "X-Amz-Signature=0123", "Signature=xyz~", "token=t.t.t"]
)
def test_redaction_takes_signatures_out_of_urls(query: str) -> None:
    value = query.split("=", 1)[1]
    found = Redactor(None).text(f'{{"url":"https://host/image.png?se=2026-01-01&{query}"}}')
    assert value not in found
    assert "se=2026-01-01" in found


SIGNED = "https://images.example/i.png?se=2026&sig=aB+c/d=&sp=r"
SPELLINGS = {
    "plain": SIGNED,
    "ampersand": SIGNED.replace("&", "\\u0026"),
    "equals-sign": SIGNED.replace("&", "\\u0026").replace("=", "\\u003D"),
    "slash": SIGNED.replace("/", "\\/"),
    "everything": SIGNED.replace("/", "\\u002f").replace("+", "\\u002b").replace("&", "\\u0026"),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_redaction_of_a_body_and_of_its_urls_agree(spelling: str) -> None:
    body = f'{{"url":"{spelling}","more":"&sig"}}'.encode()
    (url, more) = json.loads(Redactor(None).data(body)).values()
    assert (url, more) == (Redactor(None).text(SIGNED), "&sig")
    assert url == "https://images.example/i.png?se=2026&sig=REDACTED&sp=r"
