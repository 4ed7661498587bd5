"""What the processes of one live run share: a folder with the ledger and all that was judged."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING

from filelock import FileLock

from conformance.cases.model import Case
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.contract import Edition, load_edition
from conformance.exchange.client import Client
from conformance.live.cost import cost_of
from conformance.live.ledger import Ledger
from conformance.live.sender import Sender
from conformance.output.files import write_text
from conformance.providers import Provider, load_provider
from conformance.results.baselines import Sought
from conformance.results.case_result import Judged
from conformance.runner.case_runner import Together
from conformance.runner.confirm import Confirmer
from conformance.runner.journal import Spool, make_folder

if TYPE_CHECKING:
    from conformance.runner.session import Options

_CENT_FRACTION = 1e-9  # US dollars; sums of prices are not exact
_NAP = 0.5  # seconds between two looks at whether the run was stopped


@dataclass(frozen=True)
class LiveRun:
    """The part of a run that sends: its ledger, and what its processes share."""

    options: Options
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] | None = None  # in place of one that a stop ends

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened when it is first needed; in memory where nothing is shared."""
        budget = self.options.budget
        path = self.options.shared / "ledger.sqlite" if self.options.shared else None
        limit = None if budget is None or math.isinf(budget) else budget
        return Ledger(path, limit, self.options.max_requests)

    @cached_property
    def confirmer(self) -> Confirmer | None:
        """What knows the last good runs; None where none were named."""
        options = self.options
        if options.baseline is None or not options.live:
            return None
        providers = frozenset(load_provider(each).id for each in options.providers)
        sought = Sought(options.edition, providers, datetime.now(UTC).isoformat())
        return Confirmer.read(options.baseline, sought, options.confirm)

    def prepare(self) -> None:
        """Start with an empty folder; done once, before any process sends."""
        if self.options.shared is not None:
            shutil.rmtree(self.options.shared, ignore_errors=True)
            make_folder(self.options.shared)

    def take_over(self, provider: str, judged: dict[str, Judged]) -> None:
        """Let every process know what an earlier run has judged."""
        spool = self.spool(provider)
        for path, each in judged.items():
            if spool is not None:
                spool.put(path, each)

    def spool(self, provider: str) -> Spool | None:
        """Give what was judged of a provider; None where this process is the only one."""
        shared = self.options.shared
        return Spool(shared / provider) if shared is not None and self.options.live else None

    def combined(
        self, provider: Provider, edition: Edition, models: Sequence[str], strength: int
    ) -> list[Case]:
        """Give the cases that combine parameters; found once, as finding them takes seconds."""
        shared = self.options.shared
        path = shared / f"{provider.id}.combined.json" if shared is not None else None
        if path is not None and path.is_file():
            known = json.loads(path.read_bytes())
            return [Case(id_, model, body=body, billed=True) for id_, model, body in known]
        from conformance.live.plan import combined_cases

        found = [
            case
            for name in models
            for case in combined_cases(edition, provider, edition.model(name), strength)
        ]
        if path is not None:
            write_text(path, json.dumps([(x.id, x.model, x.body) for x in found]))
        return found

    def sender(self, client: Client, provider: Provider, edition: Edition) -> Sender:
        """Give a client that keeps within budget and pace."""
        first: AbstractContextManager[object] = nullcontext()
        if self.options.shared is not None:
            make_folder(self.options.shared)
            first = FileLock(self.options.shared / f"{provider.id}.lock", poll_interval=0.02)
        sleep = self.sleep or partial(self._doze, provider.id)
        return Sender(
            client, provider, edition, self.ledger, first, self.clock, sleep, self.orphaned
        )

    def orphaned(self) -> bool:
        """Whether the process that started this worker is gone."""
        return self.options.parent not in (None, os.getppid())

    def _doze(self, provider: str, seconds: float) -> None:
        """Sleep, but no longer than there is something to wait for."""
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            if self.orphaned() or self.ledger.halted(provider):
                return
            time.sleep(min(left, _NAP))

    def together(self, provider: Provider, cases: Iterable[Case]) -> Together:
        """Say how the engine of a provider shares its cases."""
        leads = frozenset(each.path for each in cases if self._leads(each))
        spool = self.spool(provider.id)
        return Together(
            spool,
            leads,
            self.confirmer,
            self._unreachable,
            self._answered,
            self._missing if self.options.live else None,  # a recording has all answers
            partial(self._spares, provider),
            in_order=self.options.partial,
        )

    def close(self) -> None:
        """Let go of the ledger."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def clear(self) -> None:
        """Remove what the processes shared, once the run file has it all."""
        self.close()
        if self.options.shared is not None:
            shutil.rmtree(self.options.shared, ignore_errors=True)

    def _leads(self, case: Case) -> bool:
        """Whether a case is asked before the others of its model; never one that nobody chose."""
        chosen = fnmatchcase(case.id, self.options.cases)
        return self.options.live and chosen and case.id in (MODELS_LIST, BASELINE)

    def _answered(self, provider: str) -> bool:
        return self.ledger.admitted(provider)  # opened when asked: the folder is emptied before

    def _unreachable(self, provider: str, why: str) -> None:
        self.ledger.halt(provider, why)

    def _spares(self, provider: Provider, waiting: Sequence[Case], case: Case) -> bool:
        """Return whether the budget allows a repeat of a case beside those not sent yet."""
        edition, spent = load_edition(self.options.edition), self.ledger.spent()
        costs = [cost_of(each, provider, edition) for each in waiting]
        most_requests = self.ledger.most_requests
        if most_requests is not None and spent.requests + len(costs) >= most_requests:
            return False
        reserve = max((each.most - each.estimate for each in costs), default=0.0)
        first = sum(each.estimate for each in costs) + reserve
        needed = spent.counted + first + cost_of(case, provider, edition).most
        return self.ledger.budget is None or needed <= self.ledger.budget + _CENT_FRACTION

    def _missing(self, provider: str, model: str, why: str) -> None:
        self.ledger.halt(f"{provider}/{model}", why)
