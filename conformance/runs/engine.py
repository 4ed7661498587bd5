"""One provider, one edition: a case in, its judged findings out, each exchange made once."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.limits import Limits
from conformance.exchange.model import Exchange, Request
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.sent import Sent, read_request
from conformance.exchange.source import Source
from conformance.findings import Finding, Observation, Verdict
from conformance.providers import Provider
from conformance.runs.evidence import evidence
from conformance.strict import printable


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one case; its payload is gone."""

    outcome: Outcome
    findings: Mapping[str, Finding]
    observations: tuple[Observation, ...]
    record: Mapping[str, Any] | None


class ProviderUnreachableError(Exception):
    """The provider's address answers nothing at all; going on would only repeat that."""


_UNREACHABLE = frozenset({"connect", "dns", "tls", "bad-url", "bad-scheme"})


class Engine:
    """Judges the cases of one provider; every exchange is made once and let go."""

    def __init__(
        self,
        provider: Provider,
        edition: Edition,
        clauses: Sequence[Clause],
        cases: Iterable[Case],
        source: Source,
        today: date,
        limits: Limits | None = None,
    ) -> None:
        self.provider = provider
        self.edition = edition
        self.clauses = tuple(clauses)
        self._names = tuple(each.id for each in self.clauses)
        self.cases = {case.path: case for case in cases}
        self._source = source
        self._today = today
        self._limits = limits or Limits()
        self._judged: dict[str, Judged] = {}
        self._answered = False

    def planned(self, case: Case) -> list[Clause]:
        """The clauses that a case will be judged under, known before it is sent."""
        key = (self.edition.id, case.path, self._names)
        if key not in _PLANNED:  # every provider is asked the same
            sent = sent_by(case, self.edition)
            _PLANNED[key] = tuple(each for each in self.clauses if each.binds(sent))
        return list(_PLANNED[key])

    def judged(self, case: Case) -> Judged:
        """Make the case's exchange, and before it that of its control, and judge it."""
        known = self._judged.get(case.path)
        if known is None:
            known = self._judge(case)
            self._judged[case.path] = known
        return known

    def _judge(self, case: Case) -> Judged:
        control = self._control(case)
        try:
            exchange = self._source.exchange(case)
            self._check_reachable(exchange)
            return self._judged_exchange(exchange, control)
        except ProviderUnreachableError:
            raise
        except ConformanceError as error:
            return self._not_judged(case, str(error))
        except Exception as error:  # our own fault, and said so; the other cases go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            told = printable(f"{type(error).__name__}: {error}")
            return self._not_judged(case, f"the suite itself failed at {place}: {told}")

    def _judged_exchange(self, exchange: Exchange, control: Outcome | None) -> Judged:
        answer = Answer(exchange, self._limits.pixels, self._limits.images_pixels)
        outcome = outcome_of(exchange, answer)
        findings = judge(exchange, self.edition, self.clauses, control, answer)
        return Judged(
            outcome,
            {each.clause: self._known(each) for each in findings},
            tuple(observe(exchange, self.edition, answer)),
            evidence(exchange, answer, outcome),
        )

    def _check_reachable(self, exchange: Exchange) -> None:
        self._answered = self._answered or exchange.response is not None
        failure = exchange.failure
        if not self._answered and failure is not None and failure.kind in _UNREACHABLE:
            raise ProviderUnreachableError(
                f"provider {self.provider.id!r} cannot be reached at {exchange.request.url}: "
                f"{failure.message}"
            )

    def _control(self, case: Case) -> Outcome | None:
        if case.control is None:
            return None
        control = self.cases[f"{case.model}/{case.control}"]
        return self.judged(control).outcome

    def _not_judged(self, case: Case, why: str) -> Judged:
        findings = {
            each.id: Finding(
                clause=each.id,
                level=each.level.value,
                verdict=Verdict.HARNESS_ERROR,
                provider=self.provider.id,
                model=case.model,
                case=case.id,
                message=why,
            )
            for each in self.planned(case)
        }
        return Judged(Outcome(case.id, Result.UNAVAILABLE, why), findings, (), None)

    def _known(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim, and mark what is known to deviate."""
        for claim in self.provider.not_claimed:
            if claim.covers(finding):
                why = f"{claim.reason} (it would be: {finding.verdict.value})"
                return replace(finding, verdict=Verdict.NOT_CLAIMED, message=why)
        if finding.verdict is Verdict.PASS:
            return finding  # as most do: there is nothing to excuse
        for deviation in self.provider.deviations:
            if deviation.explains(finding) and not deviation.expired(self._today):
                return replace(finding, deviation=deviation.reason)
        return finding


_SENT: dict[tuple[str, str], Sent] = {}
_PLANNED: dict[tuple[str, str, tuple[str, ...]], tuple[Clause, ...]] = {}


def sent_by(case: Case, edition: Edition) -> Sent:
    """Read what a case will ask, before anything is sent."""
    key = (edition.id, case.path)
    if key not in _SENT:
        prepared = build_request(case, base_url="http://127.0.0.1/v1", key="-" * 8, served_as=None)
        request = Request(prepared.method, prepared.url, prepared.headers, prepared.body)
        _SENT[key] = read_request(Exchange("", case.model, case.id, request, None), edition)
    return _SENT[key]
