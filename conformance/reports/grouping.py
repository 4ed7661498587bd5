"""Findings of one kind, put together so that a person reads each once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from conformance.findings import BROKEN, SEVERITY, Finding, Observation, Verdict
from conformance.results.reach import LEVELS

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that one provider breaks: every model and case where it does."""

    provider: str
    clause: str
    level: str
    statement: str
    known: bool
    verdict: Verdict
    models: tuple[str, ...]
    cases: tuple[str, ...]
    count: int
    message: str
    expected: str
    observed: str
    deviation: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason beside one provider, and every promise that it excuses."""

    provider: str
    reason: str
    promises: tuple[str, ...]
    broken: tuple[Broken, ...]
    models: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one provider that were not judged for one and the same reason.

    `said` are the provider's own words beside it, each once.
    """

    provider: str
    verdict: Verdict
    reason: str
    models: tuple[str, ...]
    clauses: tuple[str, ...]
    cases: tuple[str, ...]
    said: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ObservationGroup:
    """Observations of one kind on one provider."""

    provider: str
    id: str
    models: tuple[str, ...]
    count: int
    message: str


def group_by(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Put together the items that have the same key, in the order in which they come."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def broken_promises(
    findings: Iterable[Finding], clauses: Iterable[str], statement: Callable[[str, str], str]
) -> tuple[Broken, ...]:
    """Group what is broken by provider and clause; new before known, MUST before SHOULD.

    Clauses of a level have the order of `clauses`; `statement` is what one says to a provider.
    """
    order = {clause: rank for rank, clause in enumerate(dict.fromkeys(clauses))}
    groups = group_by(
        (finding for finding in findings if finding.verdict in BROKEN or finding.excused),
        lambda finding: (finding.provider, finding.clause, finding.excused),
    )
    broken = []
    for (provider, clause, known), group in groups.items():
        # the gravest is the example that reports show, and so its case comes first
        example = max(group, key=lambda finding: SEVERITY[finding.verdict])
        broken.append(
            Broken(
                provider=provider,
                clause=clause,
                level=example.level,
                statement=statement(provider, clause),
                known=known,
                verdict=example.verdict,
                models=once(finding.model for finding in group),
                cases=once([example.case, *(finding.case for finding in group)]),
                count=len(group),
                message=example.message,
                expected=example.expected,
                observed=example.observed,
                deviation=example.deviation or "",
            )
        )

    def rank(promise: Broken) -> tuple[bool, int, int]:
        level, position = LEVELS.index(promise.level), order.get(promise.clause, len(order))
        return promise.known, level, position

    return tuple(sorted(broken, key=rank))


def reasons(known: Iterable[Broken]) -> tuple[Reason, ...]:
    """Group known deviations by provider and reason, those with the most findings first."""
    groups = group_by(known, lambda promise: (promise.provider, promise.deviation))
    result = [
        Reason(
            provider=provider,
            reason=reason,
            promises=once(f"{promise.level} {promise.clause}" for promise in promises),
            broken=tuple(promises),
            models=once(model for promise in promises for model in promise.models),
            count=sum(promise.count for promise in promises),
        )
        for (provider, reason), promises in groups.items()
    ]
    return tuple(sorted(result, key=lambda reason: -reason.count))


def group_by_reason(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Group by provider, verdict and reason; our own faults first, then the most frequent."""
    groups = group_by(
        findings, lambda finding: (finding.provider, finding.verdict, finding.message)
    )
    result = [
        Group(
            provider=provider,
            verdict=verdict,
            reason=reason,
            models=once(finding.model for finding in group),
            clauses=once(finding.clause for finding in group),
            cases=once(finding.case for finding in group),
            said=once(finding.observed for finding in group if finding.observed),
            count=len(group),
        )
        for (provider, verdict, reason), group in groups.items()
    ]
    return tuple(sorted(result, key=lambda group: (-SEVERITY[group.verdict], -group.count)))


def group_observations(observations: Iterable[Observation]) -> tuple[ObservationGroup, ...]:
    """Group observations by provider and kind; what was seen first is its example."""
    groups = group_by(observations, lambda observation: (observation.provider, observation.id))
    return tuple(
        ObservationGroup(
            provider, name, once(seen.model for seen in group), len(group), group[0].message
        )
        for (provider, name), group in groups.items()
    )


def once(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without repetitions, in the order in which they come first."""
    return tuple(dict.fromkeys(names))
