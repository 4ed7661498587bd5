"""What a provider's file says of findings: not claimed, known to deviate, or blocked by that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import chain

from msgspec.structs import replace

from conformance.cases.documented import all_cases
from conformance.cases.model import COMBINED, GENERATED, OWN, Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context
from conformance.contract import DEFAULT_EDITION, Edition, load_edition
from conformance.errors import UnknownNameError
from conformance.exchange.answer import Answer
from conformance.exchange.cassettes.cassette import DRAWN
from conformance.exchange.model import Exchange
from conformance.findings import UNDECIDED, Finding, Verdict
from conformance.providers import Provider
from conformance.results.case_result import CaseResult
from conformance.results.conclusion import Reasons
from conformance.runner.model_outcomes import CONTROL_AGAIN

_NOT_DOCUMENTED = (GENERATED, CONTROL_AGAIN, DRAWN, COMBINED, OWN)
"""The beginnings of the ids of cases that a run makes besides those of the edition."""


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


def check_names(provider: Provider, edition: Edition, clauses: Iterable[Clause]) -> None:
    """Raise UnknownNameError where a file claims or excuses what there is not.

    Known is what the run has, and what the edition has that the file names.
    """
    entries = [("not_claimed", claim.clause, claim.models) for claim in provider.not_claimed]
    entries += [("deviations", known.clause, known.models) for known in provider.deviations]
    if not entries:
        return
    editions = edition, load_edition(provider.edition or DEFAULT_EDITION)
    models = {*provider.models, *provider.lifecycles, *editions[0].models, *editions[1].models}
    clauses_known = {clause.id for clause in chain(clauses, *map(clauses_of, editions))}
    cases = {
        case.id
        for one in editions
        for case in all_cases(one, [model for model in provider.models if one.find(model)])
    }
    for table, clause, models_named in entries:
        _check_known("clause", [clause], clauses_known, f"{provider.file}: {table}")
        _check_known("model", models_named, models, f"{provider.file}: {table}")
    named = chain.from_iterable(deviation.cases for deviation in provider.deviations)
    documented = [name for name in named if not name.startswith(_NOT_DOCUMENTED)]
    _check_known("case", documented, cases, f"{provider.file}: deviations")


def _check_known(kind: str, patterns: Iterable[str], known: Collection[str], place: str) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(known_name, pattern) for known_name in known):
            raise UnknownNameError(kind, pattern, known, place)


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
