"""Lies about everything at once: refusing all, answering nothing, or answering somebody else.

An outage turns no clause red; it makes the run one that could not be judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from conformance.contract import RequestBody
from conformance.reference.answers import Job
from conformance.reference.defects.planting import in_step, in_steps, planted, validating
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.steps import Steps

_SERVED = ("parameters.valid-accepted",)


@planted(validating, "outages.reject-all", *_SERVED, modes=["reject-all"])
def reject_all(_request: RequestBody) -> Refusal:
    """Every request is refused in the same words."""
    return bad_request("The request is invalid.", code="invalid_request")


@planted(validating, "outages.rate-limit", *_SERVED, modes=["429 for everything"], silent=True)
def rate_limit(_request: RequestBody) -> Refusal:
    """Every request comes too soon."""
    return Refusal(429, "Slow down.", code="rate_limit_exceeded", headers={"Retry-After": "60"})


@planted(validating, "outages.quota", *_SERVED, modes=["D9"], silent=True)
def quota(_request: RequestBody) -> Refusal:
    """The account has no credit left, which is reported as a refusal."""
    return Refusal(403, "The quota is used up.", code="insufficient_user_quota")


@planted(
    validating, "outages.moderation-500", *_SERVED, modes=["D8", "moderation as 500"], silent=True
)
def moderation_500(request: RequestBody) -> Refusal | None:
    """A prompt that the safety system stopped is answered as a failure of the server."""
    stopped = Refusal(500, "Rejected by the safety system.", code="moderation_blocked")
    return stopped if request.expectation == "accepted" else None


@planted(validating, "outages.gateway-502", *_SERVED, modes=["D8"], silent=True)
def gateway_502(request: RequestBody) -> Refusal | None:
    """A gateway finds nobody behind it."""
    failed = Refusal(502, "Upstream error.", type="upstream_error", code="bad_response")
    return failed if request.expectation == "accepted" else None


def _answering(steps: Steps, status: int, page: str) -> Steps:
    """Put a page in the place of every success."""

    def finish(response: Response, started: float) -> Response:
        listing = b'"object":"' in bytes(getattr(response, "body", b""))
        if response.status_code == 200 and not listing:
            response = Response(page, status, media_type="text/html")
        return steps.finish(response, started)

    return replace(steps, finish=finish)


@planted(in_steps, "outages.html-524", *_SERVED, modes=["D10", "HTML 524"], silent=True)
def html_524(steps: Steps) -> Steps:
    """What takes long is answered by the web page of a proxy that did not wait."""
    return _answering(steps, 524, "<!DOCTYPE html><html><title>524: A timeout occurred</title>")


@planted(in_steps, "outages.html-567", *_SERVED, modes=["D10"], silent=True)
def html_567(steps: Steps) -> Steps:
    """A success is replaced by a web page under a status that nobody registered."""
    return _answering(steps, 567, "<html><head><title>Error 567</title></head></html>")


@planted(in_steps, "outages.challenge-page", *_SERVED, modes=["D10"])
def challenge_page(steps: Steps) -> Steps:
    """Whoever is no browser is asked by a web page to prove to be a human."""
    return _answering(steps, 403, "<!DOCTYPE html><html><title>Just a moment</title></html>")


@planted(
    in_step("resolve"),
    "outages.another-answer",
    "count.as-asked",
    "format.b64-when-asked",
    "image.size-as-asked",
    "image.type-as-asked",
    "image.alpha-when-transparent",
    "extras.background-as-asked",
    "extras.output-format-as-asked",
    "extras.quality-as-asked",
    "extras.size-as-asked",
    "extras.safety-identifier",
    "stream.content-type",
    modes=["answers of another request", "stale answer"],
)
def another_answer(resolve: Callable[[RequestBody], Job], request: RequestBody) -> Job:
    """A cache that looks at model and prompt alone answers what an earlier request asked."""
    return resolve(request.reread({name: request.body.get(name) for name in ("model", "prompt")}))
