"""Results of cases whose clauses were not judged: for which reason, and at what price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import REDACTED_KEY, Exchange
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Finding, Verdict
from conformance.providers import Provider
from conformance.results.case_result import CaseResult
from conformance.results.evidence import evidence, unsent
from conformance.runner.planned_request import sent_by
from conformance.runner.provider_claims import ProviderClaims


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Gives every clause of a case the same verdict, which says why it was not judged."""

    provider: Provider
    edition: Edition
    claims: ProviderClaims
    planned: Callable[[Case], Sequence[Clause]]

    def needless(self, case: Case, coarser: Outcome) -> CaseResult:
        """Return the result of a case that was not sent: its rule is broken by a coarser fault."""
        why = f"not asked: {coarser.case}, a coarser fault of the same kind, was accepted"
        outcome = Outcome(case.id, Result.UNAVAILABLE, why)
        result = self.unsent(case, Verdict.NOT_TESTABLE, outcome)
        findings = {
            name: structs.replace(finding, control=coarser.case)
            for name, finding in result.findings.items()
        }
        return structs.replace(result, findings=findings)

    def not_run(self, case: Case, why: str, estimate: float | None = None) -> CaseResult:
        """Return the result of a case that nobody may send any more."""
        outcome = Outcome(case.id, Result.UNAVAILABLE, f"not run: {why}")
        return self.unsent(case, Verdict.NOT_RUN, outcome, estimate)

    def astray(self, case: Case, exchange: Exchange, answer: Answer, why: str) -> CaseResult:
        """Return the result of a case that something else than the provider answered."""
        outcome = Outcome(case.id, Result.UNAVAILABLE, why, answer.status)
        findings = self._findings(case, Verdict.UNAVAILABLE, why)
        return CaseResult(outcome, findings, (), evidence(exchange, answer, outcome))

    def failed(self, case: Case, why: str) -> CaseResult:
        """Return the result of a case that the suite itself could not judge."""
        findings = self._findings(case, Verdict.HARNESS_ERROR, why)
        return CaseResult(Outcome(case.id, Result.UNAVAILABLE, why), findings, (), None)

    def unsent(
        self, case: Case, verdict: Verdict, outcome: Outcome, estimate: float | None = None
    ) -> CaseResult:
        """Return the result of a case that was not sent, with what it would have cost."""
        served_as = self.provider.models.get(case.model)
        base_url = self.provider.base_url
        request = build_request(case, base_url=base_url, key=REDACTED_KEY, served_as=served_as)
        exchange = Exchange(self.provider.id, case.model, case.id, request, None)
        record = unsent(exchange, outcome.reason, estimate, sent_by(case, self.edition))
        findings = self._findings(case, verdict, outcome.reason)
        return CaseResult(replace(outcome, case=case.id), findings, (), record)

    def _findings(self, case: Case, verdict: Verdict, why: str) -> dict[str, Finding]:
        """Return one verdict for all clauses of a case; what is not claimed is set aside."""
        findings = (
            Finding(
                clause=clause.id,
                level=clause.level.value,
                verdict=verdict,
                provider=self.provider.id,
                model=case.model,
                case=case.id,
                message=why,
            )
            for clause in self.planned(case)
        )
        may_set_aside = verdict is not Verdict.HARNESS_ERROR  # our own fault is never set aside
        return {
            finding.clause: self.claims.set_aside(finding) if may_set_aside else finding
            for finding in findings
        }
