"""Animations and drawings: the frames of a GIF are in its bytes, and an SVG is text."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import all_of, asks, documents, plain, promised
from conformance.clauses.refusals import require_success
from conformance.clauses.registry import Needs, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import Payload
from conformance.parsing.images import ImageFacts

ANIMATED = all_of(
    promised("output_format", "frame_count", "frame_duration_ms"),
    plain,
    asks("output_format", "gif"),
)
_STEP = 10  # milliseconds: what GIF can tell apart


def _of_type(subject: Subject, kind: str) -> list[tuple[Payload, ImageFacts]]:
    """Return the images of a type, at least one, or *not testable*."""
    require_success(subject)
    images = [(payload, facts) for payload, facts in subject.images if facts.type == kind]
    if not images:
        raise NotTestableError(f"no image is {kind}")
    return images


@clause(
    "image.frames-as-asked",
    Level.MUST,
    "A GIF has as many frames as `frame_count` asks for, or its documented default.",
    cite("openai-package", "ImageGenerateParams.frame_count"),
    binds=all_of(ANIMATED, documents("frame_count")),
    needs=Needs.DECISION,
)
def frames_as_asked(subject: Subject) -> Iterator[Problem]:
    """Counts the frames in the file. A refusal is fine, as GIF is in preview. A file of another
    type is told by `image.type-as-asked`.
    """
    asked = subject.value("frame_count")
    for payload, facts in _of_type(subject, "gif"):
        if facts.frames != asked:
            yield Problem(
                f"{payload.path} has another number of frames", str(asked), str(facts.frames)
            )


@clause(
    "image.frame-delay-as-asked",
    Level.MUST,
    "Every frame of a GIF is shown for `frame_duration_ms`, in steps of 10 ms, or its default.",
    cite("openai-package", "ImageGenerateParams.frame_duration_ms"),
    binds=all_of(ANIMATED, documents("frame_duration_ms")),
    needs=Needs.DECISION,
)
def frame_delay_as_asked(subject: Subject) -> Iterator[Problem]:
    """Reads the delay of every frame in the file; which way it is rounded is not documented, so
    that less than 10 ms of difference is fine.
    """
    asked = int(subject.value("frame_duration_ms"))
    for payload, facts in _of_type(subject, "gif"):
        shortest, longest = facts.delays or (0, 0)
        if abs(shortest - asked) >= _STEP or abs(longest - asked) >= _STEP:
            observed = f"{shortest} ms" if shortest == longest else f"{shortest} to {longest} ms"
            yield Problem(f"{payload.path} is shown at another pace", f"{asked} ms", observed)


@clause(
    "image.svg-well-formed",
    Level.MUST,
    "An SVG is whole: well-formed XML from its first element to its last.",
    cite("openai-package", "ImageGenerateParams.output_format"),
    binds=all_of(promised("output_format"), plain, asks("output_format", "svg"), documents("svg")),
    needs=Needs.DECISION,
)
def svg_well_formed(subject: Subject) -> Iterator[Problem]:
    """Parses the drawing to its end, within bounds; nothing in it is expanded or fetched. A
    refusal is fine, as SVG is in preview.
    """
    for payload, facts in _of_type(subject, "svg"):
        if not facts.complete:
            yield Problem(f"{payload.path}: the drawing {facts.fault}", "a whole SVG")
