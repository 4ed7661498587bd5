"""The documented cases, derived from the schemas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@lru_cache(maxsize=64)
def cases_for(edition: Edition, model: Model, *, lead: bool) -> tuple[Case, ...]:
    """Derive the cases of one model; ``lead`` adds those that do not depend on the model.

    Raises UnknownKeywordError if the request schema has a keyword that no case would test.
    """
    return tuple(_cases(Domain(edition, model), lead))


def cases_of_retired(edition: Edition, name: str) -> tuple[Case, ...]:
    """Return all that is asked of a model that has ended: the list, and the smallest request.

    It is to be refused, and what is refused costs nothing.
    """
    listing, baseline = cases_for(edition, edition.model(name), lead=False)[:2]
    return listing, replace(baseline, billed=False)


def _cases(domain: Domain, lead: bool) -> Iterator[Case]:
    name = domain.model.name
    yield Case(MODELS_LIST, name, Operation.LIST_MODELS, method="GET", content_type=None)
    accepted = tuple(accepted_cases(domain))
    yield from accepted
    yield from open_cases(domain)
    yield from edge_cases(domain, accepted)
    refused = tuple(refused_cases(domain, accepted))
    probing = near_miss_cases(domain, accepted, refused)
    if not lead:  # a request whose model is wrong is the same for every model
        yield from (case for case in (*refused, *probing) if case.parameter != "model")
        return
    body = {key: value for key, value in domain.base.items() if key != "model"}
    yield Case("model-omitted", name, body=body, parameter="model", billed=True)
    yield from refused
    yield from faulty_cases(domain)
    yield from probing
