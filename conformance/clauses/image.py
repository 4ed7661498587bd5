"""The image: what its bytes are, compared with what was asked; animations and drawings last."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import (
    SUCCESS,
    all_of,
    asks,
    documents,
    not_,
    omits,
    plain,
    promised,
)
from conformance.clauses.refusals import require_success
from conformance.clauses.registry import Needs, cite, clause, register
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level, sides_of
from conformance.exchange.answer import Payload
from conformance.exchange.sent_request import SentRequest
from conformance.parsing.images.facts import ImageFacts

# As SUCCESS, where a mistake in these parameters leaves nothing to promise.
TYPED = all_of(promised("output_format"), plain)
SEEN_THROUGH = promised("background", "output_format")  # streamed or not


def _decoded_images(subject: Subject) -> list[tuple[Payload, ImageFacts]]:
    """Return the images whose pixels could be read."""
    require_success(subject)
    decoded = [(payload, facts) for payload, facts in subject.images if facts.decoded]
    if decoded:
        return decoded
    has_svg = any(facts.type == "svg" for _, facts in subject.images)
    if has_svg and subject.value("output_format") == "svg":
        raise NotApplicableError  # a drawing that was asked for has no pixels
    raise NotTestableError("no image could be decoded")


def _types(subject: Subject) -> tuple[str, ...]:
    """Return the types that an image may be of: as asked, by default, or all documented ones."""
    expected = subject.value("output_format")
    if isinstance(expected, str) and documents("output_format")(subject.sent):
        return (expected,)
    models = subject.edition.models.values()
    return subject.edition.image_types(subject.kind) or tuple(
        dict.fromkeys(name for model in models for name in model.documented("output_format"))
    )


def _names_pixels(sent: SentRequest) -> bool:
    return sides_of(sent.value("size")) is not None


def _documented_sizes(sent: SentRequest) -> dict[tuple[int, int], str]:
    sizes = sent.model.documented("size") if sent.model else ()
    return {pixels: size for size in sizes if (pixels := sides_of(size)) is not None}


@clause(
    "image.size-as-asked",
    Level.MUST,
    "An image has exactly the pixels that `size` asks for.",
    cite("cometapi", "Body: size"),
    cite("openai", "CreateImageRequest.size"),
    binds=all_of(promised("size"), plain, _names_pixels),
    needs=Needs.DECISION,
)
def size_as_asked(subject: Subject) -> Iterator[Problem]:
    """Width and height of the decoded image equal the two numbers of `size`. A size that the
    sources leave open may be refused; where it is accepted, it is honoured.
    """
    expected = sides_of(subject.value("size"))
    for payload, facts in _decoded_images(subject):
        if (facts.width, facts.height) != expected:
            size = str(subject.value("size"))
            yield Problem(f"{payload.path} has other pixels", size, facts.dimensions)


@clause(
    "image.documented-size",
    Level.MUST,
    "Without a size, or with `auto`, an image has one of the sizes that its model documents.",
    cite("openai", "CreateImageRequest.size"),
    cite("openai-reference", "size"),
    binds=all_of(promised("size"), not_(_names_pixels), lambda sent: bool(_documented_sizes(sent))),
)
def documented_size(subject: Subject) -> Iterator[Problem]:
    """Judged for models whose sizes are a closed list in the request schema."""
    known = _documented_sizes(subject.sent)
    for payload, facts in _decoded_images(subject):
        if (facts.width, facts.height) not in known:
            expected = " or ".join(known.values())
            yield Problem(f"{payload.path} has an undocumented size", expected, facts.dimensions)


def _documents_format(sent: SentRequest) -> bool:
    return sent.model is not None and sent.model.default("output_format") is not None


def _wrong_type(subject: Subject) -> Iterator[Problem]:
    require_success(subject)
    expected = _types(subject)
    for payload, facts in subject.images:
        if facts.type not in expected:
            type_names = " or ".join(expected)
            yield Problem(f"{payload.path} is of another type", type_names, str(facts.type))


register(
    "image.documented-type",
    Level.SHOULD,
    "An image is of a type that the API documents for some model.",
    cite("openai", "CreateImageRequest.output_format"),
    cite("cometapi", "200: example"),
    cite("alibaba", "output.results"),
    binds=all_of(SUCCESS, not_(_documents_format)),
    judge=_wrong_type,
    how="""By its bytes it is one of the values of `output_format`; judged for the models that do
    not have that parameter, and of whose images no source names the type.
    """,
)

register(
    "image.type-as-asked",
    Level.MUST,
    "An image is of the type that `output_format` asks for.",
    cite("openai", "CreateImageRequest.output_format"),
    cite("cometapi-later", "Body: output_format"),
    binds=all_of(TYPED, asks("output_format"), documents("output_format")),
    judge=_wrong_type,
    how="Compares the type that the bytes have, whatever the answer or a header says of them.",
)

register(
    "image.type-by-default",
    Level.MUST,
    "Without output_format an image is of the documented default type.",
    cite("openai", "CreateImageRequest.output_format"),
    binds=all_of(TYPED, omits("output_format"), _documents_format),
    judge=_wrong_type,
    how="Compares the type that the bytes have with the default in the request schema, png.",
)


def _images_of_right_type(subject: Subject) -> list[tuple[Payload, ImageFacts]]:
    """Return the decoded images of a type that may be; a wrong type has its own clause."""
    expected = _types(subject)
    decoded = _decoded_images(subject)
    images = [(payload, facts) for payload, facts in decoded if facts.type in expected]
    if not images:
        raise NotTestableError("the images are of another type")
    return images


@clause(
    "image.alpha-when-transparent",
    Level.MUST,
    "An image that is asked to have a transparent background has an alpha channel.",
    cite("openai", "CreateImageRequest.background"),
    binds=all_of(SEEN_THROUGH, asks("background", "transparent"), documents("background")),
    needs=Needs.DECISION,
)
def alpha_when_transparent(subject: Subject) -> Iterator[Problem]:
    """The file has an alpha channel, or a palette with transparency. A refusal is fine where
    the sources contradict each other about the model.
    """
    for payload, facts in _images_of_right_type(subject):
        if not facts.has_alpha:
            yield Problem(f"{payload.path} has no alpha channel", "alpha", f"mode {facts.mode}")


@clause(
    "image.transparent-pixels",
    Level.MUST,
    "An image that is asked to have a transparent background has one.",
    cite("openai", "CreateImageRequest.background"),
    binds=all_of(SEEN_THROUGH, asks("background", "transparent"), documents("background")),
    needs=Needs.DECISION,
)
def transparent_pixels(subject: Subject) -> Iterator[Problem]:
    """At least one pixel in a thousand has an alpha of 128 or less: a painted chequerboard has
    none, nor has a picture with one stray pixel. Judged on images that have an alpha channel.
    """
    images = _images_of_right_type(subject)
    alpha = [(payload, facts) for payload, facts in images if facts.has_alpha]
    if images and not alpha:
        raise NotTestableError("no image has an alpha channel")
    for payload, facts in alpha:
        if not facts.has_clear_part:
            message = f"{payload.path} has no transparent part"
            clear = f"{facts.clear:,} of {facts.pixels:,} pixels"
            observed = f"{clear}, the lowest alpha {facts.lowest_alpha}"
            yield Problem(message, "an alpha of 128 or less in 1 pixel of 1,000", observed)


@clause(
    "image.opaque-when-asked",
    Level.MUST,
    "An image that is asked to have an opaque background has one.",
    cite("openai", "CreateImageRequest.background"),
    binds=all_of(SEEN_THROUGH, asks("background", "opaque"), documents("background")),
)
def opaque_when_asked(subject: Subject) -> Iterator[Problem]:
    """No pixel has an alpha below 250, to which palettes and lossy WebP round; an alpha channel
    that is opaque throughout is fine.
    """
    for payload, facts in _decoded_images(subject):
        if facts.transparent:
            observed = f"an alpha of {facts.lowest_alpha}, mode {facts.mode}"
            yield Problem(f"{payload.path} has transparent pixels", "none", observed)


@clause(
    "image.complete",
    Level.MUST,
    "An image is whole: it decodes to its last row.",
    cite("cometapi", "200: data"),
    cite("openai", "ImagesResponse.data"),
    binds=TYPED,
)
def complete(subject: Subject) -> Iterator[Problem]:
    """Decodes the image; a file that is cut off, has a wrong checksum, or declares far more
    pixels than it could hold fails. The chapter base64 reports base64 that is itself damaged,
    and the clauses on types report a type that may not be. Not testable where a limit of the run
    is below the size that was asked for.
    """
    expected = _types(subject)
    damaged = ("padding", "length", "alphabet")  # base64 that loses bytes of the image
    images = [
        (payload, facts)
        for payload, facts in subject.images
        if facts.type in expected and (payload.base64 is None or payload.base64.kind not in damaged)
    ]
    if not images:
        raise NotTestableError("no image of a documented type came through whole base64")
    rasters = [(payload, facts) for payload, facts in images if facts.type != "svg"]
    if not rasters:
        raise NotApplicableError  # of drawings there is a clause of its own
    for payload, facts in rasters:
        if not facts.complete and not is_beyond_limit(subject, facts):
            yield Problem(f"{payload.path}: the image {facts.fault}", "whole", facts.dimensions)
    for payload, facts in rasters:
        if is_beyond_limit(subject, facts):
            raise NotTestableError(f"{payload.path}: the image {facts.fault}")


def is_beyond_limit(subject: Subject, facts: ImageFacts) -> bool:
    """Return whether an image was not decoded for a limit of the run, though its size fits."""
    fitting = {sides_of(subject.value("size")), *_documented_sizes(subject.sent)}
    return facts.refused and (facts.width, facts.height) in fitting


@clause(
    "image.single-frame",
    Level.SHOULD,
    "An item is one image, and not an animation.",
    cite("openai", "Image"),
    cite("cometapi", "Body: n"),
    binds=promised(),
)
def single_frame(subject: Subject) -> Iterator[Problem]:
    """Counts the frames of PNG, WebP and GIF; an animation that was asked for is fine."""
    if subject.value("output_format") == "gif":
        return
    for payload, facts in subject.images:
        if facts.frames > 1:
            yield Problem(f"{payload.path} is animated", "1 frame", f"{facts.frames} frames")


@clause(
    "image.distinct",
    Level.SHOULD,
    "The images of one answer differ from each other.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=promised(),
)
def distinct(subject: Subject) -> Iterator[Problem]:
    """Compares the pixels, so that one picture encoded twice is found. An answer with a single
    image has nothing to compare.
    """
    images = _decoded_images(subject)
    if len(images) == 1:
        raise NotApplicableError
    paths: dict[str | None, str] = {}
    for payload, facts in images:
        same = paths.setdefault(facts.pixel_digest, payload.path)
        if same != payload.path:
            yield Problem(f"{payload.path} is the image of {same}", "two images", "one, twice")


ANIMATED = all_of(
    promised("output_format", "frame_count", "frame_duration_ms"),
    plain,
    asks("output_format", "gif"),
)
_STEP = 10  # milliseconds: what GIF can tell apart


def _images_of_type(subject: Subject, kind: str) -> list[tuple[Payload, ImageFacts]]:
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
    type breaks `image.type-as-asked`.
    """
    expected = subject.value("frame_count")
    for payload, facts in _images_of_type(subject, "gif"):
        if facts.frames != expected:
            yield Problem(
                f"{payload.path} has another number of frames", str(expected), str(facts.frames)
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
    expected = int(subject.value("frame_duration_ms"))
    for payload, facts in _images_of_type(subject, "gif"):
        shortest, longest = facts.delays or (0, 0)
        if abs(shortest - expected) >= _STEP or abs(longest - expected) >= _STEP:
            observed = f"{shortest} ms" if shortest == longest else f"{shortest} to {longest} ms"
            yield Problem(f"{payload.path} is shown at another pace", f"{expected} ms", observed)


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
    for payload, facts in _images_of_type(subject, "svg"):
        if not facts.complete:
            yield Problem(f"{payload.path}: the drawing {facts.fault}", "a whole SVG")
