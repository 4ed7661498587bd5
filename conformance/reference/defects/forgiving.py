"""Acceptance of what must be refused: the invalid parameter counts as absent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from conformance.contract import RequestBody
from conformance.reference.answers import Job
from conformance.reference.errors import Refusal
from conformance.reference.steps import Steps

_INSTEAD = {"prompt": "a small boat"}


def forgiving(
    steps: Steps,
    parameter: str | None,
    forgives: Callable[[RequestBody], bool],
) -> Steps:
    """Drop a parameter if it is the only fault of a request and `forgives` accepts it.

    Without a parameter every fault is forgiven.
    """

    def mended(request: RequestBody, served: Collection[str]) -> RequestBody:
        faulty = {violation.parameter for violation in request.violations}
        if not faulty or (parameter is not None and faulty != {parameter}):
            return request
        if not forgives(request):
            return request
        return request.reread(_without(request.body, faulty, served))

    def validate(request: RequestBody, served: Collection[str]) -> Refusal | None:
        return steps.validate(mended(request, served), served)

    def resolve(request: RequestBody) -> Job:
        return steps.resolve(mended(request, tuple(request.edition.models)))

    return replace(steps, validate=validate, resolve=resolve)


def _without(
    body: Mapping[str, Any], faulty: Collection[str | None], served: Collection[str]
) -> dict[str, Any]:
    instead = {**_INSTEAD, "model": next(iter(served))}
    kept = {name: value for name, value in body.items() if name not in faulty}
    return kept | {name: value for name, value in instead.items() if name in faulty}
