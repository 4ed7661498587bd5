"""Where exchanges come from: the network, a cassette, or the one through the other.

A case is sent with the key, and the images of its answer are fetched without it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import Attempt, Download, Exchange, Failure, Provenance, Response
from conformance.exchange.outcome import LONGEST_WAIT, MOST_ATTEMPTS, retry_after, undecided
from conformance.exchange.redaction.redactor import REMEMBERED, Redactor
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.output.files import WritingError

MOST_DOWNLOADS = 16
"""Images fetched for one answer; a provider that sends more is not followed further."""

_CUT_OFF = frozenset({"connect", "dns", "disconnect"})
"""Failures of an image host that may be gone at the next try."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where cases are sent, in whose name, and what the provider calls each model."""

    provider: str
    base_url: str
    key: str = field(repr=False)
    models: Mapping[str, str]


class Client:
    """Sends cases to one target; the exchanges it returns hold no secret."""

    def __init__(
        self,
        target: Target,
        transport: Transport,
        provenance: Provenance = Provenance.LIVE,
        clock: Callable[[], float] = time.time,
        remembered: int = REMEMBERED,
        rest: Callable[[float], bool] | None = None,
    ) -> None:
        """Make a client; a text of at most `remembered` bytes is redacted once and kept.

        `rest` waits some seconds before an image is fetched again, and returns whether it may be.
        Without it no image is fetched twice.
        """
        self.target = target
        self._transport = transport
        self._provenance = provenance
        replays = provenance is Provenance.CASSETTE  # a cassette was redacted when it was made
        self._redactor = None if replays else _redactor_of(target.key, remembered)
        self._clock = clock
        self._rest = rest

    @property
    def limits(self) -> Limits:
        """The limits of one answer."""
        return self._transport.limits

    def exchange(
        self,
        case: Case,
        known_failures: Mapping[str, Failure] | None = None,
        recorded_at: str | None = None,
    ) -> Exchange:
        """Send a case, fetch the images it is answered with, and redact the whole.

        `known_failures` are URLs, of images or of the request itself, that are known to have
        failed when a cassette was made; they are not tried again. `recorded_at` is the base URL
        that it was made from: a provider inside a network may answer with addresses inside it,
        and a public one may not.
        """
        try:
            return self._send(case, known_failures or {}, recorded_at)
        except ConformanceError:
            raise
        except BaseException as error:  # its frames and its words may hold the key
            if redactor := self._redactor:
                words = (redactor.text(arg) if isinstance(arg, str) else arg for arg in error.args)
                error.args = tuple(words)
            error.__cause__ = error.__context__ = None
            safe = error.with_traceback(None)
        raise safe from None

    def _send(
        self, case: Case, known_failures: Mapping[str, Failure], recorded_at: str | None
    ) -> Exchange:
        target = self.target
        # A cassette answers to the URL that it was recorded at, wherever the provider is now.
        request = build_request(
            case,
            base_url=recorded_at or target.base_url,
            key=target.key,
            served_as=target.models.get(case.model),
        )
        sent_at, started = self._clock(), time.monotonic()
        response, failure = _split(
            known_failures.get(request.url)
            or self._transport.send(request.method, request.url, request.headers, request.body)
        )
        bare = Exchange(
            provider=target.provider,
            model=case.model,
            case=case.id,
            request=request,
            response=response,
            failure=failure,
            sent_at=sent_at,
            elapsed=time.monotonic() - started,
            provenance=self._provenance,
            served_as=target.models.get(case.model),
        )
        complete = replace(bare, downloads=tuple(self._fetch_images(bare, known_failures)))
        return self._redactor.exchange(complete) if self._redactor else complete

    def _fetch_images(self, bare: Exchange, known: Mapping[str, Failure]) -> Iterator[Download]:
        # Most answers carry base64, and are not parsed here for a member that they do not have.
        if bare.response is None or b'"url"' not in bare.response.body:
            return
        addresses = [payload.url for payload in Answer(bare).payloads if payload.url]
        allowance = _Allowance(self._transport.limits)
        for url in list(dict.fromkeys(addresses))[:MOST_DOWNLOADS]:
            failure = known.get(url) or allowance.spent()
            if failure is not None:
                yield Download(url, failure=failure)
            else:
                yield self._fetch_image(url, bare, allowance)

    def _fetch_image(self, url: str, bare: Exchange, allowance: _Allowance) -> Download:
        """Fetch an image, and retry while its host is out and the allowance lasts.

        Once an image has failed as often as is allowed, no other one is retried: sixteen images
        would let any host make the run wait for a minute.
        """
        retried: list[Attempt] = []
        while True:
            response, failure = _split(self._transport.fetch(url))
            allowance.bytes_left -= len(response.body) if response else 0
            download = Download(url, response, failure, tuple(retried))
            fetched = replace(bare, response=response, failure=failure, sent_at=self._clock())
            seconds = _retry_delay(fetched, len(retried))
            if self._rest is None or seconds is None:
                return download
            allowance.gave_up |= len(retried) + 1 == MOST_ATTEMPTS
            if allowance.gave_up or not allowance.lasts(seconds) or not self._rest(seconds):
                return download
            status = response.status if response else None
            retried.append(Attempt(status, failure.message if failure else f"HTTP {status}"))


_redactor_of = lru_cache(maxsize=8)(Redactor)  # the proof makes a client for every defect


class _Allowance:
    """The limits that all images of one answer share."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = time.monotonic() + limits.images_seconds
        self.bytes_left = limits.images_bytes
        self.gave_up = False  # whether an image never came, after all attempts

    def spent(self) -> Failure | None:
        """Return which limit earlier images have used up, or None."""
        if time.monotonic() >= self._deadline:
            seconds = f"{self._limits.images_seconds:g} s"
            return Failure("timeout", f"the images before it took {seconds} together")
        if self.bytes_left <= 0:
            limit = f"{self._limits.images_bytes:,} bytes"
            return Failure("too-large", f"the images before it have {limit} together")
        return None

    def lasts(self, seconds: float) -> bool:
        """Return whether time and bytes are left after a wait."""
        return time.monotonic() + seconds < self._deadline and self.bytes_left > 0


def _retry_delay(fetched: Exchange, retries: int) -> float | None:
    """Return the seconds to wait before an image is fetched again; None to give up."""
    status = fetched.response.status if fetched.response else None
    is_out = fetched.failure is not None and fetched.failure.kind in _CUT_OFF
    if not (is_out or (status and undecided(status) and status < 600)):
        return None
    requested = retry_after(fetched)
    seconds = 0.5 * 2.0**retries if requested is None else requested
    if seconds > LONGEST_WAIT:
        return None
    return seconds + random.uniform(0, 0.25)  # noqa: S311 - images should not come back at once


def _split(reply: Response | Failure) -> tuple[Response | None, Failure | None]:
    return (None, reply) if isinstance(reply, Failure) else (reply, None)


class Source(Protocol):
    """Anything that turns a case into an exchange."""

    def exchange(self, case: Case) -> Exchange:
        """Return the exchange of a case."""
        ...


class Sends(Protocol):
    """Anything that sends cases to a target, such as `Client`."""

    @property
    def target(self) -> Target:
        """Where they are sent."""
        ...

    def exchange(self, case: Case) -> Exchange:
        """Send a case; may raise where it must not be sent."""
        ...


class RecordMode(StrEnum):
    """pytest-recording's modes; a cassette holds one exchange, so two pairs coincide."""

    NONE = "none"
    ONCE = "once"
    NEW_EPISODES = "new_episodes"
    ALL = "all"
    REWRITE = "rewrite"


@dataclass(frozen=True, slots=True)
class Live:
    """Every case is sent; nothing is recorded."""

    client: Callable[[], Sends]

    def exchange(self, case: Case) -> Exchange:
        """Send a case."""
        return self.client().exchange(case)


@dataclass(frozen=True, slots=True)
class Replay:
    """Every case is answered from its cassette; nothing is sent."""

    client: Client
    library: CassetteLibrary

    def exchange(self, case: Case) -> Exchange:
        """Play a case; raises the errors of `CassetteLibrary.playing`."""
        with self.library.playing(case) as recorded:
            played = self.client.exchange(case, recorded.failures, recorded.target)
        asked = {played.request.url, *(download.url for download in played.downloads)}
        # an answer that is over a limit of this replay asks for none of its images
        if played.response is not None and not asked.issuperset(recorded.failures):
            raise self.library.stale(case, "a failure in it is of an address not asked for")
        # Moments and waits are the recorded ones: replay decides as the run did (ARCHITECTURE 25).
        return replace(
            played,
            sent_at=recorded.moment,
            elapsed=recorded.elapsed,
            provenance=Provenance.CASSETTE,
            cassette=self.library.name(case),
            target=recorded.target,
            attempts=recorded.attempts,
            retried=tuple(recorded.retried),
            downloads=tuple(
                replace(download, retried=tuple(recorded.images_retried.get(download.url, ())))
                for download in played.downloads
            ),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """Cases are sent and recorded; those with a cassette only where the mode says so."""

    client: Callable[[], Sends]
    replay: Replay
    mode: RecordMode
    halt: Callable[[str], None]  # lets nothing more be sent to the provider, for a reason

    def exchange(self, case: Case) -> Exchange:
        """Play or send a case, and write the cassette of what was sent and answered."""
        library = self.replay.library
        keeps = self.mode in (RecordMode.ONCE, RecordMode.NEW_EPISODES)
        if keeps and library.path(case).is_file():
            return self.replay.exchange(case)
        return self.send(case)

    def send(self, case: Case) -> Exchange:
        """Send a case, whatever the mode, and write its cassette."""
        self.replay.library.check_links(case)  # before anything is paid for
        client = self.client()
        exchange = client.exchange(case)
        # A lost answer is recorded, as it was paid for; a request that never left is not.
        if exchange.response is None and not (exchange.failure and exchange.failure.lost):
            return exchange
        return self._record(case, exchange, client.target.base_url)

    def keep(self, case: Case, exchange: Exchange) -> None:
        """Write the cassette of a case anew, with an exchange that was made before."""
        self._record(case, exchange, self.client().target.base_url)

    def _record(self, case: Case, exchange: Exchange, target: str) -> Exchange:
        """Write a cassette, and return the exchange as it is found there.

        Where it cannot be written, nothing more is paid for; what was paid for is judged.
        """
        library = self.replay.library
        try:
            library.record(exchange, case, target)
        except WritingError as error:
            self.halt(str(error))
            return exchange
        return replace(exchange, cassette=library.name(case), target=target)
