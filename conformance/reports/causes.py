"""Why promises are broken: a few causes for each provider, with the clauses that each explains.

The causes are data, `cause_rules.CAUSES`. A broken promise belongs to the first cause that claims
its clause and says something of it; what none claims is told clause by clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.findings import ANOTHER_FAMILY, BROKEN, Finding, Observation, Verdict
from conformance.reports.cause_rules import CAUSES, Evidence, Scope, claims
from conformance.reports.grouping import Broken
from conformance.results.reach import LEVELS


@dataclass(frozen=True, slots=True)
class Cause:
    """What one provider does wrong, how often, and the promises that this breaks.

    `cases` break one of them, of those in which one was `judged`; a case is a request to a model.
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
        return min((each.level for each in self.promises), key=LEVELS.index)


OTHER = "other"
"""The id of what no cause claims."""


def causes_of(
    broken: Sequence[Broken],
    findings: Iterable[Finding],
    observations: Iterable[Observation],
) -> list[Cause]:
    """Put broken promises below their causes, provider by provider in the order of `broken`.

    Each promise is below exactly one cause, and what none claims below `OTHER`. Causes that break
    a MUST come first, then those that break a SHOULD; within a level the order is that of `CAUSES`.
    """
    evidence = _evidence(findings, observations)
    causes = []
    for provider in dict.fromkeys(each.provider for each in broken):
        mine = [each for each in broken if each.provider == provider]
        causes += sorted(_of_provider(provider, mine, evidence[provider]), key=_place)
    return causes


def _place(cause: Cause) -> tuple[int, bool]:
    return LEVELS.index(cause.level), cause.id == OTHER


def _of_provider(provider: str, broken: Sequence[Broken], evidence: Evidence) -> Iterable[Cause]:
    left = list(broken)
    others = ("A promise is broken", "Promises are broken")
    for rule in CAUSES:
        claimed = [each for each in left if claims(rule.patterns, each.clause)]
        if rule.models is not None:
            only = set(rule.models(evidence))
            claimed = [each for each in claimed if only.issuperset(each.models)]
        scope = Scope(rule.patterns, tuple(each.clause for each in claimed), evidence)
        sentence = rule.sentence(scope) if claimed else None
        if sentence is not None:
            yield _cause(provider, rule.id, sentence, claimed, evidence)
            left = [each for each in left if each not in claimed]
            others = ("Another promise is broken", "Other promises are broken")
    if left:
        title = others[len(left) > 1]
        yield _cause(provider, OTHER, title, left, evidence)


def _cause(
    provider: str,
    id_: str,
    sentence: str,
    promises: Sequence[Broken],
    evidence: Evidence,
) -> Cause:
    clauses = {each.clause for each in promises}
    broken = [finding for each in promises for finding in evidence.broken.get(each.clause, ())]
    kept = [finding for clause in clauses for finding in evidence.kept.get(clause, ())]
    cases = {(each.model, each.case) for each in broken}
    models = dict.fromkeys(model for each in promises for model in each.models)
    return Cause(
        provider=provider,
        id=id_,
        sentence=sentence,
        cases=len(cases),
        judged=len(cases | {(each.model, each.case) for each in kept}),
        musts=sum(each.level == "MUST" for each in promises),
        models=tuple(models),
        promises=tuple(promises),
    )


def _evidence(
    findings: Iterable[Finding], observations: Iterable[Observation]
) -> dict[str, Evidence]:
    sides: dict[str, tuple[dict[str, list[Finding]], dict[str, list[Finding]]]] = {}
    for finding in findings:
        broken, kept = sides.setdefault(finding.provider, ({}, {}))
        if finding.verdict in BROKEN and not finding.excused:
            broken.setdefault(finding.clause, []).append(finding)
        elif finding.verdict is Verdict.PASS:
            kept.setdefault(finding.clause, []).append(finding)
    alike: dict[str, dict[str, str]] = {provider: {} for provider in sides}
    for observation in observations:
        if observation.id == ANOTHER_FAMILY and observation.provider in alike:
            sentence = observation.message.partition(": ")[0]
            alike[observation.provider].setdefault(observation.model, sentence)
    return {
        provider: Evidence(broken, kept, alike[provider])
        for provider, (broken, kept) in sides.items()
    }
