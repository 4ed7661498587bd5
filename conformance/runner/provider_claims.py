"""What a provider's file says of findings: not claimed, known to deviate, or blocked by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from msgspec.structs import replace

from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context
from conformance.contract import Edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange
from conformance.findings import UNDECIDED, Finding, Verdict
from conformance.providers import Provider
from conformance.results.case_result import CaseResult
from conformance.results.conclusion import Reasons


@dataclass(frozen=True, slots=True)
class ProviderClaims:
    """What one provider's file says of findings, on one day."""

    provider: Provider
    today: date

    def set_aside(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim."""
        for claim in self.provider.not_claimed:
            if claim.covers(finding):
                why = f"{claim.reason} (it would be: {finding.verdict.value})"
                return replace(finding, verdict=Verdict.NOT_CLAIMED, message=why)
        return finding

    def apply(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim, and mark what is known to deviate."""
        finding = self.set_aside(finding)
        if finding.verdict in (Verdict.NOT_CLAIMED, Verdict.PASS):
            return finding  # as most do: there is nothing to excuse
        for deviation in self.provider.deviations:
            if deviation.explains(finding) and not deviation.expired(self.today):
                return replace(finding, deviation=deviation.reason)
        return finding

    def renew(self, result: CaseResult) -> CaseResult:
        """Apply the file to what an earlier run judged, when it may have said something else."""
        findings = {
            clause: self.apply(replace(finding, deviation=None))
            for clause, finding in result.findings.items()
        }
        return replace(result, findings=findings)


class Blocked:
    """Marks findings with the known deviation on their exchange, or on its control.

    A part of a run may leave out the very promise whose known deviation explains why others could
    not be judged. So each finding carries that reason itself (ARCHITECTURE 5).
    """

    def __init__(
        self, edition: Edition, selected: Sequence[Clause], claims: ProviderClaims
    ) -> None:
        self._edition = edition
        self._claims = claims
        names = {clause.id for clause in selected}
        self._unselected = tuple(clause for clause in clauses_of(edition) if clause.id not in names)
        self._known: dict[tuple[str, str], list[Finding]] = {}  # by model and case

    def learn(
        self,
        case: Case,
        exchange: Exchange,
        context: Context,
        answer: Answer,
        findings: Mapping[str, Finding],
    ) -> None:
        """Keep the known deviations at an exchange, also of clauses that were not selected."""
        # most providers deviate nowhere that is known, and need no second judgement
        if not self._claims.provider.deviations:
            return
        clauses = self._unselected
        unselected = judge(exchange, self._edition, clauses, answer=answer, context=context)
        self._known[case.model, case.id] = [
            finding
            for finding in (*findings.values(), *map(self._claims.apply, unselected))
            if finding.excused
        ]

    def mark(self, result: CaseResult) -> CaseResult:
        """Return a result whose undecided findings name the known deviation that blocks them."""
        marked = {clause: self._marked(finding) for clause, finding in result.findings.items()}
        return replace(result, findings=marked)

    def _marked(self, finding: Finding) -> Finding:
        if finding.verdict not in UNDECIDED or finding.excused:
            return finding
        cases = dict.fromkeys((finding.case, finding.control or finding.case))
        known = (self._known.get((finding.model, case), ()) for case in cases)
        reasons = Reasons(chain.from_iterable(known))
        if not reasons.explain(finding):
            return finding
        return replace(finding, blocked_by=reasons.deviation_of(finding))
