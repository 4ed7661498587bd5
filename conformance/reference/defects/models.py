"""Lies about which models there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.exceptions import HTTPException

from conformance.contract import RequestBody
from conformance.reference.defects.planting import (
    Body,
    in_model_list,
    in_step,
    planted,
    rereading,
    validating,
)
from conformance.reference.errors import Refusal, bad_request, no_such_model
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
    for model in listing["data"]:
        model["owned_by"] = None


@planted("models.list-of-names", "models.list-schema")
@in_model_list
def list_of_names(listing: Body) -> None:
    """The models of the list lack everything but their names."""
    listing["data"] = [{"id": model["id"]} for model in listing["data"]]


@planted("models.list-empty", "models.listed")
@in_model_list
def list_empty(listing: Body) -> None:
    """The model list is empty."""
    listing["data"] = []


@planted("models.listed-under-other-names", "models.listed")
@in_model_list
def listed_under_other_names(listing: Body) -> None:
    """The model list has other names than requests must use."""
    for model in listing["data"]:
        model["id"] = f"openai/{model['id']}"


@planted("models.listed-not-served", "models.served")
@validating
def listed_not_served(request: RequestBody) -> Refusal | None:
    """A listed model is not there when it is asked."""
    return no_such_model(request.model.name) if request.model else None


@planted("models.unknown-painted", "models.unknown-refused")
def unknown_painted(steps: Steps) -> Steps:
    """A made-up model is answered by another, as gateways with a fallback do."""

    def known(request: RequestBody) -> RequestBody:
        name = request.body.get("model")
        if request.model is not None or not isinstance(name, str):
            return request
        return request.reread({**request.body, "model": next(iter(request.edition.models))})

    return rereading(steps, known)


@planted("models.unknown-refused-vaguely", "models.unknown-not-found")
@in_step("validate")
def unknown_refused_vaguely(
    validate: Any, request: RequestBody, served: Collection[str]
) -> Refusal | None:
    """A made-up model is refused without saying that it is the model."""
    refusal: Refusal | None = validate(request, served)
    missing = refusal is not None and refusal.code == "model_not_found"
    return bad_request("It cannot be done.") if missing else refusal
