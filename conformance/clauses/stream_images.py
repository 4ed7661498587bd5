"""What the events of a stream carry: images, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.clauses.bindings import all_of, asks, definite, promised
from conformance.clauses.extras import IDENTIFIED, identifier_fault
from conformance.clauses.extras_usage import details, negative, total, usage_of
from conformance.clauses.image import is_beyond_limit
from conformance.clauses.registry import cite, clause
from conformance.clauses.stream import STREAMED, partial_events
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import COMPLETED, StreamEvent
from conformance.parsing.images.facts import ImageFacts

_ECHOED = ("background", "output_format", "quality", "size")


def _completed_events(subject: Subject) -> list[StreamEvent]:
    """Return the events that carry a finished image, at least one, or *not testable*."""
    completed = [event for event in subject.events if event.called(COMPLETED) and event.item]
    if not completed:
        raise NotTestableError("no completed event can be read")
    return completed


@clause(
    "stream.completed-b64",
    Level.MUST,
    "A completed event carries its image as base64.",
    cite("openai", "ImageGenCompletedEvent.b64_json"),
    cite("rfc4648", "4"),
    binds=STREAMED,
)
def completed_b64(subject: Subject) -> Iterator[Problem]:
    """Fails when `b64_json` is missing or empty, as when a URL stands in its place, and when it
    is not strictly base64: alphabet, padding, no `data:` prefix.
    """
    subject.require_unaltered("payloads")
    for event in _completed_events(subject):
        if event.base64 is None:
            yield Problem(f"{event.path} has no b64_json", "base64", event.describe())
        yield from _base64_faults(event)


def _base64_faults(event: StreamEvent) -> Iterator[Problem]:
    if event.base64 is not None and event.base64.fault is not None:
        start = str(event.item["b64_json"])[:40]
        yield Problem(f"{event.path}: b64_json {event.base64.fault}", "RFC 4648 base64", start)


def _pictures(subject: Subject) -> list[tuple[StreamEvent, ImageFacts]]:
    """Return the completed events whose base64 decodes, with the facts of their images."""
    completed = _completed_events(subject)  # without events, no recorder is to blame
    subject.require_unaltered("payloads")
    pictures = [(event, event.image) for event in completed if event.image is not None]
    if not pictures:
        raise NotTestableError("no event carries base64 that can be decoded")
    return pictures


@clause(
    "stream.completed-image",
    Level.MUST,
    "A completed event carries a whole image.",
    cite("openai", "ImageGenCompletedEvent.b64_json"),
    binds=STREAMED,
)
def completed_image(subject: Subject) -> Iterator[Problem]:
    """Decodes the image to its last row. Not testable where a limit of the run is below the size
    that was asked for.
    """
    pictures = _pictures(subject)
    for event, facts in pictures:
        if not facts.complete and not is_beyond_limit(subject, facts):
            yield Problem(f"{event.path}: its image {facts.fault}", "a whole image")
    for event, facts in pictures:
        if is_beyond_limit(subject, facts):
            raise NotTestableError(f"{event.path}: its image {facts.fault}")


@clause(
    "stream.size-as-asked",
    Level.MUST,
    "A streamed image has exactly the pixels that `size` asks for.",
    cite("openai", "CreateImageRequest.size"),
    cite("cometapi", "Body: size"),
    binds=all_of(STREAMED, promised("size"), definite("size")),
)
def size_as_asked(subject: Subject) -> Iterator[Problem]:
    """Compares the pixels of the image in every completed event with `size`."""
    expected = str(subject.value("size"))
    if re.fullmatch(r"[0-9]+x[0-9]+", expected) is None:
        raise NotApplicableError
    for event, facts in _pictures(subject):
        if facts.width and facts.dimensions != expected:
            yield Problem(f"{event.path} has another size", expected, facts.dimensions)


@clause(
    "stream.format-as-asked",
    Level.MUST,
    "A streamed image is of the type that `output_format` asks for, or of its default.",
    cite("openai", "CreateImageRequest.output_format"),
    binds=all_of(STREAMED, promised("output_format"), definite("output_format")),
)
def format_as_asked(subject: Subject) -> Iterator[Problem]:
    """Looks at the first bytes of the image in every completed event."""
    expected = str(subject.value("output_format"))
    for event, facts in _pictures(subject):
        if facts.type and facts.type != expected:
            yield Problem(f"{event.path} has an image of another type", expected, facts.type)


@clause(
    "stream.echo-as-asked",
    Level.MUST,
    "What an event says of its image is what was asked for.",
    cite("openai", "ImageGenPartialImageEvent.output_format"),
    cite("openai", "ImageGenCompletedEvent"),
    cite("openai", "CreateImageRequest"),
    binds=all_of(STREAMED, promised(*_ECHOED)),
)
def echo_as_asked(subject: Subject) -> Iterator[Problem]:
    """Compares `background`, `output_format`, `quality` and `size` of partial and completed events
    with those that the request names; `auto` in either of them says nothing.
    """
    for event in (*partial_events(subject), *_completed_events(subject)):
        for name in _ECHOED:
            value = subject.value(name)
            echo = None if name in subject.exchange.altered else event.item.get(name)
            if isinstance(echo, str) and not {"auto", None} & {value, echo} and echo != value:
                yield Problem(f"{event.path}: {name} is not what was asked", str(value), echo[:80])
    subject.require_unaltered(*_ECHOED)


@clause(
    "stream.partial-image",
    Level.MUST,
    "A partial event carries base64 of an image.",
    cite("openai", "ImageGenPartialImageEvent.b64_json"),
    binds=all_of(STREAMED, asks("partial_images")),
)
def partial_image(subject: Subject) -> Iterator[Problem]:
    """Reads base64 as strictly as that of a completed event, and looks at the first bytes of the
    image; whether it is whole is not judged.
    """
    subject.require_unaltered("payloads")
    for event in partial_events(subject):
        if event.image is None or event.image.type is None:
            yield Problem(f"{event.path} carries no image", "base64", event.describe())
        else:
            yield from _base64_faults(event)


@clause(
    "stream.usage-not-negative",
    Level.MUST,
    "The counts of a streamed `usage` are not negative.",
    cite("openai", "ImagesUsage"),
    binds=STREAMED,
)
def usage_not_negative(subject: Subject) -> Iterator[Problem]:
    """Looks at every count in the `usage` of every completed event."""
    subject.require_unaltered("usage")
    for event in _completed_events(subject):
        yield from negative(usage_of(event.item) or {}, f"{event.path}: usage")


@clause(
    "stream.usage-total",
    Level.MUST,
    "The `total_tokens` of a stream is the sum of `input_tokens` and `output_tokens`.",
    cite("openai", "ImagesUsage.total_tokens"),
    binds=STREAMED,
)
def usage_total(subject: Subject) -> Iterator[Problem]:
    """Adds up the counts of every completed event."""
    yield from _every_part([total(usage) for usage in _usages(subject)])


def _usages(subject: Subject) -> list[Mapping[str, Any]]:
    subject.require_unaltered("usage")
    usages = (usage_of(event.item) for event in _completed_events(subject))
    return [usage for usage in usages if usage is not None]


def _every_part(parts: Sequence[Iterator[Problem]]) -> Iterator[Problem]:
    """Report what every part breaks: one that cannot be judged hides none of the others.

    Raises *not testable* for such a one afterwards, and *not applicable* when all are.
    """
    absent, reasons = 0, []
    for part in parts:
        try:
            yield from part
        except NotApplicableError:
            absent += 1
        except NotTestableError as reason:
            reasons.append(reason)
    if reasons:
        raise reasons[0]
    if parts and absent == len(parts):
        raise NotApplicableError


@clause(
    "stream.usage-details",
    Level.MUST,
    "The details of a streamed `usage` add up to what they are the details of.",
    cite("openai", "ImageGenInputUsageDetails"),
    cite("openai", "ImageGenOutputTokensDetails"),
    binds=STREAMED,
)
def usage_details(subject: Subject) -> Iterator[Problem]:
    """Adds up text and image tokens of input and output, for every completed event."""
    names = ("input_tokens", "output_tokens")
    yield from _every_part([details(usage, name) for usage in _usages(subject) for name in names])


@clause(
    "stream.safety-identifier",
    Level.MUST,
    "A `safety_identifier` that was sent is echoed in a completed event.",
    cite("openai-package", "ImageGenCompletedEvent.safety_identifier"),
    binds=all_of(STREAMED, IDENTIFIED),
)
def safety_identifier(subject: Subject) -> Iterator[Problem]:
    """Compares the member of every completed event with the request; missing fails, too."""
    for event in _completed_events(subject):
        yield from identifier_fault(subject, event.item, event.path)
