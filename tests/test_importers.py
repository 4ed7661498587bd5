"""Importers: every kind of recording, read entry by entry, and told where it cannot be."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pytest

from conformance.exchange.transport.codings import zstd
from conformance.recordings.readers import (
    Entry,
    Fault,
    Kind,
    Recorded,
    RecordingError,
    altered_parts,
    entries_of,
    foreign_exchange,
    kind_of,
)
from tests.miniatures import GENERATIONS, SENT_AT, picture

if TYPE_CHECKING:
    from pathlib import Path

ASKED = {"model": "dall-e-2", "prompt": "a kite", "response_format": "b64_json"}
SENT = json.dumps(ASKED)
IMAGE = base64.b64encode(picture("png", (256, 256))).decode()
TOLD = json.dumps({"created": int(SENT_AT), "data": [{"b64_json": IMAGE}]})
ZIPPED = base64.b64encode(gzip.compress(TOLD.encode())).decode()
HEADERS = {"Content-Type": ["application/json"], "Date": ["Mon, 21 Sep 2026 14:13:20 GMT"]}


def vcrpy(body: object = TOLD, sent: object = SENT, **response: object) -> dict[str, Any]:
    """Give an interaction of VCR.py."""
    told = {"status": {"code": 200, "message": "OK"}, "headers": HEADERS, "body": {"string": body}}
    asked = {"method": "POST", "uri": GENERATIONS, "headers": {}, "body": sent}
    return {"request": asked, "response": {**told, **response}}


def ruby(**body: object) -> dict[str, Any]:
    """Give an interaction of Ruby's VCR."""
    made = vcrpy(sent={"encoding": "UTF-8", "string": SENT})
    made["response"]["body"] = {"encoding": "UTF-8", **(body or {"string": TOLD})}
    return {**made, "recorded_at": "Mon, 21 Sep 2026 14:13:20 GMT"}


def har(content: dict[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
    """Give an entry of an archive."""
    headers = [{"name": ":status", "value": "200"}, {"name": "Content-Type", "value": "text/x"}]
    content = {"size": 1, "mimeType": "application/json", "text": TOLD, **(content or {})}
    posted = {"mimeType": "application/json", "text": SENT}
    return {
        "startedDateTime": "2026-09-21T14:13:20.000Z",
        "time": 1500,
        "request": {"method": "POST", "url": GENERATIONS, "headers": [], "postData": posted},
        "response": {"status": status, "headers": headers, "content": content},
    }


def line(body: object = None, **members: object) -> dict[str, Any]:
    """Give a record of JSON lines."""
    asked = {"method": "POST", "url": GENERATIONS, "headers": {}, "body": ASKED}
    told = {"status": 200, "headers": HEADERS, "body": body or json.loads(TOLD)}
    return {"request": asked, "response": told, **members}


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
FILES = {
    "vcrpy-yaml": (Kind.VCRPY_YAML, YAML_CASSETTE),
    "vcrpy-json": (Kind.VCRPY_JSON, json.dumps({"version": 1, "interactions": [vcrpy()]})),
    "ruby-yaml": (Kind.RUBY_VCR_YAML, RUBY_CASSETTE),
    "ruby-json": (Kind.RUBY_VCR_JSON, json.dumps({"http_interactions": [ruby()]})),
    "ruby-base64": (
        Kind.RUBY_VCR_JSON,
        json.dumps({"http_interactions": [ruby(base64_string=ZIPPED)]}),
    ),
    "har-text": (Kind.HAR, archive(har())),
    "har-base64": (Kind.HAR, archive(har({"text": ZIPPED, "encoding": "base64"}))),
    "har-polly": (Kind.HAR, archive(har({"text": json.dumps([ZIPPED]), "encoding": "base64"}))),
    "lines": (Kind.JSON_LINES, json.dumps(line()) + "\n\n" + json.dumps(line(TOLD)) + "\n"),
    "lines-base64": (Kind.JSON_LINES, json.dumps(line({"$base64": ZIPPED}))),
    "array": (Kind.JSON_ARRAY, json.dumps([line()], indent=1)),
}


def held(path: Path, text: str | bytes) -> list[Entry | Fault]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(entries_of(path, kind_of(path)))


def only(path: Path, text: str | bytes) -> Recorded:
    (entry,) = held(path, text)
    assert isinstance(entry, Entry), entry
    return entry.read()


def seen(recorded: Recorded) -> frozenset[str]:
    return recorded.altered | altered_parts(recorded, foreign_exchange(recorded, "case"))


@pytest.mark.parametrize(("kind", "text"), FILES.values(), ids=FILES)
def test_importers_read_what_was_sent_and_what_came(tmp_path: Path, kind: Kind, text: str) -> None:
    entries = held(tmp_path / "recording", text)
    assert kind_of(tmp_path / "recording") is kind
    for entry in entries:
        assert isinstance(entry, Entry)
        recorded = entry.read()
        assert recorded.response is not None
        assert (entry.method, entry.url, recorded.response.status) == ("POST", GENERATIONS, 200)
        assert json.loads(recorded.request.body) == ASKED
        assert json.loads(recorded.response.body) == json.loads(TOLD)
        assert seen(recorded) <= {"text"}


def test_importers_yaml_follows_aliases(tmp_path: Path) -> None:
    first, second = held(tmp_path / "c.yaml", YAML_CASSETTE)
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert first.read().request == second.read().request


def test_importers_har_gives_time_and_duration_and_no_pseudo_headers(tmp_path: Path) -> None:
    recorded = only(tmp_path / "a.har", archive(har()))
    assert (recorded.sent_at, recorded.elapsed) == (SENT_AT, 1.5)
    assert recorded.response is not None
    assert [name for name, _ in recorded.response.headers] == ["Content-Type"]


def test_importers_har_request_in_another_file_was_not_recorded(tmp_path: Path) -> None:
    entry = har()
    entry["request"] |= {"bodySize": 60, "postData": {"text": "", "_file": "60.json"}}
    assert "request" in only(tmp_path / "a.har", archive(entry)).altered


def test_importers_har_without_an_answer_has_none(tmp_path: Path) -> None:
    assert only(tmp_path / "a.har", archive(har(status=0))).response is None


def test_importers_event_streams_are_framed_anew(tmp_path: Path) -> None:
    events = [{"event": "x.done", "data": {"b64_json": {"$omitted": {"bytes": 9}}}}]
    recorded = only(tmp_path / "a.jsonl", json.dumps(line({"$sse": events})))
    assert recorded.response is not None
    assert recorded.response.body == b'event: x.done\ndata: {"b64_json": "omitted"}\n\n'
    assert recorded.altered == {"text", "payloads"}


def told(**item: object) -> dict[str, Any]:
    """Give an answer with one item."""
    return {"created": int(SENT_AT), "data": [item]}


PIXEL = base64.b64encode(picture("png", (1, 1))).decode()
ALTERED = {
    "b64_json-greeting": (line(told(b64_json="aGVsbG8=")), "payloads"),
    "b64_json-one-pixel": (line(told(b64_json=PIXEL)), "payloads"),
    "b64_json-redacted": (line(told(b64_json="REDACTED")), "payloads"),
    "b64_json-cut": (line(told(b64_json=IMAGE[:100])), "payloads"),
    "b64_json-ellipsis": (line(told(b64_json=IMAGE[:2000] + "...")), "payloads"),
    "b64_json-omitted": (line(told(b64_json={"$omitted": {"bytes": 9}})), "payloads"),
    "url-redacted": (line(told(url="REDACTED")), "urls"),
    "url-placeholder": (line(told(url="https://host.example/<ID>.png")), "urls"),
    "url-host": (line(told(url="https://Sanitized/i.png")), "urls"),
    "created-zero": (line({"created": 0, "data": []}), "created"),
    "created-word": (line({"created": "<TIME>", "data": []}), "created"),
    "declared": (line(altered=["created"]), "created"),
    "recorder_alterations": (line(recorder_alterations=["some headers removed"]), "headers"),
    "notes": (line(notes=["b64_json replaced by a 1x1 PNG"]), "payloads"),
    "request-multipart": (
        {**line(), "request": {"url": GENERATIONS, "body": {"$multipart": []}}},
        "request",
    ),
    "request-null": ({**line(), "request": {"url": GENERATIONS, "body": None}}, "request"),
    "response-null": ({**line(), "response": {"status": 200, "body": None}}, "body"),
    "headers-none": ({**line(), "response": {"status": 200, "body": TOLD}}, "headers"),
}


@pytest.mark.parametrize(("record", "part"), ALTERED.values(), ids=ALTERED)
def test_importers_mark_what_a_recorder_altered(
    tmp_path: Path, record: dict[str, Any], part: str
) -> None:
    assert part in seen(only(tmp_path / "a.jsonl", json.dumps(record)))


GENUINE = {
    "url": told(url="https://host.example/org-REDACTED/i.png?se=2026&sig=REDACTED"),
    "b64_json": told(b64_json=IMAGE),
}


@pytest.mark.parametrize("body", GENUINE.values(), ids=GENUINE)
def test_importers_leave_genuine_parts_testable(tmp_path: Path, body: dict[str, Any]) -> None:
    assert seen(only(tmp_path / "a.jsonl", json.dumps(line(body)))) == {"text"}


@pytest.mark.parametrize(
    "content", [{"text": None, "size": 999}, {"text": TOLD[:50], "size": len(TOLD)}]
)
def test_importers_har_bodies_left_out_or_cut_are_altered(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    assert "body" in seen(only(tmp_path / "a.har", archive(har(content))))


UNREADABLE = {
    "empty": (b"  \n", None),
    "binary": (b"\x89PNG\0\0", None),
    "other-json": (b'{"name": 1}', None),
    "other-yaml": (b"name: 1\n", None),
    "har-broken": (b'{"log": {\n"entries": [\n{"a" 1}]}}', 3),
    "har-cut": (archive(har(), har())[:-60].encode(), 1),
    "yaml-broken": (b"interactions:\n- request: a\n  b: c: d\n", 3),
    "yaml-no-list": (b"# interactions:\n- a\n", None),
    "json-lines-broken": (json.dumps(line()).encode() + b"\n{oops\n", 2),
    "json-lines-deep": (b'{"request": ' + b"[" * 200_000 + b"\n", 1),
}


@pytest.mark.parametrize(("data", "where"), UNREADABLE.values(), ids=UNREADABLE)
def test_importers_say_what_cannot_be_read_and_where(
    tmp_path: Path, data: bytes, where: int | None
) -> None:
    try:
        faults = [each for each in held(tmp_path / "a", data) if isinstance(each, Fault)]
    except RecordingError as error:
        faults = [Fault(error.reason, error.line)]
    assert faults
    assert faults[-1].reason
    assert faults[-1].line == where


def test_importers_go_on_after_a_bad_entry(tmp_path: Path) -> None:
    text = "\n".join([json.dumps(line()), "{oops", '{"request": 1}', json.dumps(line())])
    found = held(tmp_path / "a.jsonl", text)
    assert [isinstance(each, Entry) for each in found] == [True, False, False, True]
    assert [each.line for each in found] == [1, 2, 3, 4]


def test_importers_keep_what_came_before_a_broken_end(tmp_path: Path) -> None:
    first, second = held(tmp_path / "a.har", archive(har(), har())[:-60])
    assert isinstance(first, Entry)
    assert isinstance(second, Fault)


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
def test_importers_decode_what_the_recorder_left_coded(tmp_path: Path, coding: str) -> None:
    body = base64.b64encode(CODINGS[coding](TOLD.encode())).decode()
    entry = har({"text": body, "encoding": "base64"})
    entry["response"]["headers"].append({"name": "content-encoding", "value": coding})
    recorded = only(tmp_path / "a.har", archive(entry))
    assert recorded.response is not None
    assert (recorded.response.body.decode(), recorded.altered) == (TOLD, frozenset())


@pytest.mark.parametrize("coding", CODINGS)
def test_importers_coded_body_that_was_cut_is_altered(tmp_path: Path, coding: str) -> None:
    body = base64.b64encode(CODINGS[coding](TOLD.encode())[:-9]).decode()
    entry = har({"text": body, "encoding": "base64"})
    entry["response"]["headers"].append({"name": "content-encoding", "value": coding})
    assert "body" in only(tmp_path / "a.har", archive(entry)).altered


def test_importers_do_not_blow_up_a_compressed_body(tmp_path: Path) -> None:
    bomb = base64.b64encode(gzip.compress(bytes(80 * 1024 * 1024), 9)).decode()
    with pytest.raises(RecordingError, match="limit"):
        only(tmp_path / "a.har", archive(har({"text": bomb, "encoding": "base64"})))


def test_importers_har_whole_body_that_polly_counts_as_base64_is_whole(tmp_path: Path) -> None:
    pieces = json.dumps([ZIPPED])
    content = {"text": pieces, "encoding": "base64", "size": len(pieces)}
    recorded = only(tmp_path / "a.har", archive(har(content)))
    assert recorded.response is not None
    assert (recorded.response.body.decode(), seen(recorded)) == (TOLD, frozenset())


@pytest.mark.parametrize("text", ["REDACTED", IMAGE[:40] + "..." + IMAGE[40:], "<binary>"])
def test_importers_har_placeholder_that_claims_base64_is_altered(tmp_path: Path, text: str) -> None:
    content = {"text": text, "encoding": "base64"}
    assert "body" in seen(only(tmp_path / "a.har", archive(har(content))))


def test_importers_har_plain_text_that_claims_base64_is_read(tmp_path: Path) -> None:
    recorded = only(tmp_path / "a.har", archive(har({"text": TOLD, "encoding": "base64"})))
    assert recorded.response is not None
    assert (recorded.response.body.decode(), seen(recorded)) == (TOLD, frozenset())
