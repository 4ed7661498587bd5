"""The defects that an edition's request schemas give: each takes what breaks one rule."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import gravest_flaw
from conformance.clauses.derivation import clause_id
from conformance.contract import Edition, SchemaRule
from conformance.reference.defects.planting import Defect, Plant, forgiving

_COUNT = (
    "count.zero-refused",
    "count.negative-refused",
    "count.fractional-refused",
    "count.non-numeric-refused",
    "count.above-maximum-refused",
)


def derive_defects(edition: Edition) -> Iterator[Defect]:
    """Yield a defect for every rule of the edition that a request can break, and one for all."""
    ids = ((clause_id(model, rule), rule) for model in edition.every_model for rule in model.rules)
    rules = {claim: rule for claim, rule in ids if claim is not None}
    for claim, rule in rules.items():
        name = claim.partition(".")[2]
        lie = f"A request that breaks the rule {name} is answered with an image."
        yield Defect(f"{claim}-broken", lie, (claim,), ("D1",), _taking(rule))
    yield Defect(
        "parameters.accept-all",
        "Nothing is validated: what breaks a rule is left out, and the rest is answered.",
        (*rules, *_COUNT),
        ("accept-all",),
        lambda steps: forgiving(steps, None, lambda _request: True),
    )


def _taking(rule: SchemaRule) -> Plant:
    return lambda steps: forgiving(
        steps, rule.parameter, lambda request: gravest_flaw(request) == rule.keyword
    )
