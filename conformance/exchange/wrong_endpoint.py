"""Answers of something that does not know the API: the base URL is wrong, and not the provider."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conformance.exchange.answer import Answer

_NO_SUCH_PAGE = frozenset({404, 405})
_NO_SUCH_METHOD = 501  # what a server of files says to any POST
_PLAIN = frozenset({"not found", "method not allowed"})  # what web frameworks write for an error
_VERSION = re.compile(r"v\d+\w*", re.IGNORECASE)
_NO_SUCH_URL = re.compile(r"\s*(invalid url|unknown request url)\b", re.IGNORECASE)


def knows_nothing(answer: Answer) -> bool:
    """Return whether an answer shows nothing of the API: no such page, or a page for people.

    Some write an error object for a path that they do not know: OpenAI with the code
    ``unknown_url``, one-api and new-api with "Invalid URL (POST /images/generations)"; outside
    of ``/v1`` these two answer everything with their dashboard. Any other one is the API's.
    """
    response, error = answer.response, answer.error
    if response is None:
        return False
    if response.status not in _NO_SUCH_PAGE:
        page = response.media_type == "text/html" or response.body.lstrip()[:1] == b"<"
        is_of_others = response.status == _NO_SUCH_METHOD or 200 <= response.status < 300
        return is_of_others and answer.object is None and page
    if isinstance(error, dict):
        message = error.get("message")
        named = isinstance(message, str) and bool(_NO_SUCH_URL.match(message))
        return named or error.get("code") == "unknown_url" or not error
    return not isinstance(error, str) or error.strip().lower() in _PLAIN


def wrong_address(base_url: str) -> str:
    """Say that nothing at a base URL speaks the API, and where it may be meant to lead."""
    sentence = f"nothing at {base_url} speaks this API"
    if any(map(_VERSION.fullmatch, urlsplit(base_url).path.split("/"))):
        return f"{sentence}; look in the provider's documentation for what goes before /images"
    return f"{sentence}; a base URL usually ends in /v1: try {base_url.rstrip('/')}/v1"
