"""Lies about what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from starlette.responses import RedirectResponse, Response

from conformance.reference.answers import AnswerContext, Job, Painter
from conformance.reference.defects.planting import Body, in_refusal, in_step, json_response, planted
from conformance.reference.errors import Refusal


def _lacks_model(refusal: Refusal) -> bool:
    return (refusal.param, refusal.code) == ("model", "missing_required_parameter")


@planted(in_refusal, "defaults.model-answered-empty", "envelope.data-not-empty", modes=["D8"])
def model_answered_empty(refusal: Refusal) -> Refusal | Response:
    """A request without a model is a success without an image."""
    empty = {"created": 1_790_000_000, "data": []}
    return json_response(empty) if _lacks_model(refusal) else refusal


@planted(in_refusal, "defaults.model-answered-bare", "format.any-model-either", modes=["D8"])
def model_answered_bare(refusal: Refusal) -> Refusal | Response:
    """A request without a model is answered with an item that holds no image."""
    bare = {"created": 1_790_000_000, "data": [{"revised_prompt": "a small boat"}]}
    return json_response(bare) if _lacks_model(refusal) else refusal


@planted(in_refusal, "defaults.model-moved", "defaults.model")
def model_moved(refusal: Refusal) -> Refusal | Response:
    """A request without a model is sent elsewhere."""
    return RedirectResponse("/playground", 302) if _lacks_model(refusal) else refusal


@planted(
    in_step("events"), "defaults.partial-images-unasked", "defaults.partial-images", modes=["D11"]
)
def partial_images_unasked(
    events: Any, job: Job, painter: Painter, context: AnswerContext
) -> Iterator[Body]:
    """A stream has a partial image that nobody asked for."""
    unasked = replace(job, partial_images=job.partial_images or 1)
    lying: Iterator[Body] = events(unasked, painter, context)
    return lying
