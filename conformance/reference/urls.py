"""Temporary image URLs: signed, expiring, and without any store.

The file name says what to paint, so the provider keeps nothing; the signature covers name and
expiry, so nobody can have other pictures painted or let one live longer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conformance.reference.painting import Picture

FILE_TYPE = "png"
_NAME = re.compile(r"([0-9a-f]{32})-([1-9]\d{0,4})x([1-9]\d{0,4})\.png", re.ASCII)


def picture_named(name: str) -> Picture | None:
    """Return the picture of a file name, or None if no URL of ours has that name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return Picture(match[1], int(match[2]), int(match[3]))


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs image URLs and verifies signature and expiry."""

    lifetime: float = 3600.0
    """Seconds a URL lives; cut to whole seconds of `se`, so that none outlives it."""

    clock: Callable[[], float] = time.time
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def address(self, origin: str, picture: Picture) -> str:
        """Return the URL of a picture at an origin such as `http://127.0.0.1:18001`."""
        name = f"{picture.seed}-{picture.width}x{picture.height}.{FILE_TYPE}"
        expiry = datetime.fromtimestamp(math.floor(self.clock() + self.lifetime), UTC)
        se = expiry.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{origin}/files/{name}?se={se}&sp=r&sig={self._signature(name, se)}"

    def fault(self, name: str, query: Mapping[str, str]) -> str | None:
        """Return the reason to refuse a file request, or None if signature and expiry are valid."""
        se, sig = query.get("se", ""), query.get("sig", "")
        expected = self._signature(name, se).encode()
        genuine = hmac.compare_digest(sig.encode("utf-8", "surrogatepass"), expected)
        if query.get("sp") != "r" or not genuine:
            return "The signature does not fit this address."
        # Only what we signed ourselves is read as a date.
        if self.clock() >= datetime.fromisoformat(se).timestamp():
            return f"This address expired at {se}."
        return None

    def _signature(self, name: str, se: str) -> str:
        text = f"/files/{name}\n{se}\nr".encode("utf-8", "surrogatepass")
        digest = hmac.new(self.secret, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
