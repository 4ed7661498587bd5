"""Facts in the URL of an image, and in the headers it comes with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

from conformance.exchange.transport.special_addresses import address_kind, read_address

_LONGEST = 16_384  # characters of a URL that are looked at
_LEGAL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
# Names that no public resolver answers, by RFC 6762, RFC 8375, and the custom of networks.
_INSIDE = (
    ".internal", ".intranet", ".lan", ".local", ".localdomain", ".localhost", ".corp", ".svc",
    ".home.arpa",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Locator:
    """A URL, taken apart; a host is in lower case and without brackets."""

    scheme: str
    host: str
    credentials: bool
    text: str


def read_locator(text: str) -> Locator | None:
    """Take a URL apart by RFC 3986; None when it is not one, or has characters none may have."""
    if not _LEGAL.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises when it is none
        host = (parts.hostname or "").removesuffix(".")  # the root's dot changes no host
    except ValueError:
        return None
    scheme = _SCHEME.match(text)
    return Locator(scheme[1].lower() if scheme else "", host, "@" in parts.netloc, text)


def host_of(text: str) -> str:
    """Return the host of a URL, or an empty string."""
    locator = read_locator(text)
    return locator.host if locator else ""


def is_internal(host: str) -> bool:
    """Return whether a host, by its name or address alone, can only be reached from inside."""
    address = read_address(host)
    if address is not None:
        return address_kind(address) is not None
    return "." not in host or f".{host}".endswith(_INSIDE)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a URL stops working, in seconds since the epoch, and where that is said."""

    at: float
    said_in: str


def expiry_of(url: str) -> Expiry | None:
    """Read the expiry of a signed URL, in the ways of Azure, S3, Google, OSS and CloudFront."""
    try:
        query = parse_qsl(urlsplit(url[:_LONGEST]).query)
        return _expiry_in({name.lower(): value for name, value in query})
    except (ValueError, OverflowError):
        return None


_SECONDS = re.compile(r"[1-9][0-9]{9}")  # from 2001 to 2286: fewer digits are a day or a lifetime


def _expiry_in(query: dict[str, str]) -> Expiry | None:
    if "se" in query:
        moment = datetime.fromisoformat(query["se"])
        return Expiry(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp(), "se")
    for vendor in ("amz", "goog", "oss"):
        signed, lifetime = query.get(f"x-{vendor}-date"), query.get(f"x-{vendor}-expires")
        if signed and lifetime:
            start = datetime.strptime(signed, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return Expiry(start.timestamp() + int(lifetime), f"x-{vendor}-expires")
    # A bare `exp` may be of something else, so it comes last.
    for name in ("expires", "exp", "expiry"):
        if _SECONDS.fullmatch(query.get(name, "")):
            return Expiry(float(query[name]), name)
    return None


_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,12})")


def cached_for(cache_control: str, expires: str) -> str | None:
    """Return how long headers let an image be kept, or None when they do not say."""
    age = _MAX_AGE.search(cache_control)
    if age:
        return f"{int(age[1])} seconds (Cache-Control)"
    try:
        return f"until {parsedate_to_datetime(expires).isoformat()} (Expires)"
    except (ValueError, TypeError, OverflowError):
        return None
