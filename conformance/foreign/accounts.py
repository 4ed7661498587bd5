"""Account ids in foreign recordings: no key, and still nobody's business."""

from __future__ import annotations

import re
from dataclasses import replace

from conformance.exchange.model import Download, Exchange, Headers, Request, Response
from conformance.exchange.payloads import is_binary

_START = (  # no letter before it but one that is part of an escape
    rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2}))"
)
_ID = re.compile(
    _START + rb"(org|user|proj|project|acct|team)([-_])"
    rb"(?=[A-Za-z]{0,40}[0-9]|[A-Za-z0-9]{20})[A-Za-z0-9]{6,64}(?![A-Za-z0-9_-])"
)
"""With a digit, or long: `user-friendly` and `org-chart` are words."""


def without_account_ids(exchange: Exchange) -> Exchange:
    """Return an exchange with `REDACTED` in place of every account id, wherever it stands."""
    return replace(
        exchange,
        request=_request(exchange.request),
        response=_response(exchange.response),
        downloads=tuple(map(_download, exchange.downloads)),
    )


def _request(request: Request) -> Request:
    return Request(
        request.method, _text(request.url), _headers(request.headers), _data(request.body)
    )


def _response(response: Response | None) -> Response | None:
    if response is None:
        return None
    return replace(response, headers=_headers(response.headers), body=_data(response.body))


def _download(download: Download) -> Download:
    return replace(download, url=_text(download.url), response=_response(download.response))


def _headers(headers: Headers) -> Headers:
    return tuple((name, _text(value)) for name, value in headers)


def _text(text: str) -> str:
    return _data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _data(data: bytes) -> bytes:
    return data if is_binary(data) else _ID.sub(rb"\1\2REDACTED", data)
