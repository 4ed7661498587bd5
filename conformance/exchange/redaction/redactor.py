"""The walk over an exchange that all redaction shares, and the redaction of one API key.

Redaction happens before anything else sees an exchange, so that what is judged live is
byte for byte what a cassette holds, and a clause can still see that a key came back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import lru_cache

from msgspec import structs

from conformance.cases.model import SHORTEST_KEY
from conformance.cases.request import Headers, Request
from conformance.exchange.cassettes.cassette_file import is_binary
from conformance.exchange.model import REDACTED_KEY, Download, Exchange, Failure, Response
from conformance.exchange.redaction.credentials import outside_pictures, without_signatures
from conformance.exchange.redaction.edits import apply_edits
from conformance.exchange.redaction.key_spellings import Spellings


class ExchangeRedactor(ABC):
    """Redacts exchanges; a subclass says what a text, a body and headers become."""

    @abstractmethod
    def text(self, text: str) -> str:
        """Redact a string."""

    @abstractmethod
    def data(self, data: bytes) -> bytes:
        """Redact a body that is text or JSON."""

    @abstractmethod
    def headers(self, headers: Headers) -> Headers:
        """Redact headers."""

    def binary(self, data: bytes) -> bytes:
        """Redact image bytes."""
        return data

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange without its secrets, and one download of each address.

        Without their secrets two addresses may be the same.
        """
        downloads: dict[str, Download] = {}
        for download in exchange.downloads:
            redacted = Download(
                self.text(download.url),
                self.response(download.response),
                self._failure(download.failure),
                tuple(
                    structs.replace(attempt, reason=self.text(attempt.reason))
                    for attempt in download.retried
                ),
            )
            downloads.setdefault(redacted.url, redacted)
        return replace(
            exchange,
            request=self.request(exchange.request),
            response=self.response(exchange.response),
            failure=self._failure(exchange.failure),
            downloads=tuple(downloads.values()),
        )

    def request(self, request: Request) -> Request:
        """Redact a request."""
        return replace(
            request,
            url=self.text(request.url),
            headers=self.headers(request.headers),
            body=self.data(request.body),
        )

    def response(self, response: Response | None) -> Response | None:
        """Redact a response, as an image or as text by its bytes: a header may lie."""
        if response is None:
            return None
        redacted = self.binary if is_binary(response.body) else self.data
        return replace(
            response, headers=self.headers(response.headers), body=redacted(response.body)
        )

    def _failure(self, failure: Failure | None) -> Failure | None:
        return Failure(failure.kind, self.text(failure.message)) if failure else None


_SECRET_HEADERS = frozenset(
    [
        "set-cookie",
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-amz-security-token",
        "openai-organization",
        "openai-project",
    ]
)
REMEMBERED = 2048
"""Bytes of a text that is worth remembering: header names and values come again and again."""


class Redactor(ExchangeRedactor):
    """Replaces one API key, in every spelling it could come back in, and URL signatures."""

    def __init__(self, key: str | None, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        # A shorter key is an ordinary word, which would be redacted everywhere.
        self._spellings = Spellings(key) if key and len(key) >= SHORTEST_KEY else None
        self._cached = lru_cache(maxsize=1024)(self._redact)
        self._cached_lines = lru_cache(maxsize=1024)(self._lines)

    def data(self, data: bytes) -> bytes:
        """Redact text or JSON."""
        return self._cached(data) if len(data) <= self._remembered else self._redact(data)

    def _redact(self, data: bytes) -> bytes:
        if self._spellings is not None:
            data = apply_edits(data, self._spellings.edits(data), _placeholder)
        return outside_pictures(data, without_signatures)

    def binary(self, data: bytes) -> bytes:
        """Redact image bytes; the length stays, so that offsets in the file hold."""
        return data if self._spellings is None else self._spellings.picture(data)

    def text(self, text: str) -> str:
        """Redact a string."""
        return _decode(self.data(_encode(text)))

    def headers(self, headers: Headers) -> Headers:
        """Redact header values, and the whole of those that name an account or a session."""
        short = sum(len(name) + len(value) for name, value in headers) <= self._remembered
        lines = self._cached_lines if short else self._lines  # long ones would fill the memory
        values = lines(tuple(value for _, value in headers))
        names = lines(tuple(name for name, _ in headers))
        return tuple(
            (name, "REDACTED" if old.lower() in _SECRET_HEADERS else value)
            for name, value, (old, _) in zip(names, values, headers, strict=True)
        )

    def _lines(self, texts: tuple[str, ...]) -> list[str]:
        """Redact texts, and a key that is divided among them."""
        redacted = [self.text(text) for text in texts]
        if self._spellings is None:
            return redacted
        lines = [_encode(text) for text in redacted]
        edits = self._spellings.between(lines)
        return [
            _decode(apply_edits(line, edits[index], _placeholder)) if edits[index] else text
            for index, (line, text) in enumerate(zip(lines, redacted, strict=True))
        ]


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character that was never a byte, in a foreign file
        return text.encode("utf-8", "replace")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _placeholder(_: int) -> bytes:
    return REDACTED_KEY.encode()
