"""Lies about which models there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException

from conformance.contract import Edition, RequestBody
from conformance.reference.answers import AnswerContext, Job
from conformance.reference.defects.planting import (
    Body,
    in_model_list,
    in_step,
    in_steps,
    planted,
    rereading,
    validating,
)
from conformance.reference.errors import Refusal, bad_request, no_such_model
from conformance.reference.steps import Steps


@planted(in_model_list, "models.no-list", "models.list-answered")
def no_list(_listing: Body) -> None:
    """There is no model list."""
    raise HTTPException(404)


@planted(in_model_list, "models.list-no-owner", "models.list-schema", modes=["D3"])
def list_no_owner(listing: Body) -> None:
    """The models of the list have no owner."""
    for model in listing["data"]:
        model["owned_by"] = None


@planted(in_model_list, "models.list-created-milliseconds", "models.list-schema")
def list_created_milliseconds(listing: Body) -> None:
    """The model list says in milliseconds when its models were made."""
    for model in listing["data"]:
        model["created"] *= 1000


@planted(in_model_list, "models.list-of-names", "models.list-schema")
def list_of_names(listing: Body) -> None:
    """The models of the list lack everything but their names."""
    listing["data"] = [{"id": model["id"]} for model in listing["data"]]


@planted(in_model_list, "models.list-empty", "models.listed")
def list_empty(listing: Body) -> None:
    """The model list is empty."""
    listing["data"] = []


@planted(in_model_list, "models.listed-under-other-names", "models.listed")
def listed_under_other_names(listing: Body) -> None:
    """The model list has other names than requests must use."""
    for model in listing["data"]:
        model["id"] = f"openai/{model['id']}"


@planted(validating, "models.listed-not-served", "models.served")
def listed_not_served(request: RequestBody) -> Refusal | None:
    """A listed model is not there when it is asked."""
    return no_such_model(request.model.name) if request.model else None


@planted(rereading, "models.unknown-painted", "models.unknown-refused")
def unknown_painted(request: RequestBody) -> RequestBody:
    """A made-up model is answered by another, as gateways with a fallback do."""
    name = request.body.get("model")
    if request.model is not None or not isinstance(name, str):
        return request
    return request.reread({**request.body, "model": next(iter(request.edition.models))})


@planted(in_step("validate"), "models.unknown-refused-vaguely", "models.unknown-not-found")
def unknown_refused_vaguely(
    validate: Any, request: RequestBody, served: Collection[str]
) -> Refusal | None:
    """A made-up model is refused without saying that it is the model."""
    refusal: Refusal | None = validate(request, served)
    missing = refusal is not None and refusal.code == "model_not_found"
    return bad_request("It cannot be done.") if missing else refusal


@planted(in_step("validate"), "models.retired-painted", "models.retired-refused")
def retired_painted(validate: Any, request: RequestBody, served: Collection[str]) -> Refusal | None:
    """A model that has ended is served as before."""
    refusal: Refusal | None = validate(request, _with_ended(request, served))
    return refusal


@planted(in_steps, "models.retired-painted-by-another", "models.no-silent-substitution")
def retired_painted_by_another(steps: Steps) -> Steps:
    """A model that has ended is answered by another, which the answer names."""
    ended: set[str] = set()

    def validate(request: RequestBody, served: Collection[str]) -> Refusal | None:
        served_or_ended = _with_ended(request, served)
        ended.update(set(served_or_ended) - set(served))
        return steps.validate(request, served_or_ended)

    def answer(job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
        body = steps.answer(job, images, context)
        return {**body, "model": "another-model-2"} if job.model in ended else body

    return replace(steps, validate=validate, answer=answer)


@planted(in_step("model_list"), "models.retired-listed", "models.retired-not-listed")
def retired_listed(model_list: Any, edition: Edition, served: Sequence[str]) -> Body:
    """A model that has ended is still in the model list."""
    listing: Body = model_list(edition, tuple(dict.fromkeys((*served, *edition.models))))
    return listing


@planted(in_model_list, "models.shutdown-date-passed", "models.shutdown-date-kept")
def shutdown_date_passed(listing: Body) -> None:
    """The model list says of models that are served that they have ended."""
    for model in listing["data"]:
        model["shutdown_date"] = "2024-02-29"


@planted(in_steps, "models.ended-early", "models.served-until-end")
def ended_early(steps: Steps) -> Steps:
    """Models are neither listed nor served, long before the day of their end."""

    def validate(request: RequestBody, served: Collection[str]) -> Refusal | None:
        if request.model and request.model.name in served:
            return no_such_model(request.model.name)
        return steps.validate(request, served)

    def model_list(edition: Edition, _served: Sequence[str]) -> Body:
        return dict(steps.model_list(edition, ()))

    return replace(steps, validate=validate, model_list=model_list)


def _with_ended(request: RequestBody, served: Collection[str]) -> Collection[str]:
    """Return the served models, with the one that is asked for where the contract knows it."""
    return {*served, request.model.name} if request.model else served
