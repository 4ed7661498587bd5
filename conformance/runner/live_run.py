"""The part of a run that sends: its ledger, its pace, and what is asked first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from threading import Lock

from conformance.cases.model import Case
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.contract import DEFAULT_EDITION, Edition, load_edition
from conformance.exchange.source import Client
from conformance.live.ledger import Ledger
from conformance.live.sender import Sender
from conformance.output.globs import matches
from conformance.providers import Provider, load_provider
from conformance.results.baselines import RunFilter
from conformance.runner.confirm import Confirmer
from conformance.runner.options import Options

_NAP = 0.2  # seconds between two looks at whether the run was stopped


@dataclass
class LiveRun:
    """The part of a run that sends; its threads share it."""

    options: Options
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] | None = None  # in place of one that a stop ends
    ledger_file: Path | None = None
    billed: bool = True  # whether any provider bills, so that the disk is waited for

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened when it is first needed; without a file it is in memory."""
        budget = self.options.budget
        limit = None if budget is None or math.isinf(budget) else budget
        return Ledger(self.ledger_file, limit, self.options.max_requests, self.billed)

    @cached_property
    def confirmer(self) -> Confirmer | None:
        """What knows the last good runs; None where none were named."""
        options = self.options
        if options.baseline is None or not options.live:
            return None
        providers = frozenset(load_provider(name).id for name in options.providers)
        edition = load_edition(options.edition or DEFAULT_EDITION)
        run_filter = RunFilter(edition.id, providers, datetime.now(UTC).isoformat())
        return Confirmer.read(options.baseline, run_filter, options.confirm)

    def sender(self, client: Client, provider: Provider, edition: Edition) -> Sender:
        """Return a client that keeps within budget and pace."""
        sleep = self.sleep or partial(self._doze, provider.id)
        return Sender(client, provider, edition, self.ledger, self.clock, sleep)

    def rest(self, provider: str, seconds: float) -> bool:
        """Wait before an image is asked for again, and return whether the run goes on."""
        (self.sleep or partial(self._doze, provider))(seconds)
        return not self.ledger.halted(provider)

    def _doze(self, provider: str, seconds: float) -> None:
        """Sleep; wake up early if nothing more is sent to the provider."""
        end = self.clock() + seconds
        # in short naps, so that a stop need not wait for the longest pause
        while (remaining := end - self.clock()) > 0 and not self.ledger.halted(provider):
            time.sleep(min(remaining, _NAP))

    def leads(self, case: Case) -> bool:
        """Return whether a case is asked before the others of its model; only if it was chosen."""
        is_chosen = matches(case.id, self.options.cases)
        return self.options.live and is_chosen and case.id in (MODELS_LIST, BASELINE)

    def close(self) -> None:
        """Close the ledger."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def clear(self) -> None:
        """Remove the ledger's file, once the run file has it all."""
        self.close()
        if self.ledger_file is not None:
            self.ledger_file.unlink(missing_ok=True)


def once(make: Callable[[], Sender]) -> Callable[[], Sender]:
    """Make a client when it is first needed, once for all threads."""
    senders: list[Sender] = []
    lock = Lock()

    def client() -> Sender:
        with lock:
            if not senders:
                senders.append(make())
            return senders[0]

    return client
