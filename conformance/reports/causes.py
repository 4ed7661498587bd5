"""Why promises are broken: a few causes for each provider, with the clauses that each explains.

The causes are data, `cause_rules.CAUSES`. A broken promise belongs to the first cause that claims
its clause and has a sentence for it; what none claims is reported clause by clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.findings import ANOTHER_FAMILY, BROKEN, Finding, Observation, Verdict
from conformance.reports.cause_rules import CAUSES, ProviderFindings, Scope, claims
from conformance.reports.grouping import Broken, group_by
from conformance.results.reach import LEVELS


@dataclass(frozen=True, slots=True)
class Cause:
    """What one provider does wrong, how often, and the promises that this breaks.

    `judged` counts the cases in which one of them was judged, `cases` those that break one; a case
    is a request to a model.
    """

    provider: str
    id: str
    sentence: str
    cases: int
    judged: int
    musts: int
    models: tuple[str, ...]
    promises: tuple[Broken, ...]

    @property
    def level(self) -> str:
        """The gravest level among its promises."""
        return min((promise.level for promise in self.promises), key=LEVELS.index)


OTHER = "other"
"""The id of what no cause claims."""


def causes_of(
    broken: Sequence[Broken], findings: Iterable[Finding], observations: Iterable[Observation]
) -> list[Cause]:
    """Put broken promises below their causes, provider by provider in the order of `broken`.

    Each promise is below exactly one cause, and what none claims below `OTHER`. Causes that break
    a MUST come first, then those that break a SHOULD; within a level the order is that of `CAUSES`.
    """
    by_provider = _findings_by_provider(findings, observations)
    causes: list[Cause] = []
    for provider, promises in group_by(broken, lambda promise: promise.provider).items():
        causes += sorted(
            _causes_of_provider(provider, promises, by_provider[provider]),
            key=lambda cause: (LEVELS.index(cause.level), cause.id == OTHER),
        )
    return causes


def _causes_of_provider(
    provider: str, broken: Sequence[Broken], findings: ProviderFindings
) -> Iterable[Cause]:
    unclaimed = list(broken)
    for rule in CAUSES:
        claimed = [promise for promise in unclaimed if claims(rule.patterns, promise.clause)]
        if rule.models is not None:
            models = set(rule.models(findings))
            claimed = [promise for promise in claimed if models.issuperset(promise.models)]
        scope = Scope(rule.patterns, tuple(promise.clause for promise in claimed), findings)
        sentence = rule.sentence(scope) if claimed else None
        if sentence is not None:
            yield _cause(provider, rule.id, sentence, claimed, findings)
            unclaimed = [promise for promise in unclaimed if promise not in claimed]
    if unclaimed:
        title = "Promises are broken" if len(unclaimed) > 1 else "A promise is broken"
        yield _cause(provider, OTHER, title, unclaimed, findings)


def _cause(
    provider: str, id_: str, sentence: str, promises: Sequence[Broken], findings: ProviderFindings
) -> Cause:
    clauses = {promise.clause for promise in promises}
    broken_cases, kept_cases = (
        {(finding.model, finding.case) for clause in clauses for finding in side.get(clause, ())}
        for side in (findings.broken, findings.kept)
    )
    return Cause(
        provider=provider,
        id=id_,
        sentence=sentence,
        cases=len(broken_cases),
        judged=len(broken_cases | kept_cases),
        musts=sum(promise.level == "MUST" for promise in promises),
        models=tuple(dict.fromkeys(model for promise in promises for model in promise.models)),
        promises=tuple(promises),
    )


def _findings_by_provider(
    findings: Iterable[Finding], observations: Iterable[Observation]
) -> dict[str, ProviderFindings]:
    by_provider: dict[str, ProviderFindings] = {}
    for finding in findings:
        of_provider = by_provider.setdefault(finding.provider, ProviderFindings({}, {}, {}))
        if finding.verdict in BROKEN and not finding.excused:
            of_provider.broken.setdefault(finding.clause, []).append(finding)
        elif finding.verdict is Verdict.PASS:
            of_provider.kept.setdefault(finding.clause, []).append(finding)
    for observation in observations:
        if observation.id == ANOTHER_FAMILY and observation.provider in by_provider:
            sentence = observation.message.partition(": ")[0]
            by_provider[observation.provider].answers_like.setdefault(observation.model, sentence)
    return by_provider
