"""Planted defects: the reference provider lies on request, one named lie at a time."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from conformance.contract import load_edition
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
from conformance.reference.steps import TRUTHFUL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.contract import Edition
    from conformance.reference.steps import Steps

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
"""The chapters in the order in which people read them; importing them registers the defects."""

assert lenient


def defects(edition: Edition | None = None) -> Mapping[str, Defect]:
    """Give every defect by its id: those written by hand, and those an edition's rules give.

    Without an edition the rules are those of the default one.
    """
    return _defects(edition or load_edition())


@cache
def _defects(edition: Edition) -> Mapping[str, Defect]:
    order = [module.__name__.rpartition(".")[2] for module in CHAPTERS]
    found = sorted(
        (*REGISTRY.values(), *parameters.derived(edition)),
        key=lambda each: order.index(each.chapter),
    )
    return MappingProxyType({each.id: each for each in found})


def with_defects(
    steps: Steps,
    ids: Sequence[str],
    model: str | None = None,
    edition: Edition | None = None,
) -> Steps:
    """Plant defects, each in what the one before it left; with a model, in its answers alone.

    Which model a request names is not known before its body is read: lies about keys, the
    model list and image files hold for every model. Raises UnknownNameError for an id that
    there is not.
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
    """Give the steps of a provider that tells these lies, of one model or of all.

    Raises UnknownNameError for a defect or a model that there is not.
    """
    if model is not None and edition.find(model) is None:
        raise UnknownNameError("model", model, edition.models, edition.id)
    return with_defects(TRUTHFUL, ids, model, edition)
