"""One provider, one edition: a case in, its judged findings out, each exchange made once."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from conformance.cases.accepted import BASELINE, MODELS_LIST
from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Subject
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.astray import knows_nothing, wrong_address
from conformance.exchange.limits import Limits
from conformance.exchange.model import REDACTED_KEY, Exchange, Request
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.sent import Sent, read_request
from conformance.exchange.source import Replay, Source
from conformance.findings import Finding, Verdict
from conformance.live.cost import all_of
from conformance.live.ledger import NotSentError
from conformance.providers import Provider
from conformance.runs.confirming import Confirmer
from conformance.runs.evidence import evidence, unsent
from conformance.runs.judged import Judged
from conformance.runs.spool import Spool
from conformance.strict import printable

LEAD_PATIENCE = 1.0
"""Seconds to wait for what another process asks of a model first; a model that is not there
says so sooner, and one that paints by then is there."""


@dataclass(frozen=True, slots=True)
class Together:
    """How the processes of a live run share its cases."""

    spool: Spool | None = None
    leads: frozenset[str] = frozenset()  # paths of what is asked of a model before all else
    confirmer: Confirmer | None = None
    unreachable: Callable[[str, str], None] | None = None  # told the provider and a sentence
    answered: Callable[[str], bool] | None = None  # asked whether a provider ever answered


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
        together: Together | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.provider = provider
        self.edition = edition
        self.clauses = tuple(clauses)
        self._names = tuple(each.id for each in self.clauses)
        self.cases = {case.path: case for case in cases}
        self.source = source
        self._today = today
        self._limits = limits or Limits()
        self._judged: dict[str, Judged] = {}
        self._ahead: dict[str, tuple[Exchange, Answer]] = {}
        self._answered = False
        self._astray = False  # whether what came is of something else than the provider
        self._together = together or Together()

    def planned(self, case: Case) -> list[Clause]:
        """The clauses that a case will be judged under, known before it is sent."""
        key = (self.edition.id, case.path, self._names)
        if key not in _PLANNED:  # every provider is asked the same
            sent = sent_by(case, self.edition)
            _PLANNED[key] = tuple(each for each in self.clauses if each.binds(sent))
        return list(_PLANNED[key])

    def judged(self, case: Case) -> Judged:
        """Make the case's exchange, and before it that of its control, and judge it."""
        known = self._judged.get(case.path) or self._once(case)
        if known is None:
            raise AssertionError(f"{case.path} was waited for without end, and is not there")
        return known

    def look_ahead(self, case: Case) -> None:
        """Play the case that is judged next: its images are decoded while this one is judged."""
        known = case.path in self._judged or case.path in self._ahead
        if known or not isinstance(self.source, Replay):
            return
        with suppress(Exception):  # it is played again, and told of, when it is judged
            _, answer = self._ahead[case.path] = self._made(case)
            answer.look_ahead()

    def leads_astray(self, leads: Iterable[Case]) -> bool:
        """Ask some cases before all else, up to the first that shows the API, and judge them.

        Where none shows it, what comes from there says nothing of the provider, and is no
        verdict. One process does so, before others ask.
        """
        for case in leads:
            if self._is_known(case):
                break
            try:
                self._ahead[case.path] = self._made(case)
            except (NotSentError, ConformanceError):  # it is told of when the case is judged
                break
            if not knows_nothing(self._ahead[case.path][1]):
                break
        else:
            self._astray = True
        for path in list(self._ahead):
            self._once(self.cases[path])
        return self._astray

    def _is_known(self, case: Case) -> bool:
        spool = self._together.spool
        return spool is not None and spool.get(case.path) is not None

    def _once(self, case: Case, patience: float = -1) -> Judged | None:
        """Judge a case unless another process of the run does, for whom it waits."""
        spool = self._together.spool
        if spool is None:
            found: Judged | None = self._judge(case)
        else:
            found = spool.once(case.path, lambda: self._judge(case), patience)
        if found is not None:
            self._judged[case.path] = found
        return found

    def _judge(self, case: Case) -> Judged:
        gone = self._gone(case)
        control = self._control(case)
        if gone is not None:
            return self._unsent(case, Verdict.UNAVAILABLE, gone, None)
        coarser = self._coarser_fault_accepted(case)
        if coarser is not None:
            return self._needless(case, coarser)
        try:
            exchange, answer = self._made(case)
            if self._astray:
                return self._not_here(case, exchange, answer)
            self._check_reachable(exchange)
            return self._judged_exchange(case, exchange, answer, control)
        except ProviderUnreachableError:
            raise
        except NotSentError as reason:
            outcome = Outcome(case.id, Result.UNAVAILABLE, f"not run: {reason}")
            return self._unsent(case, Verdict.NOT_RUN, outcome, reason.estimate)
        except ConformanceError as error:
            return self._not_judged(case, str(error))
        except Exception as error:  # our own fault, and said so; the other cases go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            told = printable(f"{type(error).__name__}: {error}")
            return self._not_judged(case, f"the suite itself failed at {place}: {told}")

    def _made(self, case: Case) -> tuple[Exchange, Answer]:
        if case.path in self._ahead:
            return self._ahead.pop(case.path)
        exchange = self.source.exchange(case)
        return exchange, self._answer(exchange)

    def _judged_exchange(
        self, case: Case, exchange: Exchange, answer: Answer, control: Outcome | None
    ) -> Judged:
        outcome = Subject(exchange, self.edition, control, answer).outcome
        findings = self._findings(exchange, control, answer)
        findings, repeated = self._confirmed(case, findings, control)
        paid = replace(exchange, price=all_of([*repeated, exchange]))
        return Judged(
            outcome,
            findings,
            tuple(observe(exchange, self.edition, answer)),
            evidence(paid, answer, outcome),
        )

    def _answer(self, exchange: Exchange) -> Answer:
        return Answer(exchange, self._limits.pixels, self._limits.images_pixels)

    def _findings(
        self, exchange: Exchange, control: Outcome | None, answer: Answer
    ) -> dict[str, Finding]:
        findings = judge(exchange, self.edition, self.clauses, control, answer)
        return {each.clause: self._known(each) for each in findings}

    def _confirmed(
        self, case: Case, findings: dict[str, Finding], control: Outcome | None
    ) -> tuple[dict[str, Finding], list[Exchange]]:
        """Make an exchange again whose verdicts are worse than they were; gives those made."""
        made: list[Exchange] = []

        def repeat() -> dict[str, Finding] | None:
            try:
                exchange = self.source.exchange(case)
            except NotSentError:
                return None
            made.append(exchange)
            return self._findings(exchange, control, self._answer(exchange))

        confirmer = self._together.confirmer
        return (confirmer.confirmed(findings, repeat) if confirmer else findings), made

    def _gone(self, case: Case) -> Outcome | None:
        """Ask the first of a model before its other cases; give what says that it is not there."""
        lead = self.cases.get(f"{case.model}/{BASELINE}")
        listing = self.cases.get(f"{case.model}/{MODELS_LIST}")
        leads = [each for each in (listing, lead) if each and each.path in self._together.leads]
        if case in leads or case.id in (BASELINE, MODELS_LIST):
            return None
        for each in leads:
            found = self._judged.get(each.path) or self._once(each, LEAD_PATIENCE)
            if found is not None and found.outcome.result is Result.NOT_SERVED and each is lead:
                return found.outcome
        return None

    def _check_reachable(self, exchange: Exchange) -> None:
        self._answered = self._answered or exchange.response is not None or self._known_to_answer()
        failure = exchange.failure
        if self._answered or failure is None or failure.kind not in _UNREACHABLE:
            return
        why = (
            f"provider {self.provider.id!r} cannot be reached at {exchange.request.url}: "
            f"{failure.message}"
        )
        if self._together.unreachable is None:
            raise ProviderUnreachableError(why)
        self._together.unreachable(self.provider.id, why)

    def _known_to_answer(self) -> bool:
        """Whether it has answered another process of the run: then it is away for a while only."""
        answered = self._together.answered
        return answered is not None and answered(self.provider.id)

    def _control(self, case: Case) -> Outcome | None:
        if case.control is None:
            return None
        control = self.cases[f"{case.model}/{case.control}"]
        return self.judged(control).outcome

    def _coarser_fault_accepted(self, case: Case) -> Outcome | None:
        """Ask what a fine fault comes after; give the first coarser one that was accepted."""
        coarser = (self.cases[f"{case.model}/{name}"] for name in case.after)
        outcomes = (self.judged(each).outcome for each in coarser)
        return next((each for each in outcomes if each.accepted), None)

    def _needless(self, case: Case, coarser: Outcome) -> Judged:
        """Keep a case that was not sent: its rule is broken already, and it may be billed."""
        why = f"not asked: {coarser.case}, a coarser fault of the same kind, was accepted"
        outcome = Outcome(case.id, Result.UNAVAILABLE, why)
        kept = self._unsent(case, Verdict.NOT_TESTABLE, outcome, None)
        findings = {name: replace(x, control=coarser.case) for name, x in kept.findings.items()}
        return replace(kept, findings=findings)

    def _not_here(self, case: Case, exchange: Exchange, answer: Answer) -> Judged:
        """Keep an answer of something else than the provider."""
        why = wrong_address(self.provider.base_url)
        outcome = Outcome(case.id, Result.UNAVAILABLE, why, answer.status)
        found = self._all(case, Verdict.UNAVAILABLE, why)
        findings = {name: self._claimed(each) for name, each in found.items()}
        return Judged(outcome, findings, (), evidence(exchange, answer, outcome))

    def _not_judged(self, case: Case, why: str) -> Judged:
        findings = self._all(case, Verdict.HARNESS_ERROR, why)
        return Judged(Outcome(case.id, Result.UNAVAILABLE, why), findings, (), None)

    def _unsent(
        self, case: Case, verdict: Verdict, outcome: Outcome, estimate: float | None
    ) -> Judged:
        """Keep a case that was not sent: why, and what it would have cost."""
        found = self._all(case, verdict, outcome.reason)
        findings = {name: self._claimed(each) for name, each in found.items()}
        served_as = self.provider.models.get(case.model)
        base_url = self.provider.base_url
        sent = build_request(case, base_url=base_url, key=REDACTED_KEY, served_as=served_as)
        request = Request(sent.method, sent.url, sent.headers, sent.body)
        bare = Exchange(self.provider.id, case.model, case.id, request, None)
        record = unsent(bare, outcome.reason, estimate)
        return Judged(replace(outcome, case=case.id), findings, (), record)

    def _all(self, case: Case, verdict: Verdict, why: str) -> dict[str, Finding]:
        return {
            each.id: Finding(
                clause=each.id,
                level=each.level.value,
                verdict=verdict,
                provider=self.provider.id,
                model=case.model,
                case=case.id,
                message=why,
            )
            for each in self.planned(case)
        }

    def _claimed(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim."""
        for claim in self.provider.not_claimed:
            if claim.covers(finding):
                why = f"{claim.reason} (it would be: {finding.verdict.value})"
                return replace(finding, verdict=Verdict.NOT_CLAIMED, message=why)
        return finding

    def _known(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim, and mark what is known to deviate."""
        finding = self._claimed(finding)
        if finding.verdict is Verdict.NOT_CLAIMED:
            return finding
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
