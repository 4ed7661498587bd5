"""A provider of the virtual year: it answers as the reference provider, or as the script has it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from conformance.cases.model import Case, Operation
from conformance.contract import load_edition
from conformance.exchange.model import Exchange, Failure, Response
from conformance.exchange.source import Client
from conformance.live.cost import usage_of
from conformance.proof.in_process import bench_client
from conformance.reference.defects import lying_steps
from conformance.reference.steps import TRUTHFUL
from tests.year_script import BY_TOKENS, FIRST, NAMES, Model, Script

EDITION = load_edition()
CASES: dict[str, Case] = {}
"""The cases by their paths."""
_PACE = 5.0  # seconds a request takes


class KilledError(BaseException):
    """The process of a run was killed while an answer was on its way."""


@dataclass(slots=True)
class VirtualProvider:
    """Answers as the script says, at moments of a virtual clock, and keeps the bill."""

    script: Script
    day: int
    now: float
    target: None = None
    billed: float = 0.0
    kill_at: int | None = None  # the request whose answer is lost with the run
    lost: float = 0.0
    asked: list[str] = field(default_factory=list)
    bills: dict[str, float] = field(default_factory=dict)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def exchange(self, case: Case) -> Exchange:
        """Answer a case, and bill what was painted."""
        moment_sent, is_repeated = self.now, case.path in self.asked
        self.asked.append(case.path)
        self.now += _PACE
        answer = self._outage(case) or self._answer(case, is_repeated)
        answer = replace(answer, provider=self.script.name, sent_at=moment_sent, elapsed=_PACE)
        usd = self._bill(case, answer)
        self.billed += usd
        self.bills[case.path] = self.bills.get(case.path, 0.0) + usd
        if self.kill_at is not None and len(self.asked) > self.kill_at:
            self.lost = self.bills[case.path]  # the answers before it were kept nowhere
            raise KilledError
        return answer

    def _bill(self, case: Case, answer: Exchange) -> float:
        is_painted = answer.response is not None and answer.response.status == 200
        if not is_painted or case.operation is not Operation.GENERATE:
            return 0.0
        price = self.script.price(self.day)
        if case.model != BY_TOKENS:
            return price
        usage = cast("Mapping[str, Any]", usage_of(answer))
        tokens = usage["input_tokens"] * 2 + usage["output_tokens"] * price * 100
        return float(tokens) / 1_000_000

    def _outage(self, case: Case) -> Exchange | None:
        kind = self.script.outages.get(self.day)
        if kind is None:
            return None
        truth = answer_of("served", case, NAMES)
        if kind in ("503", "429"):
            body = b'{"error": {"message": "Busy.", "type": "x", "code": null, "param": null}}'
            headers = (("content-type", "application/json"),)
            return replace(truth, response=Response(int(kind), headers, body))
        return replace(truth, response=None, failure=Failure(kind, "no answer came"))

    def _answer(self, case: Case, is_repeated: bool) -> Exchange:
        by_name = {model.name: model for model in self.script.models}
        model, state = by_name[case.model], self.state_of(by_name[case.model])
        if case.operation is Operation.LIST_MODELS:
            names = (model.name for model in by_name.values() if self.state_of(model) == "served")
            return answer_of("served", case, tuple(names))
        flaky = self.day in model.flaky and not is_repeated and case.id == "baseline"
        if state == "served" and (model.broken(self.day) or flaky):
            return answer_of("broken", case, NAMES)
        other_names = tuple(name for name in NAMES if name != case.model)
        return answer_of(state, case, NAMES if state == "served" else other_names)

    def state_of(self, model: Model) -> str:
        """Return how the provider treats a model now: its end comes at midnight."""
        today = (datetime.fromtimestamp(self.now, UTC).date() - FIRST).days
        ends_now = model.until == today == self.day + 1
        return model.behaviour(today if ends_now else self.day)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _client(treated: str, served: tuple[str, ...]) -> Client:
    lies = {
        "broken": ["count.two-by-default"],
        "substituted": ["models.retired-painted-by-another"],
    }
    steps = lying_steps(lies[treated], edition=EDITION) if treated in lies else TRUTHFUL
    return bench_client(EDITION, steps, served, _loop())


@cache
def _answer_of(treated: str, path: str, served: tuple[str, ...]) -> Exchange:
    return _client(treated, served).exchange(CASES[path])


def answer_of(treated: str, case: Case, served: tuple[str, ...]) -> Exchange:
    """Return the true reference provider's answer, made once."""
    CASES[case.path] = case
    return _answer_of(treated, case.path, served)
