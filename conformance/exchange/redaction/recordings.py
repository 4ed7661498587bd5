"""Redacts recordings of other tools: what is not known to be harmless is removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from conformance.cases.request import Headers, Request
from conformance.exchange.model import Exchange
from conformance.exchange.redaction.credentials import (
    REDACTED,
    is_secret_name,
    outside_pictures,
    without_assignments,
    without_encoded,
    without_forms,
    without_signatures,
)
from conformance.exchange.redaction.redactor import ExchangeRedactor, Redactor
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
_HARMLESS_THOUGH_NAMED = "idempotency-key"
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{16,}")
_FORM = re.compile(rb"[A-Za-z0-9_.\[\]-]{1,100}=")
_LEAST = 8  # characters of a credential that is looked for elsewhere
_MOST = 6  # credentials of one request
_PLACEHOLDER = re.compile(
    r"redacted|filtered|placeholder|\*{3}|sk-conformance|[<\[{]", re.IGNORECASE
)
_SCHEMES = re.compile(
    r"(?:Bearer|Basic|Digest|Negotiate|NTLM|Key|Token|ApiKey|Api-Key|AWS4-HMAC-SHA256) +\S", re.I
)
"""Schemes that stay before a redacted value; any other first word may be a credential."""


def is_harmless_header(name: str) -> bool:
    """Return whether a header of this name is known to hold no credential."""
    bare = name.strip().lower()
    if _HARMLESS.fullmatch(bare) is None:
        return False
    return bare == _HARMLESS_THOUGH_NAMED or not is_secret_name(bare)  # `x-envoy-auth-token`


def without_credentials(exchange: Exchange) -> Exchange:
    """Return a foreign exchange without credentials.

    Those that its request presents are found in every spelling, others by their name or form.
    """
    for credential in list(dict.fromkeys(_presented_credentials(exchange.request)))[:_MOST]:
        exchange = Redactor(credential).exchange(exchange)
    provider, model = clean_text(exchange.provider), clean_text(exchange.model)
    return replace(_Cleaner().exchange(exchange), provider=provider, model=model)


class _Cleaner(ExchangeRedactor):
    """Removes whatever may be a credential, by its name or its form."""

    def text(self, text: str) -> str:
        return clean_text(text)

    def data(self, data: bytes) -> bytes:
        return outside_pictures(without_members(data), _clean)

    def headers(self, headers: Headers) -> Headers:
        return tuple((clean_text(name), _clean_value(name, value)) for name, value in headers)

    def request(self, request: Request) -> Request:
        if _FORM.match(request.body):  # a form, which is a query without its mark
            request = replace(
                request, body=without_signatures(b"?" + request.body, by_form=True)[1:]
            )
        return super().request(request)


def clean_text(text: str) -> str:
    """Return a text without anything that looks like a credential."""
    data = text.encode("utf-8", "surrogatepass")
    return _Cleaner().data(data).decode("utf-8", "surrogatepass")


def _clean(text: bytes) -> bytes:
    return without_encoded(_clean_plain(text), lambda inner: _clean_plain(without_members(inner)))


def _clean_plain(text: bytes) -> bytes:
    return without_assignments(without_forms(without_signatures(text, by_form=True)))


def _presented_credentials(request: Request) -> Iterator[str]:
    """Yield the credentials that a request presents, as far as they can be recognised."""
    secrets = []
    for name, value in request.headers:
        if not is_harmless_header(name):
            prefix, _, secret = value.strip().rpartition(" ")
            if is_secret_name(name) or _RANDOM.fullmatch(secret):
                secrets.append(secret)
            secrets += [word for word in prefix.split() if _RANDOM.fullmatch(word)]
    try:
        parts = urlsplit(request.url)
        secrets.append(parts.password or "")
        secrets += [value for name, value in parse_qsl(parts.query) if is_secret_name(name)]
    except ValueError:
        pass
    for secret in secrets:
        if len(secret) >= _LEAST and not _PLACEHOLDER.search(secret):
            yield secret


def _clean_value(name: str, value: str) -> str:
    if is_harmless_header(name):
        return clean_text(value)
    # Whether a key was presented, and how, is judged; only what follows is secret.
    shows_scheme = name.strip().lower() == "authorization" and _SCHEMES.match(value.strip())
    return f"{value.strip().partition(' ')[0]} {REDACTED}" if shows_scheme else REDACTED
