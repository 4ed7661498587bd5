"""What a GPT image model says of its own image: where it is there, it is true.

The chapter image compares the bytes with the request. This one compares what is echoed with
the request, and with the bytes only where the request leaves the matter to the provider: so
that one lie is one finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.clauses.bindings import all_of, definite, documents, family, not_, plain, promised
from conformance.clauses.refusals import require_success
from conformance.clauses.registry import Needs, Shape, cite, clause
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import COMPLETED, Payload
from conformance.parsing.images.facts import ImageFacts

ANSWERED = all_of(promised("background", "output_format", "quality", "size"), family("gpt-image"))
ECHOED = all_of(ANSWERED, plain)


def body_of(subject: Subject) -> Mapping[str, Any]:
    """Return the body of a success; an open request may have been refused instead."""
    require_success(subject)
    return subject.object


def _echo(subject: Subject, name: str) -> str:
    """Return what the body says of its image; raises *not applicable* if it says nothing."""
    value = body_of(subject).get(name)
    if value is None:
        raise NotApplicableError
    if any(_undocumented(subject, name)) or not isinstance(value, str):
        raise NotTestableError(f"{name} has no documented value")
    return value


def _echoes(subject: Subject, name: str) -> Iterator[tuple[Payload, ImageFacts, str]]:
    """Yield each image with what is said of it: by the body, or by the event that carries it.

    Raises *not applicable* if nothing is said. `auto`, which an event may say, says nothing, and
    what no event may say is judged by the clauses about streams.
    """
    if subject.answer.object is not None or not subject.answer.events:
        echo = _echo(subject, name)
        yield from ((payload, facts, echo) for payload, facts in subject.images)
        return
    subject.require_unaltered(name)
    said = [
        (event, facts, value)
        for event, facts in subject.images
        if isinstance(value := event.item.get(name), str) and value != "auto"
        if all(fault.path != name for fault in subject.edition.stream_errors(COMPLETED, event.item))
    ]
    if not said:
        raise NotApplicableError
    yield from said


def _undocumented(subject: Subject, name: str) -> Iterator[Problem]:
    """Report what the response schema says of one member at the top of the body."""
    if body_of(subject).get(name) is None:
        raise NotApplicableError
    subject.require_unaltered(name)
    for mismatch in subject.mismatches:
        if mismatch.path == name:
            yield Problem.of(mismatch)


def _compare_with_request(subject: Subject, name: str) -> Iterator[Problem]:
    echo, requested = _echo(subject, name), subject.value(name)
    if echo != requested:
        yield Problem(f"{name} is not what was asked for", str(requested)[:80], echo[:80])


documented = Shape(_undocumented, Needs.DECISION, ECHOED)
as_asked = Shape(_compare_with_request, Needs.DECISION)

documented(
    "extras.background-documented",
    Level.MUST,
    "An echoed `background` says what was painted: transparent or opaque, never auto.",
    cite("openai", "ImagesResponse.background"),
    about="background",
    how="Validates the member where it is there.",
)

as_asked(
    "extras.background-as-asked",
    Level.MUST,
    "An echoed `background` is the one that was asked for.",
    cite("openai", "ImagesResponse.background"),
    cite("openai", "CreateImageRequest.background"),
    binds=all_of(ECHOED, definite("background")),
    about="background",
    how="""Compares the member, where it is there, with the request that asked for transparent or
    opaque. Whether the pixels keep to it is a clause of the chapter image.
    """,
)


@clause(
    "extras.background-true",
    Level.MUST,
    "An echoed `background` is that of the image.",
    cite("openai", "ImagesResponse.background"),
    binds=all_of(ANSWERED, not_(definite("background"))),
    needs=Needs.DECISION,
)
def background_true(subject: Subject) -> Iterator[Problem]:
    """Where the request left it open: fails when `opaque` comes with an image that has pixels of
    an alpha below 250, and `transparent` with one that has no alpha channel.
    """
    for payload, facts, echo in _echoes(subject, "background"):
        if echo == "opaque" and facts.transparent:
            yield Problem(f"{payload.path} is transparent", "opaque", "transparent pixels")
        if echo == "transparent" and not facts.has_alpha:
            yield Problem(f"{payload.path} is opaque", "transparent", "no alpha channel")


documented(
    "extras.output-format-documented",
    Level.MUST,
    "An echoed `output_format` is one of the documented types.",
    cite("openai", "ImagesResponse.output_format"),
    cite("openai-package", "ImagesResponse.output_format"),
    about="output_format",
    how="Validates the member where it is there.",
)

as_asked(
    "extras.output-format-as-asked",
    Level.MUST,
    "An echoed `output_format` is the one that was asked for, or the documented default.",
    cite("openai", "ImagesResponse.output_format"),
    cite("openai", "CreateImageRequest.output_format"),
    binds=all_of(ECHOED, definite("output_format")),
    about="output_format",
    how="""Compares the member, where it is there, with the request. Whether the bytes keep to it
    is a clause of the chapter image.
    """,
)

documented(
    "extras.quality-documented",
    Level.MUST,
    "An echoed `quality` says what was painted: one of the documented grades, never auto.",
    cite("openai", "ImagesResponse.quality"),
    cite("openai-package", "ImagesResponse.quality"),
    about="quality",
    how="Validates the member where it is there.",
)

as_asked(
    "extras.quality-as-asked",
    Level.MUST,
    "An echoed `quality` is the one that was asked for.",
    cite("openai", "ImagesResponse.quality"),
    cite("openai", "CreateImageRequest.quality"),
    binds=all_of(ECHOED, definite("quality")),
    about="quality",
    how="Compares the member, where it is there, with a request for another quality than auto.",
)

documented(
    "extras.size-documented",
    Level.MUST,
    "An echoed `size` is a width and a height in pixels, never auto.",
    cite("openai", "ImagesResponse.size"),
    cite("openai-package", "ImagesResponse.size"),
    about="size",
    how="""Validates the form of the member where it is there; the closed list of one source is not
    held against it.
    """,
)

as_asked(
    "extras.size-as-asked",
    Level.MUST,
    "An echoed `size` is the one that was asked for.",
    cite("openai", "ImagesResponse.size"),
    cite("openai", "CreateImageRequest.size"),
    binds=all_of(ECHOED, definite("size")),
    about="size",
    how="""Compares the member, where it is there, with a request for a size in pixels. Whether the
    image keeps to it is a clause of the chapter image.
    """,
)


@clause(
    "extras.size-true",
    Level.MUST,
    "An echoed `size` is that of the image.",
    cite("openai", "ImagesResponse.size"),
    binds=all_of(ANSWERED, not_(definite("size"))),
    needs=Needs.DECISION,
)
def size_true(subject: Subject) -> Iterator[Problem]:
    """Where the request left the size to the provider: compares the member with the pixels."""
    for payload, facts, echo in _echoes(subject, "size"):
        if facts.decoded and echo != facts.dimensions:
            yield Problem(f"{payload.path} is of another size", echo[:40], facts.dimensions)


IDENTIFIED = all_of(
    promised("safety_identifier"),
    documents("safety_identifier"),
    lambda sent: bool(sent.value("safety_identifier")),
)
"""A request that says whom it is for; an empty string says nothing."""


def identifier_fault(subject: Subject, members: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """Report a `safety_identifier` that is not the one which was sent."""
    sent, echo = str(subject.value("safety_identifier")), members.get("safety_identifier")
    if echo != sent:
        message = f"the safety_identifier in {where} is not the one that was sent"
        observed = echo[:80] if isinstance(echo, str) else "no text"
        yield Problem(message, sent, observed)


@clause(
    "extras.safety-identifier",
    Level.MUST,
    "A `safety_identifier` that was sent is echoed in the answer.",
    cite("openai-package", "ImagesResponse.safety_identifier"),
    binds=all_of(IDENTIFIED, plain),
    needs=Needs.DECISION,
)
def safety_identifier(subject: Subject) -> Iterator[Problem]:
    """Compares the member with the request; fails where it is missing, too. Other clauses
    report a body without images.
    """
    body = body_of(subject)
    if subject.payloads:
        yield from identifier_fault(subject, body, "the answer")
