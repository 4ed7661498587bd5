"""Findings of one kind, put together so that a person reads each once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from conformance.findings import BROKEN, SEVERITY, Finding, Observation, Verdict, worst
from conformance.results.reach import LEVELS

Thing = TypeVar("Thing")
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
class Seen:
    """Observations of one kind on one provider."""

    provider: str
    id: str
    models: tuple[str, ...]
    count: int
    message: str


def group_by(things: Iterable[Thing], key: Callable[[Thing], Key]) -> dict[Key, list[Thing]]:
    """Put together the things that have the same key, in the order in which they come."""
    groups: dict[Key, list[Thing]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def broken_promises(
    findings: Iterable[Finding], clauses: Iterable[str], statement: Callable[[str, str], str]
) -> Iterable[Broken]:
    """Group what is broken by provider and clause; new before known, MUST before SHOULD.

    Clauses of a level have the order of `clauses`; `statement` is what one says to a provider.
    """
    order = {clause: rank for rank, clause in enumerate(dict.fromkeys(clauses))}
    mine = [each for each in findings if each.verdict in BROKEN or each.excused]
    groups = group_by(mine, lambda each: (each.provider, each.clause, each.excused))
    broken = [
        _broken(group, statement(provider, clause))
        for (provider, clause, _), group in groups.items()
    ]
    return sorted(
        broken,
        key=lambda each: (each.known, LEVELS.index(each.level), order.get(each.clause, len(order))),
    )


def _broken(findings: Sequence[Finding], statement: str) -> Broken:
    first = max(findings, key=lambda each: SEVERITY[each.verdict])
    return Broken(
        provider=first.provider,
        clause=first.clause,
        level=first.level,
        statement=statement,
        known=first.excused,
        verdict=worst(each.verdict for each in findings),
        models=_names(each.model for each in findings),
        cases=_names([first.case, *(each.case for each in findings)]),
        count=len(findings),
        message=first.message,
        expected=first.expected,
        observed=first.observed,
        deviation=(first.deviation or "") if first.excused else "",
    )


def reasons(known: Iterable[Broken]) -> Iterable[Reason]:
    """Group known deviations by provider and reason, those with the most findings first."""
    groups = group_by(known, lambda each: (each.provider, each.deviation))
    result = [
        Reason(
            provider=provider,
            reason=reason,
            promises=_names(f"{each.level} {each.clause}" for each in mine),
            broken=tuple(mine),
            models=_names(model for each in mine for model in each.models),
            count=sum(each.count for each in mine),
        )
        for (provider, reason), mine in groups.items()
    ]
    return sorted(result, key=lambda each: -each.count)


def grouped(findings: Iterable[Finding]) -> Iterable[Group]:
    """Group by provider, verdict and reason; our own faults first, then the most frequent."""
    groups = group_by(findings, lambda each: (each.provider, each.verdict, each.message))
    result = [
        Group(
            provider=provider,
            verdict=verdict,
            reason=reason,
            models=_names(each.model for each in mine),
            clauses=_names(each.clause for each in mine),
            cases=_names(each.case for each in mine),
            said=_names(each.observed for each in mine if each.observed),
            count=len(mine),
        )
        for (provider, verdict, reason), mine in groups.items()
    ]
    return sorted(result, key=lambda each: (-SEVERITY[each.verdict], -each.count))


def seen(observations: Iterable[Observation]) -> Iterable[Seen]:
    """Group observations by provider and kind; what was seen first is its example."""
    groups = group_by(observations, lambda each: (each.provider, each.id))
    return [
        Seen(provider, name, _names(each.model for each in mine), len(mine), mine[0].message)
        for (provider, name), mine in groups.items()
    ]


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
