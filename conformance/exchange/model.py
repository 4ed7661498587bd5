"""An exchange: the request that was really sent, and the answer that really came."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from conformance.cases.request import Headers, Request, first_header

StatusCode = Annotated[int, Meta(ge=1, lt=1000)]
"""The status of a response; a cassette that has another number is refused."""

REDACTED_KEY = "sk-conformance-redacted"
"""Stands for the provider's key wherever it occurred; the key itself never leaves the sender."""

Amount = Annotated[float, Meta(ge=0)]
"""US dollars."""


class Provenance(StrEnum):
    """Where an exchange came from."""

    LIVE = "live"
    CASSETTE = "cassette"
    REFERENCE = "reference"
    FOREIGN = "foreign"


NOT_RECORDED = "not-recorded"
"""The failure of a URL without an image in a recording; when it was tried is not known."""

_LOST = frozenset({"timeout", "disconnect", "protocol", "encoding"})


class Failure(Struct, frozen=True, forbid_unknown_fields=True):
    """Why no answer, or no whole answer, came."""

    kind: str
    message: str

    @property
    def lost(self) -> bool:
        """Return whether the request was sent, and its answer did not come, or not whole."""
        return self.kind in _LOST


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, its body decoded from any content coding."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever its case."""
        return first_header(self.headers, name)

    @property
    def media_type(self) -> str | None:
        """The content type without its parameters, in lower case."""
        value = self.header("content-type")
        return value.split(";", 1)[0].strip().lower() if value else None


class Attempt(Struct, frozen=True, forbid_unknown_fields=True):
    """A failed attempt at a request that was then sent again."""

    status: StatusCode | None
    reason: str
    said: str = ""
    """The provider's own words."""


@dataclass(frozen=True, slots=True)
class Download:
    """One image URL of an answer, fetched without the key."""

    url: str
    response: Response | None = None
    failure: Failure | None = None
    retried: tuple[Attempt, ...] = ()  # the fetches before this one

    @property
    def is_recorded_failure(self) -> bool:
        """Return whether a recording shows no more than that somebody once got no image."""
        return self.failure is not None and self.failure.kind == NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Spending:
    """US dollars of some requests, each counted once: by usage, by a known price, or guessed."""

    actual: Amount | None
    """By the usage that answers state; null where none states it."""
    estimate: Amount
    """By a known price."""
    guess: Amount
    """What counts against the budget at the dearest price, as no price is known."""

    def __add__(self, other: Spending) -> Spending:
        """Add up, each kind by itself."""
        known = [spending.actual for spending in (self, other) if spending.actual is not None]
        return Spending(
            round(sum(known), 6) if known else None,
            round(self.estimate + other.estimate, 6),
            round(self.guess + other.guess, 6),
        )


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars of the answer; null is unknown."""

    estimate: Amount | None
    """By the price list; of a request that was not sent, as planned."""
    actual: Amount | None
    """As its usage says."""
    spent: Spending | None = None
    """What all requests for this answer cost, those that were sent again as well."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, the images it pointed to, and where it came from."""

    provider: str
    model: str
    case: str
    request: Request
    response: Response | None
    failure: Failure | None = None
    downloads: tuple[Download, ...] = ()
    sent_at: float = 0.0  # seconds since the Unix epoch
    elapsed: float | None = None  # seconds
    provenance: Provenance = Provenance.LIVE
    served_as: str | None = None  # what the provider calls the model
    cassette: str | None = None  # the file it was played from or written to
    target: str | None = None  # the base URL that answered when it was recorded
    altered: frozenset[str] = field(default_factory=frozenset)  # what a recorder scrubbed
    rewritten: str = ""  # two lengths, which show that a recorder wrote the body anew
    attempts: int | None = None  # requests that were sent until this answer came
    retried: tuple[Attempt, ...] = ()  # the requests before this one
    price: Price | None = None

    def download(self, url: str) -> Download | None:
        """Find the download of an image URL."""
        return next((download for download in self.downloads if download.url == url), None)
