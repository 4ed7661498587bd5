"""What a provider's file says of findings: promises not claimed, and known deviations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from conformance.cases.model import Case
from conformance.clauses.registry import Clause
from conformance.findings import Finding, Verdict
from conformance.providers import Provider


@dataclass(frozen=True, slots=True)
class ProviderClaims:
    """What one provider's file says of findings, on one day."""

    provider: Provider
    today: date

    def all_of(
        self, case: Case, clauses: Iterable[Clause], verdict: Verdict, why: str
    ) -> dict[str, Finding]:
        """Return one verdict for all clauses of a case; what is not claimed is set aside."""
        found = (
            Finding(
                clause=each.id,
                level=each.level.value,
                verdict=verdict,
                provider=self.provider.id,
                model=case.model,
                case=case.id,
                message=why,
            )
            for each in clauses
        )
        claims = verdict is not Verdict.HARNESS_ERROR  # our own fault is never set aside
        return {each.clause: self.claimed(each) if claims else each for each in found}

    def claimed(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim."""
        for claim in self.provider.not_claimed:
            if claim.covers(finding):
                why = f"{claim.reason} (it would be: {finding.verdict.value})"
                return replace(finding, verdict=Verdict.NOT_CLAIMED, message=why)
        return finding

    def known(self, finding: Finding) -> Finding:
        """Set aside what the provider does not claim, and mark what is known to deviate."""
        finding = self.claimed(finding)
        if finding.verdict in (Verdict.NOT_CLAIMED, Verdict.PASS):
            return finding  # as most do: there is nothing to excuse
        for deviation in self.provider.deviations:
            if deviation.explains(finding) and not deviation.expired(self.today):
                return replace(finding, deviation=deviation.reason)
        return finding
