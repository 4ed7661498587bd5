"""What an answer says of tokens: where there is a ``usage``, its arithmetic holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from conformance.clauses.bindings import SUCCESS, all_of, asks, documents, family, plain, promised
from conformance.clauses.extras import body_of
from conformance.clauses.registry import Needs, Shape, cite, clause
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.contract.checker import is_integer

USAGE = all_of(SUCCESS, family("gpt-image", "dall-e"))


def usage_of(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the `usage` of a body or an event, None when there is none."""
    usage = body.get("usage")
    return usage if isinstance(usage, dict) else None


def tokens(usage: Mapping[str, Any], *names: str) -> list[int]:
    """Return counts by name; raises *not testable* when one of them is no integer."""
    counts = [usage.get(name) for name in names]
    if not all(is_integer(count) for count in counts):
        raise NotTestableError(f"{', '.join(names)} are not all integers")
    return [int(count or 0) for count in counts]


def total(usage: Mapping[str, Any]) -> Iterator[Problem]:
    """Report a total that is not the sum of input and output."""
    declared, inputs, outputs = tokens(usage, "total_tokens", "input_tokens", "output_tokens")
    if declared != inputs + outputs:
        yield Problem("total_tokens is no sum", f"{inputs} + {outputs}", str(declared)[:40])


def details(usage: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """Report text and image tokens that do not add up to the count that they are details of."""
    parts = usage.get(f"{name}_details")
    if parts is None:
        raise NotApplicableError  # whether they must be there, `extras.usage-members` says
    if not isinstance(parts, dict):
        raise NotTestableError(f"{name}_details is no object")
    (count,) = tokens(usage, name)
    text, image = tokens(parts, "text_tokens", "image_tokens")
    if count != text + image:
        message = f"{name}_details do not add up to {name}"
        yield Problem(message, str(count)[:40], f"{text} + {image}"[:80])


def _mismatches(subject: Subject, part: Literal["counts", "members"]) -> Iterator[Problem]:
    """Report what the schema says of the types of the counts, or of all other members."""
    if body_of(subject).get("usage") is None:
        raise NotApplicableError
    subject.require_unaltered("usage")
    for mismatch in subject.mismatches:
        is_count = mismatch.path.endswith("_tokens") and mismatch.keyword != "required"
        if mismatch.path.split(".")[0] == "usage" and is_count == (part == "counts"):
            yield Problem.of(mismatch)


documented = Shape(_mismatches, Needs.DECISION, USAGE)

documented(
    "extras.usage-members",
    Level.MUST,
    "A `usage` is an object with every member that is documented as required.",
    cite("openai", "ImageGenUsage"),
    cite("openai", "ImageGenInputUsageDetails"),
    about="members",
    how="Validates the member where it is there and not null, but for the types of its counts.",
)

documented(
    "extras.usage-integers",
    Level.MUST,
    "The counts of a `usage` are integers.",
    cite("openai", "ImageGenUsage"),
    cite("openai", "ImageGenInputUsageDetails"),
    about="counts",
    how="Fails on fractions, strings and null, in the totals and in the details.",
)


def negative(usage: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Report negative counts, in details too."""
    for name, value in usage.items():
        if isinstance(value, dict) and name.endswith("_details"):
            yield from negative(value, f"{path}.{name}")
        elif name.endswith("_tokens") and is_integer(value) and value < 0:
            yield Problem(f"{path}.{name} is negative", "0 or more", str(value)[:40])


def _counts(
    subject: Subject, faults: Callable[[Mapping[str, Any]], Iterator[Problem]]
) -> Iterator[Problem]:
    if body_of(subject).get("usage") is None:
        raise NotApplicableError
    subject.require_unaltered("usage")
    usage = usage_of(subject.object)
    if usage is None:
        raise NotTestableError("usage is no object")
    yield from faults(usage)


counts = Shape(_counts, Needs.DECISION, USAGE)

counts(
    "extras.usage-not-negative",
    Level.MUST,
    "The counts of a `usage` are not negative.",
    cite("openai", "ImageGenUsage"),
    about=lambda usage: negative(usage, "usage"),
    how="Looks at every number in `usage` and its details whose name ends in `_tokens`.",
)

counts(
    "extras.usage-total",
    Level.MUST,
    "`total_tokens` is the sum of `input_tokens` and `output_tokens`.",
    cite("openai", "ImageGenUsage.total_tokens"),
    cite("cometapi-later", "200, example of 2026-06-10"),
    about=total,
    how="Adds up the counts where there is a `usage`; none at all is fine.",
)

counts(
    "extras.usage-input-details",
    Level.MUST,
    "The details of `input_tokens` add up to it.",
    cite("openai", "ImageGenInputUsageDetails"),
    cite("cometapi-later", "200, example of 2026-06-10"),
    about=lambda usage: details(usage, "input_tokens"),
    how="Adds up text and image tokens where there is a `usage`.",
)

counts(
    "extras.usage-output-details",
    Level.MUST,
    "The details of `output_tokens`, where given, add up to it.",
    cite("openai", "ImageGenOutputTokensDetails"),
    cite("cometapi-later", "200, example of 2026-06-10"),
    about=lambda usage: details(usage, "output_tokens"),
    how="Adds up text and image tokens where there are `output_tokens_details`.",
)


@clause(
    "extras.svg-usage",
    Level.MUST,
    "An `svg_usage` has the documented members, and its counts are integers that are not negative.",
    cite("openai-package", "ImagesResponse.svg_usage"),
    binds=all_of(promised("output_format", "svg"), plain, documents("svg"), asks("svg")),
    needs=Needs.DECISION,
)
def svg_usage(subject: Subject) -> Iterator[Problem]:
    """Validates the member where it is there; an answer without it is fine."""
    usage = body_of(subject).get("svg_usage")
    if usage is None:
        raise NotApplicableError
    for mismatch in subject.mismatches:
        if mismatch.path.split(".")[0] == "svg_usage":
            yield Problem.of(mismatch)
    yield from negative(usage if isinstance(usage, dict) else {}, "svg_usage")
