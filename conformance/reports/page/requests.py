"""The request of an exchange as the page shows it: a command built from it, and what to know of it.

A run file may be anybody's. So no command is read from it, none leaves the web, and no key but one
that the reader names for its host goes into it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from conformance.output.printing import printable
from conformance.output.shell import bearer, curl_line, quoted
from conformance.results.records import RequestRecord

KEY_VARIABLE = "API_KEY"
"""The variable of every key: a name from a run file could be that of somebody else's key."""

DUMMIES = frozenset(
    {
        "Bearer",
        "Bearer sk-conformance-unknown-0000000000000000",
        "Basic Y29uZm9ybWFuY2U6bm90LWEta2V5",
    }
)
"""What the suite sends where a request is to present no valid key: written out, for a report knows
the run file only; a test compares it with what cases send."""

_LONGEST_URL = 2000  # characters
_LONGEST_BODY = 7000
_LONGEST_HEADER = 600
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # of RFC 9110; never an @file of curl
# no user name and no port in words: programs disagree about what else an address may be
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_METHOD = re.compile(r"[A-Z]{1,20}")
_FOLDED = re.compile(r"<\d+ (?:characters|bytes), sha256 |… \(\d+ more characters\)$")


def shown_request(request: RequestRecord, base_url: str | None) -> dict[str, Any]:
    """Return the command that sends a recorded request, if one can, and notes beside it.

    `base_url` is the provider's, where it is known.
    """
    url = printable(request.url, _LONGEST_URL)
    host = _web_host(url)
    if host is None or not _METHOD.fullmatch(request.method):
        return {"notes": [f"No command sends this: {printable(request.method, 40)} {url}"]}
    body = printable(request.body, _LONGEST_BODY)
    headers = []
    for name, value in request.headers:
        if name.lower() == "authorization" and value not in DUMMIES:
            headers.append(bearer(KEY_VARIABLE))
        elif _TOKEN.fullmatch(name):
            headers.append(quoted(f"{name}: {printable(value, _LONGEST_HEADER)}"))
    provider_host = _web_host(base_url or "")
    where = f", which is at {provider_host}" if provider_host else ""
    elsewhere = "" if provider_host == host else f": another host than that of the provider{where}"
    notes = [f"Goes to {host}{elsewhere}."]
    if bearer(KEY_VARIABLE) in headers:
        notes.append(f"{KEY_VARIABLE} is to hold your key for {host}, and no other.")
    if _FOLDED.search(body) or _FOLDED.search(url):
        notes.append("Long texts are folded, so that this does not send quite the same.")
    return {"curl": curl_line(request.method, url, headers, body), "notes": notes}


def _web_host(url: str) -> str | None:
    """Return host and port of a web address that every reader of addresses reads alike."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc)
    return parts.netloc.lower() if plain else None
