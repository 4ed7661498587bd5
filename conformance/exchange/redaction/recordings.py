"""Redacts recordings of other tools: what is not known to be harmless is removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from conformance.exchange.cassettes.payloads import is_binary
from conformance.exchange.model import Download, Exchange, Failure, Headers, Request, Response
from conformance.exchange.redaction.api_key import Redactor, one_per_address, redact
from conformance.exchange.redaction.assignments import without_assignments
from conformance.exchange.redaction.credentials import (
    REDACTED,
    is_secret_name,
    outside_pictures,
    without_forms,
    without_queries,
)
from conformance.exchange.redaction.encoded_credentials import without_encoded
from conformance.exchange.redaction.secret_members import without_members

_HARMLESS = re.compile(
    r"accept(-.*)?|access-control-.*|age|agent-(mode|type)|allow|alt-svc|api-supported-versions"
    r"|apim-request-id|cache-(control|status)|cdn-.*cache.*|cf-(cache-status|ray)|connection"
    r"|content-(digest|disposition|encoding|language|length|location|md5|range"
    r"|security-policy|type)|cross-origin-.*|date|deprecation|etag|expect(-ct)?|expires"
    r"|function-execution-id|host|idempotency-key|if-(modified|unmodified)-since|if-(none-)?match"
    r"|keep-alive|last-modified|link|location|nel|openai-(model|processing-ms|version)"
    r"|operation-location|origin|permissions-policy|pragma|priority|proxy-connection|range"
    r"|(x-)?rate-?limit.*|referer|referrer-policy|report-to|reporting-endpoints|retry-after(-ms)?"
    r"|sec-(ch-ua.*|fetch-.*)|server(-timing)?|status|strict-transport-security|sunset|te"
    r"|timing-allow-origin|traceparent|trailer|transfer-encoding|upgrade(-insecure-requests)?"
    r"|user-agent|vary|via|warning|www-authenticate|x-(api-(call-end|call-start|received)"
    r"|amz-cf-(id|pop)|amzn-(requestid|trace-id)|cache(-hits)?|cloud-trace-context|content-hash"
    r"|content-type-options|correlation-id|(data|zero-data)-retention|dns-prefetch-control"
    r"|download-options|envoy-.*|frame-options|image-version|metrics-.*|ms-client-request-id"
    r"|ms-(deployment-name|middleware-request-id|region|request-id)"
    r"|openai-(client-user-agent|proxy-wasm)|permitted-.*|powered-by|process(ing)?-time"
    r"|request-?id|response-time|robots-tag|runtime|served-by|should-retry|stainless-.*"
    r"|timer|trace-?id|upstream-.*time|ua-compatible|xss-protection)|[a-z-]{0,30}request-?id"
)
_HARMLESS_THOUGH_NAMED = frozenset({"idempotency-key"})
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{16,}")
_LEAST = 8  # characters of a credential that is looked for elsewhere
_MOST = 6  # credentials of one request
_PLACEHOLDER = re.compile(
    r"redacted|filtered|placeholder|\*{3}|sk-conformance|[<\[{]", re.IGNORECASE
)
_SCHEMES = re.compile(r"[A-Za-z0-9-]{1,30} +\S")


def is_harmless_header(name: str) -> bool:
    """Return whether no credential is to be expected under the name of a header."""
    bare = name.strip().lower()
    if _HARMLESS.fullmatch(bare) is None:
        return False
    return bare in _HARMLESS_THOUGH_NAMED or not is_secret_name(bare)  # `x-envoy-auth-token`


def without_credentials(exchange: Exchange) -> Exchange:
    """Return a foreign exchange without credentials, its own in whatever spelling they stand."""
    for value in list(dict.fromkeys(_presented(exchange.request)))[:_MOST]:
        exchange = redact(exchange, Redactor(value))
    return replace(
        exchange,
        provider=clean_text(exchange.provider),
        model=clean_text(exchange.model),
        request=_request(exchange.request),
        response=_response(exchange.response),
        failure=_failure(exchange.failure),
        downloads=one_per_address(_download(download) for download in exchange.downloads),
    )


def clean_text(text: str) -> str:
    """Return a text without what has the form of a credential."""
    data = text.encode("utf-8", "surrogatepass")
    return clean_body(data).decode("utf-8", "surrogatepass")


def clean_body(data: bytes) -> bytes:
    """Return the text of a body, JSON or not, without credentials."""
    return outside_pictures(without_members(data), _cleaned)


def _cleaned(text: bytes) -> bytes:
    return without_encoded(
        _plainly_cleaned(text), lambda told: _plainly_cleaned(without_members(told))
    )


def _plainly_cleaned(text: bytes) -> bytes:
    return without_assignments(without_forms(without_queries(text)))


def _presented(request: Request) -> Iterator[str]:
    """Yield the credentials that a request presents, as far as they can be told."""
    for name, value in request.headers:
        secret = value.strip().rpartition(" ")[2]
        if not is_harmless_header(name) and (is_secret_name(name) or _RANDOM.fullmatch(secret)):
            yield from _usable(secret)
    try:
        parts = urlsplit(request.url)
        yield from _usable(parts.password or "")
    except ValueError:
        return
    for name, value in parse_qsl(parts.query):
        if is_secret_name(name):
            yield from _usable(value)


def _usable(secret: str) -> Iterator[str]:
    if len(secret) >= _LEAST and not _PLACEHOLDER.search(secret):
        yield secret


def _request(request: Request) -> Request:
    body = request.body
    if re.match(rb"[A-Za-z0-9_.\[\]-]{1,100}=", body):  # a form, which is a query without its mark
        body = without_queries(b"?" + body)[1:]
    url = clean_text(request.url)
    return Request(request.method, url, _headers(request.headers), clean_body(body))


def _response(response: Response | None) -> Response | None:
    if response is None:
        return None
    body = response.body if is_binary(response.body) else clean_body(response.body)
    return Response(response.status, _headers(response.headers), body)


def _headers(headers: Headers) -> Headers:
    return tuple((clean_text(name), _value(name, value)) for name, value in headers)


def _value(name: str, value: str) -> str:
    if is_harmless_header(name):
        return clean_text(value)
    shows_scheme = name.strip().lower() == "authorization" and _SCHEMES.match(value.strip())
    return f"{value.strip().partition(' ')[0]} {REDACTED}" if shows_scheme else REDACTED


def _failure(failure: Failure | None) -> Failure | None:
    return Failure(failure.kind, clean_text(failure.message)) if failure else None


def _download(download: Download) -> Download:
    response, failure = _response(download.response), _failure(download.failure)
    return Download(clean_text(download.url), response, failure)
