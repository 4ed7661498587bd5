"""One provider, one edition: a case in, its judged findings out, each exchange made once."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from msgspec import structs

from conformance.cases.model import Case
from conformance.cases.request import body_bytes
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context, Subject
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.cassettes.cassette import CassetteStaleError
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.sent_request import read_request
from conformance.exchange.source import Replay, Source
from conformance.exchange.transport.limits import Limits
from conformance.exchange.wrong_endpoint import is_not_this_api, wrong_address
from conformance.findings import Finding, Verdict
from conformance.lifecycle import Standing
from conformance.live.cost import price_of_all
from conformance.live.ledger import NotSentError
from conformance.output.printing import printable
from conformance.providers import Provider
from conformance.results.case_result import CaseResult
from conformance.results.evidence import evidence
from conformance.runner.alternative_controls import AlternativeControls
from conformance.runner.case_runner import CaseRunner, ClaimedError
from conformance.runner.confirm import Unconfirmed
from conformance.runner.crashes import Crashes
from conformance.runner.live_run import LiveRun
from conformance.runner.missing_model import why_missing
from conformance.runner.model_outcomes import TimedOutcome
from conformance.runner.not_judged import NotJudged
from conformance.runner.planned_request import expectation_of, planned_clauses
from conformance.runner.provider_claims import Blocked, ProviderClaims

LEAD_PATIENCE = 1.0
"""Seconds to wait for the first request to a model, where another thread sends it; a model that
is not there says so sooner, and one that is still painting by then is there."""

_UNREACHABLE = frozenset({"connect", "dns", "tls", "bad-url", "bad-scheme"})
_PLANNED: dict[tuple[Edition, str, tuple[str, ...], bool], tuple[Clause, ...]] = {}
"""By edition, path, selected clauses, and whether the model has ended: every provider is asked
the same."""


class Engine:
    """Judges the cases of one provider; every exchange is made once, and its payload let go."""

    def __init__(
        self,
        provider: Provider,
        edition: Edition,
        clauses: Sequence[Clause],
        cases: Iterable[Case],
        source: Source,
        today: date,
        live: LiveRun | None = None,
        limits: Limits | None = None,
        standings: Mapping[str, Standing] | None = None,
    ) -> None:
        self.provider = provider
        self.standings = standings or {}
        self.edition = edition
        self.clauses = tuple(clauses)
        self._names = tuple(clause.id for clause in self.clauses)
        self.cases = {case.path: case for case in cases}
        self.source = source
        self._limits = limits or Limits()
        self._claims = ProviderClaims(provider, today)
        self._live = live
        self._runner = CaseRunner(self.cases, edition, source, live, provider.id, self._run)
        self._alternatives = AlternativeControls(self.cases, edition, self._runner)
        self._crashes = Crashes(provider, source, self._runner, edition)
        self._blocked = Blocked(edition, self.clauses, self._claims)
        self._results = self._runner.results
        self._not_judged = NotJudged(provider, edition, self._claims, self.planned)
        self._ahead: dict[str, tuple[Exchange, Answer]] = {}
        self._unconfirmed: dict[str, Unconfirmed] = {}  # by path
        self.pooled = False  # whether other threads run the cases
        self._answered = False
        self._why_astray = ""  # why what answers is not the provider

    def expect(self, cases: Iterable[Case]) -> None:
        """Learn which cases will be judged: some are sent before others for their sake."""
        self._runner.expected = frozenset(case.path for case in cases)

    @property
    def expected(self) -> list[Case]:
        """The cases that will be judged, in the order of the plan."""
        return [case for path, case in self.cases.items() if path in self._runner.expected]

    def planned(self, case: Case) -> list[Clause]:
        """Return the clauses that a case will be judged under, known before it is sent."""
        retired = self.is_retired(case.model)
        key = (self.edition, case.path, self._names, retired)
        if key not in _PLANNED:
            _PLANNED[key] = planned_clauses(case, self.edition, self.clauses, retired)
        return list(_PLANNED[key])

    def is_retired(self, model: str) -> bool:
        """Return whether a model has ended, so that only that is asked of it."""
        standing = self.standings.get(model)
        return standing is not None and standing.retired

    def unforeseen(self, case: Case, result: CaseResult) -> list[Finding]:
        """Return the findings on a case that nobody planned: on an image that a mistake got."""
        planned = {clause.id for clause in self.planned(case)}
        return [finding for clause, finding in result.findings.items() if clause not in planned]

    def judged(self, case: Case) -> CaseResult:
        """Return the result of a case: of a pool where one runs it, else it is run now."""
        if not self.pooled:
            self._runner.run(case)
            self.confirm(case)
        return self._runner.await_result(case)

    def run(self, case: Case) -> None:
        """Run a case, unless another thread has claimed it."""
        self._runner.run(case)

    def confirm(self, case: Case) -> None:
        """Repeat the exchange of a case whose verdicts got worse, and finish the case.

        That is done when all first requests are made, which are paid before any repeat.
        """
        unconfirmed = self._unconfirmed.pop(case.path, None)
        if unconfirmed is not None:
            result = self._judge(case, lambda _: self._repeat(unconfirmed))
            self._runner.finish(case, self._blocked.mark(result))

    def fail(self, error: BaseException) -> None:
        """Raise an error in all that wait for a case: no further one is run."""
        self._runner.fail(error)

    def begin_pool(self, keep: Callable[[Case, CaseResult], None]) -> None:
        """Leave it to a pool of threads to run cases, each of which is kept before it is reported.

        What an earlier run has judged is kept first.
        """
        self.pooled = True
        for path, result in self._results.items():
            keep(self.cases[path], result)
        self._runner.keep = keep

    def take_over(self, results: Mapping[str, CaseResult]) -> None:
        """Take over what an earlier run has judged; what is known of it is said today."""
        self._results.update({path: self._claims.renew(result) for path, result in results.items()})

    def not_sent_again(self, case: Case, why: str) -> CaseResult:
        """Return the result of a case that an earlier run sent, and that is not sent again."""
        return self._not_judged.not_run(case, why)

    def sent_as(self, case: Case) -> Case:
        """Return a case as it was sent: in another request, where its own control was refused."""
        findings = self._results[case.path].findings.values() if case.path in self._results else ()
        controls = Counter(finding.control for finding in findings if finding.control)
        control = max(controls, key=controls.__getitem__, default=case.control)
        return self._alternatives.with_control(case, control)

    def look_ahead(self, case: Case) -> None:
        """Play the case that is judged next: its images are decoded while this one is judged.

        See ARCHITECTURE 21.
        """
        is_known = case.path in self._results or case.path in self._ahead
        if is_known or not isinstance(self.source, Replay):
            return
        with suppress(Exception):  # it is played again, and reported, when it is judged
            _, answer = self._ahead[case.path] = self._exchange(case)
            answer.look_ahead()

    def ask_first(self, leads: Iterable[Case]) -> str:
        """Ask some cases before all else, up to the first that shows the API, and judge them.

        Return why none shows it, as what comes from there is then no verdict on the provider; an
        empty text if one does. One thread does so, before others ask.
        """
        why = ""
        for case in leads:
            if case.path in self._results:  # an earlier run has seen it speak the API
                break
            try:
                exchange, answer = self._ahead[case.path] = self._exchange(case)
                if not is_not_this_api(answer):
                    break
            except Exception:  # reported when the case is judged
                break
            why = why or wrong_address(self.provider.base_url, exchange)
        else:  # not one of them shows the API
            self._why_astray = why
        for path in list(self._ahead):
            self._runner.run(self.cases[path])
        return self._why_astray

    def _run(self, case: Case) -> None:
        """Run what a case depends on, then the case itself unless another thread has claimed it."""
        with suppress(ClaimedError):
            result = self._judge(case, self._send_and_judge)
            self._runner.claim(case)  # what is sent was claimed before
            if case.path not in self._unconfirmed:
                self._runner.finish(case, self._blocked.mark(result))
            elif self._live is not None:
                self._live.ledger.keep_result(self.provider.id, case.path, result)

    def _judge(self, case: Case, judge_case: Callable[[Case], CaseResult]) -> CaseResult:
        """Return the result of a case, also where it cannot be judged."""
        try:
            return judge_case(case)
        except ClaimedError:
            raise
        except NotSentError as reason:
            return self._not_judged.not_run(case, str(reason), reason.estimate)
        except ConformanceError as error:
            return self._not_judged.failed(case, str(error))
        except Exception as error:  # our own fault, and said so; the other cases go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            location = f"{Path(where.filename).name}:{where.lineno}"
            fault = printable(f"{type(error).__name__}: {error}")
            return self._not_judged.failed(case, f"the suite itself failed at {location}: {fault}")

    def _send_and_judge(self, case: Case) -> CaseResult:
        missing = self._missing_by_lead(case)
        control = None
        if case.control is not None:
            control = self._runner.outcome_of(self.cases[f"{case.model}/{case.control}"]).outcome
        if missing is not None:
            return self._not_judged.unsent(case, Verdict.UNAVAILABLE, missing)
        # a near miss is not sent where a coarser fault of its rule was accepted (ARCHITECTURE 28)
        for name in case.after:
            coarser = self._runner.outcome_of(self.cases[f"{case.model}/{name}"]).outcome
            if coarser.accepted:
                return self._not_judged.needless(case, coarser)
        sent, control, exchange, answer = self._send(case, control)
        if self._why_astray:
            return self._not_judged.astray(case, exchange, answer, self._why_astray)
        self._check_reachable(exchange)
        return self._judge_exchange(sent, exchange, answer, control)

    def _send(
        self, case: Case, control: Outcome | None
    ) -> tuple[Case, Outcome | None, Exchange, Answer]:
        """Make the exchange of a case, its mistake elsewhere where its own control was refused."""
        stale = CassetteStaleError(case.path)
        for variant, control_outcome in self._variants(case, control):
            try:
                self._runner.claim(variant)
                exchanged = self._ahead.pop(variant.path, None) or self._exchange(variant)
                return variant, control_outcome, *exchanged
            except CassetteStaleError as error:  # it was recorded with another control
                stale = error if variant is case else stale
        raise stale

    def _variants(
        self, case: Case, control: Outcome | None
    ) -> Iterator[tuple[Case, Outcome | None]]:
        """Yield in which requests a case may be sent, or was recorded, each with its control."""
        for variant, outcome in self._alternatives.variants_of(case, control):
            is_played = case.path in self._ahead  # so it was recorded as it was planned
            if not is_played or body_bytes(variant) == body_bytes(case):
                yield variant, outcome
        yield case, control
        is_mistake = expectation_of(case, self.edition) == "refused"
        if is_mistake and case.control is not None and isinstance(self.source, Replay):
            # its control came to nothing when it was recorded, and was accepted later; no other
            # request is recorded so, and two of them would wait for each other here
            yield from self._alternatives.others(case)

    def _exchange(self, case: Case) -> tuple[Exchange, Answer]:
        exchange = self.source.exchange(case)
        return exchange, self._answer(exchange)

    def _judge_exchange(
        self, sent: Case, exchange: Exchange, answer: Answer, control: Outcome | None
    ) -> CaseResult:
        # the outcome is recorded before the case is judged: others are judged by it, and this one
        # by others (ARCHITECTURE 25)
        preliminary = Context(control, standing=self.standings.get(sent.model))
        outcome = Subject(exchange, self.edition, control, answer, preliminary).outcome
        self._runner.record_outcome(sent, TimedOutcome.of_exchange(exchange, outcome))
        paints, exchange = self._crashes.paints_around(sent, exchange, outcome)
        if paints:
            preliminary = replace(preliminary, paints=True)
            outcome = Subject(exchange, self.edition, control, answer, preliminary).outcome
            self._runner.record_outcome(sent, TimedOutcome.of_exchange(exchange, outcome))
        retried = self._crashes.retried(sent, exchange, preliminary.paints)
        if retried is not exchange:
            exchange, answer = retried, self._answer(retried)
            outcome = Subject(exchange, self.edition, control, answer, preliminary).outcome
        self._report_missing_model(sent, outcome, control)
        context = replace(self._context(sent, outcome, control), paints=preliminary.paints)
        findings = self._findings(sent, exchange, context, answer)
        self._blocked.learn(sent, exchange, context, answer, findings)
        result = CaseResult(
            outcome,
            findings,
            tuple(observe(exchange, self.edition, answer)),
            evidence(exchange, answer, outcome, read_request(exchange, self.edition)),
        )
        confirmer = self._live.confirmer if self._live is not None else None
        if confirmer is not None and confirmer.worse(findings):
            without_answer = replace(exchange, response=None, downloads=())
            unconfirmed = Unconfirmed(confirmer, sent, context, without_answer, result)
            self._unconfirmed[sent.path] = unconfirmed
        return result

    def _report_missing_model(self, case: Case, outcome: Outcome, control: Outcome | None) -> None:
        """Report once why a model is not there for this account: the user may have misnamed it."""
        if self._live is None or not self._live.options.live:  # a recording has all
            return
        expected = self.provider.is_known(case.model, case.id) or self.is_retired(case.model)
        if case.id == BASELINE and not expected:
            listed_models = control.listed if control is not None else None
            why = why_missing(self.provider, case.model, outcome, listed_models)
            if why is not None:
                self._live.ledger.halt(f"{self.provider.id}/{case.model}", why)

    def _context(self, case: Case, outcome: Outcome, control: Outcome | None) -> Context:
        """Return what the run knows of the model and other requests, once it knows all of it."""
        expectation, timed_outcome = expectation_of(case, self.edition), self._runner.known(case)
        is_valid = expectation == "accepted" and case.id != MODELS_LIST
        refused = outcome.result is Result.REFUSED and not is_valid
        unclear = outcome.result is Result.UNCLEAR and expectation == "open"
        down = expectation == "refused" and timed_outcome is not None and timed_outcome.crashed
        # a refusal or a crash is judged by how the others fared, so they are made before: all of
        # them once, whatever the order in which threads get there (ARCHITECTURE 14, 25)
        if refused or down:
            self._runner.run_expected(case.model, "accepted")
        if down:
            self._runner.run_expected(case.model, "open")
        if unclear:
            self._runner.run_expected(case.model, "refused")
        context = Context(control)
        if refused or unclear or down or self._crashes.is_crash(case):
            context = self._runner.outcomes(case.model).context(case, control)
            context = replace(context, proven=self._alternatives.proven(case, control))
        refusals = (*context.valid_refusals, *self._runner.refused_like_list(case, outcome))
        return replace(context, valid_refusals=refusals, standing=self.standings.get(case.model))

    def _answer(self, exchange: Exchange) -> Answer:
        return Answer(exchange, self._limits.pixels, self._limits.images_pixels)

    def _findings(
        self, case: Case, exchange: Exchange, context: Context, answer: Answer
    ) -> dict[str, Finding]:
        # a mistake may be answered with an image, which clauses judge that nobody planned
        is_mistake = expectation_of(case, self.edition) == "refused"
        clauses = self.clauses if is_mistake else self.planned(case)
        findings = judge(exchange, self.edition, clauses, answer=answer, context=context)
        return {finding.clause: self._claims.apply(finding) for finding in findings}

    def _repeat(self, unconfirmed: Unconfirmed) -> CaseResult:
        """Repeat an exchange and return the result of its case, with the cost of all of them."""
        repeats: list[Exchange] = []

        def repeat() -> dict[str, Finding] | None:
            try:
                exchange = self.source.exchange(unconfirmed.case)
            except NotSentError:
                return None
            repeats.append(exchange)
            answer = self._answer(exchange)
            return self._findings(unconfirmed.case, exchange, unconfirmed.context, answer)

        result = unconfirmed.result
        findings = unconfirmed.confirmer.confirm(result.findings, repeat)
        price = price_of_all([*repeats, unconfirmed.exchange])
        record = result.record and structs.replace(result.record, price=price)
        return structs.replace(result, findings=findings, record=record)

    def _missing_by_lead(self, case: Case) -> Outcome | None:
        """Ask what comes first of a model, and return the outcome that says it is not there."""
        if self._live is None or case.id in (BASELINE, MODELS_LIST):
            return None
        for name in (MODELS_LIST, BASELINE):
            lead = self.cases.get(f"{case.model}/{name}")
            if lead is not None and self._live.leads(lead):
                timed_outcome = self._runner.outcome_within(lead, LEAD_PATIENCE)
                if timed_outcome is not None and name == BASELINE and timed_outcome.outcome.closed:
                    return timed_outcome.outcome
        return None

    def _check_reachable(self, exchange: Exchange) -> None:
        """Send nothing more to a provider that has never answered and cannot be reached."""
        failure = exchange.failure
        if self._live is None or failure is None or failure.kind not in _UNREACHABLE:
            self._answered = self._answered or exchange.response is not None
            return
        # one that has answered before may be back in a moment: the circuit breaker sees to it
        if not self._answered and not self._live.ledger.admitted(self.provider.id):
            why = (
                f"provider {self.provider.id!r} cannot be reached at {exchange.request.url}: "
                f"{failure.message}"
            )
            # `.invalid` stands in the file of a provider that each user hosts
            is_placeholder = ".invalid/" in exchange.request.url
            own_address = "name your address with --base-url"
            why += f"; {own_address if is_placeholder else 'start it, or correct its address'}"
            self._live.ledger.halt(self.provider.id, why)
