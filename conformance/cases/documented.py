"""The documented cases, derived from the schemas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from conformance.cases.domain import Domain
from conformance.cases.invalid import faulty_cases, near_miss_cases, refused_cases
from conformance.cases.model import Case, Operation
from conformance.cases.valid import MODELS_LIST, accepted_cases, edge_cases, open_cases
from conformance.contract import Edition, Model


def all_cases(edition: Edition, models: Sequence[str]) -> tuple[Case, ...]:
    """Derive the cases of several models; cases independent of the model go to the first only.

    The cases are of every depth; `Depth.includes` selects. Raises UnknownNameError for a model
    that the edition neither names nor has a family for.
    """
    return tuple(
        case
        for position, name in enumerate(models)
        for case in cases_for(edition, edition.model(name), lead=position == 0)
    )


def cases_for(edition: Edition, model: Model, *, lead: bool) -> tuple[Case, ...]:
    """Derive the cases of one model; ``lead`` adds those that do not depend on the model.

    Raises UnknownKeywordError if the request schema has a keyword that no case would test.
    """
    derived = _derived(edition, model)
    return tuple(case for case, is_of_any_model in derived if lead or not is_of_any_model)


def cases_of_retired(edition: Edition, name: str) -> tuple[Case, ...]:
    """Return all that is asked of a model that has ended: the list, and the smallest request.

    It is to be refused, and what is refused costs nothing.
    """
    listing, baseline = cases_for(edition, edition.model(name), lead=False)[:2]
    return listing, replace(baseline, billed=False)


@lru_cache(maxsize=256)  # more than the models of all editions
def _derived(edition: Edition, model: Model) -> tuple[tuple[Case, bool], ...]:
    """Return the cases of a model, each with whether it is the same request for every model."""
    domain = Domain(edition, model)
    listing = Case(MODELS_LIST, model.name, Operation.LIST_MODELS, method="GET", content_type=None)
    body = {key: value for key, value in domain.base.items() if key != "model"}
    omitted = Case("model-omitted", model.name, body=body, parameter="model", billed=True)
    accepted = tuple(accepted_cases(domain))
    refused = tuple(refused_cases(domain, accepted))
    own_cases = (listing, *accepted, *open_cases(domain), *edge_cases(domain, accepted))
    return (
        *((case, False) for case in own_cases),
        (omitted, True),
        *((case, case.parameter == "model") for case in refused),
        *((case, True) for case in faulty_cases(domain)),
        *((case, case.parameter == "model") for case in near_miss_cases(domain, accepted, refused)),
    )
