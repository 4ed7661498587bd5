"""Layouts of recordings: each is recognised by its shape, and says the same exchange."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance.recordings.readers import (
    Entry,
    Fault,
    Kind,
    Recorded,
    RecordingError,
    altered_request,
    entries_of,
    is_generation,
    kind_of,
    plain_file,
)
from tests.miniatures import GENERATIONS, SENT_AT, picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASKED = {"model": "dall-e-2", "prompt": "a kite", "n": 2, "response_format": "b64_json"}
SENT = json.dumps(ASKED)
IMAGE = base64.b64encode(picture("png", (256, 256))).decode()
ANSWER = {"created": int(SENT_AT), "data": [{"b64_json": IMAGE}]}
TOLD = json.dumps(ANSWER)
PAIRS = {"Content-Type": "application/json"}
NAMED = [{"name": "Content-Type", "value": "application/json"}]
KEYED = [{"key": "Content-Type", "value": "application/json"}]


def pair(request: dict[str, Any] | None = None, **response: Any) -> dict[str, Any]:
    """Write an exchange in our own layout, with these members of its answer."""
    asked = {"method": "POST", "url": GENERATIONS, "headers": PAIRS, "body": SENT}
    return {"request": {**asked, **(request or {})}, "response": {"headers": PAIRS, **response}}


MAPPING = {
    "id": "1",
    "request": {
        "urlPath": "/v1/images/generations",
        "method": "POST",
        "bodyPatterns": [{"equalToJson": SENT, "ignoreArrayOrder": True}],
    },
    "response": {"status": 200, "headers": PAIRS, "jsonBody": ANSWER},
}
NOCK = {
    "scope": "https://provider.example:443",
    "method": "POST",
    "path": "/v1/images/generations",
    "body": ASKED,
    "status": 200,
    "response": ANSWER,
    "rawHeaders": ["Content-Type", "application/json"],
}
PROXIED = {
    "RequestUri": GENERATIONS,
    "RequestMethod": "POST",
    "RequestHeaders": PAIRS,
    "RequestBody": ASKED,
    "StatusCode": 200,
    "ResponseHeaders": PAIRS,
    "ResponseBody": ANSWER,
}
POSTED = {"method": "POST", "header": KEYED, "url": {"raw": "{{base}}/v1/images/generations"}}
SAVED = {
    "originalRequest": {**POSTED, "body": {"mode": "raw", "raw": SENT}},
    "code": 200,
    "status": "OK",
    "header": KEYED,
    "body": TOLD,
}
COLLECTION = {
    "info": {"schema": "https://schema.example/v2.1.0/collection.json"},
    "item": [{"name": "folder", "item": [{"request": POSTED, "response": [SAVED]}]}],
}
INSOMNIA = {
    "_type": "export",
    "__export_format": 4,
    "resources": [
        {"_id": "res_1", "_type": "response", "parentId": "req_1", "statusCode": 200,
         "headers": NAMED, "body": TOLD},
        {"_id": "req_1", "_type": "request", "method": "POST", "url": GENERATIONS,
         "headers": NAMED, "body": {"mimeType": "application/json", "text": SENT}},
    ],
}  # fmt: skip
GO_VCR = f"""---
version: 2
interactions:
    - id: 0
      request:
        proto: HTTP/1.1
        content_length: {len(SENT)}
        body: '{SENT}'
        headers:
            Content-Type:
                - application/json
        url: {GENERATIONS}
        method: POST
      response:
        content_length: -1
        uncompressed: true
        body: '{TOLD}'
        headers:
            Content-Type:
                - application/json
        status: 200 OK
        code: 200
        duration: 1.5s
"""
PARSED = f"""interactions:
- request:
    headers: {{Content-Type: [application/json]}}
    method: POST
    parsed_body:
      model: dall-e-2
      prompt: a kite
      n: 2
      response_format: b64_json
    uri: {GENERATIONS}
  response:
    headers: {{Content-Type: [application/json]}}
    parsed_body:
      created: {int(SENT_AT)}
      data:
      - b64_json: {IMAGE}
    status: {{code: 200, message: OK}}
version: 1
"""
HTTPMOCK = f"""---
when:
  path: /v1/images/generations
  method: POST
  header: [{{name: content-type, value: application/json}}]
  json_body: {SENT}
then:
  status: 200
  header: [{{name: content-type, value: application/json}}]
  body: '{TOLD}'
---
when:
  path: /v1/images/generations
  method: POST
  body: '{SENT}'
then:
  status: 200
  json_body: {TOLD}
"""
FILES: dict[str, tuple[Kind, str | bytes]] = {
    "go-vcr": (Kind.GO_VCR, GO_VCR),
    "parsed_body": (Kind.VCRPY_YAML, PARSED),
    "httpmock": (Kind.HTTPMOCK, HTTPMOCK),
    "wiremock": (Kind.JSON_EXCHANGE, json.dumps(MAPPING, indent=2)),
    "wiremock-mappings": (Kind.WIREMOCK, json.dumps({"mappings": [MAPPING]})),
    "nock": (Kind.NOCK, json.dumps([NOCK], indent=2)),
    "nock-hex": (
        Kind.NOCK,
        json.dumps([{**NOCK, "response": [gzip.compress(TOLD.encode()).hex()],
                     "rawHeaders": {"Content-Type": "application/json",
                                    "content-encoding": "gzip"}}]),
    ),
    "test-proxy": (Kind.TEST_PROXY, json.dumps({"Entries": [PROXIED], "Variables": {}})),
    "test-proxy-text": (
        Kind.TEST_PROXY,
        json.dumps({"Entries": [{**PROXIED, "ResponseBody": [TOLD[:9], TOLD[9:]]}]}),
    ),
    "postman": (Kind.POSTMAN, json.dumps(COLLECTION, indent=1)),
    "insomnia": (Kind.INSOMNIA, json.dumps(INSOMNIA, indent=1)),
    "exchange-indented": (Kind.JSON_EXCHANGE, json.dumps(pair(status=200, body=ANSWER), indent=4)),
    "status-object": (Kind.JSON_LINES, json.dumps(pair(status={"code": 200}, body=TOLD))),
    "status_code": (Kind.JSON_LINES, json.dumps(pair(status_code=200, content=TOLD))),
    "agent-cassette": (
        Kind.VCRPY_JSON,
        json.dumps({"interactions": [pair(status=200, json=ANSWER)]}, indent=2),
    ),
    "base64Body": (
        Kind.JSON_LINES,
        json.dumps(pair(status=200, base64Body=base64.b64encode(TOLD.encode()).decode())),
    ),
    "byte-order-mark": (Kind.JSON_LINES, "\ufeff" + json.dumps(pair(status=200, body=TOLD))),
    "utf-16": (Kind.JSON_LINES, json.dumps(pair(status=200, body=TOLD)).encode("utf-16")),
    "utf-16-le": (Kind.JSON_LINES, json.dumps(pair(status=200, body=TOLD)).encode("utf-16-le")),
    "utf-16-be-yaml": (Kind.GO_VCR, b"\xfe\xff" + GO_VCR.encode("utf-16-be")),
    "gzip": (Kind.JSON_LINES, gzip.compress(json.dumps(pair(status=200, body=TOLD)).encode())),
    "gzip-utf-16": (Kind.GO_VCR, gzip.compress(GO_VCR.encode("utf-16"))),
}  # fmt: skip


def held(path: Path, text: str | bytes) -> tuple[Kind, list[Entry | Fault]]:
    """Write a file; give its kind and what it holds."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with plain_file(path) as plain:
        kind = kind_of(plain)
        return kind, list(entries_of(plain, kind, path.parent))


def only(path: Path, text: str | bytes) -> Recorded:
    """Write a file with one exchange, and read that."""
    (entry,) = held(path, text)[1]
    assert isinstance(entry, Entry), entry
    return entry.read()


@pytest.mark.parametrize(("kind", "text"), FILES.values(), ids=FILES)
def test_layouts_say_the_same_exchange(tmp_path: Path, kind: Kind, text: str | bytes) -> None:
    found, entries = held(tmp_path / "recording", text)
    assert found is kind
    assert entries
    for entry in entries:
        assert isinstance(entry, Entry), entry
        recorded = entry.read()
        assert recorded.response is not None
        assert is_generation(entry)
        assert (entry.method, recorded.response.status) == ("POST", 200)
        assert json.loads(recorded.request.body) == ASKED
        assert json.loads(recorded.response.body) == ANSWER
        assert altered_request(recorded) is None
        assert recorded.altered <= {"text", "headers"}


def test_layouts_http_archive_keeps_a_body_beside(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(TOLD)
    content = {"size": len(TOLD), "mimeType": "application/json", "_file": "answer.json"}
    request = {"method": "POST", "url": GENERATIONS, "postData": {"text": SENT}}
    entry = {"request": request, "response": {"status": 200, "content": content}}
    recorded = only(tmp_path / "a.har", json.dumps({"log": {"entries": [entry]}}))
    assert recorded.response is not None
    assert (recorded.response.body.decode(), recorded.altered) == (TOLD, frozenset())


@pytest.mark.parametrize("folder", ["__files", "mappings/__files", "mappings"])
def test_layouts_wiremock_keeps_a_body_beside(tmp_path: Path, folder: str) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "answer.json").write_text(TOLD)
    answer = {"status": 200, "headers": PAIRS, "bodyFileName": "answer.json"}
    recorded = only(tmp_path / "mappings" / "m.json", json.dumps({**MAPPING, "response": answer}))
    assert recorded.response is not None
    assert (recorded.response.body.decode(), recorded.altered) == (TOLD, frozenset())


@pytest.mark.parametrize("name", ["../secret", "gone.json", "/etc/hostname", "a\0b", "."])
def test_layouts_body_beside_is_read_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "deep" / "inside").mkdir(parents=True)
    recorded = only(
        tmp_path / "deep" / "inside" / "m.json", json.dumps(pair(status=200, bodyFileName=name))
    )
    assert recorded.response is not None
    assert (recorded.response.body, "body" in recorded.altered) == (b"", True)


def test_layouts_stub_that_does_not_say_its_request_is_not_judged(tmp_path: Path) -> None:
    stub = {**MAPPING, "request": {"urlPath": "/v1/images/generations", "method": "POST"}}
    assert altered_request(only(tmp_path / "m.json", json.dumps(stub))) is not None


OTHERS = {
    "openapi": (json.dumps({"openapi": "3.1.0", "paths": {}}), "an OpenAPI document"),
    "answer-alone": (TOLD, "an answer alone"),
    "request-alone": (json.dumps({"prompt": "a kite"}), "a request alone"),
    "zip": (b"PK\x03\x04rest", "is a ZIP archive"),
    "xml": ("<?xml version='1.0'?><items/>", "is XML"),
    "yaml": ("openapi: 3.1.0\npaths: {}\n", "is YAML, but is no known recording: it has openapi"),
    "text": ("nothing of the kind\n", "is text"),
}


@pytest.mark.parametrize(("text", "said"), OTHERS.values(), ids=OTHERS)
def test_layouts_what_is_none_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(RecordingError) as caught:
        held(tmp_path / "a", text)
    assert said in caught.value.reason
    assert "docs/judging.md" in caught.value.reason


def bomb() -> bytes:
    return gzip.compress(bytes(10))[:-9]


@pytest.mark.parametrize("make", [bomb, lambda: b"\xff\xfe{"], ids=["gzip-cut", "utf-16-cut"])
def test_layouts_damaged_files_are_faults(tmp_path: Path, make: Callable[[], bytes]) -> None:
    with pytest.raises(RecordingError):
        held(tmp_path / "a", make())
