"""Every text of an exchange, redacted by one rule: the walk that all redaction shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from conformance.exchange.cassettes.payloads import is_binary
from conformance.exchange.model import Download, Exchange, Failure, Headers, Request, Response


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
                    replace(attempt, reason=self.text(attempt.reason))
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
