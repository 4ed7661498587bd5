"""What of an answer can change without a clause being broken: read from its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from conformance.parsing import JSONFaultError, load_json, printable
from conformance.parsing.shape import bounded, shape_of
from conformance.reports.drift.model import Exchange

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


def aspects(exchange: Exchange) -> dict[Aspect, str]:
    """Give what can be compared of an exchange; what it does not know is left out."""
    response = exchange.get("response")
    if not response:
        return {}
    found: dict[Aspect, str] = {("status", ""): str(response["status"])}
    found.update(_headers(response["headers"]))
    found.update(_fields(exchange))
    found.update(_error(exchange))
    found.update(_images(exchange))
    return found


def status_class(found: dict[Aspect, str]) -> str:
    """Give the first figure of the status: answers of another class have another form."""
    return found.get(("status", ""), "")[:1]


def _headers(headers: Iterable[list[str]]) -> Iterator[tuple[Aspect, str]]:
    """Give the names of headers, and the one value that says what the body is."""
    for name, value in headers:
        plain = name.lower()
        if plain == "content-type":
            yield ("header", plain), value.split(";", 1)[0].strip().lower()
        elif not _VOLATILE.fullmatch(plain):
            yield ("header", plain), PRESENT


def stable_headers(exchange: Exchange) -> dict[str, str]:
    """Give the values of headers that could be the same in every answer."""
    headers = (exchange.get("response") or {}).get("headers", [])
    return {
        name.lower(): value
        for name, value in headers
        if not _VOLATILE.fullmatch(name.lower()) and name.lower() != "content-type"
    }


def _fields(exchange: Exchange) -> Iterator[tuple[Aspect, str]]:
    """Give each path of the body with its types."""
    types: dict[str, set[str]] = {}
    for entry in shape(exchange) or ():
        path, _, kind = entry.rpartition(":")
        types.setdefault(path, set()).add(kind)
    for path, kinds in types.items():
        yield ("field", path), "|".join(sorted(kinds))


def shape(exchange: Exchange) -> list[str] | None:
    """Give the shape of a body; of a run file without it, from the body if that is whole.

    None stands for an unknown shape, of which nothing came and nothing went: a body that was
    cut, one of more paths than are kept, or none that is JSON.
    """
    found = exchange.get("shape")
    if isinstance(found, list):
        return None if "…" in found else found
    if "shape" in exchange or not exchange.get("response"):
        return None
    try:
        paths = bounded(shape_of(load_json(exchange["response"]["body"])))
    except JSONFaultError:
        return None
    return None if "…" in paths else paths


def _error(exchange: Exchange) -> Iterator[tuple[Aspect, str]]:
    found = exchange.get("error")
    if isinstance(found, dict):
        for name in ("type", "code", "param"):
            yield ("error", name), str(found.get(name, ABSENT))


def _images(exchange: Exchange) -> Iterator[tuple[Aspect, str]]:
    """Give the type of the images, and where they were fetched from."""
    types = {str(each["type"]) for each in exchange.get("images") or () if each.get("type")}
    if types:
        yield ("image type", ""), "|".join(sorted(types))


def image_hosts(exchange: Exchange) -> set[str]:
    """Give the hosts of an answer's images; numbers in a name stand for any: they are shards."""
    found: set[str] = set()
    for each in exchange.get("downloads") or ():
        host = _host(str(each.get("url", "")))
        if host:
            found.add(printable(re.sub(r"\d+", "#", host), 100))
    return found


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
