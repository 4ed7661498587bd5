"""Accepting what must be refused: the parameter at fault counts as absent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.contract import load_edition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from conformance.contract import Asked, Edition
    from conformance.reference.answers import Job
    from conformance.reference.errors import Refusal
    from conformance.reference.steps import Steps

_INSTEAD = {"prompt": "a small boat"}


def forgiving(
    steps: Steps,
    parameter: str | None,
    forgives: Callable[[Asked], bool],
    edition: Edition | None = None,
) -> Steps:
    """Drop a parameter where it is the only fault of a request, and the lie forgives it.

    Without a parameter every fault is forgiven at once.
    """
    contract = edition or load_edition()

    def mended(request: Asked, served: Collection[str]) -> Asked:
        faulty = {each.parameter for each in request.violations}
        if not faulty or (parameter is not None and faulty != {parameter}):
            return request
        if not forgives(request):
            return request
        return contract.read(_without(request.body, faulty, served))

    def validate(request: Asked, served: Collection[str]) -> Refusal | None:
        return steps.validate(mended(request, served), served)

    def resolve(request: Asked) -> Job:
        return steps.resolve(mended(request, tuple(contract.models)))

    return replace(steps, validate=validate, resolve=resolve)


def _without(
    body: Mapping[str, Any], faulty: Collection[str | None], served: Collection[str]
) -> dict[str, Any]:
    instead = {**_INSTEAD, "model": next(iter(served))}
    kept = {name: value for name, value in body.items() if name not in faulty}
    return kept | {name: value for name, value in instead.items() if name in faulty}
