"""Lies about the member that carries the image."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.contract import RequestBody
from conformance.reference.answers import AnswerContext, Job, picture
from conformance.reference.defects.planting import Body, in_items, in_steps, planted, validating
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.painting import FINISHED, image_file
from conformance.reference.steps import Steps

_URL_LIES = ("format.url-when-asked", "format.url-by-default")
_B64_LIES = ("format.b64-when-asked", "format.gpt-image-b64", "format.gpt-image-response-format")


def _carrying(steps: Steps, payload: Callable[[Job], str]) -> Steps:
    """Carry images in this member, whatever was asked."""

    def answer(job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
        files = images or [steps.paint(job, index, FINISHED) for index in range(job.n)]
        return steps.answer(replace(job, payload=payload(job)), files, context)

    return replace(steps, answer=answer)


@planted(in_steps, "format.url-instead-of-b64", "format.b64-when-asked", modes=["D2"])
def url_instead_of_b64(steps: Steps) -> Steps:
    """A dall-e model that is asked for base64 answers with URLs."""
    return _carrying(steps, lambda job: "url" if job.family == "dall-e" else job.payload)


@planted(
    in_steps,
    "format.gpt-image-url",
    "format.gpt-image-b64",
    "format.gpt-image-response-format",
    modes=["D2"],
)
def gpt_image_url(steps: Steps) -> Steps:
    """A GPT image model answers with URLs, unless a type or a transparent background is asked."""
    return _carrying(steps, lambda job: "url" if _usual(job) else job.payload)


def _usual(job: Job) -> bool:
    plain = job.output_format == "png" and job.background == "opaque"
    return plain and job.family == "gpt-image"


@planted(in_steps, "format.b64-instead-of-url", *_URL_LIES, modes=["D2"])
def b64_instead_of_url(steps: Steps) -> Steps:
    """A model that answers with URLs answers with base64, whatever is asked."""
    return _carrying(steps, lambda job: "b64_json" if job.promised == "url" else job.payload)


@planted(in_items, "format.url-null", *_URL_LIES, modes=["D3"])
def url_null(item: Body, job: Job) -> None:
    """The URL that was promised is null."""
    if job.promised == "url":
        item["url"] = None


@planted(in_items, "format.url-empty", *_URL_LIES, modes=["D3"])
def url_empty(item: Body, job: Job) -> None:
    """The URL that was promised is an empty string."""
    if job.promised == "url":
        item["url"] = ""


@planted(in_items, "format.b64-empty", *_B64_LIES, modes=["D2", "D3"])
def b64_empty(item: Body, job: Job) -> None:
    """The base64 that was promised is an empty string, and a URL stands beside it."""
    if "b64_json" in item and job.family != "qwen-image":
        item |= {"b64_json": "", "url": "https://reference.example/files/1.png"}


@planted(
    validating, "format.gpt-image-refuses-unnamed", "format.gpt-image-response-format", modes=["D1"]
)
def gpt_image_refuses_unnamed(request: RequestBody) -> Refusal | None:
    """A GPT image model refuses `response_format` and does not say what it dislikes."""
    return bad_request("Something is wrong.") if _strays(request) else None


@planted(
    validating,
    "format.gpt-image-refuses-silently",
    "format.gpt-image-response-format",
    modes=["D1"],
)
def gpt_image_refuses_silently(request: RequestBody) -> Refusal | None:
    """A GPT image model refuses `response_format` and says nothing at all."""
    return bad_request("") if _strays(request) else None


@planted(validating, "format.gpt-image-redirects", "format.gpt-image-response-format", modes=["D1"])
def gpt_image_redirects(request: RequestBody) -> Refusal | None:
    """A GPT image model that is asked for a `response_format` sends on to another endpoint."""
    elsewhere = {"Location": "/v2/images/generations"}
    return Refusal(307, "Ask there.", headers=elsewhere) if _strays(request) else None


def _strays(request: RequestBody) -> bool:
    gpt_image = request.model is not None and "output_format" in request.model.parameters
    return gpt_image and request.has("response_format")


@planted(in_items, "format.qwen-image-nothing", "format.qwen-image-either", modes=["D8"])
def qwen_image_nothing(item: Body, job: Job) -> None:
    """A model that answers with either member answers items that carry no image."""
    if job.promised == "either":
        item.clear()


def _add_both(item: Body, job: Job) -> None:
    data = image_file(picture(job, 0))
    item.setdefault("b64_json", base64.b64encode(data).decode("ascii"))
    item.setdefault("url", "https://reference.example/files/1.png")


@planted(in_items, "format.both-members", "format.one-payload", modes=["D2"], in_urls=True)
def both_members(item: Body, job: Job) -> None:
    """A URL comes with the same image in base64 beside it."""
    if job.family == "dall-e" and "url" in item and job.n == 1:
        _add_both(item, job)


@planted(in_items, "format.url-beside-base64", "format.one-payload", modes=["D2"])
def url_beside_base64(item: Body, job: Job) -> None:
    """A GPT image model sends a URL beside the base64."""
    if job.family == "gpt-image" and job.n == 1 and "b64_json" in item:
        _add_both(item, job)


@planted(in_items, "format.qwen-image-both-members", "format.qwen-image-one-payload", modes=["D2"])
def qwen_image_both_members(item: Body, job: Job) -> None:
    """qwen-image sends every image as a URL and as base64."""
    if job.family == "qwen-image" and job.n == 1 and "url" in item:
        _add_both(item, job)


@planted(in_items, "format.unused-null", "format.unused-member-not-null", modes=["D3"])
def unused_null(item: Body, _job: Job) -> None:
    """The member that is not used is null."""
    item.setdefault("b64_json", None)
    item.setdefault("url", None)


@planted(in_items, "format.unused-empty", "format.unused-member-not-empty", modes=["D3"])
def unused_empty(item: Body, _job: Job) -> None:
    """The member that is not used is an empty string, as new-api writes it."""
    item.setdefault("b64_json", "")
    item.setdefault("url", "")


@planted(in_items, "format.revised-prompt-null", "format.revised-prompt-not-null", modes=["D3"])
def revised_prompt_null(item: Body, _job: Job) -> None:
    """`revised_prompt` is null."""
    item["revised_prompt"] = None


@planted(in_items, "format.revised-prompt-empty", "format.revised-prompt-not-empty", modes=["D3"])
def revised_prompt_empty(item: Body, _job: Job) -> None:
    """`revised_prompt` is an empty string."""
    item["revised_prompt"] = ""
