"""What of an answer can change without a clause being broken: read from its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec.structs import asdict

from conformance.parsing import printable
from conformance.results.field_types import Headers
from conformance.results.records import ExchangeRecord

Aspect = tuple[str, str]
"""What it is, and of what: ``("field", "data[].url")``."""

ABSENT = "absent"
PRESENT = "present"
_VOLATILE = re.compile(
    r"date|age|expires|last-modified|etag|content-length|set-cookie|retry-after|via|cf-ray"
    r"|.*(request|trace|span|correlation)-?id|.*-ms|.*-time|.*runtime|.*ratelimit.*|x-cache.*"
    r"|report-to|nel|traceparent|x-served-by|x-timer|connection|keep-alive|transfer-encoding"
    r"|content-encoding|vary|alt-svc",
)


def aspects(exchange: ExchangeRecord) -> dict[Aspect, str]:
    """Give what can be compared of an exchange; what it does not know is left out."""
    response = exchange.response
    if response is None:
        return {}
    found: dict[Aspect, str] = {("status", ""): str(response.status)}
    found.update(_headers(response.headers))
    found.update(_fields(exchange))
    found.update(_error(exchange))
    found.update(_images(exchange))
    return found


def status_class(found: dict[Aspect, str]) -> str:
    """Give the first figure of the status: answers of another class have another form."""
    return found.get(("status", ""), "")[:1]


def _headers(headers: Headers) -> Iterator[tuple[Aspect, str]]:
    """Give the names of headers, and the one value that says what the body is."""
    for name, value in headers:
        plain = name.lower()
        if plain == "content-type":
            yield ("header", plain), value.split(";", 1)[0].strip().lower()
        elif not _VOLATILE.fullmatch(plain):
            yield ("header", plain), PRESENT


def stable_headers(exchange: ExchangeRecord) -> dict[str, str]:
    """Give the values of headers that could be the same in every answer."""
    return {
        name.lower(): value
        for name, value in (exchange.response.headers if exchange.response else ())
        if not _VOLATILE.fullmatch(name.lower()) and name.lower() != "content-type"
    }


def _fields(exchange: ExchangeRecord) -> Iterator[tuple[Aspect, str]]:
    """Give each path of the body with its types."""
    types: dict[str, set[str]] = {}
    for entry in shape(exchange) or ():
        path, _, kind = entry.rpartition(":")
        types.setdefault(path, set()).add(kind)
    for path, kinds in types.items():
        yield ("field", path), "|".join(sorted(kinds))


def shape(exchange: ExchangeRecord) -> tuple[str, ...] | None:
    """Return the shape of a body; None where it is not known whole, so that nothing came or went.

    Not known is one of more paths than are kept, or of a body that is not JSON.
    """
    found = exchange.shape
    return None if found is None or "…" in found else found


def _error(exchange: ExchangeRecord) -> Iterator[tuple[Aspect, str]]:
    if exchange.error is not None:
        for name, value in asdict(exchange.error).items():
            yield ("error", name), ABSENT if value is None else value


def _images(exchange: ExchangeRecord) -> Iterator[tuple[Aspect, str]]:
    """Give the type of the images, and where they were fetched from."""
    types = {each.type for each in exchange.images if each.type}
    if types:
        yield ("image type", ""), "|".join(sorted(types))


def image_hosts(exchange: ExchangeRecord) -> set[str]:
    """Give the hosts of an answer's images; numbers in a name stand for any: they are shards."""
    found: set[str] = set()
    for each in exchange.downloads:
        host = _host(each.url)
        if host:
            found.add(printable(re.sub(r"\d+", "#", host), 100))
    return found


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
