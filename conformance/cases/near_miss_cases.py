"""Near misses: each is sent only where the coarser faults of its rule were refused.

A server that accepts a coarse fault has broken the rule already. So a server without validation
paints no more images than without these requests, and a careless one paints one (ARCHITECTURE 28).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from conformance.cases.domain import Domain
from conformance.cases.invalid import ABSENT, spoil, wrong_values
from conformance.cases.model import Case, Depth
from conformance.cases.near_misses import NearMiss, near_misses
from conformance.cases.schema_keywords import condition_names, is_constraint
from conformance.contract import SchemaRule


def near_miss_cases(
    domain: Domain, controls: Sequence[Case], refused: Sequence[Case]
) -> tuple[Case, ...]:
    """Derive the near misses of a model; those that may harm a server come last.

    ``refused`` are the coarse faults, and ``controls`` the accepted requests to spoil.
    """
    coarse = {case.id for case in refused}
    cases: list[Case] = []
    heavy: list[Case] = []
    for rule in domain.model.rules:
        if rule.keyword in condition_names(domain.model) or not is_constraint(domain.model, rule):
            continue
        earlier = [id_ for id_ in _coarser(domain, rule) if id_ in coarse]
        for miss in near_misses(domain, rule):
            case = _probe(domain, rule, miss, controls, earlier)
            if case is not None:
                earlier.append(case.id)
                (heavy if miss.huge else cases).append(case)
    return (*cases, *heavy, *_signs_of_life(heavy, refused))


def _coarser(domain: Domain, rule: SchemaRule) -> list[str]:
    """Return the cases that break the same promise; a fractional count has a promise of its own."""
    wrong = wrong_values(rule, domain.model.parameters.get(str(rule.parameter), {}))
    return [
        f"{rule.parameter}-{value.words}" for value in wrong if not isinstance(value.value, float)
    ]


def _probe(
    domain: Domain,
    rule: SchemaRule,
    miss: NearMiss,
    controls: Sequence[Case],
    earlier: Sequence[str],
) -> Case | None:
    """Spoil the control with the value it may be mistaken for; None for a value left open."""
    name = str(rule.parameter)
    graded: list[tuple[tuple[int, bool], Case]] = []
    for control in controls:
        right = (control.body or {}).get(name, ABSENT)
        if right is ABSENT and control is not controls[0]:
            continue
        body = spoil(control.body or {}, name, miss.value)
        asked = domain.edition.read(body)
        if {violation.parameter for violation in asked.violations} == {name}:
            case = Case(
                f"{name}-{miss.words}",
                domain.model.name,
                body=body,
                control=control.id,
                parameter=name,
                depth=miss.depth,
                after=tuple(earlier),
            )
            graded.append(((len(asked.left_open), right != miss.right), case))
    return min(graded, key=lambda pair: pair[0])[1] if graded else None


def _signs_of_life(heavy: Sequence[Case], refused: Sequence[Case]) -> Iterator[Case]:
    """Follow each request that may harm a server with one that any living server refuses."""
    plain = next((case for case in refused if case.id.endswith("-missing")), None)
    if plain is None:
        return
    for case in heavy:
        yield replace(
            plain,
            id=f"{plain.id}-after-{case.id}",
            depth=Depth.STANDARD,
            after=(plain.id, *case.after, case.id),
        )
