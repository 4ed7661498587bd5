"""Lies about the number of images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.contract import RequestBody
from conformance.reference.answers import Job
from conformance.reference.defects.planting import (
    forgiving,
    in_body,
    in_steps,
    planted,
    resolving,
    validating,
)
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.steps import Steps


@planted(resolving, "count.n-ignored", "count.as-asked", modes=["D6"])
def n_ignored(job: Job, _request: RequestBody) -> Job:
    """One image is painted, however many were asked."""
    return replace(job, n=1)


@planted(resolving, "count.one-more", "count.as-asked", modes=["D6"])
def one_more(job: Job, request: RequestBody) -> Job:
    """One image more is painted than was asked."""
    return replace(job, n=job.n + 1) if request.has("n") and not job.stream else job


@planted(in_body, "count.last-lost", "count.as-asked", modes=["D6"])
def last_lost(body: dict[str, Any], job: Job) -> None:
    """The last of several images does not arrive."""
    if job.n > 1:
        body["data"].pop()


@planted(resolving, "count.two-by-default", "count.one-by-default", modes=["D6"])
def two_by_default(job: Job, request: RequestBody) -> Job:
    """Two images are painted where no number was asked."""
    return job if request.has("n") or job.stream else replace(job, n=2)


@planted(validating, "count.refused-when-absent", "parameters.valid-accepted", modes=["D6"])
def refused_when_absent(request: RequestBody) -> Refusal | None:
    """A request that does not say how many images is refused."""
    return None if request.has("n") else bad_request("n must be given.", "n", "n_not_within_range")


def _n(request: RequestBody) -> int | float | None:
    """Return the number of images that a request names; None if that is no number."""
    value: Any = request.body.get("n")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _has_fraction(request: RequestBody) -> bool:
    n = _n(request)
    return isinstance(n, float) and not n.is_integer()


def _whole(request: RequestBody) -> float:
    """Return the number if it is whole, else 0, of which neither lie about whole ones speaks."""
    return 0 if _has_fraction(request) else _n(request) or 0


@planted(in_steps, "count.zero-taken", "count.zero-refused", modes=["D6"])
def zero_taken(steps: Steps) -> Steps:
    """A request for no image at all is answered with one."""
    return forgiving(steps, "n", lambda request: _n(request) == 0)


@planted(in_steps, "count.negative-taken", "count.negative-refused", modes=["D6"])
def negative_taken(steps: Steps) -> Steps:
    """A negative `n` is answered with one image."""
    return forgiving(steps, "n", lambda request: _whole(request) < 0)


@planted(in_steps, "count.fraction-taken", "count.fractional-refused", modes=["D6"])
def fraction_taken(steps: Steps) -> Steps:
    """An `n` with a fraction is answered with one image."""
    return forgiving(steps, "n", _has_fraction)


@planted(in_steps, "count.words-taken", "count.non-numeric-refused", modes=["D6"])
def words_taken(steps: Steps) -> Steps:
    """An `n` that is no number is answered with one image."""
    return forgiving(steps, "n", lambda request: _n(request) is None)


@planted(in_steps, "count.too-many-taken", "count.above-maximum-refused", modes=["D6"])
def too_many_taken(steps: Steps) -> Steps:
    """An `n` above the documented maximum is answered with one image."""
    return forgiving(steps, "n", lambda request: _whole(request) > 0)
