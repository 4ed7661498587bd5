"""Lies about which models there are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from conformance.contract import load_edition
from conformance.reference.defects.planting import Body, in_model_list, planted, validating
from conformance.reference.errors import Refusal, bad_request, no_such_model

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.contract import Asked
    from conformance.reference.answers import Job
    from conformance.reference.steps import Steps


@planted("models.no-list", "models.list-answered")
@in_model_list
def no_list(_listing: Body) -> None:
    """There is no model list."""
    raise HTTPException(404)


@planted("models.list-no-owner", "models.list-schema", modes=["D3"])
@in_model_list
def list_no_owner(listing: Body) -> None:
    """The models of the list have no owner."""
    for each in listing["data"]:
        each["owned_by"] = None


@planted("models.list-of-names", "models.list-schema")
@in_model_list
def list_of_names(listing: Body) -> None:
    """The models of the list lack everything but their names."""
    listing["data"] = [{"id": each["id"]} for each in listing["data"]]


@planted("models.list-empty", "models.listed")
@in_model_list
def list_empty(listing: Body) -> None:
    """The model list is empty."""
    listing["data"] = []


@planted("models.listed-under-other-names", "models.listed")
@in_model_list
def listed_under_other_names(listing: Body) -> None:
    """The model list has other names than requests must use."""
    for each in listing["data"]:
        each["id"] = f"openai/{each['id']}"


@planted("models.listed-not-served", "models.served")
@validating
def listed_not_served(request: Asked) -> Refusal | None:
    """A listed model is not there when it is asked."""
    return no_such_model(request.model.name) if request.model else None


@planted("models.unknown-painted", "models.unknown-refused")
def unknown_painted(steps: Steps) -> Steps:
    """A made-up model is answered by another, as gateways with a fallback do."""

    def known(request: Asked) -> Asked:
        name = request.body.get("model")
        if request.model is not None or not isinstance(name, str):
            return request
        contract = load_edition()
        return contract.read({**request.body, "model": next(iter(contract.models))})

    def validate(request: Asked, served: Collection[str]) -> Refusal | None:
        return steps.validate(known(request), served)

    def resolve(request: Asked) -> Job:
        return steps.resolve(known(request))

    return replace(steps, validate=validate, resolve=resolve)


@planted("models.unknown-refused-vaguely", "models.unknown-not-found")
def unknown_refused_vaguely(steps: Steps) -> Steps:
    """A made-up model is refused without saying that it is the model."""

    def validate(request: Asked, served: Collection[str]) -> Refusal | None:
        refusal = steps.validate(request, served)
        missing = refusal is not None and refusal.code == "model_not_found"
        return bad_request("It cannot be done.") if missing else refusal

    return replace(steps, validate=validate)
