"""What a recorder altered is seen in the recording, and bodies are read as they were sent."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import brotli
import pytest

from conformance.exchange.transport.codings import zstd
from conformance.recordings.readers.model import RecordingError
from tests.miniatures import GENERATIONS, SENT_AT, picture
from tests.test_layouts import IMAGE, TOLD, altered, archive, body_of, har, only, pair


def line(body: object, **members: object) -> dict[str, Any]:
    """Return a record of JSON lines."""
    return {**pair(status=200, body=body), **members}


def item(**members: object) -> dict[str, Any]:
    """Return an answer with one item."""
    return {"created": int(SENT_AT), "data": [members]}


PIXEL = base64.b64encode(picture("png", (1, 1))).decode()
ALTERED: dict[str, tuple[dict[str, Any], str]] = {
    "b64_json-greeting": (line(item(b64_json="aGVsbG8=")), "payloads"),
    "b64_json-one-pixel": (line(item(b64_json=PIXEL)), "payloads"),
    "b64_json-redacted": (line(item(b64_json="REDACTED")), "payloads"),
    "b64_json-cut": (line(item(b64_json=IMAGE[:100])), "payloads"),
    "b64_json-ellipsis": (line(item(b64_json=IMAGE[:2000] + "...")), "payloads"),
    "b64_json-omitted": (line(item(b64_json={"$omitted": {"bytes": 9}})), "payloads"),
    "url-redacted": (line(item(url="REDACTED")), "urls"),
    "url-placeholder": (line(item(url="https://host.example/<ID>.png")), "urls"),
    "url-host": (line(item(url="https://Sanitized/i.png")), "urls"),
    "created-zero": (line({"created": 0, "data": []}), "created"),
    "created-word": (line({"created": "<TIME>", "data": []}), "created"),
    "declared": (line(TOLD, altered=["created"]), "created"),
    "recorder_alterations": (line(TOLD, recorder_alterations=["some headers removed"]), "headers"),
    "notes": (line(TOLD, notes=["b64_json replaced by a 1x1 PNG"]), "payloads"),
    "request-multipart": (
        line(TOLD, request={"url": GENERATIONS, "body": {"$multipart": []}}),
        "request",
    ),
    "request-null": (line(TOLD, request={"url": GENERATIONS, "body": None}), "request"),
    "response-null": (line(TOLD, response={"status": 200, "body": None}), "body"),
    "headers-none": (line(TOLD, response={"status": 200, "body": TOLD}), "headers"),
}


@pytest.mark.parametrize(("record", "part"), ALTERED.values(), ids=ALTERED)
def test_alterations_of_a_record_are_named(
    tmp_path: Path, record: dict[str, Any], part: str
) -> None:
    assert part in altered(only(tmp_path / "a.jsonl", json.dumps(record)))


GENUINE = {
    "url": item(url="https://host.example/org-REDACTED/i.png?se=2026&sig=REDACTED"),
    "b64_json": item(b64_json=IMAGE),
}


@pytest.mark.parametrize("body", GENUINE.values(), ids=GENUINE)
def test_alterations_leave_genuine_parts_testable(tmp_path: Path, body: dict[str, Any]) -> None:
    assert altered(only(tmp_path / "a.jsonl", json.dumps(line(body)))) == {"text"}


CONTENTS: dict[str, dict[str, Any]] = {
    "left-out": {"text": None, "size": 999},
    "cut": {"text": TOLD[:50], "size": len(TOLD)},
    "word-as-base64": {"text": "REDACTED", "encoding": "base64"},
    "base64-interrupted": {"text": IMAGE[:40] + "..." + IMAGE[40:], "encoding": "base64"},
    "tag-as-base64": {"text": "<binary>", "encoding": "base64"},
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_alterations_of_an_archive_are_named(tmp_path: Path, content: dict[str, Any]) -> None:
    assert "body" in altered(only(tmp_path / "a.har", archive(har(content))))


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
    coded = CODINGS[coding](TOLD.encode())
    for data, parts in ((coded, set()), (coded[:-9], {"body"})):
        entry = har({"text": base64.b64encode(data).decode(), "encoding": "base64"})
        entry["response"]["headers"] += [{"name": "content-encoding", "value": coding}]
        recorded = only(tmp_path / "a.har", archive(entry))
        assert recorded.altered == parts
        assert body_of(recorded) == ("" if parts else TOLD)


def test_alterations_compressed_body_has_a_limit(tmp_path: Path) -> None:
    bomb = base64.b64encode(gzip.compress(bytes(80 * 1024 * 1024), 9)).decode()
    with pytest.raises(RecordingError, match="limit"):
        only(tmp_path / "a.har", archive(har({"text": bomb, "encoding": "base64"})))
