"""Planted defects: the reference provider lies on request, one named lie at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from conformance.clauses import clauses_of
from conformance.contract import Edition, load_edition
from conformance.errors import UnknownNameError
from conformance.reference.defects import (
    authentication,
    base64,
    count,
    defaults,
    envelope,
    errors,
    extras,
    format,  # noqa: A004 - the chapter of the ids format.*; nothing is formatted here
    image,
    lenient,
    models,
    outages,
    parameters,
    stream,
    url,
)
from conformance.reference.defects.planting import REGISTRY, Defect
from conformance.reference.defects.restriction import restricted
from conformance.reference.steps import TRUTHFUL, Steps

__all__ = ["CHAPTERS", "Defect", "defects", "lying_steps", "with_defects"]

CHAPTERS = (
    authentication,
    envelope,
    format,
    url,
    base64,
    image,
    count,
    parameters,
    defaults,
    errors,
    extras,
    models,
    stream,
    outages,
)
"""The chapters in reading order; importing them registers the defects."""

assert lenient


def defects(edition: Edition | None = None) -> Mapping[str, Defect]:
    """Return every defect by id: the hand-written ones, and those derived from an edition's rules.

    Left out are those of which no clause of the edition speaks. The default edition is used unless
    another is given.
    """
    return _defects(edition or load_edition())


@cache
def _defects(edition: Edition) -> Mapping[str, Defect]:
    known = {clause.id for clause in clauses_of(edition)}
    order = [module.__name__.rpartition(".")[2] for module in CHAPTERS]
    ordered = sorted(
        (*REGISTRY.values(), *parameters.derived(edition)),
        key=lambda defect: order.index(defect.chapter),
    )
    claimed = (
        replace(defect, claims=tuple(claim for claim in defect.claims if claim in known))
        for defect in ordered
        if defect.possible(edition)
    )
    return MappingProxyType({defect.id: defect for defect in claimed if defect.claims})


def with_defects(
    steps: Steps,
    ids: Sequence[str],
    model: str | None = None,
    edition: Edition | None = None,
) -> Steps:
    """Plant defects one upon the other; with a model, in the answers of that model only.

    Defects of keys, the model list and image files hold for every model, because the model is
    not known before the body is read. Raises UnknownNameError for an unknown id.
    """
    known = defects(edition)
    for name in ids:
        if name not in known:
            raise UnknownNameError("defect", name, known)
    lying = steps
    for name in ids:
        lying = known[name].plant(lying)
    return lying if model is None else restricted(steps, lying, model)


def lying_steps(edition: Edition, ids: Sequence[str], model: str | None = None) -> Steps:
    """Return the steps of a provider with these defects, for one model or for all.

    Raises UnknownNameError for an unknown defect or model.
    """
    if model is not None:
        edition.model(model)
    return with_defects(TRUTHFUL, ids, model, edition)
