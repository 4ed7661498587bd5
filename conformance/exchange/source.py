"""Where exchanges come from: the network, a cassette, or the one through the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from conformance.cases.model import Case
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.client import Client, Target
from conformance.exchange.model import Exchange, Provenance


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

    def exchange(self, case: Case) -> Exchange:
        """Play or send a case, and write the cassette of what was sent and answered."""
        library = self.replay.library
        keeps = self.mode in (RecordMode.ONCE, RecordMode.NEW_EPISODES)
        if keeps and library.path(case).is_file():
            return self.replay.exchange(case)
        return self.send(case)

    def send(self, case: Case) -> Exchange:
        """Send a case, whatever the mode, and write its cassette."""
        library = self.replay.library
        library.check_links(case)  # before anything is paid for
        client = self.client()
        exchange = client.exchange(case)
        # A lost answer is recorded, as it was paid for; a request that never left is not.
        if exchange.response is None and not (exchange.failure and exchange.failure.lost):
            return exchange
        target = client.target.base_url
        library.record(exchange, case, target)
        return replace(exchange, cassette=library.name(case), target=target)

    def keep(self, case: Case, exchange: Exchange) -> None:
        """Write the cassette of a case anew, with an exchange that was made before."""
        self.replay.library.record(exchange, case, self.client().target.base_url)
