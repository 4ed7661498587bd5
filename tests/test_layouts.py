"""Layouts of recordings: each is recognised by its shape, and says the same exchange.

What a recorder altered is seen in it, and bodies are read as they were sent.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pytest
import yaml

from conformance.exchange.redaction.image_metadata import metadata
from conformance.exchange.transport.codings import zstd
from conformance.recordings.readers import streams
from conformance.recordings.readers.alterations import altered_parts, altered_request
from conformance.recordings.readers.bodies import from_base64, from_value
from conformance.recordings.readers.layouts import Layout, entries_of, layout_of, plain_file
from conformance.recordings.readers.model import (
    Entry,
    Fault,
    Recorded,
    RecordingError,
    foreign_exchange,
    is_generation,
)
from conformance.recordings.readers.streams import json_items
from tests.miniatures import GENERATIONS, SENT_AT, picture

if TYPE_CHECKING:
    from pathlib import Path

ASKED = {"model": "dall-e-2", "prompt": "a kite", "n": 2, "response_format": "b64_json"}
SENT = json.dumps(ASKED)
IMAGE = base64.b64encode(picture("png", (256, 256))).decode()
ANSWER = {"created": int(SENT_AT), "data": [{"b64_json": IMAGE}]}
TOLD = json.dumps(ANSWER)
ZIPPED = base64.b64encode(gzip.compress(TOLD.encode())).decode()
PAIRS = {"Content-Type": "application/json"}
NAMED = [{"name": "Content-Type", "value": "application/json"}]
KEYED = [{"key": "Content-Type", "value": "application/json"}]
WHEN = {"path": "/v1/images/generations", "method": "POST"}
LOWER = [{"name": "content-type", "value": "application/json"}]
LISTED = {"Content-Type": ["application/json"]}


def pair(request: dict[str, Any] | None = None, **response: Any) -> dict[str, Any]:
    """Write an exchange in our own layout, with these members of its answer."""
    base = {"method": "POST", "url": GENERATIONS, "headers": PAIRS, "body": SENT}
    return {"request": {**base, **(request or {})}, "response": {"headers": PAIRS, **response}}


def documents(*members: object) -> str:
    """Write documents of YAML, without anchors."""
    copies = json.loads(json.dumps(members))
    return yaml.safe_dump_all(copies, explicit_start=True, sort_keys=False)


def ruby(**body: object) -> str:
    """Write a cassette of Ruby's VCR, with this body of its answer."""
    entry = pair({"body": {"encoding": "UTF-8", "string": SENT}}, status={"code": 200}, body=body)
    moment = "Mon, 21 Sep 2026 14:13:20 GMT"
    return json.dumps({"http_interactions": [{**entry, "recorded_at": moment}]})


def har(content: dict[str, Any] | None = None, status: int = 200, **request: Any) -> dict[str, Any]:
    """Return an entry of an archive."""
    content = {"mimeType": "application/json", "text": TOLD, **(content or {})}
    content.setdefault("size", len(content["text"] or ""))
    post_data = {"mimeType": "application/json", "text": SENT}
    base = {"method": "POST", "url": GENERATIONS, "headers": [], "postData": post_data, **request}
    headers = [{"name": ":status", "value": "200"}, *NAMED]
    answer = {"status": status, "headers": headers, "content": content}
    moment = "2026-09-21T14:13:20.000Z"
    return {"startedDateTime": moment, "time": 1500, "request": base, "response": answer}


def archive(*entries: object) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


YAML_CASSETTE = f"""\
interactions:
- request: &asked
    body: '{SENT}'
    headers: {{}}
    method: POST
    uri: {GENERATIONS}
  response:
    body: {{string: !!binary {ZIPPED}}}
    headers: {{Content-Encoding: [gzip], Content-Type: [application/json]}}
    status: {{code: 200, message: OK}}
- request: *asked
  response: {{content: '{TOLD}', status_code: 200, headers: {{Content-Type: application/json}}}}
version: 1
"""
RUBY_CASSETTE = f"""\
---
http_interactions:
- request:
    method: post
    uri: {GENERATIONS}
    body: {{encoding: UTF-8, string: '{SENT}'}}
    headers: {{}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{encoding: ASCII-8BIT, string: !binary {ZIPPED}}}
  recorded_at: Mon, 21 Sep 2026 14:13:20 GMT
recorded_with: VCR 6.4.0
"""
MAPPING = {
    "id": "1",
    "request": {
        "urlPath": WHEN["path"],
        "method": "POST",
        "bodyPatterns": [{"equalToJson": SENT, "ignoreArrayOrder": True}],
    },
    "response": {"status": 200, "headers": PAIRS, "jsonBody": ANSWER},
}
NOCK = {
    "scope": "https://provider.example:443", **WHEN, "body": ASKED,
    "status": 200, "response": ANSWER, "rawHeaders": ["Content-Type", "application/json"],
}  # fmt: skip
PROXIED = {
    "RequestUri": GENERATIONS, "RequestMethod": "POST", "RequestHeaders": PAIRS,
    "RequestBody": ASKED, "StatusCode": 200, "ResponseHeaders": PAIRS, "ResponseBody": ANSWER,
}  # fmt: skip
POSTED = {"method": "POST", "header": KEYED, "url": {"raw": "{{base}}/v1/images/generations"}}
SAVED = {
    "originalRequest": {**POSTED, "body": {"mode": "raw", "raw": SENT}},
    "code": 200, "status": "OK", "header": KEYED, "body": TOLD,
}  # fmt: skip
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
GO_VCR = documents(
    {"version": 2, "interactions": [{"id": 0, **pair(
        {"proto": "HTTP/1.1", "content_length": len(SENT), "headers": LISTED},
        status="200 OK", code=200, duration="1.5s", body=TOLD, headers=LISTED,
        content_length=-1, uncompressed=True)}]}
)  # fmt: skip
PARSED = documents(
    {"interactions": [
        {"request": {"uri": GENERATIONS, "method": "POST", "headers": LISTED, "parsed_body": ASKED},
         "response": {"status": {"code": 200}, "headers": LISTED, "parsed_body": ANSWER}},
    ], "version": 1}
)  # fmt: skip
HTTPMOCK = documents(
    {"when": {**WHEN, "header": LOWER, "json_body": ASKED},
     "then": {"status": 200, "header": LOWER, "body": TOLD}},
    {"when": {**WHEN, "body": SENT}, "then": {"status": 200, "json_body": ANSWER}},
)  # fmt: skip
PHP_VCR = f"""
-
    request:
        method: POST
        url: 'https://api.openai.com/v1/images/generations'
        headers: {{Host: api.openai.com, Content-Type: application/json}}
        body: '{SENT}'
    response:
        status: {{http_version: '1.1', code: '200', message: OK}}
        headers: {{Content-Type: application/json}}
        body: '{TOLD}'
    index: 0
"""
NOCK_HEX = {
    **NOCK,
    "response": [gzip.compress(TOLD.encode()).hex()],
    "rawHeaders": {"Content-Type": "application/json", "content-encoding": "gzip"},
}
OURS = {
    "body-text": pair(status=200, body=TOLD),
    "body-object": pair(status=200, body=ANSWER),
    "body-base64": pair(status=200, body={"$base64": ZIPPED}),
    "base64Body": pair(status=200, base64Body=base64.b64encode(TOLD.encode()).decode()),
    "status-object": pair(status={"code": 200}, body=TOLD),
    "status_code": pair(status_code=200, content=TOLD),
}
LINES = json.dumps(OURS["body-text"])
PIECES = json.dumps([ZIPPED])
VCR_JSON = {"version": 1, "interactions": [pair(status=200, body={"string": TOLD})]}
AGENT = {"interactions": [pair(status=200, json=ANSWER)]}
SPLIT = {"Entries": [{**PROXIED, "ResponseBody": [TOLD[:9], TOLD[9:]]}]}
HAR_BODIES: dict[str, dict[str, Any] | None] = {
    "har-text": None,
    "har-base64": {"text": ZIPPED, "encoding": "base64"},
    "har-polly": {"text": PIECES, "encoding": "base64"},
    "har-polly-counts-base64": {"text": PIECES, "encoding": "base64", "size": len(PIECES)},
    "har-text-as-base64": {"text": TOLD, "encoding": "base64"},
}
FILES: dict[str, tuple[Layout, str | bytes]] = {
    **{name: (Layout.JSON_LINES, json.dumps(record)) for name, record in OURS.items()},
    **{name: (Layout.HAR, archive(har(content))) for name, content in HAR_BODIES.items()},
    "lines": (Layout.JSON_LINES, LINES + "\n\n" + LINES + "\n"),
    "array": (Layout.JSON_ARRAY, json.dumps([OURS["body-object"]], indent=1)),
    "vcrpy-yaml": (Layout.VCRPY_YAML, YAML_CASSETTE),
    "vcrpy-json": (Layout.VCRPY_JSON, json.dumps(VCR_JSON)),
    "ruby-yaml": (Layout.RUBY_VCR_YAML, RUBY_CASSETTE),
    "ruby-json": (Layout.RUBY_VCR_JSON, ruby(encoding="UTF-8", string=TOLD)),
    "ruby-base64": (Layout.RUBY_VCR_JSON, ruby(base64_string=ZIPPED)),
    "go-vcr": (Layout.GO_VCR, GO_VCR),
    "php-vcr": (Layout.PHP_VCR, PHP_VCR),
    "parsed_body": (Layout.VCRPY_YAML, PARSED),
    "httpmock": (Layout.HTTPMOCK, HTTPMOCK),
    "wiremock": (Layout.JSON_EXCHANGE, json.dumps(MAPPING, indent=2)),
    "wiremock-mappings": (Layout.WIREMOCK, json.dumps({"mappings": [MAPPING]})),
    "nock": (Layout.NOCK, json.dumps([NOCK], indent=2)),
    "nock-hex": (Layout.NOCK, json.dumps([NOCK_HEX])),
    "test-proxy": (Layout.TEST_PROXY, json.dumps({"Entries": [PROXIED], "Variables": {}})),
    "test-proxy-text": (Layout.TEST_PROXY, json.dumps(SPLIT)),
    "postman": (Layout.POSTMAN, json.dumps(COLLECTION, indent=1)),
    "insomnia": (Layout.INSOMNIA, json.dumps(INSOMNIA, indent=1)),
    "exchange-indented": (Layout.JSON_EXCHANGE, json.dumps(OURS["body-object"], indent=4)),
    "agent-cassette": (Layout.VCRPY_JSON, json.dumps(AGENT, indent=2)),
    "byte-order-mark": (Layout.JSON_LINES, "\ufeff" + LINES),
    "utf-16": (Layout.JSON_LINES, LINES.encode("utf-16")),
    "utf-16-le": (Layout.JSON_LINES, LINES.encode("utf-16-le")),
    "utf-16-be-yaml": (Layout.GO_VCR, b"\xfe\xff" + GO_VCR.encode("utf-16-be")),
    "gzip": (Layout.JSON_LINES, gzip.compress(LINES.encode())),
    "gzip-utf-16": (Layout.GO_VCR, gzip.compress(GO_VCR.encode("utf-16"))),
}


def load(path: Path, text: str | bytes) -> tuple[Layout, list[Entry | Fault]]:
    """Write a file; return its layout and what it holds."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with plain_file(path) as plain:
        layout = layout_of(plain)
        return layout, list(entries_of(plain, layout, path.parent))


def only(path: Path, text: str | bytes) -> Recorded:
    """Write a file with one exchange, and read that."""
    (entry,) = load(path, text)[1]
    assert isinstance(entry, Entry), entry
    return entry.read()


def body_of(recording: Recorded) -> str:
    assert recording.response is not None
    return recording.response.body.decode()


def alterations(recording: Recorded) -> frozenset[str]:
    return recording.altered | altered_parts(recording, foreign_exchange(recording, "case"))


@pytest.mark.parametrize(("layout", "text"), FILES.values(), ids=FILES)
def test_layouts_say_the_same_exchange(tmp_path: Path, layout: Layout, text: str | bytes) -> None:
    actual, entries = load(tmp_path / "recording", text)
    assert actual is layout
    assert entries
    for entry in entries:
        assert isinstance(entry, Entry), entry
        recording = entry.read()
        assert is_generation(entry)
        assert recording.response is not None
        assert (entry.method, recording.response.status) == ("POST", 200)
        assert json.loads(recording.request.body) == ASKED
        assert json.loads(body_of(recording)) == ANSWER
        assert altered_request(recording) is None
        assert alterations(recording) <= {"text", "headers"}


def test_layouts_http_archive_has_time_and_duration_and_no_pseudo_headers(tmp_path: Path) -> None:
    recording = only(tmp_path / "a.har", archive(har()))
    assert (recording.sent_at, recording.elapsed) == (SENT_AT, 1.5)
    assert recording.response is not None
    assert [name for name, _ in recording.response.headers] == ["Content-Type"]
    assert only(tmp_path / "a.har", archive(har(status=0))).response is None


STUB = {**MAPPING, "response": {"status": 200, "headers": PAIRS, "bodyFileName": "answer.json"}}
BESIDE = {
    "har": ("answer.json", "a.har", archive(har({"text": "", "_file": "answer.json"}))),
    "wiremock-files": ("__files/answer.json", "mappings/m.json", json.dumps(STUB)),
    "wiremock-inside": ("mappings/__files/answer.json", "mappings/m.json", json.dumps(STUB)),
    "wiremock-same": ("mappings/answer.json", "mappings/m.json", json.dumps(STUB)),
}


@pytest.mark.parametrize(("body", "file", "text"), BESIDE.values(), ids=BESIDE)
def test_layouts_keep_a_body_beside(tmp_path: Path, body: str, file: str, text: str) -> None:
    for name in (body, file):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / body).write_text(TOLD)
    recording = only(tmp_path / file, text)
    assert (body_of(recording), recording.altered) == (TOLD, frozenset())


@pytest.mark.parametrize("name", ["../secret", "gone.json", "/etc/hostname", "a\0b", "."])
def test_layouts_body_beside_is_read_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "deep" / "inside"
    folder.mkdir(parents=True)
    recording = only(folder / "m.json", json.dumps(pair(status=200, bodyFileName=name)))
    assert (body_of(recording), "body" in recording.altered) == ("", True)


def test_layouts_request_that_is_elsewhere_or_unsaid_was_not_recorded(tmp_path: Path) -> None:
    entry = har(bodySize=60, postData={"text": "", "_file": "60.json"})
    assert "request" in only(tmp_path / "a.har", archive(entry)).altered
    stub = {**MAPPING, "request": {"urlPath": "/v1/images/generations", "method": "POST"}}
    assert altered_request(only(tmp_path / "m.json", json.dumps(stub))) is not None


def test_layouts_event_streams_are_framed_anew(tmp_path: Path) -> None:
    events = [{"event": "x.done", "data": {"b64_json": {"$omitted": {"bytes": 9}}}}]
    record = pair(status=200, body={"$sse": events})
    recording = only(tmp_path / "a.jsonl", json.dumps(record))
    assert body_of(recording) == 'event: x.done\ndata: {"b64_json": "omitted"}\n\n'
    assert recording.altered == {"text", "payloads"}


OTHERS = {
    "openapi": (json.dumps({"openapi": "3.1.0", "paths": {}}), "an OpenAPI document"),
    "answer-alone": (TOLD, "an answer alone"),
    "request-alone": (json.dumps({"prompt": "a kite"}), "a request alone"),
    "other-json": ('{"name": 1}', "it has name"),
    "zip": (b"PK\x03\x04rest", "is compressed with zip; unpack it with unzip"),
    "bzip2": (b"BZh91AY&SY\0", "is compressed with bzip2; unpack it with bunzip2"),
    "binary": (b"\x89PNG\0\0", "is binary"),
    "xml": ("<?xml version='1.0'?><items/>", "is XML"),
    "yaml": ("openapi: 3.1.0\npaths: {}\n", "is YAML, but is no known recording: it has openapi"),
    "text": ("nothing of the kind\n", "is text"),
}


@pytest.mark.parametrize(("text", "reason"), OTHERS.values(), ids=OTHERS)
def test_layouts_what_is_none_is_named(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(RecordingError) as excinfo:
        load(tmp_path / "a", text)
    assert reason in excinfo.value.reason
    assert "docs/judging.md" in excinfo.value.reason


DAMAGED = {
    "empty": (b"  \n", None),
    "gzip-cut": (gzip.compress(bytes(10))[:-9], None),
    "utf-16-cut": (b"\xff\xfe{", None),
    "har-broken": (b'{"log": {\n"entries": [\n{"a" 1}]}}', 3),
    "har-cut": (archive(har(), har())[:-60].encode(), 1),
    "yaml-broken": (b"interactions:\n- request: a\n  b: c: d\n", 3),
    "yaml-no-list": (b"# interactions:\n- a\n", None),
    "json-lines-broken": (LINES.encode() + b"\n{oops\n", 2),
    "json-lines-deep": (b'{"request": ' + b"[" * 200_000 + b"\n", 1),
}


@pytest.mark.parametrize(("data", "line"), DAMAGED.values(), ids=DAMAGED)
def test_layouts_say_what_cannot_be_read_and_where(
    tmp_path: Path, data: bytes, line: int | None
) -> None:
    try:
        faults = [entry for entry in load(tmp_path / "a", data)[1] if isinstance(entry, Fault)]
    except RecordingError as error:
        faults = [Fault(error.reason, error.line)]
    assert faults[-1].reason
    assert faults[-1].line == line


def test_layouts_keep_the_entries_around_a_bad_one(tmp_path: Path) -> None:
    text = "\n".join([LINES, "{oops", '{"request": 1}', LINES])
    entries = load(tmp_path / "a.jsonl", text)[1]
    assert [isinstance(entry, Entry) for entry in entries] == [True, False, False, True]
    assert [entry.line for entry in entries] == [1, 2, 3, 4]
    cut_entries = load(tmp_path / "a.har", archive(har(), har())[:-60])[1]
    assert [isinstance(entry, Entry) for entry in cut_entries] == [True, False]


LONG_LINE = json.dumps(pair({"body": "x" * 9_000}, status=200)) + "\n"
STARTS = {
    "go": ("version: 2\ninteractions: []\n", Layout.GO_VCR),
    "document": ("---\nversion: 1\r\ninteractions: []\n", Layout.GO_VCR),
    "after": ("interactions: []\nversion: 1\n", Layout.VCRPY_YAML),
    "other-version": ("version: 10\ninteractions: []\n", Layout.VCRPY_YAML),
    "many": ("version: 1\n" * 5_000 + "interactions: []\n", Layout.GO_VCR),
    "long-line": (LONG_LINE, Layout.JSON_LINES),
    "long-line-after-blanks": (" " * 9_000 + LONG_LINE, Layout.JSON_LINES),
}


@pytest.mark.parametrize(("text", "layout"), STARTS.values(), ids=STARTS)
def test_start_of_a_file_tells_the_layout(tmp_path: Path, text: str, layout: Layout) -> None:
    path = tmp_path / "recording"
    path.write_bytes(text.encode())
    assert layout_of(path) is layout


def test_text_as_long_as_its_file_is_not_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MOST_TEXT", 1 << 17)
    path = tmp_path / "recording.json"
    path.write_text(json.dumps(["short", "x" * (1 << 20)]))
    items = json_items(path)
    assert next(items)[1] == "short"
    with pytest.raises(RecordingError, match="has a text of more than 131,072 bytes"):
        next(items)


def line(body: object, **members: object) -> str:
    """Write a record of JSON lines."""
    return json.dumps({**pair(status=200, body=body), **members})


def item(**members: object) -> dict[str, Any]:
    """Return an answer with one item."""
    return {"created": int(SENT_AT), "data": [members]}


PIXEL = base64.b64encode(picture("png", (1, 1))).decode()
UNSENT: list[Any] = [
    {"url": GENERATIONS, "body": {"$multipart": []}},
    {"url": GENERATIONS, "body": None},
]
ALTERED: dict[str, list[str]] = {
    "payloads": [
        line(item(b64_json="aGVsbG8=")),
        line(item(b64_json=PIXEL)),
        line(item(b64_json="REDACTED")),
        line(item(b64_json=IMAGE[:100])),
        line(item(b64_json=IMAGE[:2000] + "...")),
        line(item(b64_json={"$omitted": {"bytes": 9}})),
        line(TOLD, notes=["b64_json replaced by a 1x1 PNG"]),
    ],
    "urls": [
        line(item(url="REDACTED")),
        line(item(url="https://host.example/<ID>.png")),
        line(item(url="https://Sanitized/i.png")),
    ],
    "created": [
        line({"created": 0, "data": []}),
        line({"created": "<TIME>", "data": []}),
        line(TOLD, altered=["created"]),
    ],
    "request": [line(TOLD, request=request) for request in UNSENT],
    "body": [line(TOLD, response={"status": 200, "body": None})],
    "headers": [
        line(TOLD, recorder_alterations=["some headers removed"]),
        line(TOLD, response={"status": 200, "body": TOLD}),
    ],
}


@pytest.mark.parametrize("part", ALTERED)
def test_alterations_of_a_record_are_named(tmp_path: Path, part: str) -> None:
    for text in ALTERED[part]:
        assert part in alterations(only(tmp_path / "a.jsonl", text)), text


def test_alterations_leave_genuine_parts_testable(tmp_path: Path) -> None:
    url = "https://host.example/org-REDACTED/i.png?se=2026&sig=REDACTED"
    for body in (item(url=url), item(b64_json=IMAGE)):
        assert alterations(only(tmp_path / "a.jsonl", line(body))) == {"text"}


CONTENTS: dict[str, dict[str, Any]] = {
    "left-out": {"text": None, "size": 999},
    "cut": {"text": TOLD[:50], "size": len(TOLD)},
    "word-as-base64": {"text": "REDACTED", "encoding": "base64"},
    "base64-interrupted": {"text": IMAGE[:40] + "..." + IMAGE[40:], "encoding": "base64"},
    "tag-as-base64": {"text": "<binary>", "encoding": "base64"},
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_alterations_of_an_archive_are_named(tmp_path: Path, content: dict[str, Any]) -> None:
    assert "body" in alterations(only(tmp_path / "a.har", archive(har(content))))


def raw_deflate(data: bytes) -> bytes:
    """Compress without the wrapper of zlib, as many servers do."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate": zlib.compress,
    "deflate ": raw_deflate,
    "gzip": gzip.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_alterations_coding_that_ends_proves_a_body_and_a_cut_one_is_altered(
    tmp_path: Path, coding: str
) -> None:
    encoded = CODINGS[coding](TOLD.encode())
    for data, parts in ((encoded, set()), (encoded[:-9], {"body"})):
        entry = har({"text": base64.b64encode(data).decode(), "encoding": "base64"})
        entry["response"]["headers"] += [{"name": "content-encoding", "value": coding}]
        recording = only(tmp_path / "a.har", archive(entry))
        assert recording.altered == parts
        assert body_of(recording) == ("" if parts else TOLD)


def test_alterations_compressed_body_has_a_limit(tmp_path: Path) -> None:
    bomb = base64.b64encode(gzip.compress(bytes(80 * 1024 * 1024), 1)).decode()
    with pytest.raises(RecordingError, match="limit"):
        only(tmp_path / "a.har", archive(har({"text": bomb, "encoding": "base64"})))


def test_bodies_that_are_odd_are_read_as_they_stand() -> None:
    assert from_value({"a": b"x"}).data == b'{"a": "x"}'  # binary of YAML
    assert from_base64('["eA==", "eQ=="]').data == b"xy"  # in pieces
    for text in ('[{"url": "x"}]', "[]", "[1]"):
        body = from_base64(text)
        assert (body.data, body.altered) == (text.encode(), frozenset())


def test_segments_of_a_jpeg_are_bounded_and_what_is_left_is_one_of_them() -> None:
    data = b"\xff\xd8" + b"\xff\xe1\x00\x02" * 50_000 + b"tail"
    parts = metadata("jpeg", data)
    assert len(parts) < 21_000
    assert (parts[-1].start < parts[-1].end, parts[-1].end) == (True, len(data))


@pytest.mark.parametrize("status", [0, -1, 99999])
def test_number_that_is_no_status_says_that_no_answer_came(tmp_path: Path, status: int) -> None:
    ours = json.dumps(pair(status=status, body=""))
    for text in (archive(har(status=status)), ours):
        assert only(tmp_path / "recording", text).response is None
