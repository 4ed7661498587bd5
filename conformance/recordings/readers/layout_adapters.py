"""Layouts with names of their own, each turned into a request and a response.

Every function takes one parsed item of a file and yields what `pair_entry` reads. Facts of the
layouts: nock (output of its recorder), the test proxy of the Azure SDKs, httpmock (Rust), Postman
collections 2.0 and 2.1 with saved answers, exports of Insomnia.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.recordings.readers.model import RecordingError, headers_of, mapping, text

Pair = Mapping[str, Any]
_TEXTUAL = ("json", "text", "xml", "form", "event-stream", "javascript")


def from_nock(value: Any) -> Iterator[Pair]:
    """Turn a definition of nock, its body in hexadecimal where it was coded or binary."""
    told = mapping(value)
    if not isinstance(told.get("scope"), str):
        raise RecordingError("is no definition of nock: it has no scope")
    raw = told.get("rawHeaders", told.get("headers"))
    request = {
        "method": told.get("method"),
        "url": told["scope"] + text(told.get("path")),
        "headers": told.get("reqheaders"),
        "body": told.get("body"),
    }
    response = {
        "status": told.get("status", 200),
        "headers": _paired(raw),
        "body": _nock_body(told.get("response"), told.get("responseIsBinary") is True),
    }
    yield {"request": request, "response": response}


def _paired(headers: Any) -> Any:
    """Pair names and values of a flat list."""
    if isinstance(headers, list) and all(isinstance(each, str) for each in headers):
        return [list(pair) for pair in zip(headers[::2], headers[1::2], strict=False)]
    return headers


def _nock_body(body: Any, binary: bool) -> Any:
    pieces = body if isinstance(body, list) and body else [body]
    if all(isinstance(each, str) for each in pieces) and (binary or isinstance(body, list)):
        return {"$hex": "".join(pieces)}
    return body


def from_test_proxy(value: Any) -> Iterator[Pair]:
    """Turn an entry of the test proxy: bodies as JSON, as text in pieces, or as base64.

    It cleans what it keeps and renews the lengths, so that no length proves anything.
    """
    told = mapping(value)
    if not isinstance(told.get("RequestUri"), str):
        raise RecordingError("is no entry of the test proxy: it has no RequestUri")
    request = {
        "method": told.get("RequestMethod"),
        "url": told["RequestUri"],
        "headers": told.get("RequestHeaders"),
        "body": _proxied(told.get("RequestBody"), told.get("RequestHeaders")),
    }
    response = {
        "status": told.get("StatusCode"),
        "headers": told.get("ResponseHeaders"),
        "body": _proxied(told.get("ResponseBody"), told.get("ResponseHeaders")),
    }
    yield {"request": request, "response": response, "altered": ["text"]}


def _proxied(body: Any, headers: Any) -> Any:
    told = next((v for name, v in headers_of(headers) if name.lower() == "content-type"), "json")
    pieces = body if isinstance(body, list) and body else [body]
    if not all(isinstance(each, str) for each in pieces):
        return body
    whole = "".join(pieces)
    return whole if any(each in told.lower() for each in _TEXTUAL) else {"$base64": whole}


def from_httpmock(value: Any) -> Iterator[Pair]:
    """Turn a mock of httpmock: what a request must be, and what is then answered."""
    told = mapping(value)
    when, then = mapping(told.get("when")), mapping(told.get("then"))
    request = {
        "method": when.get("method"),
        "url": when.get("path"),
        "header": when.get("header"),
        "body": when.get("body"),
        "json_body": when.get("json_body"),
    }
    yield {"request": request, "response": then}


def from_postman(value: Any, folder: int = 0) -> Iterator[Pair]:
    """Turn the saved answers of one item of a collection, or of the items of a folder."""
    item = mapping(value)
    if folder > 50:
        raise RecordingError("has folders in folders, more than 50 of them")
    inner, saved = item.get("item"), item.get("response")
    for each in inner if isinstance(inner, list) else []:
        yield from from_postman(each, folder + 1)
    for each in map(mapping, saved if isinstance(saved, list) else []):
        request = mapping(each.get("originalRequest")) or mapping(item.get("request"))
        yield {"request": _postman_request(request), "response": _postman_answer(each)}


def _postman_request(asked: Pair) -> Pair:
    url = asked.get("url")
    return {
        "method": asked.get("method"),
        "url": url if isinstance(url, str) else mapping(url).get("raw"),
        "headers": asked.get("header"),
        "body": mapping(asked.get("body")).get("raw"),
    }


def _postman_answer(told: Pair) -> Pair:
    return {"status": told.get("code"), "headers": told.get("header"), "body": told.get("body")}


def from_insomnia(value: Any) -> Iterator[Pair]:
    """Turn the answers of an export that has them, each with the request that it is of."""
    listed = mapping(value).get("resources")
    resources = [mapping(each) for each in listed if isinstance(listed, list)] if listed else []
    requests = {text(each.get("_id")): each for each in resources}
    for told in resources:
        if told.get("_type") not in ("response", "Response"):
            continue
        asked = requests.get(text(told.get("parentId")), {})
        request = {
            "method": asked.get("method"),
            "url": asked.get("url"),
            "headers": asked.get("headers"),
            "body": mapping(asked.get("body")).get("text"),
        }
        response = {
            "status": told.get("statusCode"),
            "headers": told.get("headers"),
            "body": told.get("body"),
            "bodyAsBase64": told.get("bodyBuffer"),
            "_file": told.get("bodyPath"),
        }
        yield {"request": request, "response": response}
