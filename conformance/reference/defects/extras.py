"""Lies in what a GPT image model says of its image, and of tokens."""

from __future__ import annotations

from conformance.reference.answers import Job
from conformance.reference.defects.planting import Body, current_request, in_body, in_usage, planted

_OTHER_QUALITY = {"low": "high", "medium": "low", "high": "medium"}
_OTHER_SIZE = {"1024x1024": "1536x1024"}


def _say(body: Body, name: str, value: object) -> None:
    if name in body:
        body[name] = value


def _definite(name: str) -> bool:
    return current_request().value(name) not in (None, "auto")


@planted(in_body, "extras.background-auto", "extras.background-documented")
def background_auto(body: Body, _job: Job) -> None:
    """The background is echoed as auto."""
    _say(body, "background", "auto")


@planted(in_body, "extras.background-other", "extras.background-as-asked")
def background_other(body: Body, job: Job) -> None:
    """The background is echoed as the opposite of what was asked."""
    if _definite("background"):
        _say(body, "background", "opaque" if job.background == "transparent" else "transparent")


@planted(in_body, "extras.background-untrue", "extras.background-true")
def background_untrue(body: Body, _job: Job) -> None:
    """An opaque image is called transparent, where the choice was the provider's."""
    if not _definite("background"):
        _say(body, "background", "transparent")


@planted(in_body, "extras.output-format-tiff", "extras.output-format-documented")
def output_format_tiff(body: Body, _job: Job) -> None:
    """The type is echoed as one that no source knows."""
    _say(body, "output_format", "tiff")


@planted(in_body, "extras.output-format-other", "extras.output-format-as-asked", modes=["D5"])
def output_format_other(body: Body, job: Job) -> None:
    """The type is echoed as another than was asked."""
    _say(body, "output_format", "png" if job.output_format == "webp" else "webp")


@planted(in_body, "extras.quality-auto", "extras.quality-documented")
def quality_auto(body: Body, _job: Job) -> None:
    """The quality is echoed as auto."""
    _say(body, "quality", "auto")


@planted(in_body, "extras.quality-hd", "extras.quality-documented")
def quality_hd(body: Body, _job: Job) -> None:
    """The quality is echoed in the words of another model."""
    _say(body, "quality", "hd")


@planted(in_body, "extras.quality-other", "extras.quality-as-asked", modes=["quality echoed wrong"])
def quality_other(body: Body, job: Job) -> None:
    """The quality is echoed as another than was asked."""
    _say(body, "quality", _OTHER_QUALITY[job.quality])


@planted(in_body, "extras.size-auto", "extras.size-documented")
def size_auto(body: Body, _job: Job) -> None:
    """The size is echoed as auto."""
    _say(body, "size", "auto")


@planted(in_body, "extras.size-other", "extras.size-as-asked", modes=["D5"])
def size_other(body: Body, job: Job) -> None:
    """The size is echoed as another than was asked and painted."""
    if _definite("size"):
        _say(body, "size", _OTHER_SIZE.get(job.size, "1024x1024"))


@planted(in_body, "extras.size-untrue", "extras.size-true", modes=["D5"])
def size_untrue(body: Body, job: Job) -> None:
    """Where the size was left open, another is echoed than was painted."""
    if not _definite("size"):
        _say(body, "size", _OTHER_SIZE.get(job.size, "1024x1024"))


@planted(in_usage, "extras.usage-no-input", "extras.usage-members", modes=["D4"])
def usage_no_input(usage: Body) -> None:
    """`usage` lacks the tokens that came in."""
    del usage["input_tokens"]


@planted(in_usage, "extras.usage-no-details", "extras.usage-members", modes=["D4"])
def usage_no_details(usage: Body) -> None:
    """`usage` lacks the details of the tokens that came in."""
    del usage["input_tokens_details"]


@planted(in_usage, "extras.usage-of-chat", "extras.usage-members", modes=["D3", "D4"])
def usage_of_chat(usage: Body) -> None:
    """`usage` has the members of a chat."""
    total = usage["total_tokens"]
    usage.clear()
    usage |= {"prompt_tokens": 0, "completion_tokens": total, "total_tokens": total}


@planted(
    in_usage, "extras.usage-fractions", "extras.usage-integers", modes=["D4", "fractional tokens"]
)
def usage_fractions(usage: Body) -> None:
    """Tokens are counted in fractions."""
    for name in ("output_tokens", "total_tokens"):
        usage[name] += 0.5


@planted(in_usage, "extras.usage-digits", "extras.usage-integers", modes=["D4"])
def usage_digits(usage: Body) -> None:
    """Tokens are strings of digits."""
    usage["total_tokens"] = str(usage["total_tokens"])


@planted(in_usage, "extras.usage-negative", "extras.usage-not-negative", modes=["D4"])
def usage_negative(usage: Body) -> None:
    """Tokens that came in are counted below zero; the sums hold."""
    count_below_zero(usage)


def count_below_zero(usage: Body) -> None:
    """Count what came in below zero, and let the sums hold."""
    tokens = -usage["input_tokens"]
    usage |= {"input_tokens": tokens, "total_tokens": tokens + usage["output_tokens"]}
    usage["input_tokens_details"] = {"text_tokens": tokens, "image_tokens": 0}


@planted(
    in_usage,
    "extras.usage-total-off",
    "extras.usage-total",
    modes=["D4", "usage that does not add up"],
)
def usage_total_off(usage: Body) -> None:
    """The total is not the sum of what came in and went out."""
    usage["total_tokens"] += 1


@planted(in_usage, "extras.usage-input-off", "extras.usage-input-details", modes=["D4"])
def usage_input_off(usage: Body) -> None:
    """The details of what came in do not add up."""
    usage["input_tokens_details"]["text_tokens"] += 1


@planted(in_usage, "extras.usage-output-off", "extras.usage-output-details", modes=["D4"])
def usage_output_off(usage: Body) -> None:
    """The details of what went out do not add up."""
    usage["output_tokens_details"]["text_tokens"] += 1


@planted(in_body, "extras.safety-identifier-lost", "extras.safety-identifier")
def safety_identifier_lost(body: Body, _job: Job) -> None:
    """Whom a request was for is not echoed."""
    body.pop("safety_identifier", None)


@planted(in_body, "extras.safety-identifier-hashed", "extras.safety-identifier")
def safety_identifier_hashed(body: Body, _job: Job) -> None:
    """Whom a request was for is echoed under another name."""
    _say(body, "safety_identifier", "user-1")


@planted(in_body, "extras.svg-usage-no-model", "extras.svg-usage")
def svg_usage_no_model(body: Body, _job: Job) -> None:
    """`svg_usage` does not say which model wrote the drawing."""
    body.get("svg_usage", {}).pop("model", None)


@planted(in_body, "extras.svg-usage-negative", "extras.svg-usage")
def svg_usage_negative(body: Body, _job: Job) -> None:
    """Reasoning is counted below zero."""
    if "svg_usage" in body:
        body["svg_usage"]["reasoning_tokens"] = -1
