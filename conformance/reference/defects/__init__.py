"""Planted defects: the reference provider lies on request, one named lie at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from conformance.cases import cases_for
from conformance.clauses import clauses_of
from conformance.contract import Edition, load_edition, model_named
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
from conformance.reference.defects.restriction import check_restrictable, restricted
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

_ABOUT_OPEN = {"parameters.unknown", "parameters.unsupported", "parameters.disputed-value"}
"""The clauses about requests that an edition neither accepts nor refuses."""


def defects(edition: Edition | None = None) -> Mapping[str, Defect]:
    """Return every defect by id: the hand-written ones, and those derived from an edition's rules.

    Left out are those of which no clause of the edition speaks, and those that neither refuse nor
    accept anything wrongly there. The default edition is used unless another is given.
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
    kinds = {kind for model in edition.every_model for kind in model.responses.values()}
    claimed = (
        replace(defect, claims=tuple(claim for claim in defect.claims if claim in known))
        for defect in ordered
        if "url" in kinds or not defect.in_urls
    )
    return MappingProxyType(
        {defect.id: defect for defect in claimed if defect.claims and _is_told(defect, edition)}
    )


def _is_told(defect: Defect, edition: Edition) -> bool:
    """Return whether a lie about what is accepted is one about any request of an edition."""
    validate = defect.plant(TRUTHFUL).validate
    derived_or_open = defect.id not in REGISTRY or bool(_ABOUT_OPEN & {*defect.claims})
    if defect.chapter != "parameters" or validate is TRUTHFUL.validate or derived_or_open:
        return True
    served = tuple(edition.models)
    unlike = {model.schema: model for model in edition.models.values()}.values()
    return any(
        (asked.expectation == "accepted") != (validate(asked, served) is None)
        for model in unlike
        for case in cases_for(edition, model, lead=False)
        for asked in [edition.read(case.body)]
        if asked.expectation != "open"
    )


def with_defects(
    steps: Steps,
    ids: Sequence[str],
    model: str | None = None,
    edition: Edition | None = None,
) -> Steps:
    """Plant defects one upon the other; with a model, in the answers of that model only.

    Raises UnknownNameError for an unknown id, and ConformanceError for a lie that is of no model.
    """
    known = defects(edition)
    for name in ids:
        if name not in known:
            raise UnknownNameError("defect", name, known)
        if model is not None:
            check_restrictable(known[name], TRUTHFUL, model)
    lying = steps
    for name in ids:
        lying = known[name].plant(lying)
    return lying if model is None else restricted(steps, lying, model)


def lying_steps(edition: Edition, ids: Sequence[str], model: str | None = None) -> Steps:
    """Return the steps of a provider with these defects, for one model or for all.

    Raises UnknownNameError for an unknown defect or model.
    """
    if model is not None:
        model_named(edition, model)
    return with_defects(TRUTHFUL, ids, model, edition)
