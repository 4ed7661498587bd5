"""Recognise answers of something that is not this API: then the base URL is wrong."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange
from conformance.output.printing import printable

_NO_SUCH_PAGE = frozenset({404, 405})
_NO_SUCH_METHOD = 501  # what a server of files says to any POST
_NO_HTTP = 400  # what a server of HTTPS says to plain HTTP, in a page or in a line of text
# what web frameworks and gateways write for an error
_PLAIN = frozenset({"not found", "resource not found", "method not allowed"})
_VERSION = re.compile(r"v\d+\w*", re.IGNORECASE)
_NO_SUCH_URL = re.compile(
    r"\b(invalid|unknown|unrecogni[sz]ed|no such) (request )?(url|route|path|endpoint)\b"
    r"|\b(url|route|path|endpoint)\b[^.]{0,80}\b(not found|does not exist)\b",
    re.IGNORECASE,
)
_OF_A_MODEL = re.compile(r"(?<!/)\b(model|deployment)s?\b", re.IGNORECASE)
_ROUTE = re.compile(r"/(models|images/generations)/?$")


def is_not_this_api(answer: Answer) -> bool:
    """Return whether an answer shows no trace of the API: no such page, or a page for people.

    A redirect shows nothing either. Some write an error object for a path that they do not know:
    OpenAI with the code ``unknown_url``, Azure with "Resource not found", one-api and new-api with
    "Invalid URL (POST /images/generations)"; outside of ``/v1`` these two answer everything with
    their dashboard. Any other one, and one that speaks of a model, is the API's.
    """
    response, error = answer.response, answer.error
    if response is None:
        return False
    if redirect_target(answer.exchange):
        return True
    if response.status not in _NO_SUCH_PAGE:
        page = response.media_type == "text/html" or response.body.lstrip()[:1] == b"<"
        is_page = page and (200 <= response.status < 300 or response.status == _NO_SUCH_METHOD)
        return answer.object is None and (is_page or response.status == _NO_HTTP)
    if isinstance(error, dict):
        if not error or error.get("code") == "unknown_url":
            return True
        error = error.get("message")
        return isinstance(error, str) and _says_no_such_url(error[:500])
    return not isinstance(error, str) or _says_no_such_url(error[:500])


def _says_no_such_url(message: str) -> bool:
    if message.strip(" .\n").lower() in _PLAIN:
        return True
    return bool(_NO_SUCH_URL.search(message)) and not _OF_A_MODEL.search(message)


def wrong_address(base_url: str, exchange: Exchange) -> str:
    """Explain that what answered at a base URL is not the API, and where the API may be."""
    base, target = base_url.rstrip("/"), redirect_target(exchange)
    if target:
        page, is_route = _ROUTE.subn("", target)
        hint = f": try {printable(page, 200)}" if is_route and page != base else ""
        return f"{base_url} leads to {printable(target, 200)}, and redirects are not followed{hint}"
    sentence, response = f"nothing at {base_url} speaks this API", exchange.response
    wants_https = response and response.status == _NO_HTTP and b"https" in response.body.lower()
    if wants_https and base.startswith("http:"):
        return f"{sentence} without encryption: try https:{base.removeprefix('http:')}"
    if any(map(_VERSION.fullmatch, urlsplit(base).path.split("/"))):
        return f"{sentence}; look in the provider's documentation for what goes before /images"
    return f"{sentence}; a base URL usually ends in /v1: try {base}/v1"


def redirect_target(exchange: Exchange) -> str:
    """Return where an exchange was redirected to, without credentials and query, or nothing."""
    response = exchange.response
    location = response.header("location") if response is not None else None
    if response is None or response.status not in (301, 302, 303, 307, 308) or not location:
        return ""
    try:
        target = urlsplit(urljoin(exchange.request.url, location))
    except ValueError:  # no URL: it leads nowhere
        return ""
    return f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
