"""Layouts of tools, each turned into pairs of a request and a response.

Every function takes one parsed item of a file; what is left under its own name is read by
`pairs`. Facts of the layouts: HTTP archives 1.2 of browsers, mitmproxy and Polly.js, nock (output
of its recorder), the test proxy of the Azure SDKs, httpmock (Rust), Postman collections 2.0 and
2.1 with saved answers, exports of Insomnia.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.recordings.readers.members import headers_of, mapping, seconds_of, status_of, text
from conformance.recordings.readers.model import Pair, RecordingError

_TEXTUAL = ("json", "text", "xml", "form", "event-stream", "javascript")
_MOST_FOLDERS = 50  # of a collection, one in the other


def from_pair(value: Any) -> Iterator[Pair]:
    """Take a record that has its request and its response under these names."""
    record = mapping(value)
    yield Pair(mapping(record.get("request")), mapping(record.get("response")), record)


def from_har(value: Any) -> Iterator[Pair]:
    """Turn an entry of an archive; browsers write status 0 where no answer came."""
    entry = mapping(value)
    request, response = mapping(entry.get("request")), mapping(entry.get("response"))
    content = mapping(response.get("content"))
    if not isinstance(request.get("url"), str):
        raise RecordingError("is no entry of an archive: it has no request.url")
    milliseconds = seconds_of(entry.get("time")) or 0
    size = _size(content.get("size"))
    yield Pair(
        {
            "method": text(request.get("method")) or "GET",
            "url": request["url"],
            "headers": request.get("headers"),
            **_har_body(mapping(request.get("postData")), _size(request.get("bodySize"))),
        },
        {
            "status": response["status"],
            "headers": response.get("headers"),
            **_har_body(content, size),
        }
        if status_of(response.get("status"))
        else None,
        {
            "recorded_at": entry.get("startedDateTime"),
            "elapsed": milliseconds / 1000 if milliseconds > 0 else None,
        },
        _stated_length(response, content, size),
    )


def _har_body(content: Mapping[str, Any], size: int) -> Mapping[str, Any]:
    """Read what an archive keeps of a body; one that had a size and is empty was left out."""
    body_text, file = content.get("text"), content.get("_file")
    if isinstance(file, str) and not body_text:
        return {"_file": file}
    if not isinstance(body_text, str) or (not body_text and size > 0):
        return {}
    return {"body": {"$base64": body_text} if content.get("encoding") == "base64" else body_text}


def _stated_length(answer: Mapping[str, Any], content: Mapping[str, Any], size: int) -> int | None:
    """Return how many bytes an archive says that an answer had; None where it may be what is kept.

    Recorders count bytes, characters or halves of UTF-16, of the body or of its base64.
    """
    body_text, is_base64 = text(content.get("text")), content.get("encoding") == "base64"
    if size <= 0:
        names = {name.lower() for name, _ in headers_of(answer.get("headers"))}
        coded = names & {"content-encoding", "transfer-encoding"}
        size = -1 if coded else _size(answer.get("bodySize"))
    readings = {len(body_text), len(body_text.encode("utf-16-le", "surrogatepass")) // 2}
    digits = len("".join(body_text.split()).rstrip("=")) if is_base64 else 0
    readings.add(digits * 3 // 4 if is_base64 else len(body_text.encode("utf-8", "surrogatepass")))
    return size if size > 0 and size not in readings else None


def _size(value: Any) -> int:
    """Read a number of bytes; -1 stands for one that is not known, and for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def from_nock(value: Any) -> Iterator[Pair]:
    """Turn a definition of nock, its body in hexadecimal where it was coded or binary."""
    definition = mapping(value)
    if not isinstance(definition.get("scope"), str):
        raise RecordingError("is no definition of nock: it has no scope")
    headers = definition.get("rawHeaders", definition.get("headers"))
    # Raw headers are names and values in turn.
    if isinstance(headers, list) and all(isinstance(line, str) for line in headers):
        headers = [list(pair) for pair in zip(headers[::2], headers[1::2], strict=False)]
    body = definition.get("response")
    pieces: list[Any] = body if isinstance(body, list) and body else [body]
    coded = isinstance(body, list) or definition.get("responseIsBinary") is True
    if coded and all(isinstance(piece, str) for piece in pieces):
        body = {"$hex": "".join(pieces)}
    yield Pair(
        {
            "method": definition.get("method"),
            "url": definition["scope"] + text(definition.get("path")),
            "headers": definition.get("reqheaders"),
            "body": definition.get("body"),
        },
        {"status": definition.get("status", 200), "headers": headers, "body": body},
    )


def from_test_proxy(value: Any) -> Iterator[Pair]:
    """Turn an entry of the test proxy: bodies as JSON, as text in pieces, or as base64.

    It cleans what it keeps and renews the lengths, so that no length proves anything.
    """
    entry = mapping(value)
    if not isinstance(entry.get("RequestUri"), str):
        raise RecordingError("is no entry of the test proxy: it has no RequestUri")
    request = {"method": entry.get("RequestMethod"), "url": entry["RequestUri"]}
    response = {"status": entry.get("StatusCode")}
    yield Pair(
        {**request, **_proxy_half(entry, "Request")},
        {**response, **_proxy_half(entry, "Response")},
        {"altered": ["text"]},
    )


def _proxy_half(entry: Mapping[str, Any], half: str) -> Mapping[str, Any]:
    headers, body = entry.get(f"{half}Headers"), entry.get(f"{half}Body")
    types = (value for name, value in headers_of(headers) if name.lower() == "content-type")
    media_type = next(types, "json").lower()
    pieces: list[Any] = body if isinstance(body, list) and body else [body]
    if all(isinstance(piece, str) for piece in pieces):
        joined = "".join(pieces)
        body = joined if any(word in media_type for word in _TEXTUAL) else {"$base64": joined}
    return {"headers": headers, "body": body}


def from_httpmock(value: Any) -> Iterator[Pair]:
    """Turn a mock of httpmock: what a request must be, and what is then answered."""
    mock = mapping(value)
    when = mapping(mock.get("when"))
    names = ("method", "path", "header", "body", "json_body")
    yield Pair({name: when.get(name) for name in names}, mapping(mock.get("then")))


def from_postman(value: Any, folder: int = 0) -> Iterator[Pair]:
    """Turn the saved answers of one item of a collection, or of the items of a folder."""
    item = mapping(value)
    if folder > _MOST_FOLDERS:
        raise RecordingError(f"has folders in folders, more than {_MOST_FOLDERS} of them")
    inner, saved = item.get("item"), item.get("response")
    for nested in inner if isinstance(inner, list) else []:
        yield from from_postman(nested, folder + 1)
    for answer in map(mapping, saved if isinstance(saved, list) else []):
        request = mapping(answer.get("originalRequest")) or mapping(item.get("request"))
        url, body = request.get("url"), mapping(request.get("body"))
        url = url if isinstance(url, str) else mapping(url).get("raw")
        yield Pair({**request, "url": url, "body": body.get("raw")}, answer)


def from_insomnia(value: Any) -> Iterator[Pair]:
    """Turn the answers of an export that has them, each with the request that it is of."""
    items = mapping(value).get("resources")
    resources = list(map(mapping, items)) if isinstance(items, list) else []
    requests = {text(resource.get("_id")): resource for resource in resources}
    for answer in resources:
        if answer.get("_type") not in ("response", "Response"):
            continue
        request = requests.get(text(answer.get("parentId")), {})
        body_members = {"bodyAsBase64": answer.get("bodyBuffer"), "_file": answer.get("bodyPath")}
        body = mapping(request.get("body")).get("text")
        yield Pair({**request, "body": body}, {**answer, **body_members})
